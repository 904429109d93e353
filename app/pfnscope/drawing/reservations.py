"""What was set aside of memory that the kernel has, by name: the bars of the lane "Reservations".

Nothing here is a guess: each place is that of a line, or of an entry of /proc/iomem.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import structs

from pfnscope.analysis.ledger_returned import is_cma
from pfnscope.model.document import Document
from pfnscope.model.log import FIRST_MIB, IMAGE_KINDS, IMAGE_RESOURCES, MemblockRegion, MemoryType, ReservedRegion
from pfnscope.model.ranges import Address, Bordered, ByteRange, FrameSet

_KINDS = {
    "crashkernel": ("crash-kernel", "crash kernel"),
    FIRST_MIB: ("kernel-data", "first MiB"),
    "elfcorehdr": ("crash-kernel", "saved crash dump"),
    "cma": ("cma", "CMA"),
    "initrd": ("initrd", "initrd"),
    "swiotlb": ("kernel-data", "software IO TLB"),
    "brk": ("kernel-data", "kernel page tables"),
    "trampoline": ("kernel-data", "trampoline"),
    "node-data": ("kernel-data", ""),
    "early-reservation": ("kernel-data", ""),
    "struct-pages": ("struct-pages", ""),
    "ramoops": ("device-memory", "ramoops"),
    "stolen": ("device-memory", "graphics memory"),
    "aperture": ("device-memory", "GART aperture"),
    "sgx": ("device-memory", "SGX memory"),
    "rmp": ("device-memory", "SEV-SNP table"),
    "rmrr": ("device-memory", ""),
    "acpi": ("device-memory", ""),
    "mp-table": ("device-memory", ""),
    "efi": ("device-memory", ""),
    "efi-table": ("device-memory", ""),
}
"""Paint and label of the kinds that are reservations; an empty label is the name of the line.

Left out is what no reservation is: ranges without RAM ("ram-buffer", "nosave", "ignored") and what came later.
"""
_TABLES = frozenset({"acpi", "mp-table", "efi", "efi-table"})
"""Left to the lane of the map where that keeps them from the kernel."""
_EARLY = {"RAMDISK": ("initrd", "initrd"), "PGTABLE": ("kernel-data", "kernel page tables")}
_IMAGE = "kernel image"


class Reservation(Bordered, msgspec.Struct, frozen=True):
    """Bytes ``[start, end)`` with the paint and label of their bar."""

    start: Address
    end: Address
    kind: str
    label: str
    lines: tuple[int, ...]


def reservations(document: Document) -> tuple[tuple[Reservation, ...], tuple[MemblockRegion, ...]]:
    """Memory that lines name with its place, by address, and the regions of memblock.reserved that have more.

    What several lines name alike is one reservation. One that covers a region of memblock.reserved has its lines too.
    """
    page, regions = document.kernel.page_size, document.memblock.reserved
    named = _joined(_named(document))
    known = _covered((item.range for item in regions), (item.range for item in named), page)
    starts = [item.start // page * page for item in named]
    lines = [item.lines for item in named]
    for region in regions:
        if region.range in known:
            at = bisect_right(starts, region.start) - 1
            lines[at] = (*lines[at], *region.lines)
    whole = tuple(structs.replace(item, lines=tuple(sorted(set(own)))) for item, own in zip(named, lines, strict=True))
    return whole, tuple(item for item in regions if item.range not in known)


def _named(document: Document) -> Iterator[Reservation]:
    tables = [item.range for item in document.reserved_regions if item.kind in _TABLES]
    kept = [item.range for item in document.map_in_force if item.type is not MemoryType.RAM]
    in_map = _covered(tables, kept, document.kernel.page_size)
    moved = any(item.name == "RAMDISK moved" for item in document.reserved_regions)
    for region in document.reserved_regions:
        words = _words(region)
        if words is None or (moved and region.kind == "initrd" and region.name == "RAMDISK"):
            continue
        if region.kind not in _TABLES or region.range not in in_map:
            yield Reservation(*region.range, *words, region.lines)
    for item in document.iomem:
        if item.name in IMAGE_RESOURCES and item.start:
            yield Reservation(*item.range, "kernel-image", item.name.lower(), item.lines)


def _joined(items: Iterable[Reservation]) -> list[Reservation]:
    """Touching ones of one name as one, in the order of addresses."""
    last: dict[tuple[str, str], Reservation] = {}
    done: list[Reservation] = []
    for item in sorted(items, key=lambda item: (item.start, item.end)):
        key = item.kind, item.label
        before = last.get(key)
        if before is not None and item.start <= before.end:
            end = max(before.end, item.end)
            last[key] = structs.replace(before, end=end, lines=(*before.lines, *item.lines))
            continue
        if before is not None:
            done.append(before)
        last[key] = item
    return sorted((*done, *last.values()), key=lambda item: (item.start, item.end))


def _covered(regions: Iterable[ByteRange], by: Iterable[ByteRange], page_size: int) -> set[ByteRange]:
    """The ranges all frames of which others have: n log n in the number of both."""
    own = sorted((item.frames_outward(page_size), item) for item in set(regions))
    rest = FrameSet.of(at for at, _ in own) - FrameSet.of(item.frames_outward(page_size) for item in by)
    return {item for (_, item), met in zip(own, rest.meets(at for at, _ in own), strict=True) if not met}


def _words(region: ReservedRegion) -> tuple[str, str] | None:
    """Paint and label, None for what is no reservation."""
    if region.kind in IMAGE_KINDS:
        return "kernel-image", _IMAGE
    if region.kind.startswith(("device-tree", "pool")):
        return ("cma" if is_cma(region) else "device-memory"), region.name or "device tree"
    if region.kind == "early-reservation" and region.name in _EARLY:
        return _EARLY[region.name]
    words = _KINDS.get(region.kind)
    if words is None:
        return None
    kind, label = words
    return kind, f"{label}, low" if region.name == "crashkernel low" else label or region.name or region.kind
