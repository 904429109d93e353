"""Every form names file and line where a text consists of several files, and which were read and which were not."""

import csv
import re
from io import StringIO

import pytest

from pfnscope.drawing import scene
from pfnscope.formats import holes_csv, html_file, markdown
from pfnscope.formats.text import render
from pfnscope.model.document import Document
from pfnscope.opening.assembly import Part, Unused, assembled
from pfnscope.pages.bars import Drawn
from pfnscope.pages.layout import LayoutAddress, layout_page
from pfnscope.pages.subjects import Subject
from pfnscope.pages.templates import Templates
from pfnscope.report.plain import Look
from pfnscope.service import Options, analyze
from pfnscope.service.whatif import ask
from tests.support.samples import text

NAME = "sos_commands/kernel/dmesg"
CRASHED, OTHER = text("oops-1g-4g"), text("uneven-nodes")
TEXT = assembled(
    [
        Part("var/log/messages", OTHER),
        Part(NAME, CRASHED),
        Part("<b>&\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}", b"nothing\n"),
    ],
    [Unused("vmcore", "a dump of memory")],
)
OOPS = 1 + next(at for at, line in enumerate(CRASHED.split(b"\n")) if b"unable to handle" in line)


@pytest.fixture(scope="module")
def document() -> Document:
    return analyze(TEXT).document


def plain(text: str) -> str:
    return " ".join(text.split())


def test_the_findings_name_the_line_in_its_file(document: Document) -> None:
    said = " ".join(sentence for item in document.findings for sentence in (item.text, *item.details))
    assert f"{NAME}:{OOPS}" in said
    assert re.search("lines? [0-9]", said) is None


@pytest.mark.parametrize("width", [72, 100])
def test_the_text_names_file_and_line_and_all_files(document: Document, width: int) -> None:
    report = render(document, Look(width, full=True))
    assert [line for line in report.splitlines() if len(line) > width] == []
    report = plain(report)
    assert f"{NAME}:{OOPS}" in report
    assert f"boot 2 of 2 from {NAME}, one of 3 files, others not used" in report.replace(", from", " from")
    assert f"{NAME}: {CRASHED.count(chr(10).encode()):,} lines from line" in report
    assert "vmcore: not used, a dump of memory." in report
    assert "lines 1-" not in report


def test_markdown_and_sheet_name_file_and_line(document: Document) -> None:
    report = markdown.render(document)
    assert f"- {markdown.escape(f'{NAME}: {CRASHED.count(chr(10).encode()):,} lines from line')}" in report
    assert "<b>" not in report
    rows = list(csv.DictReader(StringIO(holes_csv.render(document))))
    assert all(row["lines"].startswith(f"{NAME}:") for row in rows)


def test_the_page_and_the_file_show_where_a_line_is(document: Document) -> None:
    subject = Subject("a", "/l/x", "", TEXT, Options())
    answer = ask(TEXT)
    drawn = Drawn(scene.of(answer.today), answer.today, answer=answer)
    page = layout_page(Templates("static/{}".format), subject, answer, drawn, LayoutAddress(), "")
    file = html_file.render(document, TEXT)
    for shown in (page, file):
        assert f'title="{NAME}:{OOPS}"' in shown
        assert f'<li class="gap">{NAME}</li>' in shown
        assert "<b>&\x1b" not in shown
    assert "vmcore: not used, a dump of memory." in page
    assert 'id="files"' in page


def test_a_text_of_one_file_names_lines_alone() -> None:
    document = analyze(CRASHED).document
    report = render(document, Look(100, full=True))
    assert f"line {OOPS}" in report
    assert "Files of this text" not in report
    assert "sources" not in report
