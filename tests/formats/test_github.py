"""The Markdown as GitHub's own parser reads it: tables, code and nothing of a log that acts."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from cmarkgfm import github_flavored_markdown_to_html

from pfnscope.formats import markdown
from pfnscope.report.ledgers import waterfall
from pfnscope.service import analyze
from pfnscope.service.whatif import Change, simulated_beside
from tests.support.samples import SLUGS, text

NASTY = "<b>x</b> [a](http://b) ![i](http://c) | `` @octocat #1 http://evil.org www.evil.org me@evil.org _x_ ~~y~~ a.b"
OURS = {"p", "strong", "ul", "li", "code", "pre", "table", "thead", "tbody", "tr", "th", "td"}


class Seen(HTMLParser):
    """Elements, and text outside of code."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.codes: list[str] = []
        self._code = 0
        self.feed(html)

    def handle_starttag(self, tag: str, _: object) -> None:
        self.tags.append(tag)
        self._code += tag == "code"
        if tag == "code":
            self.codes.append("")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag == "code"

    def handle_data(self, data: str) -> None:
        if self._code:
            self.codes[-1] += data
        else:
            self.words.append(data)


def seen(report: str) -> Seen:
    return Seen(github_flavored_markdown_to_html(report))


@pytest.mark.parametrize("slug", SLUGS)
def test_every_row_of_a_table_has_its_cells_and_code_is_as_it_was(slug: str) -> None:
    document = analyze(text(slug)).document
    shown = seen(markdown.render(document))
    kinds = len({era.severity for era in document.eras})
    eras = kinds if kinds > 1 else 0
    ledger = document.ledger if document.ledger and document.ledger.out_of_ordinary else None
    rows = len(waterfall(ledger)) if ledger else 0
    assert shown.tags.count("table") == 2 + bool(eras) + bool(ledger)
    heads = 2 + bool(eras) + bool(ledger)
    assert shown.tags.count("tr") == heads + eras + rows + len(document.holes) + len(document.zone_spans)
    assert shown.tags.count("td") == 2 * eras + 6 * rows + 7 * len(document.holes) + 5 * len(document.zone_spans)
    for hole in document.holes:
        assert f"[{hole.start_pfn:#x}, {hole.end_pfn:#x})" in shown.codes
    assert document.kernel.command_line in shown.codes
    assert set(shown.tags) <= OURS


def test_what_somebody_wrote_on_the_command_line_stays_there() -> None:
    log = text("seed-1g-4g").replace(b"console=ttyS0", NASTY.encode())
    document = analyze(log).document
    shown = seen(markdown.render(document))
    assert document.kernel.command_line in shown.codes
    assert set(shown.tags) <= OURS


def test_escaped_text_is_shown_as_it_is_and_nobody_is_called() -> None:
    html = github_flavored_markdown_to_html(markdown.escape(NASTY))
    shown = Seen(html)
    assert shown.tags == ["p"]
    assert unescape("".join(shown.words)).strip() == NASTY
    # GitHub links names and numbers in runs of text
    assert not [word for word in shown.words if re.search(r"@\w|#\d", word)]


def test_what_changes_is_a_diff() -> None:
    today, changed = simulated_beside(text("seed-no-memmap"), Change(append="memmap=1G!4G"))
    report = markdown.render(changed, today)
    assert "\n```diff\n" in report
    shown = seen(report)
    assert any("\n+ pfn [0xbffd7, 0xc0000) 41 pages, in no zone" in code for code in shown.codes)
    assert any("  differ  " in code for code in shown.codes)
