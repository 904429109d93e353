"""Where one boot or excerpt of a text ends and the next begins, and which excerpts belong together."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

import msgspec

from pfnscope.bootlog.boots.additions import says_something, take
from pfnscope.bootlog.boots.diagnostics import is_listed, report_damaged_lines
from pfnscope.bootlog.boots.draft import LAYOUT, LEAST, MAPS, RANGES, Beginning, Draft, Follows
from pfnscope.bootlog.effects import (
    Banner,
    CommandLine,
    Header,
    LastPfn,
    MapLine,
    MemblockLine,
    PfnInitmem,
    PfnNode,
    PfnZone,
    Section,
)
from pfnscope.bootlog.records import Record
from pfnscope.bootlog.text.prefix import is_kernel, strip_prefix
from pfnscope.bootlog.text.searchable import Text
from pfnscope.kernel.architectures import architecture, architecture_named
from pfnscope.model.log import Diagnostic, Initmem, MemoryType, NodeRange, ReservedRegion, ZoneRange
from pfnscope.model.ranges import FrameRange, FrameSet, Pairs, canonical, difference, intersection
from pfnscope.patterns import compiled
from pfnscope.units import PAGE_SIZE

PROSE_LINES = 60
"""How far above a header a line that is not of a log separates it from the boot before."""
_MOST_ASIDES = 64  # only a hostile text has more
_MOST_WHOLE = 64
_MOST_HOSTS = 64
_LEFT_OUT = r"[\[(<]*(?:\.{2,}|snip+e?d?|cut|\xe2\x80\xa6\.*)[\])>]+|\.{3,}"
_EARLY = 1_000_000  # microseconds in which a kernel prints its memory
# What an excerpt of another boot may begin with, and a boot may go on with.
_BEGINNINGS = frozenset(
    {CommandLine, LastPfn, MapLine, NodeRange, PfnNode, ZoneRange, PfnZone, Initmem, PfnInitmem, ReservedRegion}
)
_FAR = 1024  # bytes of a line that show whether it is of a log
_PRINTED_ONCE = ("zone_ranges", "pfn_zones", "initmem", "pfn_initmem")
_OF_EXCERPTS = (*LAYOUT, "initmem", "pfn_initmem")


def drafts(text: Text, records: Iterable[Record]) -> list[Draft]:
    """Read records into drafts, those of one machine behind each other; a new one begins where a boot cannot go on.

    A host that a log daemon names has a stream of its own. One without a banner that begins where another ends is the
    same machine, which is called localhost until it has read its configuration.
    """
    current = _Stream(text, Draft("start"))
    streams = [current]
    by_host: dict[str, _Stream] = {}
    for record in records:
        if record.host is not None:
            known = by_host.get(record.host)
            if known is None and by_host and len(streams) < _MOST_HOSTS:
                known = _Stream(text, current.drafts[-1].aside())
                streams.append(known)
            current = by_host.setdefault(record.host, known or current)
        current.take(record)
    _part_machines(streams)
    cut = max((stream.close() for stream in streams), default=0)
    out = [part for stream in streams for part in stream.drafts]
    ending = max((part for part in out if part.last is not None), key=lambda part: part.span()[1], default=None)
    if ending and ending.last and cut == text.line_count and not text.data.endswith(b"\n"):
        ending.follows = "piece"
    elif ending and ending.last and ending.last.lines[-1] == ending.span()[1]:
        ending.follows = _follows(text, ending.last)
    return out


def _part_machines(streams: list["_Stream"]) -> None:
    """Begin a boot with each stream but those that go on with an earlier one; put these behind it."""
    for stream in streams[1:]:
        first, _ = stream.span()
        before = [other for other in streams if other is not stream and other.span()[1] < first]
        if before and stream.drafts[0].banner is None:
            streams.remove(stream)
            streams.insert(streams.index(max(before, key=lambda other: other.span()[1])) + 1, stream)
        else:
            stream.drafts[0].reason = "banner"


class Order:
    """Whether the lines of a text fall instead of rising: the newest first, as viewers of logs list them."""

    def __init__(self) -> None:
        self._rising = self._falling = 0

    def watched(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records, while their order is counted: time stamps, entries of a list, and headers with their entries."""
        before: Record | None = None
        for record in records:
            if before is not None:
                one, other = _place_in_list(before, record), _place_in_list(record, before)
                self._rising += one < other
                self._falling += one > other
            before = record
            yield record

    @property
    def falls(self) -> bool:
        """Whether the lines fall far more often than they rise."""
        return self._falling >= _LEAST_FALLS and self._falling > _MORE_FALLS * self._rising


