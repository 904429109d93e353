"""What the node ranges and zone ranges of a text lack, proven by what else is printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pfnscope.layout import build_layout
from pfnscope.layout.completeness import complete_limits
from pfnscope.model.counts import Count, PrintedCounts
from pfnscope.model.layout import MemoryRange, ZoneLimit
from pfnscope.model.log import BootLog, Diagnostic, Initmem
from pfnscope.model.ranges import Address, ByteRange, FrameRange
from tests.support.seed import GIB, seed_log

PAGE = 4096
ZONES = (("DMA", 0x1000), ("DMA32", 0x100000), ("Normal", 1 << 40))
"""Zones of x86-64 with their ends as page frames."""


@st.composite
def _memory(draw: st.DrawFn) -> list[MemoryRange]:
    edges = draw(st.lists(st.integers(1, 0x300000), min_size=2, max_size=12, unique=True))
    pairs = zip(*[iter(sorted(edges))] * 2, strict=False)
    return [MemoryRange(FrameRange(start, end), 0, ()) for start, end in pairs]


def _printed(memory: list[MemoryRange]) -> list[ZoneLimit]:
    """The zone ranges as a kernel prints them."""
    at, top = memory[0].frames.start, memory[-1].frames.end
    limits = []
    for line, (zone, limit) in enumerate(ZONES, 1):
        end = max(at, min(limit, top))
        limits.append(ZoneLimit(zone, FrameRange(at, end) if at < end else None, (line,)))
        at = end
    return limits


@given(_memory(), st.data())
def test_a_lost_zone_with_memory_is_filled_in_between_its_neighbours(
    memory: list[MemoryRange], data: st.DataObject
) -> None:
    printed = _printed(memory)
    lost = data.draw(st.sampled_from(printed))
    rest = [item for item in printed if item is not lost]
    limits, missing = complete_limits(rest, memory, "x86_64", (6, 12, 0), PAGE)
    held = lost.frames and any(item.frames.clip(lost.frames.start, lost.frames.end).pages for item in memory)
    assert bool(missing) == bool(held)
    if held:
        assert [(item.zone, item.frames) for item in limits] == [(item.zone, item.frames) for item in printed]
        assert not any(item.frames.pages for item in missing)


@given(_memory())
def test_the_whole_list_lacks_nothing_and_none_at_all_is_the_architectures(memory: list[MemoryRange]) -> None:
    printed = _printed(memory)
    assert complete_limits(printed, memory, "x86_64", (6, 12, 0), PAGE) == (tuple(printed), ())
    limits, missing = complete_limits([], memory, "x86_64", (6, 12, 0), PAGE)
    assert [(item.zone, item.frames) for item in limits] == [(item.zone, item.frames) for item in printed]
    assert missing == ()


def test_a_lost_zone_of_an_architecture_without_known_limits_leaves_open_what_it_spans() -> None:
    memory = [MemoryRange(FrameRange(0x40000, 0xC0000), 0, ())]
    high = ZoneLimit("HighMem", FrameRange(0x70000, 0xC0000), (7,))
    limits, (missing,) = complete_limits([high], memory, "arm", (6, 12, 0), PAGE)
    assert limits == (high,)
    assert missing.lines == (7,)
    assert [item.end for item in missing.frames] == [0x70000]
    assert "which zone it was is not known" in missing.why


def _whole(**counts: object) -> BootLog:
    """The seed's guest with its totals and the spans of its nodes."""
    log = seed_log("none")
    pages: dict[int, int] = {}
    spans: dict[int, tuple[int, int]] = {}
    for item in log.node_ranges:
        pages[item.node] = pages.get(item.node, 0) + item.range.size // PAGE
        low, high = spans.get(item.node, (item.start, item.end))
        spans[item.node] = min(low, item.start), max(high, item.end)
    values: dict[str, object] = {
        "node_total_pages": tuple(Count(number, (20 + node,), node) for node, number in pages.items()),
        "total_kib": Count(sum(pages.values()) * 4, (30,)),
        "memory_generic": True,
        **counts,
    }
    initmem = tuple(Initmem(node, *ByteRange(*span), (40 + node,)) for node, span in spans.items())
    return structs.replace(log, release="4.17.0", initmem=initmem, page_counts=PrintedCounts(**values))  # type: ignore[arg-type]


