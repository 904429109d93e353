"""Places trouble in the log on page frames: by a printed pfn, or by a struct page address."""

from collections.abc import Iterable, Sequence

from app.analysis.model import Hole, PlacedEvent
from app.bootlog.model import BootLog, LogEvent
from app.kernel.command_line import arguments
from app.kernel.release import Release
from app.layout import Layout
from app.ranges import FrameSet
from app.units import GIB

VMEMMAP_BASE = 0xFFFFEA0000000000
"""Start of the struct pages on x86-64 without memory KASLR: arch/x86/include/asm/pgtable_64_types.h, 4.17 to 7.1."""

VMEMMAP_LOWEST = 0xFFFFD40000000000
"""No struct page lies lower with memory KASLR: it only moves the area within the vmalloc hole (4-level paging)."""

STRUCT_PAGE_SIZE = 64
"""sizeof(struct page) on x86-64 as distributions build it (56 to 96 are possible)."""

MEMORY_KASLR = (4, 8, 0)
PAGE_ARGUMENT = "RDI"
"""Register of the first argument: what a page walker such as stable_page_flags() was called with."""


def place_events(
    log: BootLog, layout: Layout, release: Release | None, holes: Sequence[Hole]
) -> tuple[PlacedEvent, ...]:
    """Each event with its frame where the text proves one, and the hole that it falls in."""
    base = _fixed_base(log, layout, release)
    out: list[PlacedEvent] = []
    pages = layout.struct_pages
    for event in log.events:
        pfn, how = _frame(event, pages, base)
        hole = next((i for i, hole in enumerate(holes) if pfn is not None and _in(hole, pfn)), None)
        out.append(PlacedEvent(event, pfn, hole, how))
    return tuple(out)


def _in(hole: Hole, pfn: int) -> bool:
    return hole.frames.start <= pfn < hole.frames.end


def _fixed_base(log: BootLog, layout: Layout, release: Release | None) -> int | None:
    """The vmemmap base where the text proves that it was not randomised."""
    if layout.arch != "x86_64":
        return None
    names = {argument.name for argument in arguments(log.command_line or "")}
    if "nokaslr" in names or (release is not None and release.version < MEMORY_KASLR):
        return VMEMMAP_BASE
    return None


def _frame(event: LogEvent, pages: FrameSet, base: int | None) -> tuple[int | None, str]:
    if event.pfn is not None:
        return event.pfn, "the line names the pfn"
    addresses = [("the fault address", event.address), ("the printed struct page", event.struct_page)]
    addresses += [(name, value) for name, value in event.registers if name == PAGE_ARGUMENT]
    for name, address in addresses:
        if address is None or address < VMEMMAP_LOWEST or address % STRUCT_PAGE_SIZE:
            continue
        found = base if base is not None else _base_from_registers(address, event.registers)
        if found is None:
            continue
        pfn = (address - found) // STRUCT_PAGE_SIZE
        if pfn in pages:
            return pfn, f"{name} is a struct page: ({address:#x} - {found:#x}) / {STRUCT_PAGE_SIZE}"
    return None, "the text does not tell the frame"


def _base_from_registers(address: int, registers: Iterable[tuple[str, int]]) -> int | None:
    """With memory KASLR: a register that holds the pfn gives away the base, which is aligned to 1 GiB.

    Source: kernel_randomize_memory() in arch/x86/mm/kaslr.c, 4.17 (4-level) to 7.1.
    """
    for _, value in registers:
        base = address - value * STRUCT_PAGE_SIZE
        if 0 < value < 1 << 40 and base >= VMEMMAP_LOWEST and base % GIB == 0:
            return base
    return None
