"""Where a memmap= region can go, for terminals and mail: its starts below the bars, then in words."""

from pfnscope.drawing.ascii import bars_of_places
from pfnscope.model.document import Document
from pfnscope.model.placement import AddedHole, Placements
from pfnscope.report.plain import PLAIN, Look
from pfnscope.report.words import STATE_WORDS, argument_size, harm_words, pages_words
from pfnscope.units import format_size


def render(document: Document, places: Placements, look: Look = PLAIN) -> str:
    """The placements in the layout of ``document``."""
    on = f" on {places.release}" if places.release else ", for releases that are not known"
    step = format_size(places.align)
    out = look.wrap(f"memmap={argument_size(places.size)}{places.kind}START{on}, START a multiple of {step}")
    bars = bars_of_places(document, places, look)
    out += ["", look.paint("title", "Page frames"), *bars] if bars else []
    out += ["", look.paint("title", "Starts")]
    if not places.placements:
        out.append("  No memory of this machine holds such a region whole.")
    for item in places.placements:
        word, role = ("safe  ", "good") if item.safe else ("UNSAFE", "danger")
        last = item.end - places.align
        out.append(look.paint(role, f"  {word}  {item.start}" + ("" if last == item.start else f" to {last:#x}")))
        more = [_said(hole) for hole in item.holes]
        more += [f"dangerous on {', '.join(item.dangerous_on)}"] if item.dangerous_on else []
        out += [line for text in more for line in look.wrap(text, " " * 10, " " * 12)]
    return "\n".join(out) + "\n"


def _said(hole: AddedHole) -> str:
    linked = "" if hole.linked_zone is None else f", linked to {hole.linked_zone} of node {hole.linked_node}"
    where = "outside every zone span" if hole.placement == "outside-zone-spans" else "inside a zone span"
    harm = harm_words(hole.severity)
    return f"adds {hole.frames}, {pages_words(hole.pages)} {where}, {STATE_WORDS[hole.state]}{linked}, {harm}"