def test_a_whole_text_lacks_nothing() -> None:
    assert build_layout(_whole(), None).missing == ()


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize(
    "counts",
    [{}, {"node_total_pages": ()}, {"total_kib": None}, {"node_total_pages": (), "total_kib": None}],
    ids=["total and span", "span and sum", "total", "map and span"],
)
def test_a_lost_node_range_is_named_where_map_and_counts_agree_on_it(at: int, counts: dict[str, object]) -> None:
    log = _whole(**counts)
    lost = log.node_ranges[at]
    rest = tuple(item for item in log.node_ranges if item is not lost)
    layout = build_layout(structs.replace(log, node_ranges=rest), None)
    assert [item.frames.clip(*_frames(lost.range)).pages for item in layout.missing] == [lost.range.size // PAGE]
    if not counts:
        said = f"[mem {lost.start:#018x}-{lost.end - 1:#018x}]"
        assert [said in item.why for item in layout.missing] == [True]


def _frames(memory: ByteRange) -> tuple[int, int]:
    return memory.start // PAGE, memory.end // PAGE


def test_the_printed_span_of_a_node_counts_where_its_ranges_are_not_whole() -> None:
    log = _whole()
    rest = tuple(item for item in log.node_ranges if item.start != 4 * GIB)
    spans = build_layout(structs.replace(log, node_ranges=rest), None).zone_spans
    whole = build_layout(log, None).zone_spans
    assert [(item.node, item.zone, item.frames) for item in spans] == [
        (item.node, item.zone, item.frames) for item in whole
    ]


def test_a_range_with_other_digits_has_another_number_of_pages() -> None:
    log = _whole()
    changed = tuple(
        structs.replace(item, start=Address(0xF0000)) if item.start == 0x100000 else item for item in log.node_ranges
    )
    (missing,) = build_layout(structs.replace(log, node_ranges=changed), None).missing
    assert "16 pages more than" in missing.why


def test_a_list_that_begins_in_the_middle_is_not_whole_unless_a_count_says_so() -> None:
    note = Diagnostic("warning", "cut-beginning", "", 9, None)
    log = structs.replace(_whole(node_total_pages=(), total_kib=None), diagnostics=(note,))
    ranges = tuple(structs.replace(item, lines=(9,)) for item in log.node_ranges)
    assert [item.lines for item in build_layout(structs.replace(log, node_ranges=ranges), None).missing] == [(9,)]
    counted = structs.replace(_whole(), diagnostics=(note,), node_ranges=ranges)
    assert build_layout(counted, None).missing == ()


def test_ranges_that_were_computed_from_the_map_are_not_held_against_counts_of_the_boot() -> None:
    log = _whole()
    entries = tuple(structs.replace(item, lines=(60,)) for item in log.firmware_map)
    ranges = tuple(structs.replace(item, lines=(60,)) for item in log.node_ranges[:-1])
    assert build_layout(structs.replace(log, firmware_map=entries, node_ranges=ranges), None).missing == ()
    printed = tuple(structs.replace(item, lines=(61,)) for item in ranges)
    assert build_layout(structs.replace(log, firmware_map=entries, node_ranges=printed), None).missing


def test_a_line_inside_the_list_that_cannot_be_read_may_have_been_a_range_unless_a_count_says_no() -> None:
    note = Diagnostic("warning", "unrecognised-line", "", 52, None)
    bare = structs.replace(_whole(node_total_pages=(), total_kib=None), initmem=(), diagnostics=(note,))
    ranges = tuple(structs.replace(item, lines=(51 + 2 * at,)) for at, item in enumerate(bare.node_ranges))
    (missing,) = build_layout(structs.replace(bare, node_ranges=ranges, firmware_map=()), None).missing
    first, second = ranges[:2]
    assert missing.lines == (52,)
    assert [(item.start * PAGE, item.end * PAGE) for item in missing.frames] == [(first.end, second.start)]
    counted = structs.replace(_whole(), diagnostics=(note,), node_ranges=ranges)
    assert build_layout(counted, None).missing == ()
    behind = structs.replace(note, line=99)
    assert build_layout(structs.replace(bare, node_ranges=ranges, diagnostics=(behind,)), None).missing == ()
