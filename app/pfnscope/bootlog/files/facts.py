"""Facts of the files of /proc and /sys, each file put together from its lines."""

from collections.abc import Iterable, Iterator

import msgspec

from pfnscope.bootlog.files.lines import (
    Block,
    BlockSize,
    FreeCounts,
    KnownLine,
    ListHeader,
    ListName,
    ListRegion,
    LsmemHeader,
    LsmemPart,
    LsmemRow,
    MemmapEntry,
    MemmapPart,
    MemTotal,
    Module,
    Notes,
    ResourceLine,
    ZoneField,
    ZoneHeader,
    ZoneNode,
    ZoneSizes,
    ZoneStart,
)
from pfnscope.bootlog.forms.files import resource_type
from pfnscope.bootlog.records import merged
from pfnscope.model.counts import Count
from pfnscope.model.log import BlockRange, DebugfsRegion, MapEntry, Resource, ZoneInfo
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.model.sizes import FreeBlocks, InstalledMemory, NodeTotal
from pfnscope.units import PAGE_SIZE, parse_size

_MOST_FRAMES = 1 << 52
_COLUMNS = ("RANGE", "SIZE", "STATE", "REMOVABLE", "BLOCK", "NODE", "ZONES")
_LARGEST = 1 << 44


def zones(lines: Iterable[object], notes: Notes) -> tuple[ZoneInfo, ...]:
    """The zones of /proc/zoneinfo, in its order. Where copies differ, the first is used, with a note on the others.

    So are those of crash: ``kmem -z`` has their pages, and ``kmem -n`` where they begin.
    """
    known: dict[tuple[int, str], ZoneInfo] = {}
    header: ZoneHeader | None = None
    fields: dict[str, ZoneField] = {}
    lines = tuple(lines)
    starts = _starts(lines)
    for line in (*lines, None):
        if isinstance(line, ZoneField):
            fields.setdefault(line.name, line)
            continue
        if isinstance(line, ZoneSizes):
            fields.setdefault("spanned", ZoneField(name="spanned", value=line.spanned, lines=line.lines))
            fields.setdefault("present", ZoneField(name="present", value=line.present, lines=line.lines))
            start = starts.get((header.node, header.zone)) if header else None
            if start and start.spanned == line.spanned:
                fields["start_pfn"] = ZoneField(name="start_pfn", value=start.start_pfn, lines=start.lines)
            continue
        if line is not None and not isinstance(line, ZoneHeader):
            continue
        if header is not None:
            _add_zone(known, header, fields, notes)
        header, fields = line, {}
    return tuple(known.values())


def _starts(lines: Iterable[object]) -> dict[tuple[int, str], ZoneStart]:
    """Where crash says that the zones of each node begin."""
    node: int | None = None
    starts: dict[tuple[int, str], ZoneStart] = {}
    for line in lines:
        if isinstance(line, ZoneNode):
            node = line.node
        elif isinstance(line, ZoneStart) and node is not None:
            starts.setdefault((node, line.zone), line)
    return starts


def _add_zone(
    known: dict[tuple[int, str], ZoneInfo], header: ZoneHeader, fields: dict[str, ZoneField], notes: Notes
) -> None:
    spanned, present = fields.get("spanned"), fields.get("present")
    lines = tuple(sorted({*header.lines, *(n for field in fields.values() for n in field.lines)}))
    name = f"Zone {header.zone} of node {header.node}"
    if spanned is None or present is None:
        notes.say("info", "zoneinfo-cut-off", f"{name} of /proc/zoneinfo has no page counts; it is left out.", lines)
        return
    start, managed = fields.get("start_pfn"), fields.get("managed")
    zone = ZoneInfo(
        header.node,
        header.zone,
        start.value if start else None,
        spanned.value,
        present.value,
        managed.value if managed else None,
        lines,
    )
    if zone.present_pages > zone.spanned_pages or (zone.start_pfn or 0) + zone.spanned_pages > _MOST_FRAMES:
        notes.say(
            "warning", "impossible-zone", f"{name} of /proc/zoneinfo has impossible numbers; it is left out.", lines
        )
        return
    before = known.setdefault((zone.node, zone.zone), zone)
    if before is zone:
        return
    if (before.start_pfn, before.spanned_pages, before.present_pages) != (
        zone.start_pfn,
        zone.spanned_pages,
        zone.present_pages,
    ):
        message = f"{name} comes twice in /proc/zoneinfo with different numbers; the first ones are used."
        notes.say("warning", "conflicting-zoneinfo", message, lines)
        return
    known[zone.node, zone.zone] = msgspec.structs.replace(before, lines=merged(before.lines, lines))


