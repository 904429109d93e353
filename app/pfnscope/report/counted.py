"""How far the kernel's own numbers agree with ours, in words: what differs in full, what agrees in one line."""

from collections.abc import Iterable, Sequence

from pfnscope.model.analysis import Check
from pfnscope.model.ranges import FrameRange
from pfnscope.model.sources import Source, line_words
from pfnscope.words import plural

_SHOWN = 3


def split(checks: Iterable[Check]) -> tuple[list[Check], list[Check]]:
    """What a reader has to see, differences first, and what agrees."""
    seen = sorted((check for check in checks if check.agrees is not True), key=lambda check: check.agrees is None)
    return seen, [check for check in checks if check.agrees is True]


def explained(checks: Sequence[Check]) -> str:
    """``12 of 12 match``; what was not printed or cannot be computed is in neither number."""
    agreeing, held = _held(checks)
    return f"{agreeing} of {held} {'matches' if 1 in (agreeing, held) else 'match'}"


def agreement(checks: Sequence[Check]) -> str:
    """``5 of 6 of the kernel's own counts match``, or nothing where none can be held against ours."""
    agreeing, held = _held(checks)
    verb = "matches" if 1 in (agreeing, held) else "match"
    return f"{agreeing} of {held} of the kernel's own counts {verb}" if held else ""


def _held(checks: Iterable[Check]) -> tuple[int, int]:
    held = [check.agrees for check in checks if check.agrees is not None]
    return sum(held), len(held)


def frames_words(ranges: Sequence[FrameRange]) -> str:
    """``[0x9f, 0x100)``, several with commas, the rest of many counted."""
    shown = [str(item) for item in ranges[:_SHOWN]]
    more = [f"{len(ranges) - _SHOWN} more"] if len(ranges) > _SHOWN else []
    return ", ".join(shown + more)


def rows(checks: Sequence[Check], sources: Sequence[Source] = ()) -> list[Sequence[str]]:
    """Rows for a text: what differs, what is not printed, and which frames make up each agreeing count of holes."""
    seen, agreeing = split(checks)
    words = {True: "", False: "DIFFERS", None: "not checked"}
    return [
        (
            check.what,
            check.printed,
            frames_words(check.ranges) if check.agrees else check.computed or "not computed",
            words[check.agrees],
            line_words(check.lines, sources),
        )
        for check in (*seen, *(check for check in agreeing if check.ranges))
    ]


def rest(checks: Sequence[Check], sources: Sequence[Source] = ()) -> str:
    """The agreeing numbers that :func:`rows` leaves out, in one sentence; empty where there are none."""
    others = [check for check in checks if check.agrees and not check.ranges]
    if not others:
        return ""
    lines = sorted({line for check in others for line in check.lines})
    count = f"{len(others)} printed {plural(len(others), 'number')}"
    verb = "agrees" if len(others) == 1 else "agree"
    return f"{count} of nodes, zones and totals {verb} ({line_words(lines, sources)})."
