"""Records into drafts: where one boot or excerpt of a text ends and the next begins, by machine."""

from collections.abc import Callable, Iterable, Iterator

from pfnscope.bootlog.boots.additions import says_something, take
from pfnscope.bootlog.boots.diagnostics import is_listed, report_damaged_lines
from pfnscope.bootlog.boots.draft import LAYOUT, Beginning, Draft, Follows
from pfnscope.bootlog.effects import (
    Banner,
    CommandLine,
    Effect,
    FileName,
    Header,
    LastPfn,
    MapLine,
    MemblockLine,
    PfnInitmem,
    PfnNode,
    PfnZone,
    Reason,
    Registers,
    Section,
    ShownFlags,
    Symbol,
)
from pfnscope.bootlog.file_names import MOST_FILES, NamedFile, part_number
from pfnscope.bootlog.records import Record
from pfnscope.bootlog.runs import Run
from pfnscope.bootlog.text.prefix import is_kernel, strip_prefix
from pfnscope.bootlog.text.searchable import Text
from pfnscope.kernel.architectures import architecture, architecture_named
from pfnscope.model.log import Initmem, NodeRange, ReservedRegion, ZoneRange
from pfnscope.patterns import compiled

PROSE_LINES = 60
"""How far above a header a line that is not of a log separates it from the boot before."""
_MOST_ASIDES = 64  # only a hostile text has more
_MOST_HOSTS = 64
_LEFT_OUT = r"[\[(<]*(?:\.{2,}|snip+e?d?|cut|\xe2\x80\xa6\.*)[\])>]+|\.{3,}"
_EARLY = 1_000_000  # microseconds in which a kernel prints its memory
# What an excerpt of another boot may begin with, and a boot may go on with.
_BEGINNINGS = frozenset(
    {CommandLine, LastPfn, MapLine, NodeRange, PfnNode, ZoneRange, PfnZone, Initmem, PfnInitmem, ReservedRegion}
)
_FAR = 1024  # bytes of a line that show whether it is of a log


def drafts(text: Text, records: Iterable[Record | Run]) -> tuple[list[Draft], list[NamedFile]]:
    """Read records into drafts, file by file where a text consists of several, and the lines that name these.

    A draft ends with its file, but for a log of which pstore has a part in each.
    """
    names: list[NamedFile] = []
    out: list[Draft] = []
    for own in _by_file(text, records, names):
        out += [draft for draft in _drafts_of_file(text, own) if draft.recognised]
    return out, names


def _by_file(text: Text, records: Iterable[Record | Run], names: list[NamedFile]) -> Iterator[Iterable[Record | Run]]:
    """The records of one file after another; what is read of them adds to ``names``."""
    rest = iter(records)
    goes_on, part = True, None

    def of_one() -> Iterator[Record | Run]:
        nonlocal goes_on, part
        for record in rest:
            effect = None if isinstance(record, Run) else record.effect
            if isinstance(record, Run) or not isinstance(effect, FileName):
                yield record
                continue
            if record.kernel or len(names) > MOST_FILES:
                continue
            blank = text.data[max(record.start - 2, 0) : record.start] == b"\n\n"
            names.append(NamedFile(effect.name, effect.unused, record.lines, blank))
            before, part = part, part_number(text.data, record.end + 1)
            if before is None or part is None or part >= before:
                return
        goes_on = False

    while goes_on:
        yield of_one()


def _drafts_of_file(text: Text, records: Iterable[Record | Run]) -> list[Draft]:
    """The drafts of one file, those of one machine behind each other; a new one begins where a boot cannot go on.

    A host that a log daemon names has a stream of its own. One without a banner that begins where another ends is the
    same machine, which is called localhost until it has read its configuration.
    """
    current = _Stream(text, Draft("start"))
    streams = [current]
    by_host: dict[str, _Stream] = {}
    for record in records:
        if isinstance(record, Run):
            current.drafts[-1].take_run(record)
            continue
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

    def watched(self, records: Iterable[Record | Run]) -> Iterator[Record | Run]:
        """The records, while their order is counted: time stamps, entries of a list, and headers with their entries."""
        before, stamp = None, None
        for record in records:
            if isinstance(record, Run):
                self._rising += record.rises
                stamp = record.stamp
            elif not isinstance(record.effect, _OF_A_FAULT):
                if before is not None:
                    one, other = stamp, record.stamp
                    if one == other or one is None or other is None:
                        one, other = _places(before.effect, record.effect)
                    if one != other:
                        self._rising += one < other
                        self._falling += one > other
                before, stamp = record, record.stamp
            yield record

    @property
    def falls(self) -> bool:
        """Whether the lines fall far more often than they rise."""
        return self._falling >= _LEAST_FALLS and self._falling > _MORE_FALLS * self._rising