def resources(lines: Iterable[object], notes: Notes) -> tuple[Resource, ...]:
    """The tree of /proc/iomem, in its order. A second copy is merged; what only it has is left out, with a note.

    Depth follows from containment, since quoting and mailers remove the indentation.
    """
    known: dict[tuple[ByteRange, str, int], Resource] = {}
    above: list[ByteRange] = []
    last, copies, odd = -1, 0, False
    for line in lines:
        if not isinstance(line, ResourceLine) or line.range is None or not notes.possible(line.range, line.lines):
            continue
        memory = line.range
        if memory.start < last:
            above, copies = [], copies + 1
        last = memory.start
        while above and above[-1].end < memory.end:
            above.pop()
        entry = Resource(*memory, line.name, len(above), line.lines)
        above.append(memory)
        key = (memory, line.name, entry.depth)
        before = known.get(key)
        if before is not None:
            known[key] = msgspec.structs.replace(before, lines=merged(before.lines, line.lines))
        elif not copies:
            known[key] = entry
        elif not odd:
            odd = True
            message = "/proc/iomem comes twice and the copies differ; the first one is used."
            notes.say("warning", "conflicting-iomem", message, line.lines)
    return tuple(known.values())


def note_hidden(lines: Iterable[object], notes: Notes) -> None:
    """Note that /proc/iomem has only zeros: the kernel hides addresses from all but root."""
    zeros = [line for line in lines if isinstance(line, ResourceLine) and line.range is None]
    if zeros:
        message = (
            f"{len(zeros)} lines of /proc/iomem have no addresses: the kernel shows zeros to everybody but root, "
            "so they say nothing. Use: sudo cat /proc/iomem."
        )
        notes.say("warning", "iomem-hidden", message, zeros[0].lines)


def memmap_entries(lines: Iterable[object], notes: Notes) -> tuple[MapEntry, ...]:
    """The entries of /sys/firmware/memmap by address; equal ones once.

    Those of several files count when all three are there.
    """
    known: dict[MapEntry, MapEntry] = {}
    parts: dict[int, dict[str, MemmapPart]] = {}
    for line in lines:
        if isinstance(line, MemmapEntry):
            _add_entry(known, line.entry, notes)
        elif isinstance(line, MemmapPart):
            whole = parts.setdefault(line.index, {})
            whole[line.part] = line
            if len(whole) == 3:
                _join_parts(known, parts.pop(line.index), notes)
    for index, left in parts.items():
        message = f"Entry {index} of /sys/firmware/memmap is not whole; it is left out."
        notes.say("info", "memmap-cut-off", message, next(iter(left.values())).lines)
    return tuple(sorted(known.values(), key=lambda entry: entry.range))


def _join_parts(known: dict[MapEntry, MapEntry], parts: dict[str, MemmapPart], notes: Notes) -> None:
    start, last = parse_size(parts["start"].value), parse_size(parts["end"].value)
    lines = tuple(sorted(n for part in parts.values() for n in part.lines))
    if start is None or last is None:
        notes.say("warning", "unrecognised-line", "This is no address of a memory map entry.", lines)
        return
    name = parts["type"].value
    _add_entry(known, MapEntry(*ByteRange.inclusive(start, last), resource_type(name), name, lines), notes)


def _add_entry(known: dict[MapEntry, MapEntry], entry: MapEntry, notes: Notes) -> None:
    if notes.possible(entry.range, entry.lines):
        key = msgspec.structs.replace(entry, lines=())
        before = known.get(key)
        lines = merged(before.lines, entry.lines) if before else entry.lines
        known[key] = msgspec.structs.replace(entry, lines=lines)


def memblock_lists(lines: Iterable[object], notes: Notes) -> dict[ListName, tuple[DebugfsRegion, ...]]:
    """The memblock lists of debugfs. A list without its file name is recognised by its regions, with a note.

    memblock.memory is made of whole pages; memblock.reserved has pieces of bytes.
    """
    by_list: dict[ListName, dict[DebugfsRegion, DebugfsRegion]] = {}
    for named, regions in _runs(lines):
        which = named or _guess(regions, by_list)
        if named is None:
            message = f"Which memblock list this is, the text does not say; it is taken for memblock.{which}."
            notes.say("info", "assumed-list", message, regions[0].lines)
        known = by_list.setdefault(which, {})
        first_copy = not known
        for region in regions:
            if not notes.possible(region.range, region.lines):
                continue
            key = DebugfsRegion(*region.range, region.node, region.flag, ())
            before = known.get(key)
            if before is None and not first_copy:
                message = f"memblock.{which} comes twice and the copies differ; the first one is used."
                notes.say("warning", "conflicting-list", message, region.lines)
                break
            all_lines = merged(before.lines, region.lines) if before else region.lines
            known[key] = msgspec.structs.replace(key, lines=all_lines)
    return {which: tuple(regions.values()) for which, regions in by_list.items()}


def _runs(lines: Iterable[object]) -> Iterable[tuple[ListName | None, list[ListRegion]]]:
    """Regions by list: a file name begins a list, and so does an index that is not higher than the last."""
    named: ListName | None = None
    run: list[ListRegion] = []
    for line in lines:
        if isinstance(line, ListHeader):
            if run:
                yield named, run
            named, run = line.which, []
        elif isinstance(line, ListRegion):
            own = line.which or named
            if run and (line.index <= run[-1].index or own != named):
                yield named, run
                # the file name was that of the list before
                own, run = line.which, []
            named = own
            run.append(line)
    if run:
        yield named, run


