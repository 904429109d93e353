"""Who owns each page frame: the memory map in force, and what is known of memblock.reserved."""

from bisect import bisect_right
from collections.abc import Collection, Iterable

from pfnscope.bootlog.forms.maps import memory_type
from pfnscope.kernel.architectures import X86
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import SOFT_RESERVED, WHOLE_FIRST_MIB
from pfnscope.layout.map_changes import own_changes, printed_image
from pfnscope.model.layout import Owner
from pfnscope.model.log import FIRST_MIB, BootLog, E820Change, MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet, Painted, canonical, difference, paint
from pfnscope.units import KIB, MIB


def owners(log: BootLog, page_size: int) -> Painted[Owner]:
    """The map in force by page frame; RAM rounded inward, everything else outward, as the kernel counts them.

    Changes that the kernel made after that map are applied in order: its image becomes RAM, an update retypes, a
    removal takes away, and only what has the type that the line names.
    """
    entries = log.map_in_force
    strokes = [
        (_frames(entry.range, entry.type, page_size), Owner(entry.type, entry.label, entry.lines))
        for entry in sorted(entries, key=lambda entry: entry.type is not MemoryType.RAM)
    ]
    image = printed_image(log)
    if image is not None and not log.modified_map:  # which is printed behind it, and has it as RAM
        label = next((entry.label for entry in entries if entry.type is MemoryType.RAM), "usable")
        frames = _frames(image.range, MemoryType.RAM, page_size)
        strokes.append((frames, Owner(MemoryType.RAM, label, image.lines)))
    painted = list(paint(strokes))
    for change in own_changes(log, entries):
        _apply(painted, change, page_size)
    return tuple(painted)


def end_of(kinds: Collection[MemoryType], entries: Iterable[MapEntry], page_size: int, limit: int | None = None) -> int:
    """The frame behind the last entry of such types; of those that begin below ``limit``, at most ``limit``.

    Source: e820__end_ram_pfn() in arch/x86/kernel/e820.c, 2.6.32 to 7.3-rc.
    """
    ranges = [entry.range for entry in entries if entry.type in kinds]
    if limit is None:
        return max((item.end // page_size for item in ranges), default=0)
    return max((min(item.end // page_size, limit) for item in ranges if item.start // page_size < limit), default=0)


def _frames(range_: ByteRange, kind: MemoryType, page_size: int) -> FrameRange:
    return range_.frames_inward(page_size) if kind is MemoryType.RAM else range_.frames_outward(page_size)


def _apply(painted: list[tuple[FrameRange, Owner]], change: E820Change, page_size: int) -> None:
    frames = change.range.frames_outward(page_size)
    old, new = memory_type(change.from_ or ""), memory_type(change.to or "")
    first = bisect_right(painted, frames.start, key=lambda item: item[0].end)
    last = first
    pieces: list[tuple[FrameRange, Owner]] = []
    while last < len(painted) and painted[last][0].start < frames.end:
        piece, owner = painted[last]
        last += 1
        if change.from_ is not None and owner.type is not old:
            pieces.append((piece, owner))
            continue
        inside = piece.clip(frames.start, frames.end)
        if piece.start < inside.start:
            pieces.append((FrameRange(piece.start, inside.start), owner))
        if change.action == "update":
            pieces.append((inside, Owner(new, change.to or "", owner.lines + change.lines)))
        if inside.end < piece.end:
            pieces.append((FrameRange(inside.end, piece.end), owner))
    painted[first:last] = pieces


BIOS_START = 0x9F000
"""Upper limit of where the BIOS range starts: reserve_bios_regions(), arch/x86/kernel/ebda.c, 4.17 to 7.1."""


def x86_low_memory(version: Version | None, page_size: int) -> FrameSet:
    """Frames that every x86 kernel reserves: the first 64 KiB and the BIOS range, since 5.13 the whole first MiB."""
    if WHOLE_FIRST_MIB.reached(version):
        return FrameSet.of([FrameRange(0, MIB // page_size)])
    return FrameSet.of([FrameRange(0, 64 * KIB // page_size), FrameRange(BIOS_START // page_size, MIB // page_size)])


def _memblock_reserved(log: BootLog) -> list[ByteRange]:
    """What dump and events reserve, without what was given back before struct pages were initialised."""
    printed = ((item.start, item.end) for item in (*log.memblock_reserved, *log.memblock_reserve_events))
    given_back = canonical((item.start, item.end) for item in log.memblock_freed)
    return [ByteRange(start, end) for start, end in difference(canonical(printed), given_back)]


def _less_than_first_mib(log: BootLog, page_size: int) -> bool:
    """Whether "DMA zone: N pages reserved" counts less than is below 1 MiB: 5.13-rc1 did not yet take all of it."""
    below = sum(item.range.frames_inward(page_size).clip(0, MIB // page_size).pages for item in log.node_ranges)
    return any(count.value < below for count in log.page_counts.zone_reserved)


def known_reserved(
    log: BootLog, owners: Painted[Owner], arch: str | None, version: Version | None, page_size: int
) -> tuple[FrameSet, bool]:
    """Frames known to be in memblock.reserved, and whether a dump and events list all of it outside RAM.

    ``owners`` is the memory map in force, by frame.
    """
    ranges = _memblock_reserved(log)
    ranges += [item.range for item in log.reserved_regions if item.kind in ("acpi", FIRST_MIB)]
    # what debugfs still lists once the kernel is up was reserved when struct pages were initialised
    ranges += [item.range for item in log.files.memblock_reserved]
    frames = FrameSet.of(item.frames_outward(page_size) for item in ranges)
    if arch in X86:
        frames |= x86_low_memory(None if _less_than_first_mib(log, page_size) else version, page_size)
        if SOFT_RESERVED.reached(version):
            frames |= FrameSet.of(piece for piece, owner in owners if owner.type is MemoryType.SOFT_RESERVED)
    return frames, bool(log.memblock_reserved and log.memblock_reserve_events)
