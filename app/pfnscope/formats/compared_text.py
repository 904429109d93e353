"""Two documents side by side for terminals and mail: ``-`` is only in the first, ``+`` only in the second."""

from pfnscope.drawing.ascii import bars_of_two
from pfnscope.model.document import Document
from pfnscope.report.compared import Comparison, Side, compared, worded_changes
from pfnscope.report.plain import PLAIN, Look
from pfnscope.report.words import VERDICTS

_SIGNS = (("- ", "gone"), ("+ ", "come"))


def render(first: Document, second: Document, look: Look = PLAIN) -> str:
    """Both verdicts, the bars of both on one axis, and what changed."""
    comparison = compared(first, second)
    out = [line for number, side in enumerate((comparison.a, comparison.b)) for line in _headline(number, side, look)]
    bars = bars_of_two(first, second, look)
    out += ["", look.paint("title", "Page frames"), *bars] if bars else []
    return "\n".join([*out, "", *(changes(comparison, look) or ["No difference in memory."])]) + "\n"


def changes(comparison: Comparison, look: Look, *, within: bool = False) -> list[str]:
    """What changed, under titles; nothing where nothing did. ``within``: as a part of a report, closer together."""
    out: list[str] = []
    for title, items in worded_changes(comparison):
        out += [f"  {title}"] if within else ["", look.paint("title", title)]
        for item in items:
            out += _line(0, item.before, look) if item.change.before is not None else []
            out += _line(1, item.after, look) if item.change.after is not None else []
    return out if within else out[1:]


def _line(side: int, words: str, look: Look) -> list[str]:
    sign, role = _SIGNS[side]
    return [look.paint(role, text) for text in look.wrap(words, sign, "    ")]


def _headline(number: int, side: Side, look: Look) -> list[str]:
    """Release and verdict, in the colour of the verdict: what was added may be the danger."""
    simulated = " (simulated)" if side.origin == "simulated" else ""
    mark, role = VERDICTS[side.severity]
    words = f"{side.release or 'release not known'}{simulated}: {mark}{side.summary}"
    return [look.paint(role, text) for text in look.wrap(words, _SIGNS[number][0], "    ")]
