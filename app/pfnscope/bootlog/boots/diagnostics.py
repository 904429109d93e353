"""What a reader should know of a whole boot: what may be missing, is damaged, or contradicts itself."""

from collections.abc import Iterable, Iterator, Sequence

from pfnscope.bootlog.boots.draft import MAPS, Draft
from pfnscope.bootlog.effects import EfiLine, Header, MapLine, MemblockLine, PfnNode, PfnZone, Section
from pfnscope.bootlog.records import Record
from pfnscope.bootlog.text.prefix import host_of, strip_prefix
from pfnscope.bootlog.text.searchable import Text
from pfnscope.model.log import Diagnostic, MemoryType, NodeRange, SratEntry, ZoneRange
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.patterns import compiled
from pfnscope.words import counted

Claim = tuple[int, int, object, Lines]
"""Start and end of a range, who claims it, and the lines that say so."""
_LISTS: tuple[tuple[str, Section, str], ...] = (
    ("firmware_map", "firmware", "the firmware map"),
    ("extended_map", "extended", "the extended map"),
    ("user_map", "user", "the user map"),
    ("modified_map", "modified", "the modified map"),
    ("node_ranges", "nodes", "the list of node ranges"),
    ("pfn_nodes", "nodes", "the list of node ranges"),
    ("zone_ranges", "zones", "the list of zone ranges"),
    ("pfn_zones", "zones", "the list of zone ranges"),
    ("memblock_memory", "memblock", "the memblock dump"),
)
_ENTRIES: dict[type, str] = {
    MapLine: "a memory map",
    EfiLine: "the EFI memory map",
    SratEntry: "the SRAT",
    MemblockLine: "the memblock dump",
    NodeRange: "the list of node ranges",
    PfnNode: "the list of node ranges",
    ZoneRange: "the list of zone ranges",
    PfnZone: "the list of zone ranges",
}
_NARROWEST = 40  # columns of a terminal
_FIRST_FRAMES = 0x1000  # a list that begins this low, in bytes, has its beginning
_CODE_BEGIN, _CODE_END = "cut-beginning", "cut-end"
_SECTIONS = frozenset(section for _, section, _ in _LISTS)
_NEAR = 3  # lines after an entry or a header
_FAR = 1024  # bytes of a line that are compared
# Two addresses, with characters that OCR confuses with digits or that people write over digits.
_ADDRESS = r"[0-9a-fA-FxXoOQ.?*_]{5,20}"
_RANGE = rf"(?:0[xX]|\b[0-9a-f]{{4}}){_ADDRESS}[ \]]*(?:-|\.\.|->|,|~)[ \[]*{_ADDRESS}"
_SAME = 10  # equal first bytes that are not equal by chance
_NUMBERS = bytes.maketrans(b"123456789", b"000000000")
_LEAST = 3  # least bytes of an entry that is cut off


def diagnostics(draft: Draft) -> Iterator[Diagnostic]:
    """Diagnostics that need the whole boot; each kind once, with the number of its repeats."""
    if draft.banner is None:
        message = 'There is no "Linux version" line, so the text does not tell the kernel release.'
        if draft.running:
            own = any(draft.recognised.issuperset(lines) for lines in draft.running.values())
            who = "an oops in the text is" if own else "another part of the text is"
            message = f'There is no "Linux version" line; {who} of {" and ".join(draft.running)}.'
        yield Diagnostic("info", "no-release", message, None, None)
    yield from _missing_lines(draft)
    if draft.has_more_diagnostics:
        message = "More lines of this boot deserve a remark than are listed here."
        yield Diagnostic("warning", "more-diagnostics", message, None, None)
    spans: dict[int, ByteRange | None] = {}
    for node in draft.values("initmem"):
        if spans.setdefault(node.node, node.range) != node.range:
            message = f"The span of node {node.node} is printed twice and differs: the text may hold two boots."
            yield Diagnostic("warning", "conflicting-initmem", message, node.lines[0], None)
            break
    for name in MAPS:
        torn = [entry for entry in draft.values(name) if not entry.label]
        if torn:
            which = name.replace("_", " ")
            message = f"The text has lost types of the {which}: {counted(len(torn), 'range')} without one."
            yield Diagnostic("warning", "map-without-types", message, torn[0].lines[0], None)
        clashes = list(_clashes((entry.start, entry.end, object(), entry.lines) for entry in draft.values(name)))
        if clashes:
            where, _, line = clashes[0]
            message = (
                f"Entries of the {name.replace('_', ' ')} overlap from {where:#x} on{_others(clashes)}: "
                "the text may hold two different maps of that name."
            )
            yield Diagnostic("warning", "conflicting-map", message, line, None)


def _clashes(claims: Iterable[Claim]) -> Iterator[tuple[int, tuple[object, object], int]]:
    """Where a range begins inside one of another owner: the address, both owners and the line."""
    reach: Claim | None = None
    for claim in sorted(claims, key=lambda claim: claim[:2]):
        start, end, owner, lines = claim
        if reach is not None and start < reach[1] and owner != reach[2]:
            yield start, (reach[2], owner), lines[0]
        if reach is None or end > reach[1]:
            reach = claim


def _others(clashes: Sequence[object]) -> str:
    more = len(clashes) - 1
    return f", and so in {more} more {'place' if more == 1 else 'places'}" if more else ""


