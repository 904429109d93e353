"""The answer to "what is at this place", as a wire value and in words."""

import msgspec

from pfnscope.model.document import Hole, MapEntry
from pfnscope.report.plain import PLAIN, Look
from pfnscope.report.words import placement_words, state_words

_ASSUMED = {"vmemmap_base": "struct pages begin at 0xffffea0000000000, as without KASLR"}


class Lookup(msgspec.Struct, frozen=True):
    """What the document says about one page frame. ``assumed`` names what the answer took for granted."""

    pfn: int
    address: str
    struct_page: str | None
    section: int | None
    has_struct_page: bool
    in_memory: bool
    node: int | None
    zone: str | None
    map_entry: MapEntry | None
    hole: Hole | None
    reserved_by: str | None
    assumed: list[str]
    lines: list[int]


def render(found: Lookup, look: Look = PLAIN) -> str:
    """The answer for terminals, one fact a line."""
    rows = [
        ("pfn", f"{found.pfn:#x}"),
        ("address", found.address),
        ("struct page", _struct_page(found)),
        ("section", "not known" if found.section is None else str(found.section)),
        ("memory", f"yes, node {found.node}" if found.in_memory else "no"),
        ("zone span", f"node {found.node}, zone {found.zone}" if found.zone else "none"),
        (
            "memory map",
            f"{found.map_entry.label} [{found.map_entry.start}, {found.map_entry.end})"
            if found.map_entry
            else "no entry",
        ),
        ("reserved by", found.reserved_by or "nothing that the log names"),
        ("hole", _hole(found)),
        *_more(found.hole),
        ("assumed", ", ".join(_ASSUMED.get(name, name.replace("_", " ")) for name in found.assumed)),
        ("lines", ", ".join(map(str, found.lines))),
    ]
    lines = (look.wrap(value, f"{name:<12} ", " " * 13) for name, value in rows if value)
    return "".join(f"{line}\n" for found in lines for line in found)


def _more(hole: Hole | None) -> list[tuple[str, str]]:
    """Why struct pages of a hole are as they are, and whom that can hurt."""
    if hole is None:
        return []
    cause = ", ".join(hole.causes) or hole.cause_why or ""
    return [("why", hole.why), ("cause", cause), ("reached by", ", ".join(hole.reachable_by))]


def _struct_page(found: Lookup) -> str:
    if not found.has_struct_page:
        return "none at boot"
    return found.struct_page or "yes, at an address that the log does not tell"


def _hole(found: Lookup) -> str:
    if found.hole is None:
        return "no"
    hole = found.hole
    return (
        f"pfn [{hole.start_pfn:#x}, {hole.end_pfn:#x}), {placement_words(hole)}, {state_words(hole)}, "
        f"{'harmless' if hole.severity == 'none' else hole.severity}"
    )