def _places(one: Effect | None, other: Effect | None) -> tuple[int, int]:
    """Where two neighbours stand in the list that both are of: a header in front, entries by address; else alike."""
    kind, other_kind = type(one), type(other)
    if kind not in _PLACED and other_kind not in _PLACED:
        return 0, 0
    if isinstance(one, Header) or isinstance(other, Header):
        above = isinstance(one, Header) and one.section in _SECTIONS_OF.get(other_kind, ())
        below = isinstance(other, Header) and other.section in _SECTIONS_OF.get(kind, ())
        return -above, -below
    if kind is not other_kind or kind not in _SECTIONS_OF:
        return 0, 0
    first, second = (getattr(item.entry if isinstance(item, MapLine) else item, "start", None) for item in (one, other))
    return (0, 0) if first is None or second is None else (first, second)


_SECTIONS_OF: dict[type, tuple[Section, ...]] = {
    MapLine: ("firmware", "user", "extended", "modified"),
    NodeRange: ("nodes",),
    PfnNode: ("nodes",),
    ZoneRange: ("zones",),
    PfnZone: ("zones",),
}
_PLACED = frozenset({Header, *_SECTIONS_OF})
_OF_A_FAULT = (Symbol, Reason, ShownFlags, Registers)
"""What counts only behind its fault: a kept text may lack it, and has to stand in the same order."""

_LEAST_FALLS = 3
_MORE_FALLS = 4


class _Stream:
    """The records of one machine while they become drafts.

    ``_sections`` are those of the drafts that the present one continues, where that is an aside. ``_listed`` is the
    last entry of a list, ``_owner`` the draft that it is in. ``_without_prose``: from where to where no prose stands.
    """

    def __init__(self, text: Text, first: Draft) -> None:
        self._text = text
        self.drafts = [first]
        self._sections: set[Section] = set()
        self._asides = 0
        self._without_prose = 0, 0
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
        if isinstance(record.effect, Banner) and draft.banner is None:
            draft.when = _digits(self._text.data[record.start : record.start + record.column - 1])
        take(draft, record)
        if record.lines[-1] not in draft.recognised:
            return
        if record.stamp is not None:
            self._stamp = record.stamp
        if record.form is not None:
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
            return "prose" if begun and self._prose_before(record, current.last) else None
        if type(effect) not in _BEGINNINGS or self._asides >= _MOST_ASIDES:
            return None
        return "aside" if self._is_aside(record, current) or self._falls_back(record, current) else None

    def _is_aside(self, record: Record, current: Draft) -> bool:
        """Whether prose stands between a record and a layout above it."""
        last = current.last
        if last is None or record.start <= last.end + 1:
            return False
        begun = current.reason == "aside" or current.holds(*LAYOUT, "initmem", "pfn_initmem")
        return begun and self._prose_before(record, last)

    def _prose_before(self, record: Record, last: Record | None) -> bool:
        """Whether prose stands between two log lines with prefixes. What was searched once is not searched again."""
        if last is None or not (record.kernel and last.kernel):
            return False
        text, (floor, until) = self._text, self._without_prose
        floor = max(last.end, until) if floor <= last.end else last.end
        prose = any(is_prose(line, text.learned_prefix) for line in _lines_back(text, record.start, floor))
        if not prose:
            self._without_prose = last.end, text.line_start(record.start) - 1
        return prose

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
        if record.stamp is None or self._stamp is None or record.stamp >= min(self._stamp, _EARLY):
            return False
        if current.ended:
            return True
        memblock = isinstance(record.effect, MemblockLine) or record.effect == Header("memblock")
        return memblock and self._stamp >= _EARLY and current.named and current.has_layout


def _digits(prefix: bytes) -> bytes:
    return bytes(byte for byte in prefix if byte in b"0123456789")


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