def _guess(regions: list[ListRegion], by_list: dict[ListName, dict[DebugfsRegion, DebugfsRegion]]) -> ListName:
    whole = all(r.range.start % PAGE_SIZE == 0 and r.range.end % PAGE_SIZE == 0 for r in regions)
    return "memory" if whole and "memory" not in by_list else "reserved"


def block_size(lines: Iterable[object]) -> Count | None:
    """The size of a block in bytes, a power of two."""
    for line in lines:
        if isinstance(line, BlockSize) and line.size & (line.size - 1) == 0 and line.size <= _LARGEST:
            return Count(line.size, line.lines)
    return None


def blocks(lines: Iterable[object], size: Count | None, notes: Notes) -> tuple[BlockRange, ...]:
    """Memory blocks, the units of hotplug, of lsmem or sysfs: runs with equal state, node and zones, by address."""
    known: dict[ByteRange, BlockRange] = {}
    sized = True
    columns: tuple[str, ...] = _COLUMNS
    for line in _with_parts(lines):
        if isinstance(line, LsmemHeader):
            columns = tuple(line.columns.split())
        elif isinstance(line, LsmemRow) and notes.possible(line.range, line.lines):
            _add_block(known, _row(line, columns))
        elif isinstance(line, Block) and size is not None:
            memory = ByteRange.base_size(line.index * size.value, size.value)
            if notes.possible(memory, line.lines):
                _add_block(known, BlockRange(*memory, line.state, line.node, line.zones, line.lines))
        elif isinstance(line, Block) and sized:
            sized = False
            message = "The text names memory blocks and not their size, so their addresses are not known."
            notes.say("info", "no-block-size", message, line.lines)
    return tuple(_joined(sorted(known.values(), key=lambda item: item.range)))


def _with_parts(lines: Iterable[object]) -> Iterator[object]:
    """The lines, with values that follow a row of JSON merged into the row."""
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


def _add_block(known: dict[ByteRange, BlockRange], item: BlockRange) -> None:
    before = known.get(item.range)
    lines = merged(before.lines, item.lines) if before else item.lines
    known[item.range] = msgspec.structs.replace(before or item, lines=lines)


def _row(line: LsmemRow, columns: tuple[str, ...]) -> BlockRange:
    """Cells by column; REMOVABLE is blank for offline memory (util-linux 2.36 to 2.41)."""
    names = columns[1:]
    printed = line.cells.split()
    if not {"yes", "no"} & set(printed):
        names = tuple(name for name in names if name != "REMOVABLE")
    cells = dict(zip(names, printed, strict=False)) if line.named is None else dict(line.named)
    node = cells.get("NODE", "")
    state = next((cell for cell in printed if cell.endswith("line")), cells.get("STATE", "unknown"))
    return BlockRange(
        *line.range, state, int(node) if node.isdecimal() and len(node) < 6 else None, cells.get("ZONES"), line.lines
    )


def _joined(ordered: Iterable[BlockRange]) -> Iterator[BlockRange]:
    run: BlockRange | None = None
    for item in ordered:
        if run is not None and run.end == item.start and _kind(run) == _kind(item):
            run = msgspec.structs.replace(run, end=item.end, lines=merged(run.lines, item.lines))
            continue
        if run is not None:
            yield run
        run = item
    if run is not None:
        yield run


def _kind(item: BlockRange) -> tuple[str, int | None, str | None]:
    return item.state, item.node, item.zones


def totals(lines: Iterable[object]) -> tuple[NodeTotal, ...]:
    """Memory that the page allocator manages, by file and node; the first of each is used, since it changes little."""
    first: dict[tuple[str, int | None], NodeTotal] = {}
    for line in lines:
        if isinstance(line, MemTotal):
            first.setdefault((line.file, line.node), NodeTotal(line.file, line.node, line.kib, line.lines))
    return tuple(first.values())


def installed(lines: Iterable[object]) -> tuple[InstalledMemory, ...]:
    """The memory modules, or all of them as one, of the file that comes first."""
    modules = [line for line in lines if isinstance(line, Module)]
    first = modules[0].file if modules else ""
    return tuple(InstalledMemory(item.file, item.size, item.lines) for item in modules if item.file == first)


def free_blocks(lines: Iterable[object]) -> tuple[FreeBlocks, ...]:
    """What /proc/buddyinfo counts, of each zone the first."""
    first: dict[tuple[int, str], FreeBlocks] = {}
    for line in lines:
        if isinstance(line, FreeCounts):
            first.setdefault((line.node, line.zone), FreeBlocks(line.node, line.zone, line.by_order, line.lines))
    return tuple(first.values())


def note_not_needed(lines: Iterable[object], notes: Notes) -> None:
    """Note the files that are recognised and say nothing of struct pages."""
    files: dict[str, Lines] = {}
    for line in lines:
        if isinstance(line, KnownLine) and line.file != "numactl -H":
            files.setdefault(line.file, line.lines)
    for name, where in files.items():
        message = f"{name} is recognised and not needed: free memory says nothing of struct pages."
        notes.say("info", "file-not-needed", message, where)
