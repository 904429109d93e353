"""What every mechanism would make of holes outside zone spans, where a backporter sees it break; the table of /rules.

The table is of a layout of 64 frames that has every kind of hole once, with its state under each rule.
"""

from msgspec import Struct, structs

from pfnscope.analysis.holes import Surroundings, find_holes
from pfnscope.analysis.replay import replay
from pfnscope.kernel.architecture_row import MemoryModel
from pfnscope.kernel.release import EVERY_RELEASE, Bounds, Release, Version
from pfnscope.kernel.rules import StructPageRule, describe_releases, rules_on, typical
from pfnscope.layout.zones import zone_spans
from pfnscope.model.analysis import ALARMS, SEVERITIES, Choice, Era, Hole, PageState, Severity, worse, worst_first
from pfnscope.model.layout import Layout, MemMap, MemoryRange, Owner, ZoneLimit
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import FrameRange, FrameSet, overlay


def eras(
    surroundings: Surroundings, own: StructPageRule | None = None, holes: tuple[Hole, ...] = ()
) -> tuple[Era, ...]:
    """One entry a rule of the architecture, oldest first, each as of a typical release of the rule.

    ``holes`` are all those of the layout by the rule ``own``, where they have been found already.
    """
    layout = surroundings.layout
    known = rules_on(layout.arch)
    rules = known if own is None or own in known else (*known, own)
    if not layout.outside_zone_spans.pairs:
        return tuple(_era(layout, rule, (), current=rule is own) for rule in rules)
    same = own is not None and layout.version is not None and own.covers(layout.version, layout.arch)
    outside = tuple(hole for hole in holes if hole.outside)
    return tuple(
        _era(
            layout,
            rule,
            outside if same and rule is own else _holes_of(surroundings, rule, layout.outside_zone_spans),
            current=rule is own,
        )
        for rule in rules
    )


def weigh_unknown(
    surroundings: Surroundings, holes: tuple[Hole, ...], within: Bounds = EVERY_RELEASE
) -> tuple[Hole, ...]:
    """Holes of a kernel whose release is not known, each as grave as the worst rule makes it, but never a danger.

    ``within`` are the releases that it can be of; a hole that all their rules leave alike is as they say.
    Every rule is tried on all of them at once, so the cost follows the number of holes.
    """
    layout = surroundings.layout
    out = list(holes)
    seen: list[list[Hole]] = [[] for _ in holes]
    rules = rules_on(layout.arch, within)
    for rule in rules:
        at = 0
        for hole in _holes_of(surroundings, rule, layout.without_memory, within):
            while out[at].frames.end <= hole.frames.start:
                at += 1
            out[at] = _graver(out[at], hole, describe_releases(rule, layout.arch))
            seen[at].append(hole)
    if within == EVERY_RELEASE:
        return tuple(out)
    return tuple(_agreed(hole, said, len(rules), within) or hole for hole, said in zip(out, seen, strict=True))


def _agreed(known: Hole, said: list[Hole], rules: int, within: Bounds) -> Hole | None:
    """What all rules say of a hole, where they say the same of it as a whole."""
    kinds = {(hole.frames, hole.state, hole.linked_node, hole.linked_zone) for hole in said}
    if len(said) != rules or len(kinds) != 1 or said[0].frames != known.frames:
        return None
    worst = worst_first(said)[0]
    return structs.replace(
        worst, basis="evidence", why=f"{worst.why}; so in all of {within}, of which this log is by its lines"
    )


def _graver(known: Hole, hole: Hole, releases: str) -> Hole:
    severity: Severity = "caution" if hole.severity in ALARMS else hole.severity
    if not worse(severity, known.severity):
        return known
    why = f"the release is not known; {releases}: {hole.why}"
    return structs.replace(known, severity=severity, state="unknown", linked_node=None, linked_zone=None, why=why)