def without_cut_lines(draft: Draft) -> list[Diagnostic]:
    """The remarks of a draft; where a terminal or a viewer cut all long lines at one column, one for all of these."""
    width = max((columns for _, columns in draft.unread), default=0)
    cut = {number for number, columns in draft.unread if columns == width}
    if width < max(draft.widest, _NARROWEST) or width not in (draft.command_width, draft.banner_width):
        return draft.diagnostics  # entries of a list may all be as long; a banner and a command line are not by chance
    also = ", and the end of the command line may be" if draft.command_width == width else ""
    lacking = f"what stood behind it is missing in {counted(len(cut), 'line')}{also}"
    message = f"All long lines end at column {width}: {lacking}."
    note = Diagnostic("warning", "cut-lines", message, min(cut), None)
    rest = [item for item in draft.diagnostics if item.code != "unrecognised-line" or item.line not in cut]
    return [note, *rest]


def _missing_lines(draft: Draft) -> Iterator[Diagnostic]:
    """Diagnostics where lines of this boot may be missing before or after a list."""
    reported: set[Section] = set()
    for name, section, words in _LISTS:
        entries = draft.facts.get(name)
        if not entries or section in draft.opened or section in reported:
            continue
        start, line = _first_entry(next(iter(entries.values())))
        if start is not None and start > _FIRST_FRAMES:
            reported.add(section)
            yield Diagnostic(
                "warning",
                _CODE_BEGIN,
                f"The text has no beginning of {words}: entries in front of this one may be missing.",
                line,
                None,
            )
    yield from _late(draft)
    yield from _end(draft)


def _first_entry(fact: object) -> tuple[int | None, int]:
    """Where the first entry of a list starts, in bytes, and its line."""
    if isinstance(fact, tuple):
        frames, lines = fact
        return frames.start * _FIRST_FRAMES, lines[0]
    memory = getattr(fact, "range", None)
    return (None if memory is None else memory.start), getattr(fact, "lines", (1,))[0]


def _late(draft: Draft) -> Iterator[Diagnostic]:
    first = draft.first
    if draft.banner is not None or first is None or not first.stamp:
        return
    missing = [
        words
        for words, names in (
            ("memory maps", (*MAPS, "efi_map")),
            ("node ranges", ("node_ranges", "pfn_nodes", "node_memory")),
            ("zone ranges", ("zone_ranges", "pfn_zones")),
        )
        if not draft.holds(*names)
    ]
    yield Diagnostic(
        "info",
        _CODE_BEGIN,
        f"The first line about memory is of {first.stamp / 1_000_000:.6f} s, and none names the release: what "
        f"was printed before may be missing{', and with it ' + ', '.join(missing) if missing else ''}.",
        first.lines[0],
        None,
    )


def _reaches_the_end(draft: Draft, effect: object) -> bool:
    """Whether a node range reaches the end of RAM in the last map: then no entry can be missing after it."""
    entries = next((entries for name in reversed(MAPS) if (entries := draft.values(name))), ())
    ends = [entry.end for entry in entries if entry.type is MemoryType.RAM]
    return isinstance(effect, NodeRange) and bool(ends) and effect.end >= max(ends) & -_FIRST_FRAMES


def _end(draft: Draft) -> Iterator[Diagnostic]:
    last = draft.last
    words = None if last is None else _ENTRIES.get(type(last.effect))
    if last is None or words is None or draft.follows == "log" or _reaches_the_end(draft, last.effect):
        return
    piece = draft.follows == "piece"
    where = "is cut off within" if piece else "ends with an entry of"
    message = f"The text {where} {words}: further entries may be missing."
    yield Diagnostic("warning" if piece else "info", _CODE_END, message, last.lines[-1], None)


def is_listed(record: Record) -> bool:
    """Whether a record is an entry of a list, or a header of one."""
    effect = record.effect
    return type(effect) in _ENTRIES or (isinstance(effect, Header) and effect.section in _SECTIONS)


def report_damaged_lines(text: Text, listed: Record, end: int, draft: Draft) -> int:
    """Report unrecognised lines right after an entry, up to offset ``end``, that look like another entry.

    Gives the number of the last such line, or 0.
    """
    last_damaged = 0
    at = text.line_end(listed.end) + 1 if listed.end < len(text.data) else end
    while at < end:
        number = listed.lines[-1] + text.distance(listed.end, at)
        stop = text.line_end(at)
        if number > listed.lines[-1] + _NEAR or stop > end:
            break
        if stop == at or number in draft.recognised:
            at = stop + 1
            continue
        stripped = strip_prefix(text.data[at : min(stop, at + _FAR)])
        if _looks_alike(stripped.message, listed.message) and host_of(text.data[at : at + stripped.column]) in (
            None,
            listed.host,
        ):
            last_damaged = number
            message = "This stands in a list of a memory layout and looks like a part of it, but it has no known form."
            draft.leave_unread(message, (number,), stripped.column + 1, stop - at)
        at = stop + 1
    return last_damaged


def _looks_alike(message: bytes, entry: bytes) -> bool:
    begin, known = (text[:_FAR].translate(_NUMBERS) for text in (message, entry))
    same = begin[:_SAME] == known[:_SAME] and len(begin) >= _SAME
    return same or (len(begin) >= _LEAST and known.startswith(begin)) or compiled(_RANGE).find(message) >= 0
