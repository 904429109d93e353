"""Two documents on one axis: what stands once, what is marked, and what a bar still means."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.drawing import scene, view
from pfnscope.drawing.lanes import Bar
from pfnscope.drawing.scene import differences
from pfnscope.model.answers import Placement, Placements
from pfnscope.model.document import Document, Memblock
from pfnscope.model.layout import ZoneSpan
from pfnscope.model.log import MemblockRegion, NodeRange
from pfnscope.model.ranges import ByteRange
from tests.report.documents import hole, seed_document

NAMES = ("today", "what if")
_BARS = st.lists(
    st.builds(
        lambda start, length, kind: Bar(start, start + length, kind, kind, ""),
        st.integers(0, 20),
        st.integers(1, 8),
        st.sampled_from(["ram", "reserved", "pmem"]),
    ),
    max_size=6,
)


@given(_BARS, _BARS)
def test_differences_are_the_frames_whose_bars_are_not_the_same(one: list[Bar], other: list[Bar]) -> None:
    """Frame by frame, overlaps and all; neither empty nor touching."""
    differing = differences(one, other)
    covered = {pfn for item in differing for pfn in range(item.start, item.end)}
    over = [[sorted(bar.kind for bar in bars if bar.start_pfn <= pfn < bar.end_pfn) for pfn in range(30)]
            for bars in (one, other)]  # fmt: skip
    assert covered == {pfn for pfn in range(30) if over[0][pfn] != over[1][pfn]}
    ends = [pfn for item in differing for pfn in (item.start, item.end)]
    assert ends == sorted(set(ends))


def _healed() -> Document:
    """The seed without memmap=: node 0 goes on above 4 GiB, and the 41 frames lie inside DMA32."""
    seed = seed_document()
    spans = [*seed.zone_spans[:1], ZoneSpan(0, "DMA32", 0x1000, 0x100000, 1044480, 782295, 262185)]
    spans += [ZoneSpan(0, "Normal", 0x100000, 0x140000, 262144, 262144, 0), seed.zone_spans[2]]
    nodes = [*seed.node_ranges[:2], NodeRange(0, *ByteRange(0x100000000, 0x140000000), (47,)), seed.node_ranges[2]]
    return seed_document(
        user_map=[], zone_spans=spans, node_ranges=nodes, holes=[hole(0xBFFD7, 0xC0000), *seed.holes[1:]]
    )


def test_what_differs_stands_in_front_side_by_side_and_the_rest_once_and_folded() -> None:
    """In the order of interest; a user map is held against the firmware map that was in force before."""
    both = scene.of_two(_healed(), seed_document(), NAMES, one_log=True)
    assert [(lane.key, lane.side) for lane in both.lanes] == [
        ("holes", "today"), ("holes", "what if"), ("pages", "today"), ("pages", "what if"), ("zones", "today"),
        ("zones", "what if"), ("nodes", "today"), ("nodes", "what if"), ("user", "what if"), ("firmware", ""),
    ]  # fmt: skip
    assert both.folded == {"firmware": "the same in both"}
    assert [lane.key for lane in view.shown(both, ()).lanes] == [lane.key for lane in both.lanes[:-1]]
    assert [lane.key for lane in view.shown(both, ("firmware",)).lanes] == ["firmware"]
    user = [(mark.start_pfn, mark.end_pfn) for mark in both.marks if mark.first == 8]
    assert user == [(0x100000, 0x140000)]


def test_no_difference_draws_what_one_document_draws() -> None:
    """No sides, no marks, nothing folded: else there would be nothing to see."""
    both = scene.of_two(seed_document(), seed_document(), NAMES, one_log=True)
    assert (both.marks, both.folded) == ((), {})
    assert view.shown(both, ()) is both
    assert [lane.bars for lane in both.lanes] == [lane.bars for lane in scene.of(seed_document()).lanes]
    assert {lane.side for lane in both.lanes} == {""}


def test_a_hole_of_both_has_one_index_and_a_danger_of_either_is_framed() -> None:
    """Keys walk from hole to hole: the same frames are not visited twice."""
    both = scene.of_two(_healed(), seed_document(), NAMES, one_log=True)
    assert [(item.start, item.end) for item in both.holes] == [(0xBFFD7, 0xC0000), (0, 1), (0x9F, 0x100)]
    indexes = {bar.hole for lane in both.lanes for bar in lane.bars if bar.start_pfn == 0xBFFD7 and lane.key == "holes"}
    assert indexes == {0}
    assert [item.start for item in both.alarms] == [0xBFFD7]
    assert [item.start for item in scene.of_two(seed_document(), _healed(), NAMES).alarms] == [0xBFFD7]
    assert len(scene.of_two(seed_document(), seed_document(), NAMES).alarms) == 1
    assert [item.severity for item in scene.of_two(seed_document(), _healed(), NAMES).stops] == ["danger"]


def test_machines_of_different_page_sizes_are_aligned_by_address() -> None:
    """64 KiB pages beside 4 KiB pages: frames of the smaller."""
    kernel = msgspec.structs.replace(seed_document().kernel, page_size=1 << 16, arch="arm64")
    large = seed_document(kernel=kernel, holes=[], zone_spans=[ZoneSpan(0, "DMA", 0x1, 0x1000, 4095, 4095, 0)])
    both = scene.of_two(seed_document(), large, ("A", "B"))
    assert both.page_size == 4096
    span = next(bar for lane in both.lanes if lane.key == "zones" and lane.side == "B" for bar in lane.bars)
    assert (span.start_pfn, span.end_pfn) == (0x10, 0x10000)


def test_lines_of_two_logs_are_told_with_the_log_that_they_are_of() -> None:
    """A number alone would point into the wrong text."""
    bars = [bar for lane in scene.of_two(_healed(), seed_document(), ("A", "B")).lanes for bar in lane.bars]
    assert all(bar.lines == () for bar in bars)
    assert any(bar.detail.endswith("B, line 47") for bar in bars)


def test_possible_starts_are_a_lane_of_their_own() -> None:
    """The first, of ranges of starts in frames, with what a region there adds."""
    placements = [
        Placement(*ByteRange(0x8000000, 0x80000000), True, (), ()),
        Placement(*ByteRange(0x100000000, 0x108000000), False, (), ()),
    ]
    places = Placements(size=1 << 30, align=1 << 27, kind="!", release=None, assumed=(), placements=tuple(placements))
    both = scene.of_two(_healed(), seed_document(), NAMES, one_log=True)
    placed = scene.with_places(both, places)
    assert [mark.first - 1 for mark in placed.marks] == [mark.first for mark in both.marks]
    lane = placed.lanes[0]
    assert lane.subtitle == "of memmap=1G!"
    assert [(bar.start_pfn, bar.end_pfn, bar.kind) for bar in lane.bars] == [
        (0x8000, 0x80000, "safe"),
        (0x100000, 0x108000, "unsafe"),
    ]
    assert "0x8000000 to 0x78000000 in steps of 128 MiB" in lane.bars[0].detail


def test_what_a_simulation_does_not_compute_is_no_difference() -> None:
    """memblock.reserved of a boot that was not: only the log's is drawn, and nothing says that it would go."""
    taken = Memblock((), (MemblockRegion(*ByteRange(0x1000000, 0x2000000), None, None, (60,)),))
    known = Memblock((), (MemblockRegion(*ByteRange(0x1000000, 0x1001000), None, None, (60,)),))
    today, simulated = seed_document(memblock=taken), seed_document(memblock=known, origin="simulated")
    both = scene.of_two(today, simulated, NAMES, one_log=True)
    (lane,) = (lane for lane in both.lanes if lane.key == "reserved")
    assert (lane.subtitle, [bar.end_pfn for bar in lane.bars]) == ("today, not simulated", [0x2000])
    assert both.marks == ()
    assert scene.of_two(today, msgspec.structs.replace(simulated, origin="log"), ("A", "B")).marks != ()
