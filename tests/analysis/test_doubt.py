"""What an incomplete text leaves open: states that hang on lost lines or on counts that differ are unknown."""

import re

import pytest

from pfnscope.analysis.doubt import leaves_unwritten
from pfnscope.kernel.rules import RULES
from pfnscope.model.document import Document
from pfnscope.service import analyze
from tests.support.samples import text

FIXED, OOPS = text("fixed-1g-4g"), text("oops-1g-4g")


def _without(data: bytes, words: str) -> Document:
    changed = re.sub(rf"(?m)^.*{words}.*\n".encode(), b"", data)
    assert changed != data
    return analyze(changed).document


def test_a_lost_zone_of_x86_is_the_architectures_and_assumed() -> None:
    whole, document = analyze(FIXED).document, _without(FIXED, r"  DMA32 +\[mem")
    assert document.zone_spans == whole.zone_spans
    assert [(hole.frames, hole.state, hole.severity) for hole in document.holes] == [
        (hole.frames, hole.state, hole.severity) for hole in whole.holes
    ]
    assert "zone_ranges" in document.kernel.assumed
    assert "missing-lines" in {note.code for note in document.diagnostics}


def test_a_lost_node_range_leaves_its_gap_unknown_and_says_what_the_line_was() -> None:
    lost = re.search(rb"node   0: (\[mem 0x0000000000100000-0x[0-9a-f]+\])", OOPS)
    assert lost
    document = _without(OOPS, re.escape(lost[1].decode()))
    assert document.verdict.severity in ("danger", "caution")
    (note,) = (note for note in document.diagnostics if note.code == "missing-lines")
    assert lost[1].decode() in note.message
    assert {hole.state for hole in document.holes if 0x9F <= hole.start_pfn < 0x8000} == {"unknown"}
    assert not any(hole.severity == "danger" and hole.start_pfn < 0x8000 for hole in document.holes)


@pytest.mark.parametrize("printed", [1, 100_000])
def test_the_basis_is_evidence_only_where_the_count_of_that_range_agrees(printed: int) -> None:
    assert {hole.basis for hole in analyze(FIXED).document.holes} == {"evidence"}
    first = re.search(rb"On node (\d), zone (\w+): (\d+) pages in unavailable ranges", FIXED)
    assert first
    changed = FIXED.replace(first[0], first[0].replace(first[3] + b" pages", b"%d pages" % (int(first[3]) + printed)))
    document = analyze(changed).document
    differing = {
        hole.basis
        for hole in document.holes
        if (hole.linked_node, hole.linked_zone) == (int(first[1]), first[2].decode())
    }
    assert differing == {"release"}
    assert {hole.severity for hole in document.holes} <= {"none", "info"}


def test_a_danger_no_larger_than_the_difference_of_the_counts_is_unknown() -> None:
    count = re.search(rb"Reserved but unavailable: (\d+) pages", OOPS)
    assert count
    text_ = re.sub(rb"(?s)BUG: unable to handle.*", b"", OOPS)
    dangers = [hole for hole in analyze(text_).document.holes if hole.severity == "danger"]
    assert dangers
    more = count[0].replace(count[1], b"%d" % (int(count[1]) + max(hole.pages for hole in dangers) + 1))
    document = analyze(text_.replace(count[0], more)).document
    assert {hole.state for hole in document.holes if hole.frames in {item.frames for item in dangers}} == {"unknown"}
    assert document.verdict.severity == "caution"
    fewer = count[0].replace(count[1], b"%d" % (int(count[1]) + 1))
    document = analyze(text_.replace(count[0], fewer)).document
    assert any(hole.severity == "danger" and hole.basis == "release" for hole in document.holes)


def test_only_the_rules_that_pass_holes_over_leave_struct_pages_unwritten() -> None:
    assert {rule.id for rule in RULES if not leaves_unwritten(rule)} >= {
        "zeroed-memmap",
        "holes-by-address",
        "fake-links",
    }
    assert leaves_unwritten(next(rule for rule in RULES if rule.id == "raw-memmap"))
