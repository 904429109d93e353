"""A hole that the zone spans of two nodes share: the node walked last has it, and that zone does span it."""

from pfnscope.analysis import analyze
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
