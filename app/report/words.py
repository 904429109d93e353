"""How holes and their states are called wherever they are shown."""

from app.report.document import Hole

STATE_WORDS = {
    "uninitialised": "never written",
    "zeroed": "zeroed",
    "initialised": "initialised",
    "poisoned": "poisoned",
    "unknown": "unknown",
}


def pages_words(pages: int) -> str:
    """``1 page``, ``41 pages``, ``262,144 pages``."""
    return f"{pages:,} page{'' if pages == 1 else 's'}"


def placement_words(hole: Hole) -> str:
    """Where a hole lies: outside every zone span, or inside which."""
    if hole.placement == "outside-zone-spans":
        return "outside every zone span"
    return f"inside {hole.zone or 'a zone'}" + ("" if hole.node is None else f", node {hole.node}")
