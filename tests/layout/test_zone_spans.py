"""Zone spans of the seed's layouts, as table F of the reference works them out, and the odd cases."""

import pytest

from pfnscope.layout import build_layout
from pfnscope.layout.zones import zone_spans
from pfnscope.model.layout import Layout, MemoryRange, ZoneLimit
from pfnscope.model.log import MovableStart
from pfnscope.model.ranges import Address, FrameRange, FrameSet
from tests.support.seed import seed_log

Span = tuple[int, str, int, int, int]


def spans(layout: Layout) -> list[Span]:
    return [(s.node, s.zone, s.frames.start, s.frames.end, s.present_pages) for s in layout.zone_spans]


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (
            "none",
            [
                (0, "DMA", 1, 0x1000, 3998),
                (0, "DMA32", 0x1000, 0x100000, 782295),
                (0, "Normal", 0x100000, 0x140000, 262144),
                (1, "Normal", 0x140000, 0x240000, 1048576),
            ],
        ),
        (
            "1G!4G",
            [
                (0, "DMA", 1, 0x1000, 3998),
                (0, "DMA32", 0x1000, 0xBFFD7, 782295),
                (1, "Normal", 0x140000, 0x240000, 1048576),
            ],
        ),
        (
            "1G!7G",
            [
                (0, "DMA", 1, 0x1000, 3998),
                (0, "DMA32", 0x1000, 0x100000, 782295),
                (0, "Normal", 0x100000, 0x140000, 262144),
                (1, "Normal", 0x140000, 0x240000, 786432),
            ],
        ),
    ],
)
def test_the_seeds_zone_spans(option: str, expected: list[Span]) -> None:
    assert spans(build_layout(seed_log(option), None)) == expected


@pytest.mark.parametrize("option", ["none", "1G!4G", "1G!7G"])
def test_zone_limits_of_the_architecture_serve_where_none_are_printed(option: str) -> None:
    printed = build_layout(seed_log(option), None)
    assumed = build_layout(seed_log(option, zone_ranges=()), None)
    assert spans(assumed) == spans(printed)
    assert [name for name, _ in assumed.assumed] == ["zone_ranges"]


def test_sections_with_memory_have_struct_pages_throughout() -> None:
    layout = build_layout(seed_log("1G!4G"), None)
    assert layout.struct_pages == FrameSet.of([FrameRange(0, 0xC0000), FrameRange(0x140000, 0x240000)])


def test_zone_movable_takes_the_end_of_its_node() -> None:
    log = seed_log("1G!4G", movable_start=(MovableStart(1, Address(6 << 30), ()),))
    assert spans(build_layout(log, None))[2:] == [
        (1, "Normal", 0x140000, 0x180000, 0x40000),
        (1, "Movable", 0x180000, 0x240000, 0xC0000),
    ]


def test_interleaved_nodes_span_each_others_memory() -> None:
    memory = [MemoryRange(FrameRange(at, at + 16), node, ()) for at, node in ((0, 0), (16, 1), (32, 0), (48, 1))]
    spans = zone_spans(memory, [ZoneLimit("Normal", FrameRange(0, 64), ())], {})
    assert [(s.node, s.frames.start, s.frames.end, s.present_pages) for s in spans] == [(0, 0, 48, 32), (1, 16, 64, 32)]


def test_a_text_without_nodes_has_no_span_and_no_struct_page() -> None:
    layout = build_layout(seed_log("none", node_ranges=()), None)
    assert layout.zone_spans == ()
    assert layout.struct_pages.pages == 0
