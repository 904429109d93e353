"""Which drafts of a text belong together: excerpts, quotes and copies of one boot; and which count as boots."""

from collections.abc import Hashable, Iterator
from itertools import pairwise
from typing import Any

import msgspec

from pfnscope.bootlog.boots.draft import LAYOUT, LEAST, MAPS, RANGES, Draft
from pfnscope.model.log import Diagnostic, MemoryType
from pfnscope.model.ranges import FrameRange, FrameSet, Pairs, canonical, difference, intersection
from pfnscope.units import PAGE_SIZE

_MOST_WHOLE = 64
_NEAR = 8  # lines between two banners that are printed at once
_PRINTED_ONCE = ("zone_ranges", "pfn_zones", "initmem", "pfn_initmem")
_OF_EXCERPTS = (*LAYOUT, "initmem", "pfn_initmem")


def joined(parts: list[Draft]) -> list[Draft]:
    """Merge drafts of one boot: sections printed by a second console, excerpts that do not contradict each other."""
    out = parts[:1]
    for part in parts[1:]:
        before = out[-1]
        fits = (
            (part.reason == "repeat" and says_the_same(before, part))
            or (part.reason == "prose" and not contradict(before, part))
            or (part.reason == "aside" and not conflicts(before, part))
        )
        if fits:
            before.absorb(part)
        else:
            out.append(part)
    return _without_quotes(out)


def _without_quotes(parts: list[Draft]) -> list[Draft]:
    """Mark the parts that only quote a whole log of the same text; their lines count for that boot."""
    whole = [part for part in parts if part.banner is not None and part.has_ranges]
    if len(whole) > _MOST_WHOLE:
        return parts
    for part in reversed(parts):  # of equal ones the first stays
        sources = [boot for boot in whole if boot is not part and is_taken_from(part, boot)]
        if len(sources) == 1 or (sources and part.banner is not None):
            part.same_as = sources[0]
            if part.banner is None:  # in a whole log all lines stand in their order, on which much hangs
                sources[0].confirm(part)
            whole = [boot for boot in whole if boot is not part]
    return parts


def chosen(parts: list[Draft]) -> list[Draft]:
    """The drafts that count as boots; maps without ranges are attached to the one that they fit, or noted."""
    boots = _boots(parts)
    _note_bare_banners(parts, boots)
    return boots


def _note_bare_banners(parts: list[Draft], boots: list[Draft]) -> None:
    """Say where another kernel's banner stands right in front of that of a boot: no host tells their lines apart."""
    following = iter(boots)
    after = next(following, None)
    for bare, boot in pairwise(parts):
        counts = bare is after
        after = next(following, None) if counts else after
        if bare.banner is None or boot.banner is None or counts or boot is not after:
            continue
        line = bare.banner[1][0]
        if bare.banner[0] != boot.banner[0] and bare.host == boot.host and boot.banner[1][0] - line <= _NEAR:
            message = (
                f"Line {line} is of another kernel, Linux {bare.banner[0].release}, of which the text has nothing else:"
                " if lines of two machines are mixed, facts of this boot may be of the other."
            )
            boot.complain("warning", "banner-without-boot", message, (line,), None)


def _boots(parts: list[Draft]) -> list[Draft]:
    with_layout = [part for part in parts if part.has_layout or (part.banner is not None and part.holds(*LEAST))]
    with_layout = with_layout or [part for part in parts if part.holds(*LEAST) or part.counted]
    with_layout = with_layout or [part for part in parts if part.faults.events or part.holds("failures")]
    if not any(part.has_ranges for part in with_layout):
        return with_layout
    boots = [part for part in with_layout if part.has_ranges or part.banner is not None]
    following = iter(boots)
    after = next(following, None)
    orphans = []
    for part in parts:
        if part is after:
            after = next(following, None)
        elif part.has_layout or part.holds("initmem", "pfn_initmem"):
            orphans.append((part, after or boots[-1]))
    takers = _takers(boots) if orphans else {}
    for orphan, behind in orphans:
        _place(orphan, takers, behind)
    return boots


def _takers(boots: list[Draft]) -> dict[tuple[str, FrameSet], list[Draft]]:
    """Boots without a map of some name, by that name and the boot's memory without page 0."""
    out: dict[tuple[str, FrameSet], list[Draft]] = {}
    for boot in boots:
        memory = _whole_frames(node_memory(boot))
        for name in MAPS:
            if len(memory) and not boot.holds(name):
                out.setdefault((name, memory), []).append(boot)
    return out


def _place(orphan: Draft, takers: dict[tuple[str, FrameSet], list[Draft]], after: Draft) -> None:
    first, last = orphan.span()
    where = f"lines {first}-{last}" if first != last else f"line {first}"
    last_map = usable(orphan)
    owners = takers.get((last_map[0], _whole_frames(last_map[1])), []) if last_map else []
    if last_map and len(owners) == 1:
        name = last_map[0]
        owner = owners.pop()
        owner.facts[name] = orphan.facts[name]
        owner.x86_lines = owner.x86_lines or orphan.x86_lines
        owner.assumed.append(name)
        owner.diagnostics.append(
            Diagnostic(
                "info",
                "excerpt-attached",
                f"The {name.replace('_', ' ')} of {where} is taken to belong to this excerpt: without page 0 and "
                "cut to whole pages, its RAM is exactly the memory of these node ranges.",
                first,
                None,
            )
        )
    else:
        owner = after
        message = f"The memory map of {where} fits none of the node ranges in this text; it is not used."
        if not last_map:
            message = f"What {where} of this text say of memory is of another boot, without a layout; it is not used."
        owner.diagnostics.append(Diagnostic("info", "excerpt-unused", message, first, None))
    owner.recognised.update(orphan.recognised)
    owner.families.update(orphan.families)


