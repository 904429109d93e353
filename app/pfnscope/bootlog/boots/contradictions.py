"""Whether two drafts can be of one boot: what each says of the same zone, node or memory."""

from collections.abc import Hashable, Iterator
from typing import Any

from pfnscope.bootlog.boots.draft import LAYOUT, MAPS, RANGES, Draft
from pfnscope.bootlog.model import MemoryType
from pfnscope.ranges.engine import Pairs, canonical, difference, intersection

_PAGE = 4096
_SAID_ONCE = ("zone_ranges", "pfn_zones", "initmem", "pfn_initmem")
_OF_EXCERPTS = (*LAYOUT, "initmem", "pfn_initmem")


def says_the_same(before: Draft, part: Draft) -> bool:
    """Whether a repeated section is a doubled console's: equal ranges, and no other "Memory:" line."""
    if part.banner is not None or (
        before.memory_line and part.memory_line and before.memory_line[0] != part.memory_line[0]
    ):
        return False
    names = [name for name in RANGES if part.facts.get(name) and before.facts.get(name)]
    return bool(names) and all(part.facts[name].keys() == before.facts[name].keys() for name in names)


def contradict(before: Draft, part: Draft) -> bool:
    """Whether both name other ranges for the same thing, or nodes of one lie outside the RAM of the other's map."""
    if any(
        before.facts.get(name) and part.facts.get(name) and before.facts[name].keys() != part.facts[name].keys()
        for name in (*RANGES, "initmem")
    ):
        return True
    if not any(part.facts.get(name) and not before.facts.get(name) for name in RANGES):
        return False  # it says nothing that was not held against the rest before
    known = usable(part) or usable(before)
    nodes = node_memory(part) or node_memory(before)
    return bool(known and nodes and difference(nodes, known[1]))


def clash(before: Draft, part: Draft) -> bool:
    """Whether a part that may go on where the other ends names other limits for one zone or node, or other memory."""
    for name in _SAID_ONCE:
        known = dict(_limits(before, name))
        if any(known.get(what, limits) != limits for what, limits in _limits(part, name)):
            return True
    for name in ("node_ranges", "pfn_nodes"):
        known_ranges = before.facts.get(name, {})
        added = [_pair(fact) for key, fact in part.facts.get(name, {}).items() if key not in known_ranges]
        if added and intersection(canonical(added), canonical(map(_pair, known_ranges.values()))):
            return True
    return False


def is_taken_from(part: Draft, boot: Draft) -> bool:
    """Whether an excerpt with node or zone ranges says nothing that a whole log does not say too."""
    if boot.banner is None or part.banner is not None or not part.has_ranges or part.files.lines:
        return False
    if part.running.keys() - {boot.banner[0].release} or part.faults.events:
        return False
    if part.memory_line is not None and (boot.memory_line is None or part.memory_line[0] != boot.memory_line[0]):
        return False
    return all(part.facts.get(name, {}).keys() <= boot.facts.get(name, {}).keys() for name in _OF_EXCERPTS)


def usable(part: Draft) -> tuple[str, Pairs] | None:
    """The last map of the boot, as the kernel counts: each replaces those before it."""
    for name in reversed(MAPS):
        entries = part.values(name)
        if entries:
            return name, canonical((e.range.start, e.range.end) for e in entries if e.type is MemoryType.RAM)
    return None


def node_memory(part: Draft) -> Pairs:
    """What the node ranges cover."""
    in_bytes = [(node.range.start, node.range.end) for node in part.values("node_ranges")]
    in_frames = [(node.start * _PAGE, node.end * _PAGE) for node, _ in part.values("pfn_nodes")]
    return canonical(in_bytes + in_frames)


def _limits(part: Draft, name: str) -> Iterator[tuple[Hashable, Any]]:
    """Zones and nodes with what is printed once of each; one without memory may get some later."""
    for fact in part.values(name):
        inner = fact[0] if isinstance(fact, tuple) else fact
        limits = (inner.start, inner.end) if isinstance(fact, tuple) else inner.range
        if limits is not None:
            yield getattr(inner, "zone", None) or inner.node, limits


def _pair(fact: Any) -> tuple[int, int]:
    inner = fact[0] if isinstance(fact, tuple) else fact.range
    return inner.start, inner.end
