"""Zones of an architecture where the log prints none, and zone spans under ``kernelcore=mirror``."""

import pytest

from pfnscope.kernel.architectures import zone_limits
from pfnscope.kernel.release import Version
from pfnscope.layout.zones import zone_spans
from pfnscope.model.layout import MemoryRange, ZoneLimit
from pfnscope.model.ranges import FrameRange, FrameSet

GIB = 1 << 30


@pytest.mark.parametrize(
    ("arch", "version", "first", "expected"),
    [
        ("x86_64", (4, 17, 0), 0, {"DMA": 1 / 64, "DMA32": 4, "Normal": None}),
        ("arm64", (5, 4, 0), 1, {"DMA32": 4, "Normal": None}),
        ("arm64", (5, 4, 0), 34, {"DMA32": 36, "Normal": None}),
        ("arm64", (5, 10, 0), 1, {"DMA": 2, "DMA32": 4, "Normal": None}),
        ("arm64", (6, 1, 0), 1, {"DMA": 4, "DMA32": 4, "Normal": None}),
        ("arm64", (6, 1, 0), 34, {"DMA": None, "DMA32": None, "Normal": None}),
        ("arm64", (6, 12, 0), 1, {"DMA": 4, "DMA32": 4, "Normal": None}),
        ("arm64", (6, 12, 0), 34, {"DMA": None, "DMA32": None, "Normal": None}),
        ("arm64", None, 34, {"DMA": None, "DMA32": None, "Normal": None}),
        ("s390x", None, 0, {"DMA": 2, "Normal": None}),
        ("riscv64", None, 2, {"DMA32": 4, "Normal": None}),
        ("ppc64", (5, 14, 0), 0, {"DMA": 2, "Normal": None}),
        ("ppc64", (4, 17, 0), 0, {"DMA": None}),
        ("loongarch64", None, 0, {"DMA32": 4, "Normal": None}),
        ("sparc64", None, 0, {"Normal": None}),
        ("m68k", None, 0, {}),
    ],
)
def test_zones_end_where_the_release_ends_them(
    arch: str, version: Version | None, first: int, expected: dict[str, float | None]
) -> None:
    limits = zone_limits(arch, version, first * GIB)
    assert {zone: None if end is None else end / GIB for zone, end in limits} == expected


def test_mirrored_memory_is_present_in_normal_and_the_rest_in_movable() -> None:
    memory = [MemoryRange(FrameRange(100, 140), 0, (), mirror=True), MemoryRange(FrameRange(140, 200), 0, ())]
    limits = [ZoneLimit("DMA32", FrameRange(0, 100), ()), ZoneLimit("Normal", FrameRange(100, 200), ())]
    spans = zone_spans(memory, limits, {0: 140}, FrameSet.of([FrameRange(100, 140)]))
    assert [(s.zone, s.frames.start, s.frames.end, s.present_pages) for s in spans] == [
        ("Normal", 100, 200, 40),
        ("Movable", 140, 200, 60),
    ]
