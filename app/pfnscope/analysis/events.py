"""Places trouble in the log on page frames: by a printed pfn, or by a struct page address."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from pfnscope.bootlog.boots.faults import PAGE_TABLE_ENTRY
from pfnscope.kernel import vmemmap
from pfnscope.kernel.architectures import architecture
from pfnscope.kernel.release import Release, Version
from pfnscope.model.analysis import Event, Hole
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog, LogEvent
from pfnscope.model.ranges import Address, FrameSet
from pfnscope.patterns import compiled

_ENTRY_ADDRESS = 0x000FFFFFFFFFF000
"""Bits of a page table entry that hold the address: PTE_PFN_MASK, arch/x86/include/asm/pgtable_types.h."""

_WALKER = (
    r" in (?:stable_page_flags|kpage\w+|page_idle\w+|set_pfnblock\w*|get_pfnblock\w*|__?dump_page\w*|move_freepages\w*"
    r"|isolate_(?:migrate|free)pages\w*|pageblock_pfn_to_page|has_unmovable_pages|is_mem_section_removable"
    r"|is_pageblock_removable\w*|test_pages_in_a_zone|memmap_init\w*|__init_single_page|saveable_\w*page|show_mem"
    r"|page_zone\w*|page_to_nid|compaction_\w+|reset_isolation_suitable|__reset_isolation_\w+)\b"
)
"""Functions that go through struct pages by their frames: fs/proc/page.c, mm/page_alloc.c, mm/compaction.c, 4.17."""


def place_events(log: BootLog, layout: Layout, release: Release | None, holes: Sequence[Hole]) -> tuple[Event, ...]:
    """Each event with its frame where the text proves one, and the hole that it falls in."""
    placer = _Placer(log, layout, release.version if release else None) if log.events else None
    out: list[Event] = []
    for event in log.events:
        pfn, how = placer.place(event) if placer else (None, None)
        address = None if event.address is None else Address(event.address)
        hole = None if pfn is None else _hole_at(holes, pfn)
        linked_node = event.dump.node if event.dump else None
        linked_zone = _zone(log, event.dump.zone) if event.dump else None
        frames = hole.frames if hole else None
        out.append(Event(event.kind, event.text, address, pfn, frames, event.lines, (), how, linked_node, linked_zone))
    return tuple(out)


def _hole_at(holes: Sequence[Hole], pfn: int) -> Hole | None:
    at = bisect_right(holes, pfn, key=lambda hole: hole.start_pfn) - 1
    return holes[at] if at >= 0 and pfn < holes[at].end_pfn else None


def _zone(log: BootLog, number: int | None) -> str | None:
    """A zone by its number: all that are configured are printed in order, but for Movable, which follows them."""
    names = [item.zone for item in log.zone_ranges]
    known = [*names, "Movable", "Device"] if names else []
    return known[number] if number is not None and number < len(known) else None


class _Placer:
    """Where the struct pages of one boot lie, and how that is known."""

    def __init__(self, log: BootLog, layout: Layout, version: Version | None) -> None:
        self._log, self._arch, self._version = log, layout.arch, version
        self._pages: FrameSet = layout.struct_pages
        self._printed: vmemmap.Anchor | None = None
        if log.struct_pages and layout.memory:
            nodes: dict[int, int] = {}
            for item in layout.memory:
                nodes.setdefault(item.node, item.frames.start)
            ground = vmemmap.Ground(layout.memory[0].frames.start, self._pages.start, nodes, layout.page_size)
            hints = [vmemmap.Hint(item.kind, item.address, item.node) for item in log.struct_pages]
            self._printed = vmemmap.printed_anchor(layout.arch, version, log.command_line, hints, ground)

    def place(self, event: LogEvent) -> tuple[int | None, str | None]:
        """The frame, and how it is known."""
        if (mapped := self._mapped(event)) is not None:
            return mapped, "the page table entry maps the pfn"
        if event.pfn is not None:
            return event.pfn, "the line names the pfn"
        for name, address in self._candidates(event):
            match = self._frame(address, event)
            if match is not None:
                pfn, anchor = match
                how = f"{name} is a struct page: ({address:#x} - {anchor.base:#x}) / {anchor.size}; {anchor.why}"
                return pfn, how
        return self._only_one(event)

    def _candidates(self, event: LogEvent) -> Iterator[tuple[str, int]]:
        if event.struct_page is not None:
            yield "the printed pointer", event.struct_page
        if event.address is not None:
            yield "the fault address", event.address
        argument = architecture(self._arch).argument
        yield from ((name, value) for name, value in event.registers if name == argument)

    def _frame(self, address: int, event: LogEvent) -> tuple[int, vmemmap.Anchor] | None:
        anchor = self._printed or vmemmap.default_anchor(self._arch, self._version, self._log.command_line, address)
        if anchor is None:
            anchor = self._from_registers(address, event)
        pfn = anchor.frame(address) if anchor else None
        return (pfn, anchor) if anchor and pfn is not None and pfn in self._pages else None

    def _from_registers(self, address: int, event: LogEvent) -> vmemmap.Anchor | None:
        if address % vmemmap.STRUCT_PAGE_SIZE:
            return None
        values = [value for _, value in event.registers if value in self._pages]
        base = vmemmap.base_from_registers(address, values, self._arch)
        if base is None:
            return None
        return vmemmap.Anchor(base, vmemmap.STRUCT_PAGE_SIZE, "another register holds this pfn")

    def _only_one(self, event: LogEvent) -> tuple[int | None, str | None]:
        """In a page walker the page under its hands is in some register, though it need not be the argument's."""
        if compiled(_WALKER).search(event.text.encode("utf-8", "replace")):
            matches = {value: hit for _, value in event.registers if (hit := self._frame(value, event)) is not None}
            if len(matches) == 1:
                ((value, (pfn, anchor)),) = matches.items()
                how = f"({value:#x} - {anchor.base:#x}) / {anchor.size}; {anchor.why}"
                return pfn, f"of all registers only {value:#x} is a struct page: {how}"
        return None, None

    def _mapped(self, event: LogEvent) -> int | None:
        """The frame that a page table entry of x86-64 maps; one that is not present may hold it inverted."""
        entry = dict(event.registers).get(PAGE_TABLE_ENTRY)
        if entry is None or self._arch != "x86_64" or not entry & 1:
            return None
        return (entry & _ENTRY_ADDRESS) >> 12
