"""The RAM ledger on the page of a layout."""

from html.parser import HTMLParser

from pfnscope.drawing import scene
from pfnscope.pages.bars import Drawn
from pfnscope.pages.layout import LayoutAddress, layout_page
from pfnscope.pages.subjects import Subject, of_sample
from pfnscope.pages.templates import Templates
from pfnscope.report.ledgers import waterfall
from pfnscope.service import Options
from pfnscope.service.whatif import ask


class Bars(HTMLParser):
    """Begin and width of each bar of the waterfall, with its role."""

    def __init__(self) -> None:
        super().__init__()
        self.bars: list[tuple[str, float, float]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "rect" and values.get("class") in ("total", "taken", "returned", "left"):
            self.bars.append((values["class"] or "", float(values["x"] or 0), float(values["width"] or 0)))


def sample(slug: str) -> Subject:
    subject = of_sample(slug, Options())
    assert subject is not None
    return subject


def page(slug: str) -> str:
    subject = sample(slug)
    answer = ask(subject.text)
    drawn = Drawn(scene.of(answer.today), answer.today, answer=answer)
    return layout_page(Templates("static/{}".format), subject, answer, drawn, LayoutAddress(), "")


def section(html: str) -> str:
    return html.partition('<h2 id="ram">')[2].partition("<h2")[0]


def test_a_region_that_an_argument_takes_shows_the_waterfall_in_view() -> None:
    html = section(page("fixed-1g-4g"))
    assert html.index("<table") < html.index("<details")
    assert "memmap=1G!4G" in html
    bars = Bars()
    bars.feed(html)
    ledger = ask(sample("fixed-1g-4g").text).today.ledger
    assert ledger is not None
    assert [bar[0] for bar in bars.bars] == [row.role for row in waterfall(ledger)]
    assert bars.bars[0] == ("total", 0, 1000)
    taken = next(bar for bar in bars.bars if round(bar[2]) == 125)  # 1 of 8 GiB
    assert round(taken[1] + taken[2]) == 1000


def test_an_ordinary_machine_has_it_folded_under_one_line() -> None:
    whole = page("memoryless-node")
    html = section(whole)
    assert html.index("<details") < html.index("<table")
    assert whole.count("Of 4 GiB of RAM the kernel has 3.82 GiB to hand out (MemTotal, 95.5 %).") == 1
