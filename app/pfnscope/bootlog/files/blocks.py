"""Memory blocks, the units of hotplug: lsmem, and the files under /sys/devices/system/memory."""

from collections.abc import Iterable, Iterator

import msgspec

from pfnscope.bootlog.files.lines import Block, BlockSize, LsmemHeader, LsmemPart, LsmemRow
from pfnscope.bootlog.files.notes import Notes
from pfnscope.bootlog.model import BlockRange, Count
from pfnscope.bootlog.records import merged
from pfnscope.ranges import ByteRange

_COLUMNS = ("RANGE", "SIZE", "STATE", "REMOVABLE", "BLOCK", "NODE", "ZONES")
_LARGEST = 1 << 44


def block_size(lines: Iterable[object]) -> Count | None:
    """The size of a block in bytes, a power of two."""
    for line in lines:
        if isinstance(line, BlockSize) and line.size & (line.size - 1) == 0 and line.size <= _LARGEST:
            return Count(line.size, line.lines)
    return None


def blocks(lines: Iterable[object], size: Count | None, notes: Notes) -> tuple[BlockRange, ...]:
    """Runs of blocks that are alike, by address, each range once."""
    found: dict[ByteRange, BlockRange] = {}
    sized = True
    columns: tuple[str, ...] = _COLUMNS
    for line in _with_parts(lines):
        if isinstance(line, LsmemHeader):
            columns = tuple(line.columns.split())
        elif isinstance(line, LsmemRow) and notes.possible(line.range, line.lines):
            _add(found, _row(line, columns))
        elif isinstance(line, Block) and size is not None:
            memory = ByteRange.base_size(line.index * size.value, size.value)
            if notes.possible(memory, line.lines):
                _add(found, BlockRange(memory, line.state, line.node, line.zones, line.lines))
        elif isinstance(line, Block) and sized:
            sized = False
            message = "The text names memory blocks and not their size, so their addresses are not known."
            notes.say("info", "no-block-size", message, line.lines)
    return tuple(_joined(sorted(found.values(), key=lambda item: item.range)))


def _with_parts(lines: Iterable[object]) -> Iterator[object]:
    """The lines, with the values that follow a row of JSON put into it."""
    row: LsmemRow | None = None
    for line in lines:
        if isinstance(line, LsmemPart) and row is not None:
            named = (*(row.named or ()), (line.name, line.value))
            row = msgspec.structs.replace(row, named=named, lines=merged(row.lines, line.lines))
            continue
        if row is not None:
            yield row
        row = line if isinstance(line, LsmemRow) else None
        if row is None:
            yield line
    if row is not None:
        yield row


def _add(found: dict[ByteRange, BlockRange], item: BlockRange) -> None:
    before = found.get(item.range)
    lines = merged(before.lines, item.lines) if before else item.lines
    found[item.range] = msgspec.structs.replace(before or item, lines=lines)


def _row(line: LsmemRow, columns: tuple[str, ...]) -> BlockRange:
    """Cells by column; REMOVABLE is blank for offline memory (util-linux 2.36 to 2.41)."""
    names = columns[1:]
    found = line.cells.split()
    if not {"yes", "no"} & set(found):
        names = tuple(name for name in names if name != "REMOVABLE")
    cells = dict(zip(names, found, strict=False)) if line.named is None else dict(line.named)
    node = cells.get("NODE", "")
    state = next((cell for cell in found if cell.endswith("line")), cells.get("STATE", "unknown"))
    return BlockRange(
        line.range, state, int(node) if node.isdecimal() and len(node) < 6 else None, cells.get("ZONES"), line.lines
    )


def _joined(ordered: Iterable[BlockRange]) -> Iterator[BlockRange]:
    run: BlockRange | None = None
    for item in ordered:
        if run is not None and run.range.end == item.range.start and _kind(run) == _kind(item):
            whole = ByteRange(run.range.start, item.range.end)
            run = msgspec.structs.replace(run, range=whole, lines=merged(run.lines, item.lines))
            continue
        if run is not None:
            yield run
        run = item
    if run is not None:
        yield run


def _kind(item: BlockRange) -> tuple[str, int | None, str | None]:
    return item.state, item.node, item.zones