def _holes_of(
    surroundings: Surroundings, rule: StructPageRule, within: FrameSet, releases: Bounds = EVERY_RELEASE
) -> tuple[Hole, ...]:
    """The holes as of a release of the rule: the log's own, or else a typical one of these releases."""
    version = version_of(surroundings.layout, rule, releases)
    release = Release("", version, version, stable_known=True, backports=False)
    return find_holes(surroundings, Choice(rule, "release", ""), release, within)


def version_of(layout: Layout, rule: StructPageRule, releases: Bounds = EVERY_RELEASE) -> Version:
    """The release that stands for a rule on a layout: its own where the rule covers it, or else a typical one."""
    ours = layout.version is not None and rule.covers(layout.version, layout.arch)
    return layout.version if ours and layout.version else typical(rule, layout.arch, releases)


def _era(layout: Layout, rule: StructPageRule, holes: tuple[Hole, ...], *, current: bool) -> Era:
    state, severity = "no hole outside zone spans", SEVERITIES[-1]
    if holes:
        worst = worst_first(holes)[0]
        state, severity = in_words(worst), worst.severity
    return Era(rule.id, describe_releases(rule, layout.arch), rule.title, state, severity, current)


def in_words(hole: Hole) -> str:
    """The state of a hole in a few words: ``never written``, ``zeroed``, ``linked to node 1, Normal``."""
    if hole.state == "initialised":
        return f"linked to node {hole.linked_node}, {hole.linked_zone}" if hole.linked_zone else "linked to no zone"
    return {"uninitialised": "never written", "unknown": "not known"}.get(hole.state, hole.state)


PAGE, SECTION = 4096, 8
MEMORY = ((0, 0, 10), (0, 12, 20), (0, 34, 36), (1, 48, 58))
"""Node, first frame, end. Node 0 has DMA, DMA32 and Normal, node 1 Normal; sections are of 8 frames."""

LIMITS = (("DMA", 0, 4), ("DMA32", 4, 32), ("Normal", 32, 58))


class Place(Struct, frozen=True):
    """A kind of hole: its key, in words, and its frames in the example."""

    key: str
    words: str
    frames: FrameRange


PLACES = (
    Place("middle", "in a zone, memory of that zone above", FrameRange(10, 12)),
    Place("top", "in a zone, the next memory in a higher zone", FrameRange(20, 24)),
    Place("between", "in no zone, below another node", FrameRange(36, 40)),
    Place("tail", "in no zone, behind the last memory", FrameRange(58, 64)),
)
"""Of these, the e820 map has an entry for all but the last."""


def example_layout(*, reserved: bool) -> Layout:
    """The layout; ``reserved``: memblock.reserved has all of the holes, not none."""
    memory = tuple(MemoryRange(FrameRange(start, end), node, ()) for node, start, end in MEMORY)
    limits = tuple(ZoneLimit(zone, FrameRange(start, end), ()) for zone, start, end in LIMITS)
    holes = FrameSet.of(place.frames for place in PLACES)
    ram, other = Owner(MemoryType.RAM, "usable", ()), Owner(MemoryType.RESERVED, "reserved", ())
    mapped = [(item.frames, ram) for item in memory] + [(place.frames, other) for place in PLACES[:-1]]
    return Layout(
        arch="x86_64",
        page_size=PAGE,
        memmap=MemMap(MemoryModel.SPARSEMEM, section_size=SECTION * PAGE, block=SECTION),
        memory=memory,
        zone_limits=limits,
        zone_spans=zone_spans(memory, limits, {}),
        owners=tuple(sorted(mapped, key=lambda item: item[0])),
        reserved=holes if reserved else FrameSet(),
        reserved_complete=True,
        max_pfn=MEMORY[-1][2],
    )


def states(rule: StructPageRule, *, reserved: bool) -> dict[str, PageState]:
    """The state of each kind of hole after the rule's passes, by the key of its place."""
    layout = example_layout(reserved=reserved)
    painted = replay(layout, rule, layout.without_memory, typical(rule))
    by_place: dict[str, PageState] = {}
    for place in PLACES:
        ((_, (state,)),) = overlay(FrameSet.of([place.frames]), painted)
        by_place[place.key] = state
    return by_place
