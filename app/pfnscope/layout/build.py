"""A boot log's printed ranges to a layout; what the log does not print is taken from rules and named as assumed."""

from collections.abc import Sequence

from pfnscope.kernel.architecture_row import MemoryModel
from pfnscope.kernel.architectures import max_order_pages
from pfnscope.kernel.command_line import arguments, movable_arguments
from pfnscope.kernel.release import Release, Version
from pfnscope.kernel.thresholds import ACPI_IN_MAX_PFN
from pfnscope.layout.completeness import complete_limits, missing_memory
from pfnscope.layout.evidence import ModelEvidence, find_memmap, likely_arch, page_size_of
from pfnscope.layout.nodes import node_blocks, online_nodes, small_nodes
from pfnscope.layout.owners import end_of, known_reserved, owners
from pfnscope.layout.zones import kept_out, marked, movable_starts, spans_of, zone_spans
from pfnscope.model.layout import Layout, MemoryRange, Missing, ZoneLimit
from pfnscope.model.log import BootLog, MemblockRegion, MemoryType, NodeRange
from pfnscope.model.ranges import FrameSet
from pfnscope.units import GIB


def build_layout(
    log: BootLog,
    release: Release | None,
    arch: str | None = None,
    model: MemoryModel | ModelEvidence | None = None,
    pages: int | None = None,
) -> Layout:
    """The layout that the log prints. ``arch`` overrides what the log shows, ``model`` what is usual.

    ``pages`` is a page size in bytes that was found out.

    Without node ranges there is no memory in the layout, hence no struct page: a memory map alone does not tell
    the nodes. Zone spans are those of /proc/zoneinfo where the log does not give them.
    """
    assumed: list[tuple[str, str]] = []
    arch = arch or log.arch
    likely = likely_arch(log) if arch is None else None
    if likely:
        arch, why = likely
        assumed.append(("arch", why))
    page_size, why = page_size_of(log, arch)
    if pages is not None:
        page_size, why = page_size if "page_size" in log.assumed else pages, ""
    if why:
        assumed.append(("page_size", why))
    version = log.stable_of(release)
    memory = _memory(log, page_size)
    limits, lost_zones = _zone_limits(log, arch, version, memory, page_size)
    exact = spans_of(log.files.zoneinfo) if not (log.zone_ranges and memory) else ()
    if limits and not log.zone_ranges and not exact:
        assumed.append(("zone_ranges", f"the zone limits of {arch}, since the text prints none"))
    elif lost_zones and not exact and not any(item.frames.pages for item in lost_zones):
        assumed.append(
            ("zone_ranges", f"the printed ones, with the zone limits of {arch} for the lines that are missing")
        )
    lost_memory = missing_memory(log, memory, arch, page_size, counts_pages=not why)
    missing = (*(() if exact else lost_zones), *lost_memory)
    memmap = find_memmap(log, arch, version, len({item.node for item in memory}), page_size, model)
    if memmap.assumed and memory:
        assumed.append(("memory_model", memmap.why))
    if (
        memmap.section_size is not None
        and not memmap.own_unit
        and (log.arch is None or release is None)
        and arch != "x86_64"
    ):
        assumed.append(("section_size", f"the section size of {arch} on current releases"))
    map_owners = owners(log, page_size)
    reserved, complete = known_reserved(log, map_owners, arch, version, page_size)
    shares = movable_arguments(arguments(log.command_line or ""), version)
    movable = {item.node: item.start // page_size for item in log.movable_start}
    if shares and not log.zone_ranges and not movable:
        movable = movable_starts(memory, limits, shares, version, page_size, max_order_pages(arch, page_size))
        assumed += [("movable_start", f"what {' '.join(shares.texts)} makes of this memory")] if movable else []
    mirrored = FrameSet.of(item.frames for item in memory if item.mirror) if shares.mirror else None
    max_pfn = _max_pfn(log, memory, version, page_size)
    offline = small_nodes(log, arch, version, max_pfn * page_size) - online_nodes(log)
    if offline and not log.initmem:
        assumed += [
            ("zone_spans", f"no zone has node {node}, which is taken to have no processors") for node in offline
        ]
    spanned = [item for item in memory if item.node not in offline] if offline else memory
    return Layout(
        arch=arch,
        page_size=page_size,
        memmap=memmap,
        memory=memory,
        zone_limits=limits,
        zone_spans=exact
        or zone_spans(spanned, limits, movable, mirrored, dict(span for item in missing for span in item.spans)),
        owners=map_owners,
        reserved=reserved,
        reserved_complete=complete,
        max_pfn=max_pfn,
        assumed=tuple(assumed),
        version=release.acts_like if release else None,
        deferred=tuple(sorted({count.value for count in log.page_counts.deferred})),
        nomap=kept_out(log, page_size),
        node_blocks=node_blocks(log, arch, memory, page_size),
        missing=missing,
    )


def _memory(log: BootLog, page_size: int) -> tuple[MemoryRange, ...]:
    """Early node ranges, or else the memory of a memblock dump; frames rounded inward, in address order."""
    source: Sequence[NodeRange | MemblockRegion] = log.node_ranges or log.memblock_memory
    ranges = (MemoryRange(item.range.frames_inward(page_size), item.node or 0, item.lines) for item in source)
    return marked(log, sorted((item for item in ranges if item.frames.pages), key=lambda item: item.frames), page_size)


def _zone_limits(
    log: BootLog, arch: str | None, version: Version | None, memory: Sequence[MemoryRange], page_size: int
) -> tuple[tuple[ZoneLimit, ...], tuple[Missing, ...]]:
    """The printed zone ranges, or else the limits of the architecture applied to the memory; and what they lack."""
    printed = [
        ZoneLimit(item.zone, item.range.frames_inward(page_size) if item.range else None, item.lines)
        for item in log.zone_ranges
    ]
    return complete_limits(printed, memory, arch, version, page_size)


def _max_pfn(log: BootLog, memory: Sequence[MemoryRange], version: Version | None, page_size: int) -> int:
    """One beyond the last frame of RAM as printed last (``last_pfn``), or else the end of memory, or of ACPI data.

    Source: setup_arch() in arch/x86/kernel/setup.c, 4.19 to 5.11: the line comes again after MTRRs cut RAM, and with
    RAM above 4 GiB once more for what lies below. So the last line may be lost, which shows where memory and the map in
    force end alike.
    """
    printed = [count.value for count in log.page_counts.last_pfn]
    above = [pfn for pfn in printed if pfn > 4 * GIB // page_size]
    end = max((item.frames.end for item in memory), default=0)
    acpi = ACPI_IN_MAX_PFN.reached(version, unknown=True)
    own = max(end, end_of({MemoryType.ACPI}, log.map_in_force, page_size) if memory and acpi else 0)
    if not printed:
        return own
    last = (above or printed)[-1]
    ram, both = (end_of({MemoryType.RAM, *more}, log.map_in_force, page_size) for more in ((), (MemoryType.ACPI,)))
    of_another_map = ram == end and last not in (ram, both)
    return own if last < end or of_another_map else last
