"""What a chat or a tracker shows of a link to a layout: the first finding as title, text and picture."""

import msgspec

from pfnscope.drawing import card, scene
from pfnscope.drawing.card import Card
from pfnscope.drawing.lanes import undecided
from pfnscope.model.analysis import Severity
from pfnscope.model.document import Document
from pfnscope.pages import presenting
from pfnscope.pages.query import LayoutQuery
from pfnscope.report import headline
from pfnscope.report.words import ORIGIN_WORDS, SEVERITY_WORDS
from pfnscope.service.whatif import Answer

PICTURE = "/card.png"
"""Behind the path of a layout."""
_LONGEST_TITLE, _LONGEST_TEXT = 200, 600
_DETAILS = ("section", "flatmem", "zone-range", "printed-facts")
"""What the line of facts on the page has beside release, architecture, nodes and RAM."""


class Unfurl(msgspec.Struct, frozen=True):
    """The tags in the head of a page. ``url`` and ``picture`` are absolute, ``alt`` says what the picture shows."""

    title: str
    text: str
    url: str
    picture: str
    alt: str
    width: int = card.WIDTH
    height: int = card.HEIGHT


def unfurl(document: Document, base: str, path: str, query: LayoutQuery) -> Unfurl:
    """The tags of a page at ``path`` of the server at ``base``; links keep the options and questions of its query."""
    first, shown = document.findings[0], card_of(document)
    mark = "" if shown.tone == "none" else f"{shown.verdict.capitalize()}: "
    facts = " · ".join(shown.facts)
    sentences = [*headline.answers(first), f"{facts[:1].upper()}{facts[1:]}."]
    return Unfurl(
        title=_clipped(mark + first.text, _LONGEST_TITLE),
        text=_clipped(" ".join(sentences), _LONGEST_TEXT),
        url=base + query.link(path),
        picture=base + query.link(path + PICTURE),
        alt="Bars of memory, nodes, zones, struct pages and holes below the verdict.",
    )


def picture(answer: Answer) -> str:
    """The picture of a layout, or where its ``answer`` has one of the changed layout alone, as SVG."""
    document = answer.changed or answer.today
    return card.draw(scene.of(document), card_of(document))


def card_of(document: Document) -> Card:
    """Verdict, headline and facts of a document."""
    verdict, tone = _verdict(document)
    facts = [fact.text for fact in presenting.facts(document) if fact.word not in _DETAILS]
    simulated = [ORIGIN_WORDS[document.origin]] if document.origin == "simulated" else []
    return Card(verdict, tone, document.findings[0].text, (*simulated, *facts))


def _verdict(document: Document) -> tuple[str, Severity]:
    severity = document.verdict.severity
    if undecided(document) and severity == "none":
        return "not decided", "info"
    severity = "none" if headline.nothing_to_do(document) else severity
    return SEVERITY_WORDS[severity], severity


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
