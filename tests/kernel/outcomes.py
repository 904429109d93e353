"""What comes of a release: outcomes of rows of pfnscope.kernel, and of the code that asks them."""

from collections.abc import Callable
from functools import cache

from msgspec.structs import replace

from pfnscope.analysis import Analysis, analyze
from pfnscope.analysis.checks.counts import memmap_pages, zone_count_checks, zone_counts, zonelist_checks
from pfnscope.analysis.checks.setup import last_pfn_checks, node_checks
from pfnscope.analysis.hazards import left_out, top_of
from pfnscope.analysis.verify import view_of
from pfnscope.bootlog.records import records
from pfnscope.bootlog.text.searchable import Text
from pfnscope.kernel import vmemmap
from pfnscope.kernel.architecture_row import MemoryModel
from pfnscope.kernel.architectures import memory_model, section_size, zone_limits
from pfnscope.kernel.argument_notes import argument_notes
from pfnscope.kernel.command_line import arguments, movable_arguments
from pfnscope.kernel.deferral import RESERVING, deferral
from pfnscope.kernel.map_arguments import map_operations
from pfnscope.kernel.readers import readers_for
from pfnscope.kernel.region_kinds import ACPI, RAM, SOFT_RESERVED
from pfnscope.kernel.regressions import known
from pfnscope.kernel.release import Release, Version
from pfnscope.kernel.rules import RULES, unchecked
from pfnscope.kernel.spellings import Spelling
from pfnscope.kernel.vendors import emulates_nodes, parse_release
from pfnscope.kernel.vmemmap_arm64 import linear_maps
from pfnscope.layout import build_layout
from pfnscope.layout.zones import movable_starts
from pfnscope.model.counts import Count, PrintedCounts
from pfnscope.model.layout import Layout, MemMap, MemoryRange, ZoneLimit
from pfnscope.model.log import (
    BootLog,
    Diagnostic,
    Initmem,
    MapEntry,
    MemoryType,
    NodeRange,
    SratEntry,
    ZoneInfo,
    ZoneRange,
)
from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet
from pfnscope.recording.model import FlagRun, Kpageflags, Record
from pfnscope.simulation.e820 import Entry, Table
from pfnscope.simulation.firmware import kernel_image
from pfnscope.simulation.numa import Block, place_nodes
from pfnscope.simulation.x86 import zone_ranges
from tests.support.seed import GIB, seed_log

MIB = 1 << 20


def boot(arch: str, *ranges: tuple[int, int, int], **facts: object) -> BootLog:
    """A log with node ranges of ``(node, start, end)`` in MiB."""
    nodes = tuple(NodeRange(node, *ByteRange(start * MIB, end * MIB), ()) for node, start, end in ranges)
    return BootLog(arch=arch, node_ranges=nodes, **facts)  # type: ignore[arg-type]


def named(version: Version) -> Release:
    return Release("", version, version, stable_known=True, backports=False)


@cache
def seed(kernel: str | None = None) -> Analysis:
    return analyze(seed_log("1G!4G"), kernel=kernel)


def seed_as(version: Version) -> Analysis:
    """The same analysis under the name of another release, so that nothing else of it changes."""
    return replace(seed("4.14.100"), release=named(version))


# Rules, readers and passes


def rule(arch: str) -> Callable[[Version], object]:
    return lambda version: [row.id for row in RULES if row.covers(version, arch)]


def is_unchecked(version: Version) -> object:
    return bool(unchecked(version))


def bound(name: str, arch: str | None = None) -> Callable[[Version], list[str]]:
    return lambda version: [row.bound.value for row in readers_for(version, arch) if row.name == name]


def reserve_pass(version: Version) -> object:
    return [(row.marks[:16], row.writes[:24]) for row in RESERVING if version in row.releases]


def regressions(state: str) -> Callable[[Version], object]:
    return lambda version: [row.commit for row in known(version, state)]


def deferred(version: Version) -> object:
    row = deferral(version)
    return row and (row.least_bytes, row.reserved.value)


