"""What the reports of a log prove of the struct pages of its holes: readers that died, poison, printed page flags.

The log decides before the rule of its release: a hole that a report speaks of gets the state, the links and the
severity that the report shows. Frames of a hole are alike in owner and placement, and what writes one writes all.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct, structs

from pfnscope.analysis.holes import Surroundings, linked_inside, severity_of
from pfnscope.kernel.architectures import architecture
from pfnscope.kernel.poison import Poison, poison_of_address, poison_of_word
from pfnscope.kernel.readers import READERS
from pfnscope.kernel.walkers import walker_in
from pfnscope.model.analysis import Event, Hole, PageState, Severity, State, hole_at, worse
from pfnscope.model.layout import Layout
from pfnscope.model.log import TOOL, LogEvent
from pfnscope.model.ranges import Lines
from pfnscope.model.sources import Source, line_words
from pfnscope.patterns import compiled

Kind = Literal["death", "complaint", "sight"]
"""The kernel died on the struct page, found it wrong, or merely printed it."""

_FUNCTION = r" in ([A-Za-z_]\w*)[\w.]*(?:\+0x|$)"
_OUTSIDE = r"outside node ([0-9]+) zone (\w+)"
_WRONG_ZONE = r"zone_spans_pfn|page_zone\(|bad_range\(|page_outside_zone_boundaries"
_DIES = r"VM_BUG_ON_"
"""VM_BUG_ON_PAGE() and _FOLIO() dump the page, then BUG(): include/linux/mmdebug.h, 3.14 to 7.1."""

_NULL = 4096
"""A fault below is of a null pointer, which a struct page of zeroes holds too."""


class Proof(Struct, frozen=True):
    """What one report shows of the struct page of ``pfn``, null where the text does not tell it: of ``candidates``.

    ``state`` is null where the report does not show it; ``misplaced``: the struct page names a zone that does not span
    it, ``node`` and ``zone`` where they are printed. ``function`` is the one that died, ``shown`` the words for what
    tells the state. ``oops``: it is one, and no dump of a page.
    """

    kind: Kind
    pfn: int | None
    lines: Lines
    shown: str
    state: State | None = None
    node: int | None = None
    zone: str | None = None
    misplaced: bool = False
    function: str | None = None
    candidates: tuple[int, ...] = ()
    oops: bool = False


class Evident(Struct, frozen=True):
    """A hole that reports speak of: as they show it, as the rule says, and the reports, that which decides in front."""

    hole: Hole
    by_rule: Hole
    proofs: tuple[Proof, ...]

    @property
    def shows_state(self) -> bool:
        """Whether any report shows what the struct pages hold, or not."""
        return any(proof.state is not None or proof.misplaced for proof in self.proofs)

    @property
    def contradicts(self) -> bool:
        """Whether the rule says otherwise of these struct pages; what is not known contradicts nothing."""
        rule, hole = self.by_rule, self.hole
        if rule.state == "unknown":
            return False
        unwritten = {"uninitialised", "poisoned"}
        same = rule.state == hole.state or {rule.state, hole.state} <= unwritten
        return not same or (rule.linked_node, rule.linked_zone) != (hole.linked_node, hole.linked_zone)


def proofs(reports: Iterable[tuple[LogEvent, Event]], layout: Layout) -> Iterator[Proof]:
    """What each report proves of a struct page, in the order of the log; many prove nothing."""
    bits = architecture(layout.arch).bits if layout.arch else 64
    for report, event in reports:
        proof = _of_oops(report, event, bits) if report.kind == "oops" else _of_dump(report, event, bits)
        if proof is not None:
            yield structs.replace(proof, candidates=event.candidates) if proof.pfn is None else proof


def _of_oops(report: LogEvent, event: Event, bits: int) -> Proof | None:
    """An oops speaks of the struct page that it was placed on; not placed, only where a walker met poison.

    A reader follows no pointer but those in struct pages; other walkers read the memory itself, lists, or both.
    """
    function = function_of(report)
    walker = walker_in(function) if function else None
    poison, shown = _poison(report, bits)
    if event.pfn is None and not (poison and walker):
        return None
    state: State | None = "uninitialised" if poison else None
    null = report.address is not None and report.address < _NULL
    if state is None and not null and walker and walker.reader and "BUG at" not in report.text:
        state, shown = "uninitialised", f"{function}() follows no pointer but those in struct pages"
    return Proof("death", event.pfn, report.lines, shown, state, function=function, oops=True)


def function_of(report: LogEvent) -> str | None:
    """The function in which the kernel died, where an oops names it."""
    (function,) = _found(_FUNCTION, report.text) or (None,)
    return function if report.kind == "oops" else None


def _poison(report: LogEvent, bits: int) -> tuple[Poison | None, str]:
    """The poison that an oops shows in its fault address or, where it has none, in a register; and in words."""
    if report.address is not None:
        poison = poison_of_address(report.address, bits)
        return poison, f"the fault address {report.address:#x} comes from {poison.words}" if poison else ""
    for name, value in report.registers:
        if poison := poison_of_word(value, bits):
            return poison, f"{name} holds {value:#x} from {poison.words}"
    return None, ""


def _of_dump(report: LogEvent, event: Event, bits: int) -> Proof | None:
    """A page dump, a bad page, a page that is outside its zone."""
    misplaced = _found(_WRONG_ZONE, report.text) is not None
    kind: Kind = "sight"
    if _DIES in report.text:
        kind = "death"
    elif misplaced or report.kind in ("bad-page", "page-outside-zone"):
        kind = "complaint"
    if is_poisoned(report, bits):
        shown = "all bits of its flags are ones" if report.kind == TOOL else "the log prints that it is poisoned"
        return Proof(kind, event.pfn, report.lines, shown, "poisoned")
    if event.pfn is None:
        return None
    words = report.dump.words if report.dump else ()
    if words and not any(words):
        return Proof(kind, event.pfn, report.lines, "the text shows its words, all zero", "zeroed")
    node, zone = event.linked_node, event.linked_zone
    if zone is None and (outside := _found(_OUTSIDE, report.text)):
        node, zone = int(outside[0]), outside[1]
    if zone is not None:
        shown = f"the text shows its page flags, of node {node or 0}, {zone}"
        return Proof(kind, event.pfn, report.lines, shown, "initialised", node or 0, zone)
    if kind == "sight" and not misplaced:
        return None
    return Proof(kind, event.pfn, report.lines, _MISPLACED.why if misplaced else "", misplaced=misplaced)


def _found(pattern: str, text: str) -> tuple[str, ...] | None:
    """The groups of the first match."""
    match = compiled(pattern).search(text.encode("utf-8", "replace"))
    return tuple(group or "" for group in match.groups()) if match else None


def is_poisoned(report: LogEvent, bits: int) -> bool:
    """Whether the kernel says so, or dumps a struct page of which all bits are one."""
    ones = (1 << bits) - 1
    dump = report.dump
    dumped = dump is not None and (dump.flags == ones or (bool(dump.words) and set(dump.words) == {ones}))
    return report.kind == "poisoned-page" or "PagePoisoned(" in report.text or dumped


def with_evidence(
    surroundings: Surroundings,
    holes: Sequence[Hole],
    shown: Iterable[Proof],
    sources: Sequence[Source],
    *,
    release_known: bool,
) -> tuple[Evident, ...]:
    """The holes that reports speak of, in their order. ``holes`` are those by the rule, by address.

    ``sources`` are the files of the text, for words that name a line.
    """
    speaking: dict[Hole, list[Proof]] = {}
    for proof in shown:
        places = {hole_at(holes, pfn) for pfn in frames_of(proof)}
        hole = places.pop() if len(places) == 1 else None
        if hole is not None:
            speaking.setdefault(hole, []).append(proof)
    by_address = sorted(speaking, key=lambda hole: hole.start_pfn)
    return tuple(_evident(surroundings, hole, speaking[hole], sources, release_known) for hole in by_address)


def frames_of(proof: Proof) -> tuple[int, ...]:
    """The frame that a proof is of, or all that it can be of."""
    return proof.candidates if proof.pfn is None else (proof.pfn,)


def frame_words(proof: Proof) -> str:
    """``pfn 0xbffd7``, or ``pfn 0xbffd7 or 0x10bffd7`` where the text leaves both."""
    frames = [f"{pfn:#x}" for pfn in frames_of(proof)]
    return f"pfn {' or '.join(frames[:_NAMED])}{' or others' if frames[_NAMED:] else ''}"


_NAMED = 3


_GRAVITY: dict[State | None, int] = {"uninitialised": 0, "poisoned": 0, "zeroed": 1, "initialised": 1, None: 2}
_KINDS: tuple[Kind, ...] = ("death", "complaint", "sight")


def _evident(
    surroundings: Surroundings,
    by_rule: Hole,
    shown: Sequence[Proof],
    sources: Sequence[Source],
    release_known: bool,
) -> Evident:
    ordered = sorted(shown, key=lambda proof: (_KINDS.index(proof.kind), _GRAVITY[proof.state]))
    decisive = min(ordered, key=lambda proof: _GRAVITY[proof.state])
    state = _state(surroundings, by_rule, decisive)
    severity = _severity(surroundings, by_rule, state, ordered[0].kind, release_known=release_known)
    readers = [_reader(proof.function) for proof in ordered if proof.kind == "death" and proof.function]
    why = f"{frame_words(decisive)}, {line_words(decisive.lines[:1], sources)}: {state.why}"
    hole = structs.replace(
        by_rule,
        state=state.state,
        linked_node=state.node if state.state == "initialised" else None,
        linked_zone=state.zone if state.state == "initialised" else None,
        basis="evidence",
        reachable_by=tuple(dict.fromkeys((*by_rule.reachable_by, *readers))),
        severity=severity,
        why=why if decisive.state or decisive.misplaced else by_rule.why,
        lines=tuple(sorted({*by_rule.lines, *(proof.lines[0] for proof in ordered)})),
        by_rule=by_rule.state,
    )
    return Evident(hole, by_rule, tuple(ordered))


def _reader(function: str) -> str:
    walker = walker_in(function)
    return (walker.reader if walker else None) or f"{function}()"


_MISPLACED = PageState("initialised", "its flags name a zone that does not span it")


def _state(surroundings: Surroundings, hole: Hole, proof: Proof) -> PageState:
    """The state that a report shows, or that of the rule where it shows none or the same in other words."""
    own = PageState(hole.state, hole.why, hole.linked_node, hole.linked_zone)
    if proof.misplaced:
        away = hole.outside or not linked_inside(surroundings, hole.frames, own)
        return own if hole.state == "zeroed" or (hole.state == "initialised" and away) else _MISPLACED
    if proof.state is None:
        return own
    if (proof.state, hole.state) == ("initialised", "zeroed") and (proof.node, proof.zone) == _first_zone(surroundings):
        return own  # zeroes read as node 0 and its first zone
    return PageState(proof.state, proof.shown, proof.node, proof.zone)


def _first_zone(surroundings: Surroundings) -> tuple[int, str | None]:
    limits = surroundings.layout.zone_limits
    return 0, limits[0].zone if limits else None


def _severity(surroundings: Surroundings, hole: Hole, state: PageState, kind: Kind, *, release_known: bool) -> Severity:
    """A danger where the kernel died, whatever the bounds of readers; elsewhere what the state shown makes of it."""
    if kind == "death":
        return "danger"
    ordinary = {reader.name for reader in READERS if reader.ordinary}
    severity = severity_of(
        state,
        reserved=hole.reserved,
        linked_inside=not hole.outside and linked_inside(surroundings, hole.frames, state),
        ordinary=not ordinary.isdisjoint(hole.reachable_by),
        reached=bool(hole.reachable_by) or not release_known,
    )
    return "caution" if kind == "complaint" and worse("caution", severity) else severity
