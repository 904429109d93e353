"""What the analysis says of the recorded boots is what those kernels said of themselves.

``recorded/`` holds facts of each boot: zones from /proc/zoneinfo, states from the raw struct pages read out of
the machine's memory, and the frames at which reading /proc/kpageflags killed the reader.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from pfnscope.model.document import Document
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.service import analyze
from tests.support.samples import text

RECORDED = Path(__file__).parent / "recorded"
SLUGS = sorted(path.stem for path in RECORDED.glob("*.json"))


@pytest.fixture(params=SLUGS)
def boot(request: pytest.FixtureRequest) -> tuple[dict[str, Any], Document]:
    facts = json.loads((RECORDED / f"{request.param}.json").read_text())
    return facts, analyze(text(request.param)).document


def frames(rows: list[Any]) -> FrameSet:
    return FrameSet.of(FrameRange(row[0], row[1]) for row in rows)


def test_zone_spans_are_those_of_zoneinfo(boot: tuple[dict[str, Any], Document]) -> None:
    facts, document = boot
    assert [(z.node, z.zone, z.start_pfn, z.spanned_pages, z.present_pages) for z in document.zone_spans] == [
        (z["node"], z["zone"], z["start_pfn"], z["spanned"], z["present"]) for z in facts["zones"]
    ]


def test_struct_pages_are_those_found_in_memory(boot: tuple[dict[str, Any], Document]) -> None:
    facts, document = boot
    have = FrameSet.of(document.sections.ranges)
    assert have == frames(facts["struct_page_state"])


def test_the_never_written_ones_are_those_found_unwritten(boot: tuple[dict[str, Any], Document]) -> None:
    facts, document = boot
    never = [(hole.start_pfn, hole.end_pfn) for hole in document.holes if hole.state == "uninitialised"]
    assert frames(never) == frames(facts["uninitialised"])


def test_links_are_those_found_in_memory(boot: tuple[dict[str, Any], Document]) -> None:
    """All-zero flags read as node 0, DMA; zone 5 is no zone, which later reservation leaves on ACPI tables."""
    facts, document = boot
    for start, end, state, node, zone in facts["struct_page_state"]:
        if state != "init" or zone == 5:
            continue
        for hole in document.holes:
            if hole.start_pfn < end and start < hole.end_pfn:
                said = (0, "DMA") if hole.state == "zeroed" else (hole.linked_node, hole.linked_zone)
                assert said == (node, zone)


def test_the_counts_that_the_kernel_printed_are_explained(boot: tuple[dict[str, Any], Document]) -> None:
    facts, document = boot
    assert [[u.node, u.zone, u.pages] for u in document.page_counts.unavailable] == facts["unavailable"]
    assert document.checks
    assert [check for check in document.checks if check.agrees is not True] == []


def test_readers_died_only_where_a_danger_is_shown_and_all_deaths_are_placed(
    boot: tuple[dict[str, Any], Document],
) -> None:
    facts, document = boot
    died = frames([(pfn, pfn + 1) for pfn in facts["kpageflags_crash_pfns"]])
    dangers = [hole for hole in document.holes if hole.severity == "danger"]
    assert frames([(hole.start_pfn, hole.end_pfn) for hole in dangers]) == died
    assert all("/proc/kpageflags" in hole.reachable_by for hole in dangers)
    assert {event.pfn for event in document.events if event.pfn is not None} == set(facts["kpageflags_crash_pfns"])