# memblock.reserved, ZONE_MOVABLE, e820


def soft_reserved(version: Version) -> object:
    entry = MapEntry(*ByteRange(3 * GIB, 3 * GIB + 4096), MemoryType.SOFT_RESERVED, "soft reserved", ())
    reserved = build_layout(seed_log("none", firmware_map=(entry,)), named(version)).reserved
    return 3 * GIB // 4096 in reserved


def mirrored_start(version: Version) -> object:
    """Of memory of which nothing is mirrored."""
    memory = [MemoryRange(FrameRange(0x100, 0x100000), 0, ()), MemoryRange(FrameRange(0x200000, 0x300000), 0, ())]
    limits = [ZoneLimit("Normal", FrameRange(0x100, 0x300000), ())]
    options = movable_arguments(arguments("kernelcore=mirror"), None)
    return movable_starts(memory, limits, options, version, 4096, 1024)


def knows_mirror(version: Version) -> object:
    return movable_arguments(arguments("kernelcore=mirror"), version).mirror


def movable(words: str) -> Callable[[Version], object]:
    return lambda version: bool(movable_arguments(arguments(words), version))


def movable_percent(version: Version) -> object:
    return movable_arguments(arguments("movablecore=30%"), version).movablecore_percent


def first_action(words: str) -> Callable[[Version], object]:
    return lambda version: map_operations(arguments(words), version)[0][0].action.value


def operations(words: str) -> Callable[[Version], object]:
    return lambda version: len(map_operations(arguments(words), version)[0])


def noted(words: str) -> Callable[[Version], object]:
    """Codes of the notes on arguments, of a machine without mirrored memory."""
    return lambda version: [note.code for note in argument_notes(arguments(words), version, mirrors=False)]


def pieces_of_soft_reserved(version: Version) -> object:
    table = Table([Entry(0, 4096, SOFT_RESERVED), Entry(4096, 8192, SOFT_RESERVED), Entry(8192, 9000, RAM)])
    table.sanitise(version)
    return len(table.entries)


def end_of_ram(version: Version) -> object:
    """Of a map that ends with ACPI data, in 4 KiB pages."""
    table = Table([Entry(0, 8 * 4096, RAM), Entry(8 * 4096, 9 * 4096, ACPI)])
    return table.end_of_ram(4096, 1 << 40, version)


def last_pfn_agrees(pfn: int) -> Callable[[Version], object]:
    """Whether a release may print this as last_pfn of 8 pages of RAM, one of ACPI data and one that is reserved."""
    entries = (
        MapEntry(*ByteRange(0, 8 * 4096), MemoryType.RAM, "usable", ()),
        MapEntry(*ByteRange(8 * 4096, 9 * 4096), MemoryType.ACPI, "ACPI data", ()),
        MapEntry(*ByteRange(9 * 4096, 10 * 4096), MemoryType.RESERVED, "reserved", ()),
    )
    log = boot("x86_64", (0, 0, 1), firmware_map=entries, page_counts=PrintedCounts(last_pfn=(Count(pfn, ()),)))
    return lambda version: (
        [check.agrees for check in last_pfn_checks(log, build_layout(log, named(version)), version)] == [True]
    )


def max_pfn(version: Version) -> object:
    entry = MapEntry(*ByteRange(GIB, 2 * GIB), MemoryType.ACPI, "ACPI data", ())
    return build_layout(boot("x86_64", (0, 0, 1), firmware_map=(entry,)), named(version)).max_pfn


