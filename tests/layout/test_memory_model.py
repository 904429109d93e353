"""SPARSEMEM and FLATMEM: which frames have a struct page, and what the model is taken from."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pfnscope.analysis import analyze
from pfnscope.bootlog import read
from pfnscope.findings import severity
from pfnscope.kernel.architecture_row import MemoryModel
from pfnscope.kernel.architectures import WITH_MODEL, memory_model, section_size
from pfnscope.kernel.vendors import parse_release
from pfnscope.layout import build_layout
from pfnscope.model.counts import Count, FlagWidths, PrintedCounts
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog, NodeRange, StructPages, ZoneRange
from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet

MIB = 1 << 20
RECORDED = Path(__file__).parent.parent / "recorded"
FLAT, SPARSE = MemoryModel.FLATMEM, MemoryModel.SPARSEMEM


def log(arch: str | None, *ranges: tuple[int, int, int], **facts: object) -> BootLog:
    values: dict[str, object] = {
        "arch": arch,
        "node_ranges": tuple(NodeRange(node, *ByteRange(a * MIB, b * MIB), ()) for node, a, b in ranges),
        **facts,
    }
    return BootLog(**values)  # type: ignore[arg-type]


def layout_of(arch: str | None, *ranges: tuple[int, int, int], release: str = "6.1.0", **facts: object) -> Layout:
    return build_layout(log(arch, *ranges, release=release, **facts), parse_release(release))


def frames(*ranges: tuple[int, int]) -> FrameSet:
    """Of ranges in MiB."""
    return FrameSet.of(FrameRange(a * MIB // 4096, b * MIB // 4096) for a, b in ranges)


def test_flatmem_spans_each_node_from_its_first_to_its_last_buddy() -> None:
    layout = layout_of("i386", (0, 1, 511), (0, 600, 701), release="6.1.0-50-686")
    assert layout.struct_pages == frames((0, 704))
    apart = layout_of("i386", (0, 1, 511), (1, 600, 701), release="4.17.0")
    assert apart.struct_pages == frames((0, 512), (600, 704))


def test_flatmem_of_riscv_begins_with_memory_and_that_of_arm_does_not() -> None:
    assert layout_of("riscv64", (0, 0x802, 0x900), release="5.3.0").struct_pages == frames((0x802, 0x900))
    assert layout_of("arm", (0, 0x802, 0x900)).struct_pages == frames((0x800, 0x900))


def test_arm_gives_back_the_struct_pages_of_holes_but_for_blocks_with_memory() -> None:
    layout = layout_of("arm", (0, 0x801, 0x902), (0, 0xA00, 0xB00))
    assert layout.struct_pages == frames((0x800, 0x908), (0xA00, 0xB00))
    huge = layout_of("arm", (0, 0x801, 0x903), (0, 0xA00, 0xB01), release="6.1.0-50-armmp-lpae")
    assert huge.struct_pages == frames((0x800, 0x904), (0xA00, 0xB08))
    assert layout_of("arm", (0, 0x801, 0x903), (0, 0xA00, 0xB01), release="5.10.0-armmp-lpae").struct_pages == frames(
        (0x800, 0x908), (0xA00, 0xB08)
    )


@pytest.mark.parametrize(
    ("release", "end", "tail"),
    [
        ("7.2.13+deb14-armmp", 0x6BC00, [(0x6BC00, 0x6C000, "initialised")]),
        ("7.2.13+deb14-armmp-lpae", 0x6BC00, [(0x6BC00, 0x6C000, "uninitialised")]),
        ("7.2.13+deb14-armmp-lpae", 0x93500, [(0x93500, 0x93600, "initialised"), (0x93600, 0x93800, "uninitialised")]),
        ("6.12.117-armmp", 0x6BC00, [(0x6BC00, 0x6C000, "uninitialised")]),
    ],
)
def test_arm_writes_behind_memory_the_rest_of_a_page_block_as_raw_struct_pages_show(
    release: str, end: int, tail: list[tuple[int, int, str]]
) -> None:
    """mem_map of recorded boots, read from guest memory: it ends with the largest buddy, of 2048 frames."""
    memory = NodeRange(0, *ByteRange(0x40000 << 12, end << 12), ())
    zones = (ZoneRange("DMA", *ByteRange(0x40000 << 12, end << 12), ()),)
    holes = analyze(log("arm", release=release, node_ranges=(memory,), zone_ranges=zones)).holes
    assert [(hole.start_pfn, hole.end_pfn, hole.state) for hole in holes] == tail
    assert all(hole.outside for hole in holes)


def test_sections_are_whole() -> None:
    assert layout_of("s390", (0, 0, 300)).struct_pages == frames((0, 512))
    assert layout_of("s390", (0, 0, 300), release="6.13.0").struct_pages == frames((0, 384))


def test_an_architecture_that_is_not_known_has_memory_and_no_verdict() -> None:
    analysis = analyze(log("alpha", (0, 0, 300), release="5.14.0"))
    assert analysis.layout.struct_pages == analysis.layout.memory_frames
    assert (analysis.choice.rule, analysis.holes, analysis.eras) == (None, (), ())
    assert "no-memory-model" in {item.code for item in analysis.diagnostics}


@pytest.mark.parametrize(
    ("facts", "model"),
    [
        ({"struct_pages": (StructPages("flat", 0xC1000000, 0, (1,)),)}, FLAT),
        ({"struct_pages": (StructPages("populated", 0xFFFF, None, (1,)),)}, SPARSE),
        ({"page_counts": PrintedCounts(flag_widths=(FlagWidths(20, 6, 1, (1,)),))}, SPARSE),
    ],
    ids=["node_mem_map", "a vmemmap", "a section field"],
)
def test_a_line_proves_the_model(facts: dict[str, Any], model: MemoryModel) -> None:
    usual = layout_of("mips", (0, 0, 512))
    layout = layout_of("mips", (0, 0, 512), **facts)
    assert usual.memmap.assumed
    assert (layout.memmap.model, layout.memmap.assumed) == (model, False)


@pytest.mark.parametrize(
    ("pages", "model"), [((1, 97, 524320), FLAT), ((1, 97, 32), SPARSE)], ids=["as recorded", "as with sections"]
)
def test_the_printed_counts_prove_the_model(pages: tuple[int, ...], model: MemoryModel) -> None:
    """The recorded i386 with PAE; with sections of 512 MiB only the last 32 frames below 3 GiB would be counted."""
    zones = ("DMA", "DMA", "HighMem")
    counts = tuple(Count(number, (1,), 0, zone) for number, zone in zip(pages, zones, strict=True))
    (boot,) = read((RECORDED / "i386" / "dmesg.txt").read_bytes()).boots
    layout = analyze(replace(boot, page_counts=PrintedCounts(unavailable=counts))).layout
    assert (layout.memmap.model, layout.memmap.assumed) == (model, False)


def test_flatmem_up_to_5_14_leaves_holes_zeroed_and_prints_no_count() -> None:
    for release, state in (("5.14.0", "zeroed"), ("5.15.0", "initialised")):
        analysis = analyze(log("i386", (0, 1, 100), (0, 200, 300), release=release))
        assert {hole.state for hole in analysis.holes if hole.frames.start >= 100 * MIB // 4096} == {state}


@pytest.mark.parametrize("arch", WITH_MODEL)
def test_every_release_of_an_architecture_has_one_model_and_a_section_size(arch: str) -> None:
    for version in [(2, 6, 32), (3, 10, 0), (4, 4, 0), (5, 4, 0), (5, 14, 0), (6, 12, 5), (7, 1, 0)]:
        row = memory_model(arch, version, 1)
        if arch == "parisc64" and row is None:  # of releases before 6.1 nothing was read
            continue
        assert row is not None
        if row.model is SPARSE:
            assert section_size(arch, version, 4096)


def test_the_page_size_is_the_one_that_the_node_totals_count_in() -> None:
    counts = PrintedCounts(node_total_pages=(Count(0, (1,), 0), Count(131072, (2,), 1)))
    layout = layout_of("ppc64", (1, 0, 4096), (1, 32 << 20, (32 << 20) + 4096), release="5.6.0", page_counts=counts)
    assert layout.page_size == 65536
    assert "page_size" not in {name for name, _ in layout.assumed}


FLAT_SH = b"""\
[    0.000000] Linux version 6.1.0 (a@b) (gcc) #1 SMP
[    0.000000] Booting machvec: SolutionEngine
[    0.000000] Zone ranges:
[    0.000000]   Normal   [mem 0x000000000c000000-0x000000000cffffff]
[    0.000000] Early memory node ranges
[    0.000000]   node   0: [mem 0x000000000c000000-0x000000000cffffff]
[    0.000000] Built 1 zonelists, mobility grouping on.  Total pages: 4064
"""


def test_a_count_that_sections_would_have_given_speaks_for_flatmem_and_is_no_proof() -> None:
    """Sections of 64 MiB would leave 48 MiB of struct pages behind the memory, and the kernel would count them."""
    (boot,) = read(FLAT_SH).boots
    analysis = analyze(boot)
    assert (analysis.layout.memmap.model, analysis.layout.memmap.assumed) == (FLAT, True)
    assert analysis.layout.without_memory.pages == 0
    assert any(name == "memory_model" and "has none" in why for name, why in analysis.assumed)
    counted = FLAT_SH + b"[    0.000000] On node 0, zone Normal: 12288 pages in unavailable ranges\n"
    (boot,) = read(counted).boots
    assert (analyze(boot).layout.memmap.model, analyze(boot).layout.memmap.assumed) == (SPARSE, False)


def test_other_releases_of_a_flatmem_machine_are_judged_as_flatmem_of_their_own() -> None:
    """The array ends behind the memory; what is behind it is written from 6.15 on, and no reader goes there before."""
    said = {}
    for release in ("5.14.0", "6.1.0", "6.15.0", "6.18.0"):
        tail = analyze(log("i386", (0, 1, 101), release=release)).holes
        said[release] = [(hole.frames.pages, hole.state, hole.severity) for hole in tail if hole.start_pfn > 256]
    assert said == {
        "5.14.0": [(768, "zeroed", "info")],
        "6.1.0": [(768, "uninitialised", "info")],
        "6.15.0": [(768, "initialised", "info")],
        "6.18.0": [(768, "initialised", "info")],
    }
    eras = analyze(log("i386", (0, 1, 101), release="6.18.0")).eras
    assert {era.rule: era.state for era in eras}["raw-memmap"] == "zeroed"


def test_the_virtual_memmap_of_ia64_gets_no_verdict() -> None:
    layout = layout_of("ia64", (0, 1, 512), struct_pages=(StructPages("flat", 0xA07F << 48, 0, (1,)),))
    assert not layout.knows_struct_pages


def test_page_frames_of_an_assumed_size_stay_of_that_size() -> None:
    """They were turned into bytes with it, so they have the same total in every size."""
    counts = PrintedCounts(node_total_pages=(Count(0x20000, (1,), 0),))
    layout = layout_of("ppc64", (0, 0, 512), release="5.6.0-64k", page_counts=counts, assumed=("page_size",))
    assert (layout.page_size, "page_size" in {name for name, _ in layout.assumed}) == (4096, True)


@pytest.mark.parametrize(
    ("release", "arch", "pages", "size", "assumed"),
    [
        ("6.12.41-v8-16k+", "arm64", 512, 16384, True),
        ("6.12.41-v8+", "arm64", 512, 16384, False),
        ("6.12.41-v8+", "arm64", 2048, 4096, True),
        ("6.12.41-v8+", "arm64", None, 4096, True),
        ("5.14.0-427.el9.aarch64+64k", "arm64", None, 65536, True),
        ("6.1.0-64k", "x86_64", None, 4096, False),
    ],
)
def test_the_page_size_comes_from_the_name_of_the_release_or_from_the_counts(
    release: str, arch: str, pages: int | None, size: int, assumed: bool
) -> None:
    """8 MiB below 1 GiB are 512 frames of 16 KiB."""
    counts = PrintedCounts(unavailable=(Count(pages, (1,), 1, "DMA"),) if pages else ())
    zones = (ZoneRange("DMA", *ByteRange(0, 4096 * MIB), ()), ZoneRange("Normal", None, None, ()))
    boot = log(arch, (0, 0, 1016), (1, 1024, 2048), release=release, zone_ranges=zones, page_counts=counts)
    analysis = analyze(boot)
    assert analysis.layout.page_size == size
    assert ("page_size" in {name for name, _ in analysis.assumed}) == assumed
    assert not [check for check in analysis.checks if check.agrees is False]


VENDOR = [
    "Booting Linux on physical CPU 0x0000000000 [0x411fd050]",
    "Linux version 5.15.112 (a@b)",
    "Zone ranges:",
    "  DMA      [mem 0x0000000000000000-0x00000000dfffffff]",
    "  Normal   empty",
    "Early memory node ranges",
    "  node   0: [mem 0x0000000000000000-0x000000000004ffff]",
    "  node   0: [mem 0x00000000b8800000-0x00000000dfffffff]",
]


def of_vendor(*counts: int, more: str = "", **options: Any) -> Any:
    lines = [*VENDOR, *(f"On node 0, zone DMA: {count} pages in unavailable ranges" for count in counts)]
    text = more + "".join(f"[    0.000000] {line}\n" for line in lines)
    (boot,) = read(text.encode()).boots
    return analyze(boot, **options)


def test_counts_prove_the_section_size_of_a_vendors_kernel_where_one_explains_them_all() -> None:
    analysis = of_vendor(493488, 131072)
    assert (analysis.layout.section_size, analysis.layout.memmap.assumed) == (1 << 30, False)
    assert all(check.agrees for check in analysis.checks)
    (note,) = [item for item in analysis.diagnostics if item.code == "memmap-proven"]
    assert note.message == "Sections of 1 GiB are proven by the kernel's counts."
    assert [(hole.pages, hole.linked_zone) for hole in analysis.holes if hole.outside] == [(131072, "DMA")]
    assert analysis.machine.model
    assert analysis.machine.model.section == 1 << 30


def test_counts_that_no_section_size_explains_choose_none() -> None:
    analysis = of_vendor(493489, 131072)
    assert analysis.layout.section_size == 128 * MIB
    assert not {"memmap-proven", "memmap-candidates"} & {item.code for item in analysis.diagnostics}
    assert severity(analysis) == "caution"


def test_counts_that_several_units_explain_name_them_all() -> None:
    """Memory up to the end of a section of 512 MiB or 1 GiB, with a hole at its beginning that both have."""
    memory = (NodeRange(0, *ByteRange(0x14000 << 12, 0x40000 << 12), ()),)
    zones = (ZoneRange("DMA", *ByteRange(0x14000 << 12, 0x40000 << 12), ()),)
    counts = PrintedCounts(unavailable=(Count(0x14000, (9,), 0, "DMA"),))
    facts = {"node_ranges": memory, "zone_ranges": zones, "page_counts": counts}
    analysis = analyze(log("arm64", release="5.15.112", **facts))
    (note,) = [item for item in analysis.diagnostics if item.code == "memmap-candidates"]
    assert (
        note.message == "The kernel's counts fit sections of 512 MiB and sections of 1 GiB alike; the first is taken."
    )


def test_a_model_and_a_section_size_that_are_demanded_are_taken_and_said_to_be_assumed() -> None:
    analysis = of_vendor(section=512 * MIB)
    assert analysis.layout.section_size == 512 * MIB
    assert {("memory_model", "asked for"), ("section_size", "asked for")} <= set(analysis.assumed)
    assert of_vendor(model=FLAT).layout.flat


def test_a_configuration_beside_the_log_settles_model_and_largest_buddy() -> None:
    flat = of_vendor(more="# CONFIG_SPARSEMEM is not set\nCONFIG_FLATMEM=y\nCONFIG_ARCH_FORCE_MAX_ORDER=12\n")
    memmap = flat.layout.memmap
    assert (memmap.model, memmap.block, memmap.assumed) == (FLAT, 2048, False)
    assert memmap.why == "the kernel's configuration has it"
