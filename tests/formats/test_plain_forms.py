"""Text, Markdown and CSV: complete, within their width, and nothing of a log acts in them."""

import csv
from io import StringIO

import pytest

from pfnscope.formats import holes_csv, markdown
from pfnscope.formats.text import render
from pfnscope.report.plain import Look
from pfnscope.service import analyze
from tests.support.samples import SLUGS, text

NASTY = b"\x1b[31m<script>alert(1)</script>`` [a](javascript:b) | =1+1 \xe2\x80\xae"


def nasty_log() -> bytes:
    line = b"[    0.000000] Command line: "
    return text("seed-1g-4g").replace(line, line + NASTY + b" ")


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("width", [72, 80, 120])
@pytest.mark.parametrize("unicode", [False, True])
def test_every_line_keeps_the_width(slug: str, width: int, unicode: bool) -> None:
    report = render(analyze(text(slug)).document, Look(width, unicode=unicode))
    assert [line for line in report.splitlines() if len(line) > width] == []
    assert report.isascii() is not unicode


@pytest.mark.parametrize("slug", SLUGS)
def test_every_hole_and_every_count_that_is_not_plain_agreement_has_its_line(slug: str) -> None:
    document = analyze(text(slug)).document
    lines = render(document, Look(120, full=True)).splitlines()
    for hole in document.holes:
        assert sum(line.startswith(f"  [{hole.start_pfn:#x}, {hole.end_pfn:#x}) ") for line in lines) == 1
    listed = [check for check in document.checks if check.agrees is not True or check.ranges]
    for check in listed:
        assert any(check.what in line and check.printed in line for line in lines)
    others = len(document.checks) - len(listed)
    assert any(f"{others} printed number" in line for line in lines) or not others


def test_control_and_bidi_characters_of_a_log_do_not_reach_a_terminal() -> None:
    report = render(analyze(nasty_log()).document, Look(unicode=True))
    assert all(char.isprintable() or char == "\n" for char in report)


def test_markdown_shows_a_log_as_text() -> None:
    report = markdown.render(analyze(nasty_log()).document)
    (command_line,) = [line for line in report.splitlines() if line.startswith("Command line:")]
    assert command_line.startswith("Command line: ``` ")
    assert command_line.endswith(" ```")
    assert markdown.escape("<b>[a](b)*c*") == "\\<b\\>\\[a\\]\\(b\\)\\*c\\*"


def test_the_sheet_has_one_row_a_hole() -> None:
    document = analyze(text("seed-1g-4g")).document
    rows = list(csv.DictReader(StringIO(holes_csv.render(document))))
    assert [int(row["start_pfn"]) for row in rows] == [hole.start_pfn for hole in document.holes]
    assert rows[-1]["state"] == "uninitialised"
    assert rows[-1]["linked_node"] == ""


@pytest.mark.parametrize("text_of_a_log", ["=1+1", "+1", "-1", "@sum", "\tx"])
def test_no_cell_can_be_taken_for_a_formula(text_of_a_log: str) -> None:
    assert holes_csv.cell(text_of_a_log) == "'" + text_of_a_log
    assert holes_csv.cell("usable") == "usable"


@pytest.mark.parametrize(("second", "short"), [("seed-no-memmap", True), ("seed-1g-4g", False)])
def test_a_text_of_boots_has_a_short_report_where_none_of_them_needs_anything(second: str, short: bool) -> None:
    document = analyze(text(second) + text("memoryless-node")).document
    assert (document.boot.index, document.verdict.severity) == (2, "info")
    assert (len(render(document).splitlines()) <= 24) is short
