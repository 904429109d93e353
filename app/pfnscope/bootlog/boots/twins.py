"""The same log more than once in a text: dmesg beside a journal, the log of a crash beside that of its boot.

Two drafts are one boot where both have the same banner, no list of one contradicts that of the other, and something
that differs from boot to boot is the same: the time stamps of their lines, which a kernel prints in microseconds; or,
where the lines of one have none, as those of a journal, the time at which the kernel set its clock or began to audit.
Without such a proof they stay two: a machine that boots the same kernel again prints the same memory.

Sources: rtc_hctosys() in drivers/rtc/class.c, audit_init() in kernel/audit.c, 4.17 to 7.1.
"""

from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise

from msgspec import structs

from pfnscope.bootlog.boots.draft import LAYOUT, Draft
from pfnscope.bootlog.file_names import NamedFile, sources_of
from pfnscope.bootlog.records import Record
from pfnscope.bootlog.text.searchable import Text
from pfnscope.model.log import Diagnostic
from pfnscope.model.ranges import Lines
from pfnscope.model.sources import Source, line_words
from pfnscope.patterns import compiled

_CLOCK = r"setting system clock to .{0,60}\(([0-9]{9,11})\)|audit\(([0-9]{9,11}\.[0-9]{3}):1\)"
_LEAST_STAMPS = 2  # of lines later than the first millisecond
_MOST_CLOCKS = 2  # of one boot
_MOST_ALIKE = 4  # boots with a sign of a rest that are compared with it


class _Copy:
    """A draft with the times that its text says, each with the line that says it."""

    def __init__(self, text: Text, draft: Draft, first: Record, end: int) -> None:
        self.draft = draft
        start = first.start
        self.stamps = draft.stamps
        self.clocks: dict[Hashable, int] = {}
        for match in compiled(_CLOCK).finditer(text.data[start:end]):
            self.clocks.setdefault(match.groups(), first.lines[0] + text.distance(start, start + match.start()))
            if len(self.clocks) == _MOST_CLOCKS:
                break

    def signs(self) -> list[Hashable]:
        """What another copy of the same boot has, too: at least one of them."""
        banner = self.draft.banner and self.draft.banner[0]
        keys: list[Hashable] = [(banner, clock) for clock in self.clocks]
        return [*keys, (banner, self.stamps[:_LEAST_STAMPS])] if self.is_stamped else keys

    def signs_of_rests(self) -> list[Hashable]:
        """What a copy without the beginning may begin with or have, too."""
        return [*self.clocks, *pairwise(self.stamps)]

    @property
    def is_stamped(self) -> bool:
        """Whether its time stamps tell it from other boots."""
        return len(self.stamps) >= _LEAST_STAMPS

    def is_of(self, other: "_Copy") -> Lines | None:
        """The lines that prove that both are of one boot, beside their time stamps; None where nothing does."""
        one, two = self.draft, other.draft
        if one.banner and two.banner and one.banner[0] != two.banner[0]:
            return None
        if not _agree(one, two):
            return None
        if self.is_stamped and other.is_stamped:
            latest = 0 if two.banner else len(self.stamps) - _LEAST_STAMPS
            return () if any(_goes_on(self.stamps[at:], other.stamps) for at in range(latest + 1)) else None
        common = [clock for clock in self.clocks if clock in other.clocks]
        return tuple(n for clock in common for n in (self.clocks[clock], other.clocks[clock])) if common else None


def fold(text: Text, parts: Sequence[Draft], names: Sequence[NamedFile]) -> set[int]:
    """Mark drafts that are further copies of a boot as the same as the fullest one, which says so.

    Gives the lines that prove it, which have to be kept with the text. In time linear in the text but for sorting.
    """
    sources, _ = sources_of(names, text.line_count)
    copied = [part for part in parts if part.same_as is not None and part.banner is not None]
    proofs = _fold(text, parts, sources)
    for part in copied if sources else ():
        _note(_first(part), part, sources)
    return proofs


def _first(part: Draft) -> Draft:
    """The draft of which this one is a copy, maybe of a copy."""
    while part.same_as is not None:
        part = part.same_as
    return part