def end_of_dma32(version: Version) -> object:
    """With 64 MiB of RAM and no printed zones."""
    zones = zone_ranges(BootLog(), "x86_64", [Block(0, MIB, 64 * MIB)], 64 * MIB // 4096, version, [])
    return {zone.zone: zone.end for zone in zones}["DMA32"]


def nodes_without_a_mib(version: Version) -> object:
    """How many nodes the SRAT makes that leaves out exactly 1 MiB."""
    srat = tuple(SratEntry(node, *ByteRange(start * MIB, (start + 63) * MIB), False, False, ()) for node, start in
                 enumerate((0, 64)))  # fmt: skip
    blocks = place_nodes(BootLog(srat=srat), (), ((0, 127 * MIB),), 127 * MIB, version, [])
    return len({block.node for block in blocks})


def first_fake_node(version: Version) -> object:
    """The end of the first of two nodes of memory from 4 KiB to 1 GiB."""
    given = arguments("numa=fake=2U")
    return place_nodes(BootLog(), given, ((4096, GIB),), GIB, version, [])[0].end


def spanned_nodes(version: Version) -> object:
    """Nodes with zones, of which one has 3 MiB."""
    srat = tuple(SratEntry(node, *ByteRange(start * MIB, end * MIB), False, False, ())
                 for node, start, end in ((0, 1, 64), (1, 64, 67)))  # fmt: skip
    log = boot("x86_64", (0, 1, 64), (1, 64, 67), srat=srat)
    return {span.node for span in build_layout(log, named(version)).zone_spans}


def debian_fakes(version: Version) -> object:
    return emulates_nodes("Linux version x (debian-kernel@lists.debian.org)", version)


def image_is_known(version: Version) -> object:
    return kernel_image(seed_log("none"), "quiet", version) is not None


FLATMEM = MemMap(MemoryModel.FLATMEM, block=1024)


def notes(**facts: object) -> Callable[[Version], object]:
    """Codes of remarks about struct pages of memory."""

    def outcome(version: Version) -> object:
        log = boot("x86_64", (0, 16, 400), release=".".join(map(str, version)), **facts)
        return [item.code for item in analyze(log).diagnostics if item.code in ("kho-deferred", "shared-struct-pages")]

    return outcome


HANDED_OVER = {
    "diagnostics": (Diagnostic("info", "kexec-handover", "", 3, None),),
    "page_counts": PrintedCounts(deferred=(Count(0, (4,)),)),
}

# /proc/kpageflags

NOTHING = Record(None, None, None, 1, None, FrameSet(), None, None, None, {})
RESERVED = FlagRun(FrameRange(0, 0x100), nopage=False, reserved=True, others=0, either=0)
FLAGS = Kpageflags((RESERVED,), FrameSet(), (), 0x100)


def flagless(version: Version) -> object:
    return view_of(seed_as(version), FLAGS).flagless


def gap_is_avoided(version: Version) -> object:
    gap = FrameRange(0xC0000, 0x140000)
    return gap in {frames for frames, _ in left_out(seed(), NOTHING, version, 0x240000, unfinished=False)}


def read_above_the_zones(version: Version) -> object:
    zones = (ZoneInfo(0, "DMA32", 0x1000, 0x1000, 0x1000, 0x1000, ()),)
    return top_of(seed(), replace(NOTHING, zones=zones), version) > 0x2000


def assumed_holes_are_avoided(version: Version) -> object:
    """Of a hole in a zone span, which the rule of 4.14 initialises, by a release that was only asked for."""
    reasons = left_out(seed_as(version), NOTHING, version, 0x240000, unfinished=False)
    return any(why.startswith("not known whether anything wrote") for _, why in reasons)


# What kernels print of zones and nodes

SPARSE_ZONE = "DMA32"


def one_zone(*ranges: tuple[int, int, int]) -> Layout:
    zones = (ZoneRange(SPARSE_ZONE, *ByteRange(16 * MIB, 400 * MIB), ()),)
    return build_layout(boot("x86_64", *ranges, zone_ranges=zones), None)


WITH_HOLES = one_zone((0, 16, 116), (0, 300, 400))


def memmap_pages_of(layout: Layout, size: int) -> Callable[[Version], object]:
    """Pages that the struct pages of the only zone take; ``size`` of one in bytes."""
    (span,) = layout.zone_spans
    return lambda version: memmap_pages(span, size, layout, version)


def lifo(version: Version) -> object:
    """Whether "pages, LIFO" may be what is present, and whether what is left of it without struct pages."""
    (span,) = WITH_HOLES.zone_spans

    def agrees(pages: int) -> bool:
        counts = PrintedCounts(
            node_total_pages=(Count(span.present_pages, (1,), 0),),
            zone_memmap=(Count(100, (2,), None, SPARSE_ZONE),),
            zone_pages=(Count(pages, (3,), None, SPARSE_ZONE),),
        )
        placed = zone_counts(boot("x86_64", page_counts=counts), WITH_HOLES, version)
        checks = zone_count_checks(placed, WITH_HOLES, version)
        return all(check.agrees for check in checks if check.what.endswith(": pages"))

    return agrees(span.present_pages), agrees(span.present_pages - 100)


def total_pages(arch: str, zone: str) -> Callable[[Version], object]:
    """Whether "Total pages" may be all that are present."""

    def outcome(version: Version) -> object:
        zones = (ZoneRange(zone, *ByteRange(16 * MIB, 400 * MIB), ()),)
        present = 384 * MIB // 4096
        counts = PrintedCounts(zonelists=(Count(1, (1,), pages=present),))
        log = boot(arch, (0, 16, 400), zone_ranges=zones, page_counts=counts)
        layout = build_layout(log, None)
        checks = zonelist_checks(log, layout, zone_counts(log, layout, version), version)
        return [check.agrees for check in checks][-1]

    return outcome


def wide_initmem(version: Version) -> object:
    """Whether "Initmem setup node" may name more than the memory of the node."""
    log = boot("x86_64", (0, 16, 400), initmem=(Initmem(0, *ByteRange(0, 512 * MIB), (1,)),))
    return [check.agrees for check in node_checks(log, build_layout(log, None), version)][-1]


# Where struct pages lie


def window(arch: str, kind: str, first: int) -> Callable[[Version], object]:
    """The frame whose struct page begins the window that is printed, with memory from the frame ``first`` on."""
    ground = vmemmap.Ground(first, first, {0: first}, 4096)
    hints = [vmemmap.Hint(kind, 1 << 60)]

    def outcome(version: Version) -> object:
        anchor = vmemmap.printed_anchor(arch, version, None, hints, ground)
        return anchor and anchor.frame(1 << 60)

    return outcome


def base_is_fixed(version: Version) -> object:
    return vmemmap.why_unmoved("x86_64", version, "") is not None


def arm64_starts(version: Version) -> object:
    """Where struct pages of the linear map begin with 48-bit addresses and 4 KiB pages."""
    return [hex(item.start) for item in linear_maps(version, 4096) if item.bits == 48]


def page_sizes(version: Version) -> object:
    return vmemmap.struct_page_sizes("x86_64", version)


def sections(arch: str, page_size: int = 4096) -> Callable[[Version], object]:
    return lambda version: (section_size(arch, version, page_size) or 0) // MIB


def model(arch: str, nodes: int = 1) -> Callable[[Version], object]:
    def outcome(version: Version) -> object:
        row = memory_model(arch, version, nodes)
        return row and (row.model.value, row.proven)

    return outcome


def limits(arch: str, first: int) -> Callable[[Version], object]:
    """Zones with their ends in GiB, of memory that begins at ``first`` GiB."""
    return lambda version: [
        (zone, None if end is None else end // GIB) for zone, end in zone_limits(arch, version, first * GIB)
    ]


def acts_like(text: str) -> Callable[[Version], object]:
    """What the builds of a vendor's version act like; the build stands where a version has its major number."""

    def outcome(build: Version) -> object:
        release = parse_release(text.format(build[0]))
        return release and release.deviation and (release.deviation.name, release.acts_like)

    return outcome


def can_print(line: str) -> Callable[[Version], object]:
    """Whether the words of a line leave a release possible."""

    def outcome(version: Version) -> object:
        return all(version in spelling.bounds for spelling in spellings_of(line))

    return outcome


@cache
def spellings_of(line: str) -> tuple[Spelling, ...]:
    """What bounds the release of a line."""
    (record,) = records(Text(f"[    0.000000] {line}\n".encode()))
    assert record.form is not None
    return tuple(record.form.spellings(record.message))
