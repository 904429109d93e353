"""Documents compared, as text: one sentence, the verdicts, the bars, what changed, and the firmware's map."""

from collections.abc import Sequence

from pfnscope.drawing.ascii import bars_of_two
from pfnscope.model.analysis import ALARMS
from pfnscope.model.document import Document
from pfnscope.report.compared import Comparison, Side, compared, worded
from pfnscope.report.difference import Change
from pfnscope.report.plain import PLAIN, Look
from pfnscope.report.stability import stability_lines
from pfnscope.report.words import VERDICTS

_SIGNS = (("- ", "gone"), ("+ ", "come"))


def compared_text(documents: Sequence[Document], look: Look = PLAIN) -> str:
    """What differs in a sentence, all verdicts, the bars of two, what changed, and what the firmware did."""
    comparison = compared(*documents)
    sides = (comparison.a, comparison.b, *comparison.others)
    out = [*look.wrap(comparison.summary), ""]
    if len(documents) == 2:
        for (sign, _), side, document in zip(_SIGNS, sides, documents, strict=True):
            out += [*_headline(sign, side, look), *_remedy(document, look)]
        bars = bars_of_two(documents[0], documents[1], look)
        out += ["", look.paint("title", "Page frames"), *bars] if bars else []
        out += ["", *(changes(comparison, look) or ["No difference in memory."])]
    else:
        out += [line for number, side in enumerate(sides, 1) for line in _headline(f"{number}  ", side, look)]
        for number, items in enumerate((comparison.changes, *(side.changes for side in comparison.others)), 2):
            said = _changes(items, look, within=True)
            out += ["", look.paint("title", f"From boot 1 to boot {number}"), *(said or ["  No difference in memory."])]
    out += _firmware(comparison, look)
    return "\n".join(out) + "\n"


def _firmware(comparison: Comparison, look: Look) -> list[str]:
    """What moved in the firmware's map, who resumes from whom, and the report to mail; nothing where it is the same."""
    known = comparison.stability
    if known is None or known.maps == 1:
        return []
    out = ["", look.paint("title", "The firmware's map and hibernation")]
    out += [line for text in stability_lines(known) for line in look.wrap(text, "  ", "    ")]
    out += ["", look.paint("title", "To mail to the maker of the firmware")]
    return out + [look.text(line) for line in known.report.splitlines()]


def changes(comparison: Comparison, look: Look, *, within: bool = False) -> list[str]:
    """What changed, under titles; nothing where nothing did. ``within``: as a part of a report, closer together."""
    return _changes(comparison.changes, look, within=within)


def _changes(items_: Sequence[Change], look: Look, *, within: bool) -> list[str]:
    out: list[str] = []
    for title, items in worded(items_):
        out += [f"  {title}"] if within else ["", look.paint("title", title)]
        for item in items:
            out += _line(0, item.before, look) if item.change.before is not None else []
            out += _line(1, item.after, look) if item.change.after is not None else []
    return out if within else out[1:]


def _line(side: int, words: str, look: Look) -> list[str]:
    sign, role = _SIGNS[side]
    return [look.paint(role, text) for text in look.wrap(words, sign, "    ")]


def _remedy(document: Document, look: Look) -> list[str]:
    """What helps, where the first finding is an alarm."""
    first = document.findings[0]
    remedy = first.remedy if first.severity in ALARMS else None
    return look.wrap(f"What to do: {remedy.text}", "    ", "    ") if remedy else []


def _headline(sign: str, side: Side, look: Look) -> list[str]:
    """Release and verdict, in the colour of the verdict: what was added may be the danger."""
    simulated = "" if side.origin == "log" else f" ({side.origin})"
    mark, role = VERDICTS[side.severity]
    words = f"{side.release or 'release not known'}{simulated}: {mark}{side.summary}"
    return [look.paint(role, text) for text in look.wrap(words, sign, "    ")]
