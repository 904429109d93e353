"""A hole that the zone spans of two nodes share: the node walked last has it, and that zone does span it."""

from pfnscope.analysis import analyze
from pfnscope.bootlog import read
from pfnscope.model.log import BootLog, NodeRange, ZoneRange
from pfnscope.model.ranges import ByteRange
from pfnscope.units import GIB, MIB


def interleaved(end_of_first: int = 6 * GIB - MIB) -> BootLog:
    ranges = ((0, 4 * GIB, 5 * GIB), (1, 5 * GIB, end_of_first), (0, 6 * GIB, 7 * GIB), (1, 7 * GIB, 8 * GIB))
    return BootLog(
        arch="x86_64",
        node_ranges=tuple(NodeRange(node, *ByteRange(start, end), ()) for node, start, end in ranges),
        zone_ranges=(ZoneRange("Normal", *ByteRange(4 * GIB, 8 * GIB), ()),),
    )


def test_the_last_walk_wins_where_each_zone_span_is_walked_whole() -> None:
    (hole,) = analyze(interleaved(), kernel="5.4.20").holes
    assert (hole.linked_node, hole.linked_zone, hole.outside) == (1, "Normal", False)
    assert hole.severity == "none"


def test_the_memory_above_wins_in_one_pass_by_address() -> None:
    (hole,) = analyze(interleaved(), kernel="6.1.0").holes
    assert (hole.linked_node, hole.linked_zone, hole.severity) == (0, "Normal", "none")


def test_a_zone_that_spans_and_has_no_page_is_named_where_a_hole_lies_in_it() -> None:
    """Node 0 has memory below and above node 1, whose DMA32 it spans, as recorded boots of 6.18 and 7.3 have it."""
    lines = [
        "Linux version 7.3.4-amd64",
        "Zone ranges:",
        "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]",
        "  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]",
        "  Normal   [mem 0x0000000100000000-0x000000011fffffff]",
        "Early memory node ranges",
        "  node   0: [mem 0x0000000000001000-0x000000000009efff]",
        "  node   1: [mem 0x0000000000100000-0x000000007ffdffff]",
        "  node   0: [mem 0x0000000100000000-0x000000011fffffff]",
    ]
    (boot,) = read("".join(f"[    0.000000] {line}\n" for line in lines).encode()).boots
    analysis = analyze(boot)
    (note,) = [item for item in analysis.diagnostics if item.code == "zone-without-pages"]
    assert note.message.startswith("Node 0, zone DMA32 spans pfn [0x1000, 0x100000) and has no page of its own")
    assert [hole.zone for hole in analysis.holes if hole.start_pfn == 0x7FFE0] == ["DMA32"]
