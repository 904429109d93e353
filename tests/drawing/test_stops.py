"""Where the keys of the bars lead: what the findings are about, worst first."""

import msgspec

from pfnscope.drawing import scene
from pfnscope.drawing.stops import stop_words, stops
from pfnscope.model.findings import Finding, Span
from pfnscope.model.ranges import Address, FrameRange
from pfnscope.service import analyze
from tests.support.samples import text

SEED = analyze(text("seed-1g-4g")).document
HOLE = FrameRange(0xBFFD7, 0xC0000)


def _finding(severity: str, *ranges: tuple[int, int]) -> Finding:
    spans = tuple(Span(Address(start), Address(end)) for start, end in ranges)
    return msgspec.structs.replace(SEED.findings[0], severity=severity, ranges=spans, text=f"{severity}.", lines=(7,))


def test_the_first_is_the_hole_that_the_headline_is_about() -> None:
    """Then what is worth knowing, by finding and in it by address, each range once; counted by severity."""
    every = scene.of(SEED).stops
    assert [(stop.severity, stop.frames) for stop in every] == [
        ("danger", HOLE),
        ("info", FrameRange(0x0, 0x8000)),
        ("info", FrameRange(0xB8000, 0xC0000)),
        ("info", FrameRange(0x100000, 0x140000)),
    ]
    assert [stop.hole for stop in every] == [list(scene.of(SEED).holes).index(HOLE), None, None, None]
    assert stop_words(every)[0] == "danger 1 of 1"
    assert stop_words(every)[-1] == "worth knowing 3 of 3"


def test_findings_keep_their_order_and_their_ranges_that_of_addresses() -> None:
    """Bytes are widened to whole frames; a range of two findings is the graver one's; harmless findings have none."""
    findings = (
        _finding("danger", (0x9000, 0xA000), (0x1800, 0x2800)),
        _finding("caution", (0x9000, 0xA000), (0x5000, 0x6000)),
        _finding("none", (0x0, 0x1000)),
    )
    every = stops(msgspec.structs.replace(SEED, findings=findings))
    assert [(stop.severity, stop.frames, stop.about, stop.lines) for stop in every] == [
        ("danger", FrameRange(1, 3), "danger.", (7,)),
        ("danger", FrameRange(9, 10), "danger.", (7,)),
        ("caution", FrameRange(5, 6), "caution.", (7,)),
    ]


def test_without_ranges_they_are_the_holes_worst_first() -> None:
    every = stops(msgspec.structs.replace(SEED, findings=()))
    assert [stop.frames for stop in every][:2] == [HOLE, FrameRange(0x0, 0x1)]
    assert len(every) == len(SEED.holes)
    assert [SEED.holes[stop.hole].frames for stop in every if stop.hole is not None] == [stop.frames for stop in every]
