"""What cannot all be true is told, and the rest is still used."""

from pfnscope.bootlog import read
from pfnscope.model.log import BootLog

NODE = "node   0: [mem 0x0000000000001000-0x000000000009efff]"


def boot(*lines: str) -> BootLog:
    (log,) = read("".join(f"[    0.000000] {line}\n" for line in lines).encode()).boots
    return log


def codes(log: BootLog) -> list[tuple[str, int | None]]:
    return [(note.code, note.line) for note in log.diagnostics if note.code not in ("no-release", "cut-end")]


def test_a_range_that_ends_before_it_starts_is_left_out() -> None:
    log = boot(NODE, "node   0: [mem 0x0000000000200000-0x000000000010ffff]")
    assert codes(log) == [("impossible-range", 2)]
    assert len(log.node_ranges) == 1


def test_a_hidden_overlap_of_a_map_is_found_behind_the_entry_between() -> None:
    log = boot(
        "BIOS-e820: [mem 0x0000000000000000-0x00000000ffffffff] usable",
        "BIOS-e820: [mem 0x0000000000100000-0x00000000001fffff] usable",
        "BIOS-e820: [mem 0x0000000080000000-0x00000000800fffff] reserved",
    )
    (note,) = [note for note in log.diagnostics if note.code == "conflicting-map"]
    assert "overlap from 0x100000 on, and so in 1 more place:" in note.message


def test_zones_with_two_limits_keep_the_first() -> None:
    log = boot(NODE, "Zone ranges:", "  DMA      [mem 0x00001000-0x00ffffff]", "  DMA      [mem 0x00001000-0x01ffffff]")
    assert codes(log) == [("conflicting-zone", 4)]
    assert [zone.range.end for zone in log.zone_ranges if zone.range] == [0x1000000]


def test_what_the_kernel_complains_of_is_a_fact_of_its_line() -> None:
    log = boot(
        NODE,
        "NUMA: Warning: node 0 [mem 0x00000000-0x7fffffff] overlaps with itself [mem 0x40000000-0xbfffffff]",
        "WARNING: BIOS bug: CPU MTRRs don't cover all of memory, losing 64MB of RAM.",
        "E820 table full; ignoring [mem 0x240000000-0x27fffffff]",
    )
    assert [(item.code, item.lines, item.size) for item in log.failures] == [
        ("overlapping-firmware-nodes", (2,), 1 << 30),
        ("mtrr-trim", (3,), 64 << 20),
        ("map-incomplete", (4,), None),
    ]


def test_remarks_beyond_the_hundredth_are_counted() -> None:
    broken = [f"BIOS-e820: [mem 0x0000000000000000-0x{n:05x}zzz] usable" for n in range(107)]
    log = boot(NODE, *broken)
    assert len([note for note in log.diagnostics if note.code == "unrecognised-line"]) == 100
    (rest,) = [note for note in log.diagnostics if note.code == "more-diagnostics"]
    assert rest.message.startswith("More lines")


def test_a_node_with_two_spans_is_told() -> None:
    log = boot(
        NODE,
        "Initmem setup node 0 [mem 0x0000000000001000-0x000000003fffffff]",
        "Initmem setup node 0 [mem 0x0000000000001000-0x000000007fffffff]",
    )
    assert codes(log) == [("conflicting-initmem", 3)]
    assert len(log.initmem) == 2


def test_counts_that_wrap_are_left_out_and_told() -> None:
    log = boot(
        NODE,
        "On node 0 totalpages: 18446744073709551615",
        "On node 0, zone DMA: -98 pages in unavailable ranges",
        "On node 0, zone DMA: 98 pages in unavailable ranges",
        "Memory: 18446744073709551612K/1048572K available (14339K kernel code)",
    )
    assert codes(log) == [("wrapped-count", 2), ("wrapped-count", 3), ("wrapped-count", 5)]
    assert log.page_counts.node_total_pages == ()
    assert [count.value for count in log.page_counts.unavailable] == [98]
    assert log.page_counts.available_kib is None


def test_what_a_node_has_so_far_is_no_overlap_of_the_srat() -> None:
    log = boot("SRAT: Node 0 PXM 0 0-a0000", "SRAT: Node 0 PXM 0 0-d0000000", "SRAT: Node 0 PXM 0 0-130000000")
    assert codes(log) == []
    assert len(log.srat) == 3