def _place_in_list(record: Record, beside: Record) -> tuple[int, int]:
    """The time stamp of a record and, where the one beside it is of the same list, its place there; a header is -1."""
    effect, other = record.effect, beside.effect
    stamp = 0 if record.stamp is None or beside.stamp is None else record.stamp
    if isinstance(effect, Header):
        return stamp, -1 if effect.section in _SECTIONS_OF.get(type(other), ()) else 0
    if type(effect) is not type(other) or type(effect) not in _SECTIONS_OF:
        return stamp, 0
    start, known = (
        getattr(item.entry if isinstance(item, MapLine) else item, "start", None) for item in (effect, other)
    )
    return stamp, 0 if start is None or known is None else start


_SECTIONS_OF: dict[type, tuple[Section, ...]] = {
    MapLine: ("firmware", "user", "extended", "modified"),
    NodeRange: ("nodes",),
    PfnNode: ("nodes",),
    ZoneRange: ("zones",),
    PfnZone: ("zones",),
}
_LEAST_FALLS = 3
_MORE_FALLS = 4


class _Stream:
    """The records of one machine while they become drafts.

    ``_sections`` are those of the drafts that the present one continues, where that is an aside. ``_listed`` is the
    last entry of a list, ``_owner`` the draft that it is in.
    """

    def __init__(self, text: Text, first: Draft) -> None:
        self._text = text
        self.drafts = [first]
        self._sections: set[Section] = set()
        self._asides = 0
        self._listed: Record | None = None
        self._owner = self.drafts[-1]
        self._stamp: int | None = None

    def take(self, record: Record) -> None:
        """Add a record to the draft that goes on, or begin another with it."""
        current = self.drafts[-1]
        if self._listed is not None and record.start > self._listed.end + 1:
            report_damaged_lines(self._text, self._listed, record.start, self._owner)
        reason = self._begins(record, current)
        if reason == "aside":
            aside = current.aside()
            if says_something(aside, record):
                before = self._sections if current.reason == "aside" else set()
                self._sections = current.sections_once() | before
                self.drafts.append(aside)
                self._asides += 1
        elif reason is not None:
            self.drafts.append(Draft(reason))
        elif self._continues_list(record, current):
            current.reason = "prose"
        draft = self.drafts[-1]
        draft.host = record.host or draft.host
        take(draft, record)
        if record.stamp is not None:
            self._stamp = record.stamp
        if record.form is not None and record.lines[-1] in draft.recognised:
            self._listed, self._owner = record if is_listed(record) else None, draft

    def span(self) -> tuple[int, int]:
        """First and last recognised line."""
        spans = [part.span() for part in self.drafts if part.recognised]
        return min((first for first, _ in spans), default=0), max((last for _, last in spans), default=0)

    def close(self) -> int:
        """Report what is damaged at the end of the text; the number of the last such line, or 0."""
        if self._listed is None:
            return 0
        return report_damaged_lines(self._text, self._listed, len(self._text.data), self._owner)

    def _begins(self, record: Record, current: Draft) -> Beginning | None:
        """Why a draft begins with a record, or None where the present one goes on."""
        effect = record.effect
        if self._restarts(record, current):
            return "banner"
        if isinstance(effect, Banner):
            doubled = current.banner is not None and current.banner[0] == effect and not current.has_layout
            goes_on = doubled or (current.only_memblock and _follows_memblock(effect))
            return "banner" if (current.banner is not None or current.has_layout) and not goes_on else None
        if isinstance(effect, Header):
            if current.repeats(effect.section):
                return "repeat"
            begun = current.holds(*LAYOUT, "initmem") and effect.section != "memblock"
            return "prose" if begun and _prose_before(self._text, record, current.last) else None
        if type(effect) not in _BEGINNINGS or self._asides >= _MOST_ASIDES:
            return None
        return "aside" if _is_aside(self._text, record, current) or self._falls_back(record, current) else None

    def _falls_back(self, record: Record, current: Draft) -> bool:
        """Whether an entry of a map, behind other lines, lies below the one before: maps are printed in order."""
        effect, last = record.effect, current.last
        if not isinstance(effect, MapLine) or last is None or self._text.distance(last.end, record.start) <= 1:
            return False
        entries = current.facts.get(f"{effect.map or current.open}_map", {})
        before = next(reversed(entries.values()), None)
        return before is not None and effect.entry.start < before.start

    def _continues_list(self, record: Record, current: Draft) -> bool:
        """Whether the header of a list that the drafts before have stands in an aside."""
        header = isinstance(record.effect, Header) and record.effect.section in self._sections
        return header and current.reason == "aside"

    def _restarts(self, record: Record, current: Draft) -> bool:
        """Whether the clock of the kernel fell back to its beginning after it had said farewell or panicked.

        Behind a whole log, what memblock prints is enough: no kernel sets it up again.
        """
        if record.stamp is None or self._stamp is None:
            return False
        memblock = isinstance(record.effect, MemblockLine) or record.effect == Header("memblock")
        if current.ended:
            return record.stamp < min(self._stamp, _EARLY)
        return memblock and current.named and current.has_layout and record.stamp < _EARLY <= self._stamp