def _fold(text: Text, parts: Sequence[Draft], sources: Sequence[Source]) -> set[int]:
    with_banner: dict[Hashable, list[Draft]] = {}
    for part in parts:
        if part.banner is not None and part.first is not None and part.same_as is None:
            with_banner.setdefault(part.banner[0], []).append(part)
    rests = [
        part for part in parts if part.banner is None and part.has_ranges and not (part.first is None or part.same_as)
    ]
    repeated = [part for group in with_banner.values() if len(group) > 1 or rests for part in group]
    if not repeated:
        return set()
    proofs: set[int] = set()
    groups: list[list[_Copy]] = []
    by_key: dict[Hashable, list[_Copy]] = {}
    for copy in sorted(_copies(text, parts, repeated), key=lambda copy: -len(copy.signs())):
        for key in copy.signs():
            group = by_key.get(key)
            lines = group[0].is_of(copy) if group else None
            if group is not None and lines is not None:
                proofs.update(lines)
                break
        else:
            group = []
            groups.append(group)
        group.append(copy)
        for key in copy.signs():
            by_key.setdefault(key, group)
    by_rest: dict[Hashable, list[list[_Copy]]] = {}
    for group in groups if rests else ():
        for key in group[0].signs_of_rests():
            by_rest.setdefault(key, []).append(group)
    for rest in _copies(text, parts, rests):
        for group in [alike for key in rest.signs_of_rests() for alike in by_rest.get(key, [])[:_MOST_ALIKE]]:
            lines = group[0].is_of(rest)
            if lines is not None:
                proofs.update(lines)
                group.append(rest)
                break
    for group in groups:
        if len(group) > 1:
            _merge([copy.draft for copy in group], sources)
    return proofs


def _copies(text: Text, parts: Sequence[Draft], repeated: Sequence[Draft]) -> Iterator[_Copy]:
    """The drafts with the text from each to the next one of any kind."""
    starts = sorted((part.first.start, id(part)) for part in parts if part.first is not None)
    ends = {own: after for (_, own), (after, _) in zip(starts, [*starts[1:], (len(text.data), 0)], strict=True)}
    for part in repeated:
        if part.first is not None:
            yield _Copy(text, part, part.first, ends[id(part)])


def _goes_on(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether the shorter of two rows of time stamps is the beginning of the other."""
    least = min(len(one), len(other))
    return one[:least] == other[:least]


def _agree(one: Draft, other: Draft) -> bool:
    """Whether two drafts can be of one boot: no other host, and what the one has less of is all in the other."""
    hosts = {draft.host for draft in (one, other)} - {None, "localhost"}
    return len(hosts) < 2 and all(
        one.facts[name].keys() <= other.facts[name].keys() or other.facts[name].keys() <= one.facts[name].keys()
        for name in LAYOUT
        if one.facts.get(name) and other.facts.get(name)
    )


def _merge(drafts: list[Draft], sources: Sequence[Source]) -> None:
    """Keep the draft of which most lines were read, with the reports of trouble that only another one has."""
    whole = max(drafts, key=lambda draft: (draft.banner is not None, len(draft.recognised)))
    known = {structs.replace(event, lines=()) for event in whole.faults.events}
    for draft in drafts:
        if draft is whole:
            continue
        draft.same_as = whole
        whole.host = whole.host if whole.host not in (None, "localhost") else draft.host
        whole.faults.events += [e for e in draft.faults.events if structs.replace(e, lines=()) not in known]
        whole.files.absorb(draft.files)
        _note(whole, draft, sources)


def _note(whole: Draft, copy: Draft, sources: Sequence[Source]) -> None:
    places = [line_words(part.first.lines[:1], sources) for part in (whole, copy) if part.first]
    message = (
        f"The log that begins at {places[0]} stands at {places[1]} once more: both are one boot, read from the first."
    )
    line = copy.first.lines[0] if copy.first else None
    whole.diagnostics.append(Diagnostic("info", "same-log", message, line, None))
