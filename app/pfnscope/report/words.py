"""How holes and their states are called wherever they are shown."""

from collections.abc import Iterable, Sequence

from pfnscope.model.analysis import Event, Hole
from pfnscope.model.ranges import FrameRange
from pfnscope.units import format_size
from pfnscope.words import counted

STATE_WORDS = {
    "uninitialised": "never written",
    "zeroed": "zeroed",
    "initialised": "initialised",
    "poisoned": "poisoned",
    "unknown": "unknown",
}

VERDICTS = {
    "danger": ("DANGER: ", "danger"),
    "caution": ("CAUTION: ", "caution"),
    "info": ("", "title"),
    "none": ("", "title"),
}
"""By severity what a verdict begins with, and the role that colours it."""

ORIGIN_WORDS = {
    "log": "",
    "computed": "computed from the memory map, not printed",
    "simulated": "simulated, not booted",
}
"""What has to be said of a layout that no log printed, by the document's origin."""

TYPE_WORDS = {
    "ram": "usable",
    "acpi": "ACPI data",
    "nvs": "ACPI NVS",
    "pmem": "persistent (type 7)",
    "pram": "persistent (type 12)",
    "soft_reserved": "soft reserved",
}
"""Types of the memory map as kernels print them; others are called by their own names."""

SEVERITY_WORDS = {"danger": "danger", "caution": "caution", "info": "worth knowing", "none": "harmless"}


def first_sentence(text: str) -> tuple[str, str]:
    """The first sentence of a text, which ends with a full stop before a capital letter, and the others."""
    at = text.find(". ")
    while at >= 0 and not text[at + 2 : at + 3].isupper():
        at = text.find(". ", at + 1)
    return (text, "") if at < 0 else (text[: at + 1], text[at + 2 :])


def frames_of_events(events: Iterable[Event]) -> str:
    """The frames of events that are alike: those that are known, else those that the first leaves."""
    events = list(events)
    pfns = sorted({event.pfn for event in events if event.pfn is not None})
    if pfns:
        return f"{pfns[0]:#x}" + (f" to {pfns[-1]:#x}" if len(pfns) > 1 else "")
    return candidates_words(events[0].candidates)


_NAMED = 4


def candidates_words(candidates: Sequence[int]) -> str:
    """``0xbffd7 or 0x10bffd7``; nothing where there is none."""
    words = [f"{pfn:#x}" for pfn in candidates[:_NAMED]]
    if len(candidates) > _NAMED:
        words.append(f"{len(candidates) - _NAMED} others")
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def harm_words(severity: str) -> str:
    """``danger``, ``caution``, ``info`` or ``harmless``, for a column or the end of a sentence."""
    return "harmless" if severity == "none" else severity


def pages_words(pages: int) -> str:
    """``1 page``, ``41 pages``, ``262,144 pages``."""
    return counted(pages, "page")


def state_words(hole: Hole) -> str:
    """State of a hole; with the zone that its struct pages are linked to, where it is not the one around them."""
    if hole.state != "initialised" or linked_as_it_lies(hole):
        return STATE_WORDS[hole.state]
    return f"linked to {hole.linked_zone} of node {hole.linked_node}" if hole.linked_zone else "linked to no zone"


def linked_as_it_lies(hole: Hole) -> bool:
    """Whether the struct pages name the zone that spans them."""
    return hole.zone is not None and (hole.linked_zone, hole.linked_node) == (hole.zone, hole.node)


def release_words(version: Sequence[int] | None) -> str:
    """``4.17``, ``6.12.107``: a release in a sentence; empty where it is not known."""
    if not version:
        return ""
    return ".".join(map(str, version[:3] if any(version[2:3]) else version[:2]))


def place_words(frames: FrameRange, page_size: int) -> str:
    """``[0xbffd7, 0xc0000) · 164 KiB · 0xbffd7000``: frames, size, address."""
    return f"{frames} · {format_size(frames.pages * page_size)} · {frames.start * page_size:#x}"


def placement_words(hole: Hole) -> str:
    """Where a hole lies: in no zone, or inside which."""
    return placement_of(hole.placement, hole.node, hole.zone)


def placement_of(placement: str, node: int | None, zone: str | None) -> str:
    """The same of its parts."""
    if placement == "outside-zone-spans":
        return "in no zone"
    return f"inside {zone or 'a zone'}" + ("" if node is None else f", node {node}")