def _follows_memblock(banner: Banner) -> bool:
    """Whether the banner is of an architecture that sets up memblock in front of it."""
    return architecture(architecture_named(banner.release, banner.text)).early_memblock


def _follows(text: Text, last: Record) -> Follows:
    """What follows the last recognised line."""
    if text.data[last.end : last.end + 1] not in (b"", b"\n"):
        return "log"
    start = last.end + 1
    line = text.data[start : min(text.line_end(start), start + _FAR)]
    return "log" if is_log(line, text.learned_prefix) else "nothing"


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
    """The parts without those that only quote a whole log of the same text; their lines count for that boot."""
    whole = [part for part in parts if part.banner is not None and part.has_ranges]
    if len(whole) > _MOST_WHOLE:
        return parts
    out = []
    for part in parts:
        sources = [boot for boot in whole if boot is not part and is_taken_from(part, boot)]
        if len(sources) == 1 or (sources and part.banner is not None):
            sources[0].confirm(part)
            whole = [boot for boot in whole if boot is not part]
        else:
            out.append(part)
    return out


def chosen(parts: list[Draft]) -> list[Draft]:
    """The drafts that count as boots; maps without ranges are attached to the one that they fit, or noted."""
    with_layout = [part for part in parts if part.has_layout or (part.banner is not None and part.holds(*LEAST))]
    with_layout = with_layout or [part for part in parts if part.holds(*LEAST) or part.counted]
    with_layout = with_layout or [part for part in parts if part.faults.events or part.remarked]
    if not any(part.has_ranges for part in with_layout):
        return with_layout
    boots = [part for part in with_layout if part.has_ranges or part.banner is not None]
    takers = _takers(boots)
    following = iter(boots)
    after = next(following, None)
    for part in parts:
        if part is after:
            after = next(following, None)
        elif part.has_layout or part.holds("initmem", "pfn_initmem"):
            _place(part, takers, after or boots[-1])
    return boots


def _is_aside(text: Text, record: Record, current: Draft) -> bool:
    """Whether prose stands between a record and a layout above it."""
    last = current.last
    if last is None or record.start <= last.end + 1:
        return False
    begun = current.reason == "aside" or current.holds(*LAYOUT, "initmem", "pfn_initmem")
    return begun and _prose_before(text, record, last)


def _prose_before(text: Text, record: Record, last: Record | None) -> bool:
    """Whether prose stands between two log lines with prefixes."""
    if last is None or not (record.kernel and last.kernel):
        return False
    return any(is_prose(line, text.learned_prefix) for line in _lines_back(text, record.start, last.end))


def _lines_back(text: Text, start: int, floor: int) -> Iterator[bytes]:
    """The lines above one, nearest first; of a line that decoding split, only the last parts."""
    at, far, parted = text.line_start(start), 0, 0
    while True:
        end = at - 1
        if end <= floor:
            return
        below, at = at, text.line_start(end)
        distance = text.distance(at, below)
        far += distance
        parted = 1 if distance else parted + 1
        if far > PROSE_LINES:
            return
        if parted <= PROSE_LINES:
            yield text.data[at : min(end, at + _FAR)]


def is_log(line: bytes, learned_prefix: Callable[[bytes], int]) -> bool:
    """Whether a line has a prefix of a log and says something; ``learned_prefix`` knows those of no known kind."""
    line = line[:_FAR]
    stripped = strip_prefix(line)
    return bool(stripped.message) and (stripped.kernel or bool(learned_prefix(line)))


def is_prose(line: bytes, learned_prefix: Callable[[bytes], int]) -> bool:
    """Whether a line is neither blank nor a log line with a prefix; ``learned_prefix`` knows those of no known kind.

    A mark for lines that were left out is none: the log goes on behind it.
    """
    line = line[:_FAR]
    if not line.strip() or is_kernel(line):
        return False
    message = strip_prefix(line).message
    return bool(message) and not learned_prefix(line) and not compiled(_LEFT_OUT).fullmatch(message)


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
    """Whether everything that a log with a banner says is in another of the same banner, at the same time stamps."""
    stamps = [draft.last.stamp for draft in (part, boot) if draft.last is not None]
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
        if entries:
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
