"""Where the keys and buttons of the bars lead: what the findings of a document are about, worst first."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct

from pfnscope.model.analysis import Severity, foremost
from pfnscope.model.document import Document
from pfnscope.model.ranges import FrameRange
from pfnscope.report.words import SEVERITY_WORDS

_MOST = 1000


class Stop(Struct, frozen=True):
    """Page frames that are worth a look; ``hole`` is an index of the document's holes where they are one.

    ``about`` is what the finding says of them, with its ``lines`` of the log; empty where it is the hole alone.
    """

    frames: FrameRange
    severity: Severity
    hole: int | None
    about: str = ""
    lines: tuple[int, ...] = ()


def stops(document: Document) -> tuple[Stop, ...]:
    """The ranges of the findings that are not harmless, in their order; without any the holes, worst first."""
    first: dict[FrameRange, Stop] = {}
    for stop in islice(_of_findings(document), _MOST):
        first.setdefault(stop.frames, stop)
    return tuple(first.values()) or tuple(islice(_of_holes(document), _MOST))


def stop_words(stops: Sequence[Stop]) -> list[str]:
    """How each is called: ``danger 1 of 7``."""
    totals, seen = Counter(stop.severity for stop in stops), Counter[Severity]()
    words = []
    for stop in stops:
        seen[stop.severity] += 1
        words.append(f"{SEVERITY_WORDS[stop.severity]} {seen[stop.severity]} of {totals[stop.severity]}")
    return words


def _of_findings(document: Document) -> Iterator[Stop]:
    size = document.kernel.page_size
    holes = {hole.frames: index for index, hole in enumerate(document.holes)}
    for finding in document.findings:
        if finding.severity != "none":
            for span in sorted(item.range for item in finding.ranges):
                frames = span.frames_outward(size)
                yield Stop(frames, finding.severity, holes.get(frames), finding.text, finding.lines)


def _of_holes(document: Document) -> Iterator[Stop]:
    for index, hole in sorted(enumerate(document.holes), key=lambda item: foremost(item[1])):
        yield Stop(hole.frames, hole.severity, index)