def _whole_frames(pairs: Pairs) -> FrameSet:
    """The page frames wholly inside, but for page 0, which x86 takes out of a map and not out of node ranges."""
    whole = FrameSet.of(FrameRange(-(-start // PAGE_SIZE), end // PAGE_SIZE) for start, end in pairs)
    return whole - FrameSet.of([FrameRange(0, 1)])


def says_the_same(before: Draft, part: Draft) -> bool:
    """Whether a repeated section was printed by a second console: equal ranges, and no different "Memory:" line."""
    if part.banner is not None or (
        before.memory_line and part.memory_line and before.memory_line[0] != part.memory_line[0]
    ):
        return False
    names = [name for name in RANGES if part.facts.get(name) and before.facts.get(name)]
    return bool(names) and all(part.facts[name].keys() == before.facts[name].keys() for name in names)


def contradict(before: Draft, part: Draft) -> bool:
    """Whether two drafts have different ranges in one list, or nodes of one lie outside the RAM of the other's map."""
    if any(
        before.facts.get(name) and part.facts.get(name) and before.facts[name].keys() != part.facts[name].keys()
        for name in (*RANGES, "initmem")
    ):
        return True
    if not any(part.facts.get(name) and not before.facts.get(name) for name in RANGES):
        return False  # all its ranges were compared above
    known = usable(part) or usable(before)
    nodes = node_memory(part) or node_memory(before)
    return bool(known and nodes and difference(nodes, known[1]))


def conflicts(before: Draft, part: Draft) -> bool:
    """Whether an aside has other limits for a zone or node of the draft before, or overlapping memory or entries."""
    for name in _PRINTED_ONCE:
        known = dict(_limits(before, name))
        if any(known.get(what, limits) != limits for what, limits in _limits(part, name)):
            return True
    for name in ("node_ranges", "pfn_nodes", *MAPS):
        if name in MAPS and len(part.facts.get(name, ())) == 1:
            continue  # one entry is shown as an example; only more of them are another map
        known_ranges = before.facts.get(name, {})
        added = [_pair(fact) for key, fact in part.facts.get(name, {}).items() if key not in known_ranges]
        if added and intersection(canonical(added), canonical(map(_pair, known_ranges.values()))):
            return True
    return False


def is_taken_from(part: Draft, boot: Draft) -> bool:
    """Whether all facts of an excerpt with node or zone ranges, or with a banner, are in a whole log of the text."""
    if boot.banner is None or part.files.lines or part.host != boot.host:
        return False
    if part.running.keys() - {boot.banner[0].release}:
        return False
    if part.memory_line is not None and (boot.memory_line is None or part.memory_line[0] != boot.memory_line[0]):
        return False
    if part.banner is not None:
        return part.banner[0] == boot.banner[0] and _is_same_log(part, boot)
    if not part.has_ranges or part.faults.events:
        return False
    return all(part.facts.get(name, {}).keys() <= boot.facts.get(name, {}).keys() for name in _OF_EXCERPTS)


def _is_same_log(part: Draft, boot: Draft) -> bool:
    """Whether everything that a log with a banner says is in another of the same banner, at the same time stamps.

    Without those of a kernel, what stands in front of the banner has to name the same time.
    """
    stamps = [draft.last.stamp for draft in (part, boot) if draft.last is not None]
    if None in stamps and part.when != boot.when:
        return False
    events = {msgspec.structs.replace(event, lines=()) for event in boot.faults.events}
    return (
        len(set(stamps)) <= 1
        and all(facts.keys() <= boot.facts.get(name, {}).keys() for name, facts in part.facts.items())
        and {command.text for command, _ in part.command_lines} <= {command.text for command, _ in boot.command_lines}
        and all(msgspec.structs.replace(event, lines=()) in events for event in part.faults.events)
        and len(part.tallies) <= len(boot.tallies)
    )


def usable(part: Draft) -> tuple[str, Pairs] | None:
    """The last map of the boot, as the kernel counts: each replaces those before it."""
    for name in reversed(MAPS):
        entries = part.values(name)
        if entries and all(entry.label for entry in entries):
            return name, canonical((e.start, e.end) for e in entries if e.type is MemoryType.RAM)
    return None


def node_memory(part: Draft) -> Pairs:
    """What the node ranges cover."""
    in_bytes = [(node.start, node.end) for node in part.values("node_ranges")]
    in_frames = [(node.start * PAGE_SIZE, node.end * PAGE_SIZE) for node, _ in part.values("pfn_nodes")]
    return canonical(in_bytes + in_frames)


def _limits(part: Draft, name: str) -> Iterator[tuple[Hashable, Any]]:
    """Zones and nodes with their limits, printed once for each; without those that have no memory yet."""
    for fact in part.values(name):
        inner = fact[0] if isinstance(fact, tuple) else fact
        limits = (inner.start, inner.end) if isinstance(fact, tuple) else inner.range
        if limits is not None:
            yield getattr(inner, "zone", None) or inner.node, limits


def _pair(fact: Any) -> tuple[int, int]:
    inner = fact[0] if isinstance(fact, tuple) else fact.range
    return inner.start, inner.end
