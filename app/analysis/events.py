"""Places trouble in the log on page frames: by a printed pfn, or by a struct page address."""

from bisect import bisect_right
from collections.abc import Sequence

from app.analysis.model import Hole, PlacedEvent
from app.bootlog.faults import PAGE_TABLE_ENTRY
from app.bootlog.model import BootLog, LogEvent
from app.kernel import vmemmap
from app.kernel.release import Release
from app.layout import Layout
from app.ranges import FrameSet

PAGE_ARGUMENT = "RDI"
"""Register of the first argument: what a page walker such as stable_page_flags() was called with."""

_ENTRY_ADDRESS = 0x000FFFFFFFFFF000
"""Bits of a page table entry that hold the address: PTE_PFN_MASK, arch/x86/include/asm/pgtable_types.h."""


def place_events(
    log: BootLog, layout: Layout, release: Release | None, holes: Sequence[Hole]
) -> tuple[PlacedEvent, ...]:
    """Each event with its frame where the text proves one, and the hole that it falls in."""
    base = vmemmap.proven_base(layout.arch, release.version if release else None, log.command_line)
    out: list[PlacedEvent] = []
    pages = layout.struct_pages
    for event in log.events:
        pfn, how = _mapped(event, layout.arch) or _frame(event, pages, base)
        out.append(PlacedEvent(event, pfn, None if pfn is None else _hole_at(holes, pfn), how))
    return tuple(out)


def _hole_at(holes: Sequence[Hole], pfn: int) -> int | None:
    at = bisect_right(holes, pfn, key=lambda hole: hole.frames.start) - 1
    return at if at >= 0 and pfn < holes[at].frames.end else None


def _mapped(event: LogEvent, arch: str | None) -> tuple[int, str] | None:
    """The frame that a page table entry of x86-64 maps; an entry that is not present may hold it inverted."""
    entry = dict(event.registers).get(PAGE_TABLE_ENTRY)
    if entry is None or arch != "x86_64" or not entry & 1:
        return None
    return (entry & _ENTRY_ADDRESS) >> 12, "the page table entry maps the pfn"


def _frame(event: LogEvent, pages: FrameSet, base: int | None) -> tuple[int | None, str]:
    if event.pfn is not None:
        return event.pfn, "the line names the pfn"
    addresses = [("the fault address", event.address), ("the printed struct page", event.struct_page)]
    addresses += [(name, value) for name, value in event.registers if name == PAGE_ARGUMENT]
    for name, address in addresses:
        if address is None or not vmemmap.is_struct_page(address):
            continue
        start = base if base is not None else vmemmap.base_from_registers(address, (v for _, v in event.registers))
        if start is None:
            continue
        pfn = (address - start) // vmemmap.STRUCT_PAGE_SIZE
        if pfn in pages:
            return pfn, f"{name} is a struct page: ({address:#x} - {start:#x}) / {vmemmap.STRUCT_PAGE_SIZE}"
    return None, "the text does not tell the frame"
