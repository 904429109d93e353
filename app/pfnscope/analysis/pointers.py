"""Struct page pointers of one boot: the place of its struct pages that all of the text proves, and their frames."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from msgspec import Struct, structs

from pfnscope.kernel import vmemmap
from pfnscope.kernel.architectures import architecture
from pfnscope.kernel.release import Version
from pfnscope.kernel.vmemmap import Anchor, Machine
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog, LogEvent, MapEntry
from pfnscope.model.ranges import FrameSet

_ENOUGH = 100
"""Pointers that are asked for what they have in common; more of them hardly tell more."""

_MOST_CANDIDATES = 16
"""Where more frames remain, a pointer tells nobody anything."""

_NEIGHBOURS = 200
"""Lines that the reports of one crash lie apart at most: a page dump, then an oops with its registers."""


class Placed(Struct, frozen=True):
    """A frame, or those that remain, the likeliest first; and what tells."""

    pfn: int | None = None
    candidates: tuple[int, ...] = ()
    how: str | None = None


UNPLACED = Placed()


class Pointers(Struct, frozen=True):
    """Where the struct pages of one boot lie, as far as is known, and which frames have one but no memory."""

    machine: Machine
    without_memory: FrameSet

    def place(
        self,
        address: int,
        values: Sequence[int] = (),
        *,
        inside: bool = False,
        sure: bool = True,
        by_chance: bool = False,
    ) -> Placed:
        """The frame of a struct page, or where ``inside``, of one that holds ``address``.

        ``values`` are registers beside the pointer. Where it is not ``sure`` that it is one, nothing but its alignment
        proves it only where it is that of a frame without memory, which few other pointers hit; and not even there
        where it may be one of them, ``by_chance``: kernel stacks lie at the beginning of an area as aligned.
        """
        held = vmemmap.anchors_with(self.machine, address, values, inside=inside)
        places = held or vmemmap.anchors(self.machine, address, inside=inside)
        by_frame = {pfn: item for item in places if (pfn := item.frame(address, inside=inside)) is not None}
        holes = [pfn for pfn in by_frame if pfn in self.without_memory]
        aligned = not held and any(item.aligned for item in by_frame.values())
        if aligned and not sure and (by_chance or not holes):
            return UNPLACED
        frames = list(dict.fromkeys((*holes, *by_frame)))
        if not frames:
            return UNPLACED
        pfn, anchor = frames[0], by_frame[frames[0]]
        if len(frames) == 1:
            return Placed(pfn, how=f"{_words(anchor)}: {_BESIDE if held else anchor.why}")
        if len(holes) == 1 and not held:
            why = f"{anchor.why}; of {len(frames)} frames that this leaves, only one has no memory"
            return Placed(pfn, how=f"{_words(anchor)}: {why}")
        if len(frames) > _MOST_CANDIDATES:
            return UNPLACED
        sizes = dict.fromkeys(item.size for item in by_frame.values())
        why = f"a struct page may have {' or '.join(map(str, sizes))} bytes" if len(sizes) > 1 else anchor.why
        return Placed(None, tuple(frames), f"{len(frames)} frames remain: {why}")


_BESIDE = "a register beside the pointer holds the frame"


def _words(anchor: Anchor) -> str:
    return f"struct pages of {anchor.size} bytes from {anchor.base:#x} on"


def pointers_of(log: BootLog, layout: Layout, version: Version | None) -> Pointers:
    """What all of a text proves about the struct pages of one boot."""
    hints = [vmemmap.Hint(item.kind, item.address, item.node) for item in log.struct_pages]
    known = bool(layout.memory) and layout.knows_struct_pages
    machine = Machine(
        arch=layout.arch,
        version=version,
        page_size=layout.page_size,
        unmoved=vmemmap.why_unmoved(layout.arch, version, log.command_line, hints),
        first=layout.memory[0].frames.start if layout.memory else None,
        pages=layout.struct_pages if known else None,
        end=layout.struct_pages.end or layout.max_pfn or end_of_ram(log.map_in_force, layout.page_size),
    )
    holes = layout.without_memory if known else FrameSet()
    proven = _printed(layout, version, log.command_line, hints) or _paired(log.events, machine)
    if proven is None:
        proven = vmemmap.fixed_anchor(machine) or _common(log.events, machine)
    return Pointers(structs.replace(machine, proven=proven), holes)


def end_of_ram(entries: Iterable[MapEntry], page_size: int) -> int:
    """One beyond the last frame of RAM in a memory map; 0 where it has none."""
    return max((-(-item.end // page_size) for item in entries if item.type == "ram"), default=0)


def _printed(
    layout: Layout, version: Version | None, command_line: str | None, hints: Sequence[vmemmap.Hint]
) -> Anchor | None:
    if not hints or not layout.memory:
        return None
    nodes = {node: memory[0].frames.start for node, memory in layout.by_node.items()}
    ground = vmemmap.Ground(layout.memory[0].frames.start, layout.struct_pages.start, nodes, layout.page_size)
    return vmemmap.printed_anchor(layout.arch, version, command_line, hints, ground)


def _paired(events: Sequence[LogEvent], machine: Machine) -> Anchor | None:
    """The place that most pairs of a pointer and its frame in the text agree on, or None."""
    places: Counter[Anchor] = Counter()
    for at, event in enumerate(events):
        for address, inside in pointers_in(event, machine.arch):
            if frames := named_frames(events, at, address, machine.page_size):
                pairs = [item for pfn in frames for item in _with_frame(machine, address, pfn)]
            else:
                pairs = list(vmemmap.anchors_with(machine, address, values_beside(events, at), inside=inside))
            places.update({Anchor(item.base, item.size, _PAIR) for item in pairs})
    match places.most_common(2):
        case [(place, count), *others] if all(count > less for _, less in others):
            return place
    return None


_PAIR = "the text has a pointer together with its frame"


def _with_frame(machine: Machine, address: int, pfn: int) -> Iterator[Anchor]:
    """Where struct pages lie if a printed pointer is that of a printed frame."""
    for size in vmemmap.struct_page_sizes(machine.arch, machine.version):
        base = address - pfn * size
        if vmemmap.can_begin(machine.arch, base):
            yield Anchor(base, size, _PAIR)


def named_frames(events: Sequence[LogEvent], at: int, address: int, page_size: int) -> set[int]:
    """The frame that a report prints beside this pointer: on the line itself, or on that of "Bad page" in front."""
    event = events[at]
    if event.struct_page != address:
        return set()
    if event.pfn is not None or event.physical is not None:
        return {event.pfn if event.pfn is not None else (event.physical or 0) // page_size}
    before = events[at - 1] if at else None
    follows = before is not None and event.lines[0] - before.lines[-1] == 1
    return {before.pfn} if before and follows and before.kind == "bad-page" and before.pfn is not None else set()


def _common(events: Sequence[LogEvent], machine: Machine) -> Anchor | None:
    """The only place that puts every printed pointer on a struct page, or None."""
    printed = dict.fromkeys(event.struct_page for event in events if event.struct_page is not None)
    places: set[Anchor] | None = None
    for address in islice(printed, _ENOUGH):
        alike = set(vmemmap.anchors(machine, address))
        if alike:
            places = alike if places is None else places & alike
    return places.pop() if places and len(places) == 1 else None


def pointers_in(event: LogEvent, arch: str | None) -> Iterator[tuple[int, bool]]:
    """What may be pointers to struct pages in an event, and whether into one: printed, at fault, first argument."""
    if event.struct_page is not None:
        yield event.struct_page, False
    if event.address is not None:
        yield event.address, True
    argument = architecture(arch).argument
    yield from ((value, False) for name, value in event.registers if name == argument)


def values_beside(events: Sequence[LogEvent], at: int) -> list[int]:
    """Registers of an event and of its neighbours, which often are reports of the same crash."""
    own = events[at]
    near = [events[at]]
    near += [events[i] for i in (at - 1, at + 1) if 0 <= i < len(events) and _near(own, events[i])]
    return [value for event in near for _, value in event.registers]


def _near(one: LogEvent, other: LogEvent) -> bool:
    return abs(one.lines[0] - other.lines[0]) <= _NEIGHBOURS
