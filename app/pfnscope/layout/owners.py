"""Who owns each page frame: the memory map in force, with the kernel's own e820 changes applied."""

from bisect import bisect_right

from pfnscope.bootlog.forms.maps import memory_type
from pfnscope.model.layout import Owner
from pfnscope.model.log import BootLog, E820Change, MemoryType
from pfnscope.model.ranges import ByteRange, FrameRange, Painted, paint


def owners(log: BootLog, page_size: int) -> Painted[Owner]:
    """The map in force by page frame; RAM rounded inward, everything else outward, as the kernel counts them.

    Changes that the kernel printed after that map are applied in order: an update retypes, a removal takes
    away, and only what has the type that the line names.
    """
    entries = log.map_in_force
    strokes = [
        (_frames(entry.range, entry.type, page_size), Owner(entry.type, entry.label, entry.lines))
        for entry in sorted(entries, key=lambda entry: entry.type is not MemoryType.RAM)
    ]
    painted = list(paint(strokes))
    # an entry that an argument makes has the lines of the command line, which the kernel may repeat much later
    printed = {line for entry in entries for line in entry.lines} - set(log.command_line_lines)
    after = max(printed, default=0)
    for change in log.e820_changes:
        if change.action != "reserve" and change.lines and change.lines[0] > after:
            _apply(painted, change, page_size)
    return tuple(painted)


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
