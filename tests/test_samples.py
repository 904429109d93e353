"""Every example says of itself what the analysis finds."""

import pytest

from pfnscope.service import Options, analyze
from tests.support.samples import SLUGS, meta, text


@pytest.mark.parametrize("slug", SLUGS)
def test_the_verdict_is_the_expected_one(slug: str) -> None:
    said, expected = analyze(text(slug)).document.verdict, meta(slug)["expect"]
    assert (said.severity, said.pages_outside_zone_spans) == (
        expected["severity"],
        expected["pages_outside_zone_spans"],
    )


@pytest.mark.parametrize("slug", SLUGS)
def test_no_line_of_an_example_is_left_unread(slug: str) -> None:
    assert [item for item in analyze(text(slug)).document.diagnostics if item.code == "unrecognised-line"] == []


def test_the_seed_is_one_dangerous_hole_of_41_pages() -> None:
    holes = analyze(text("seed-1g-4g"), Options(kernel="4.17")).document.holes
    (hole,) = [hole for hole in holes if hole.severity == "danger"]
    assert (hole.start_pfn, hole.end_pfn, hole.pages) == (0xBFFD7, 0xC0000, 41)
    assert (hole.placement, hole.state, hole.type, hole.label) == (
        "outside-zone-spans", "uninitialised", "reserved", "reserved",
    )  # fmt: skip
    assert "/proc/kpageflags" in hole.reachable_by


@pytest.mark.parametrize("slug", ["seed-1g-7g", "seed-no-memmap"])
def test_the_same_range_is_inside_a_zone_span_in_the_other_layouts(slug: str) -> None:
    holes = analyze(text(slug), Options(kernel="4.17")).document.holes
    (hole,) = [hole for hole in holes if hole.start_pfn == 0xBFFD7]
    assert (hole.end_pfn, hole.placement, hole.severity) == (0xC0000, "inside-zone-span", "none")
    (page_0,) = [hole for hole in holes if hole.start_pfn == 0]
    assert (page_0.placement, page_0.severity) == ("outside-zone-spans", "none")
    assert "memblock.reserved" in page_0.why
