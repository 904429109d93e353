"""What the page allocator gets once memblock has handed memory over: the rows of the RAM ledger that give back."""

from collections.abc import Iterable, Iterator

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.ledger_map import few, frame_spans
from pfnscope.kernel.architectures import X86, max_order_pages
from pfnscope.kernel.thresholds import BOOT_SERVICES_KEPT, LATE_MEMORY_LINE
from pfnscope.model.analysis import Basis
from pfnscope.model.findings import Span
from pfnscope.model.ledger import LedgerRow
from pfnscope.model.log import BootLog, ReservedRegion
from pfnscope.model.ranges import FrameRange, FrameSet, Lines
from pfnscope.model.sizes import NamedSize
from pfnscope.units import KIB, MIB

_DISK = "initial RAM disk, returned"
_RETURNED = (
    ("initrd", _DISK),
    ("SMP alternatives", "SMP alternatives, returned"),
    ("kernel image (initmem)", "init memory, returned"),
    ("EFI boot services", "EFI boot services, returned"),
    ("kernel", "init memory and padding of the image, returned"),
    ("decrypted", "padding of the kernel image, returned"),
)

_MOST_NAMES = 20

_OTHER = "other memory, returned"
"""Rows of what is given back; no kernel has as many names for it."""


def returned(analysis: Analysis, memory_line: Lines) -> Iterator[LedgerRow]:
    """What the page allocator gets later, by what it was; without a "Memory:" line nothing of it was taken before."""
    log, counts, page = analysis.log, analysis.log.page_counts, analysis.layout.page_size
    huge, lines_of_huge = gigantic(analysis)
    yield from _some("huge pages, counted in MemTotal", huge, lines_of_huge, "evidence", "They are the user's.")
    if not memory_line:
        return
    freed = list(freed_behind(log, memory_line))
    areas = old_cma(log)
    frames = FrameSet.of(item.range.frames_outward(page) for item in areas) & analysis.layout.memory_frames
    lines = [line for item in areas for line in item.lines]
    where = frame_spans(frames, page)
    yield from _some(
        "CMA, counted in MemTotal", frames.pages * page, lines, "evidence", "Free until a device wants it.", where
    )
    services, said = boot_services(analysis)
    if not BOOT_SERVICES_KEPT.reached(log.stable_of(analysis.release), unknown=True):
        size, where = services.pages * page, frame_spans(services, page)
        text = "The kernel frees them once EFI runs."
        yield from _some("EFI boot services, returned", size, said, "release", text, where)
    disks = [item for item in log.reserved_regions if item.kind == "initrd"]
    disk = FrameSet.of(item.range.frames_outward(page) for item in disks[-1:]) & analysis.layout.memory_frames
    by_what: dict[str, list[NamedSize]] = {}
    for item in freed:
        what = _called(item.name)
        by_what.setdefault(what if what in by_what or len(by_what) < _MOST_NAMES else _OTHER, []).append(item)
    for what, items in by_what.items():
        lines = [line for item in items for line in item.lines]
        where = frame_spans(disk, page) if what == _DISK else ()
        size, text = sum(item.size for item in items), "The kernel needs it only to start."
        yield _back(what, size, lines, "evidence", text, where)
    if not any(item.name.startswith("kernel") for item in freed):
        init = dict(counts.memory_parts).get("init", 0) * KIB
        text = "The text ends before the line that says so."
        yield from _some("init memory, returned", init, memory_line, "assumed", text)
    if disks and not any(item.name == "initrd" for item in freed):
        text = "The text ends before the line that says so."
        yield from _some(_DISK, disk.pages * page, disks[-1].lines, "assumed", text, frame_spans(disk, page))


def _called(name: str) -> str:
    if name.startswith("kernel image (") and "initmem" not in name:
        return "padding of the kernel image, returned"
    return next((what for start, what in _RETURNED if name.startswith(start)), f"{name}, returned")


