"""The answer to "what is at this place" in words."""

from pfnscope.model.analysis import Hole
from pfnscope.model.lookup import Lookup
from pfnscope.report.plain import PLAIN, Look
from pfnscope.report.words import harm_words, placement_words, state_words

_ASSUMED = {"vmemmap_base": "struct pages begin at 0xffffea0000000000, as without KASLR"}


def render(place: Lookup, look: Look = PLAIN) -> str:
    """The answer for terminals, one fact a line."""
    rows = [
        ("pfn", f"{place.pfn:#x}"),
        ("address", str(place.address)),
        ("struct page", _struct_page(place)),
        ("section", "not known" if place.section is None else str(place.section)),
        ("memory", f"yes, node {place.node}" if place.in_memory else "no"),
        ("zone span", f"node {place.node}, zone {place.zone}" if place.zone else "none"),
        (
            "memory map",
            f"{place.map_entry.label} {place.map_entry.range}" if place.map_entry else "no entry",
        ),
        ("reserved by", place.reserved_by or "nothing that the log names"),
        ("hole", _hole(place)),
        *_more(place.hole),
        ("assumed", ", ".join(_ASSUMED.get(name, name.replace("_", " ")) for name in place.assumed)),
        ("lines", ", ".join(map(str, place.lines))),
    ]
    lines = (look.wrap(value, f"{name:<12} ", " " * 13) for name, value in rows if value)
    return "".join(f"{line}\n" for row in lines for line in row)


def _more(hole: Hole | None) -> list[tuple[str, str]]:
    """Why struct pages of a hole are as they are, and whom that can hurt."""
    if hole is None:
        return []
    cause = ", ".join(hole.causes) or hole.cause_why or ""
    return [("why", hole.why), ("cause", cause), ("reached by", ", ".join(hole.reachable_by))]


def _struct_page(place: Lookup) -> str:
    if not place.has_struct_page:
        return "none at boot"
    return "yes, at an address that the log does not tell" if place.struct_page is None else str(place.struct_page)


def _hole(place: Lookup) -> str:
    if place.hole is None:
        return "no"
    hole = place.hole
    return f"pfn {hole.frames}, {placement_words(hole)}, {state_words(hole)}, {harm_words(hole.severity)}"
