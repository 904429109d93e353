"""The releases on which a layout is in danger and those on which it is not: as text, and as one line to draw."""

from collections.abc import Iterator
from itertools import groupby

from msgspec import Struct

from pfnscope.kernel.release import EARLIEST, Bounds, Releases, Version, short
from pfnscope.kernel.rules import RULES, as_read
from pfnscope.model.analysis import ALARMS, Era, Severity, worst_first
from pfnscope.model.document import Document


class Segment(Struct, frozen=True):
    """Releases without a gap on which a layout has one outcome. ``release`` is one of them, to judge the layout as.

    ``severity`` is none where no hole outside zone spans is worth an alarm; ``states`` are those of their struct pages.
    ``own``: the document's release is among them. ``nearest``: no alarm, next to what has one: to the document's
    release where that has, to any where none is known.
    """

    words: str
    release: str
    severity: Severity
    states: tuple[str, ...]
    own: bool
    nearest: bool


def by_severity(document: Document) -> dict[Severity, str]:
    """Releases as readers know them, by the severity of this layout's holes outside zone spans; the gravest first."""
    releases: dict[Severity, list[Releases]] = {}
    for era in worst_first(document.eras):
        releases.setdefault(era.severity, []).extend(_releases(era, document))
    return {severity: str(Bounds.of(*known)) for severity, known in releases.items() if known}


def timeline(document: Document) -> list[Segment]:
    """All releases in ascending order, neighbours of one outcome as one segment."""
    pieces = sorted(
        ((interval, era) for era in document.eras for row in _releases(era, document) for interval in row.intervals),
        key=lambda piece: piece[0],
    )
    runs = [list(run) for _, run in groupby(pieces, key=lambda piece: _outcome(piece[1]))]
    known = document.kernel.version is not None and any(era.current for era in document.eras)
    alarming = {at for at, run in enumerate(runs) if _outcome(run[0][1]) and (not known or _own(run, document))}
    near = {at + by for at in alarming for by in (-1, 1)}
    return [
        Segment(
            words=_words(run),
            release=_release(run),
            severity=_outcome(run[0][1]) or "none",
            states=tuple(dict.fromkeys(era.state for _, era in run)),
            own=_own(run, document),
            nearest=at in near and not _outcome(run[0][1]),
        )
        for at, run in enumerate(runs)
    ]


_Piece = tuple[tuple[Version, Version], Era]


def _releases(era: Era, document: Document) -> Iterator[Releases]:
    return (row.releases_on(document.kernel.arch) for row in RULES if row.id == era.rule)


def _outcome(era: Era) -> Severity | None:
    """The severity where it is an alarm, else None."""
    return era.severity if era.severity in ALARMS else None


def _own(run: list[_Piece], document: Document) -> bool:
    """Whether the document's kernel is one of these releases; a vendor's is where any kernel of its rule is."""
    if document.kernel.version is None:
        return False
    major, minor, patch = document.kernel.version
    version = as_read((major, minor, patch))
    of_rule = Bounds.of(*(row for era in document.eras if era.current for row in _releases(era, document)))
    return any(era.current and (low <= version < high or version not in of_rule) for (low, high), era in run)


def _words(run: list[_Piece]) -> str:
    return str(Bounds(((run[0][0][0], run[-1][0][1]),)))


def _release(run: list[_Piece]) -> str:
    """A release of the run: its first, or where it has none, its last."""
    low = run[0][0][0]
    return short(low) if low != EARLIEST else _words(run).rpartition(" ")[2]
