"""Memory blocks, the units of memory hotplug: memory that was refused, and blocks that cannot go."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import structs

from pfnscope.analysis import Analysis
from pfnscope.findings.drafts import MOST_ALIKE, Draft, failures, of_failure
from pfnscope.findings.places import place
from pfnscope.kernel.memory_blocks import grows_with_ram
from pfnscope.kernel.release import Version, short
from pfnscope.kernel.thresholds import BLOCK_HOLES_REFUSED
from pfnscope.layout.blocks import BlockSize, MixedBlock, block_size, mixed_blocks, neighbours, stranded
from pfnscope.model.analysis import Hole
from pfnscope.model.findings import Remedy
from pfnscope.model.log import Failure, MemoryType
from pfnscope.model.ranges import Lines
from pfnscope.units import PAGE_SIZE, format_size
from pfnscope.words import counted

_READERS = frozenset({"lsmem", "memory offlining"})
"""Readers that go through the struct pages of whole blocks."""

_SAME_REFUSAL = 5
"""Lines from a refusal of memory to what a driver says of its device: drivers/acpi/acpi_memhotplug.c, 4.4 to 7.1."""


def drafts(analysis: Analysis) -> Iterator[Draft]:
    """The findings of this subject."""
    refused = [failure for failure in failures(analysis.log, "blocks") if failure.code == "unaligned-hotplug"]
    behind = {line for failure in refused for line in range(failure.lines[0], failure.lines[0] + _SAME_REFUSAL)}
    for failure in failures(analysis.log, "blocks"):
        if failure.code == "hotadd-failed" and failure.range is None and failure.lines[0] in behind:
            continue  # the driver says of its device what the refusal says of its addresses
        draft = _BY_CODE.get(failure.code)
        yield draft(analysis, failure) if draft else of_failure(failure)
    size = block_size(analysis.log, analysis.layout)
    yield from _unmovable(analysis, size)
    if size is not None and analysis.layout.memory:
        yield from _mixed(analysis, size)
        yield from _stranded(analysis, size)


def _unmovable(analysis: Analysis, size: BlockSize | None) -> Iterator[Draft]:
    """Dumps of pages that kept their block online, by block: no other work asks for them.

    Source: has_unmovable_pages() in mm/page_isolation.c with REPORT_FAILURE, as memory offlining has it, 5.0 to 7.1.
    """
    dumps = [
        event for event in analysis.log.events if event.pfn is not None and event.text.endswith(": unmovable page")
    ]
    pages = size.size // analysis.layout.page_size if size else 1
    first = {(event.pfn or 0) // pages: event for event in reversed(dumps)}
    for number, event in sorted(first.items())[:MOST_ALIKE]:
        block = f"memory{number}" if size else "its memory block"
        text = f"Page frame {event.pfn:#x} cannot be moved, so {block} stayed online."
        yield Draft("offline-blocked", text, event.lines, remedy=_bring_movable)


def _unaligned(analysis: Analysis, failure: Failure) -> Draft:
    """Memory to be added that is no whole number of blocks, and what the kernel would take instead."""
    return structs.replace(
        of_failure(failure),
        cause=lambda: _odd(failure, _unit(analysis, failure)),
        details=partial(_about_size, analysis, failure),
        remedy=lambda: _whole(failure, _unit(analysis, failure)),
    )


def _unit(analysis: Analysis, failure: Failure) -> int | None:
    """Of an old kernel that names no block it is a section."""
    return failure.unit or analysis.layout.section_size


def _odd(failure: Failure, unit: int | None) -> str | None:
    memory = failure.range
    if memory is None or not unit:
        return None
    size = f"its size, {format_size(memory.size)}," if memory.size % unit else ""
    start = f"its start, {memory.start}," if memory.start % unit else ""
    if not size and not start:
        return None
    odd = " and ".join(filter(None, (start, size)))
    return f"{odd[0].upper()}{odd[1:]} {'are' if size and start else 'is'} no multiple of {format_size(unit)}."


def _about_size(analysis: Analysis, failure: Failure) -> Iterator[str]:
    """Why memory blocks are larger than a section."""
    section, end = analysis.layout.section_size, analysis.layout.max_pfn * analysis.layout.page_size
    unit = _unit(analysis, failure)
    if unit and section and unit > section and grows_with_ram(analysis.layout.arch, end):
        yield (
            f"RAM ends at {end:#x}, at or above 64 GiB, so this kernel makes memory blocks larger than"
            f" {format_size(section)}: in a virtual machine the largest, up to 2 GiB, of which that end is a multiple."
        )


def _whole(failure: Failure, unit: int | None) -> Remedy | None:
    """The nearest sizes and starts that the kernel takes."""
    memory = failure.range
    if memory is None or not unit:
        return None
    start = -(-memory.start // unit) * unit
    sizes = sorted({max(unit, memory.size // unit * unit), -(-memory.size // unit) * unit})
    size = " or ".join(format_size(item) for item in sizes)
    at = f"{start:#x}" if start == memory.start or start < unit else f"{start - unit:#x} or {start:#x}"
    return Remedy(f"Add {size} at {at}: start and size have to be multiples of {format_size(unit)}.", checked=True)


def _kept(analysis: Analysis, failure: Failure) -> Draft:
    """Memory that did not go offline."""
    return structs.replace(
        of_failure(failure), cause=lambda: _why_kept(analysis, failure), remedy=lambda: _movable(analysis, failure)
    )


def _why_kept(analysis: Analysis, failure: Failure) -> str | None:
    memory, layout = failure.range, analysis.layout
    if memory is None or not layout.memory:
        return None
    frames = memory.frames_outward(layout.page_size)
    ram = layout.memory_frames.clip(frames.start, frames.end)
    if ram and ram.pages < frames.pages and BLOCK_HOLES_REFUSED.reached(layout.version, unknown=True):
        lacking = format_size((frames.pages - ram.pages) * layout.page_size)
        return f"{lacking} of it are no RAM, and a memory block goes offline as a whole or not at all."
    zones = sorted(
        {span.zone for span in layout.zone_spans if span.start_pfn < frames.end and frames.start < span.end_pfn}
    )
    if zones and "Movable" not in zones:
        return f"It is in zone {' and '.join(zones)}, where the kernel's own data may lie; only Movable keeps that out."
    return None


def _movable(analysis: Analysis, failure: Failure) -> Remedy | None:
    memory, layout = failure.range, analysis.layout
    if memory is not None and layout.memory:
        frames = memory.frames_outward(layout.page_size)
        ram = layout.memory_frames.clip(frames.start, frames.end)
        if ram and ram.pages < frames.pages:
            since = short(BLOCK_HOLES_REFUSED.since.mainline)
            return Remedy(f"Choose another memory block: since {since} the kernel takes none offline that has holes.")
    return _bring_movable()


def _bring_movable() -> Remedy:
    return Remedy(
        "Bring memory online as online_movable, or boot with movable_node or movablecore=nn: what is in zone Movable"
        " can go offline."
    )


def _not_added(_: Analysis, failure: Failure) -> Draft:
    """Memory that was not added; where its addresses are known, so is where to look for their owner."""
    if failure.range is None:
        return of_failure(failure)
    text = "Look in /proc/iomem, as root, for what else has these addresses."
    return structs.replace(of_failure(failure), remedy=partial(Remedy, text))


_BY_CODE: Mapping[str, Callable[[Analysis, Failure], Draft]] = {
    "unaligned-hotplug": _unaligned,
    "hotadd-failed": _not_added,
    "offline-failed": _kept,
    "offline-blocked": _kept,
}


def _mixed(analysis: Analysis, size: BlockSize) -> Iterator[Draft]:
    """Blocks that are not RAM throughout: told where the text is about blocks, or where a reader of blocks can die.

    Nearly every machine has some, and few people take memory offline.
    """
    layout = analysis.layout
    blocks = mixed_blocks(layout, size.size)
    deadly = [(block, hole) for block, hole in _holes_in(blocks, analysis.holes) if _READERS & {*hole.reachable_by}]
    log = analysis.log
    offline = log.files.memory_blocks or any(failure.code == "offline-failed" for failure in log.failures)
    if not blocks or not (offline or deadly):
        return
    first = deadly[0][0] if deadly else blocks[0]
    lead = f"{counted(len(blocks), 'memory block')} of {format_size(size.size)}"
    which = f"memory{first.number} at {place(first.frames.in_bytes(layout.page_size), layout.page_size)}"
    which_of = "among them " if len(blocks) > 1 else ""
    them, are = ("them", "are") if len(blocks) > 1 else ("it", "is")
    yield Draft(
        "blocks-mixed",
        f"{lead}, {which_of}{which}, {are} not RAM throughout{_die(deadly) or _stays(layout.version, them)}.",
        _lines(analysis, blocks),
        tuple(block.frames.in_bytes(layout.page_size) for block in blocks),
        details=lambda: [*_readers(analysis, deadly), *_each(analysis, blocks)],
    )


def _die(deadly: Sequence[tuple[MixedBlock, Hole]]) -> str:
    names = sorted({name for _, hole in deadly for name in hole.reachable_by} & _READERS)
    verb = "can" if any(hole.state != "unknown" for _, hole in deadly) else "may"
    return f", and {' and '.join(names)} {verb} die there" if names else ""


def _stays(version: Version | None, them: str) -> str:
    if not BLOCK_HOLES_REFUSED.reached(version, unknown=True):
        return ""
    return f", so Linux {short(version)} keeps {them} online" if version else f", so the kernel keeps {them} online"


def _holes_in(blocks: Sequence[MixedBlock], holes: Sequence[Hole]) -> Iterator[tuple[MixedBlock, Hole]]:
    """Each hole with the mixed block that it begins in; both are in address order."""
    at = 0
    for hole in holes:
        while at < len(blocks) and blocks[at].frames.end <= hole.start_pfn:
            at += 1
        if at < len(blocks) and blocks[at].frames.start <= hole.start_pfn and hole.severity in ("danger", "caution"):
            yield blocks[at], hole


def _readers(analysis: Analysis, deadly: Sequence[tuple[MixedBlock, Hole]]) -> Iterator[str]:
    size = analysis.layout.page_size
    release = f" on Linux {short(analysis.layout.version)}" if analysis.layout.version else ""
    for block, hole in deadly[:MOST_ALIKE]:
        names = " and ".join(sorted(_READERS & {*hole.reachable_by}))
        where = place(hole.frames.in_bytes(size), size)
        pages, known = counted(hole.pages, "struct page"), hole.state != "unknown"
        verb, which = ("can", "that nothing writes") if known else ("may", "of unknown state")
        yield f"memory{block.number}: {names} {verb} die{release} at {where}, {pages} {which}."


def _each(analysis: Analysis, blocks: Sequence[MixedBlock]) -> Iterator[str]:
    size = analysis.layout.page_size
    for block in blocks[:MOST_ALIKE]:
        whole = format_size(block.frames.pages * size)
        yield f"memory{block.number}: {format_size(block.ram.pages * size)} of {whole} are RAM."


def _lines(analysis: Analysis, blocks: Sequence[MixedBlock]) -> Lines:
    """Those of the ranges of memory that end inside of the blocks."""
    starts = {block.ram.start for block in blocks} | {block.ram.end for block in blocks}
    memory = (item for item in analysis.layout.memory if {item.frames.start, item.frames.end} & starts)
    return tuple(sorted({line for item in memory for line in item.lines}))


def _stranded(analysis: Analysis, size: BlockSize) -> Iterator[Draft]:
    """Memory for special purposes, and windows for CXL memory, of which a part fills no whole block."""
    log = analysis.log
    special = [
        ("soft-reserved memory", item.range, item.lines)
        for item in log.map_in_force
        if item.type is MemoryType.SOFT_RESERVED
    ]
    windows = [(f"a CXL window (node {item.node})", item.range, item.lines) for item in log.window_nodes]
    for name, memory, lines in (special + windows)[:MOST_ALIKE]:
        lost = stranded(memory, size.size)
        if lost:
            text = (
                f"{format_size(lost)} of {name} at {place(memory, PAGE_SIZE)} cannot be added as memory: it fills no"
                f" whole memory block of {format_size(size.size)}."
            )
            inner = neighbours(memory, size.size)[1]
            can = f"What can be added is {place(inner, PAGE_SIZE)}." if inner else "Nothing of it can be added."
            yield Draft("capacity-stranded", text, lines, (memory,), details=partial(_one, can))


def _one(sentence: str) -> tuple[str, ...]:
    return (sentence,)