def _some(
    what: str, size: int, lines: Iterable[int], basis: Basis, text: str, where: tuple[Span, ...] = ()
) -> Iterator[LedgerRow]:
    if size:
        yield _back(what, size, lines, basis, text, where)


def _back(
    what: str, size: int, lines: Iterable[int], basis: Basis, text: str, where: tuple[Span, ...] = ()
) -> LedgerRow:
    return LedgerRow(what, -size, few(lines), basis, text, "returned", where)


def freed_behind(log: BootLog, memory_line: Lines) -> Iterator[NamedSize]:
    """What is given back behind the "Memory:" line."""
    first = memory_line[0] if memory_line else 0
    return (item for item in log.sizes if item.kind == "freed" and item.lines[0] > first)


def gigantic(analysis: Analysis) -> tuple[int, Lines]:
    """Bytes of huge pages that are larger than what the page allocator can give: they are taken from memblock.

    None where the "Memory:" line has them as handed over, as the late one of recorded boots of 6.12.117 and 7.3.4.
    Source: hugetlb_hstate_alloc_pages() and gather_bootmem_prealloc() in mm/hugetlb.c, 4.17 to 7.1.
    """
    if LATE_MEMORY_LINE.reached(analysis.log.stable_of(analysis.release), unknown=False):
        return 0, ()
    layout = analysis.layout
    largest = max_order_pages(layout.arch, layout.page_size) * layout.page_size
    huge = [item for item in analysis.log.sizes if item.kind == "huge-pages" and _bytes_of(item.name) > largest]
    return sum(item.size for item in huge), few(line for item in huge if item.size for line in item.lines)


def _bytes_of(page: str) -> float:
    """The size of a huge page, such as ``1.00 GiB``."""
    number, _, unit = page.partition(" ")
    return float(number) * {"K": KIB, "M": MIB, "G": MIB * KIB, "T": MIB * MIB}.get(unit[:1], 0)


def is_cma(region: ReservedRegion) -> bool:
    """Whether the page allocator has the memory while no device wants it."""
    return region.kind in ("cma", "device-tree map reusable") or "cma" in region.name.lower()


def old_cma(log: BootLog) -> list[ReservedRegion]:
    """CMA areas that the "Memory:" line counts as reserved: it names them apart from 3.19 on."""
    counts = log.page_counts
    if not counts.memory_generic or counts.cma_kib is not None:
        return []
    return [item for item in log.reserved_regions if is_cma(item)]


def boot_services(analysis: Analysis) -> tuple[FrameSet, Lines]:
    """Code and data of EFI's boot services, which x86 reserves whole, where the log has EFI's map.

    A region of which anything was reserved before is none of them. Source: efi_reserve_boot_services() in
    arch/x86/platform/efi/quirks.c, 4.17 to 6.12.
    """
    log, layout = analysis.log, analysis.layout
    services = [item for item in log.efi_map if item.type in ("Boot Code", "Boot Data")]
    if layout.arch not in X86 or not services:
        return FrameSet(), ()
    page = layout.page_size
    before = [
        item for item in log.reserved_regions if item.kind in ("initrd", "efi-table") and "moved" not in item.name
    ]
    taken = FrameSet.of(item.range.frames_outward(page) for item in before)
    taken |= FrameSet.of([FrameRange(0, 64 * KIB // page)])
    regions = sorted({item.range.frames_inward(page) for item in services})
    free = (piece for piece, met in zip(regions, taken.meets(regions), strict=True) if not met)
    return FrameSet.of(free) & layout.memory_frames, few(line for item in services for line in item.lines)


def hides_boot_services(analysis: Analysis) -> bool:
    """Whether EFI's boot services are given back behind the "Memory:" line, and no line tells.

    From 6.11 on the line comes behind that. Source: start_kernel() in init/main.c, 4.17 and 6.12.
    """
    log = analysis.log
    late = LATE_MEMORY_LINE.reached(log.stable_of(analysis.release), unknown=True)
    return analysis.layout.arch in X86 and log.by_efi and not log.efi_map and not late
