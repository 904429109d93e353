"""A boot while it is read: facts collected from records, each once, with the lines of all its repeats."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, get_args

import msgspec

from pfnscope.bootlog.boots.facts import impossible_frames, key_of, lines_at, put
from pfnscope.bootlog.boots.faults import Faults
from pfnscope.bootlog.effects import (
    Banner,
    CommandLine,
    LastPfn,
    MemoryLine,
    PfnInitmem,
    PfnMovable,
    PfnNode,
    PfnReserved,
    PfnZone,
    Section,
    Tally,
)
from pfnscope.bootlog.files.lines import Collector
from pfnscope.bootlog.records import Record, merged
from pfnscope.bootlog.runs import Run
from pfnscope.kernel.spellings import Spelling
from pfnscope.model.log import BootLog, Diagnostic, EfiEntry, MemblockRegion, ZoneRange
from pfnscope.model.ranges import Lines
from pfnscope.model.sources import Source, UnusedFile

Beginning = Literal["start", "banner", "repeat", "prose", "aside"]
"""Why a draft begins; ``aside``: after prose, in the middle of a boot, which it continues unless it contradicts it."""
Follows = Literal["log", "nothing", "piece"]
"""What follows the last recognised line: more of the log, nothing of it, or a line that is cut off."""
IN_FRAMES: dict[type, tuple[str, str]] = {
    PfnNode: ("pfn_nodes", "node_ranges"),
    PfnZone: ("pfn_zones", "zone_ranges"),
    PfnMovable: ("pfn_movable", "movable_start"),
    PfnInitmem: ("pfn_initmem", "initmem"),
    PfnReserved: ("pfn_reserved", "reserved_regions"),
}
"""Facts in page frames: the lists that they go to until the page size is known, and from then on."""


def _lists_of_facts() -> dict[str, type]:
    """The lists of BootLog whose items name the lines that say them, with the type of the items."""
    annotations: dict[str, Any] = BootLog.__annotations__
    items = {name: get_args(kind)[0] for name, kind in annotations.items() if get_args(kind)[1:] == (...,)}
    facts = {name: kind for name, kind in items.items() if "lines" in getattr(kind, "__struct_fields__", ())}
    return {name: kind for name, kind in facts.items() if kind not in (Source, UnusedFile)}


LISTS = _lists_of_facts()
"""Every list of facts in BootLog. A new kind of fact is a type with such a list, and the form that gives it."""
LIST_OF: dict[type, str] = {
    **{kind: name for name, kind in LISTS.items() if [*LISTS.values()].count(kind) == 1},
    **{kind: names[0] for kind, names in IN_FRAMES.items()},
}
"""Where a fact goes by its type; the rest needs more than its type (entries of maps, regions of memblock)."""

MAPS = ("firmware_map", "extended_map", "user_map", "modified_map")
RANGES = (*MAPS, "node_ranges", "pfn_nodes", "zone_ranges", "pfn_zones")
LAYOUT = (*RANGES, "node_memory", "memblock_memory", "memblock_adds", "efi_map", "srat")
LEAST = ("reserved_regions", "pfn_reserved", "initmem", "pfn_initmem")
"""Lists that are worth a document where the text has no layout."""
_EARLY = {name for name in LISTS if name.startswith("memblock_")} | {"reserved_regions"}

_ONCE: dict[Section, tuple[str, ...]] = {
    "firmware": ("firmware_map",),
    "user": ("user_map",),
    "extended": ("extended_map",),
    "modified": ("modified_map",),
    "zones": ("zone_ranges", "pfn_zones"),
    "nodes": ("node_ranges", "pfn_nodes"),
}
_REPEATED = ("e820_changes", "sizes")
"""What a kernel may say twice and mean twice: it changes the same range again, or frees as much again."""
_ZONES = frozenset({ZoneRange, PfnZone})
_MOST_DIAGNOSTICS = 100
_SPACE = 1 << 64


NONE: Mapping[Any, Any] = MappingProxyType({})
"""What few boots have any of: a hostile text has thousands of boots, and an empty dictionary for each costs memory."""


class Draft:
    """One boot or excerpt, which :mod:`pfnscope.bootlog.boots.finish` turns into a BootLog."""

    __slots__ = (
        "_zones",
        "arch_hint",
        "assumed",
        "banner",
        "banner_width",
        "bootconfig",
        "captures",
        "command_lines",
        "command_width",
        "diagnostics",
        "doubled",
        "dumped",
        "efi_begins",
        "efi_dumps",
        "efi_number",
        "ended",
        "facts",
        "families",
        "faults",
        "files",
        "first",
        "follows",
        "hardware",
        "has_more_diagnostics",
        "host",
        "last",
        "last_pfns",
        "memblock_numbers",
        "memory_line",
        "open",
        "opened",
        "page_size",
        "reason",
        "recognised",
        "region_names",
        "running",
        "same_as",
        "spellings",
        "stamps",
        "tallies",
        "unread",
        "when",
        "widest",
        "x86_lines",
    )

    def __init__(self, reason: Beginning) -> None:
        self.reason = reason
        self.facts: dict[str, dict[Any, Any]] = {}
        self.tallies: list[Tally] = []
        self.last_pfns: dict[LastPfn, Lines] = {}
        self.faults = Faults()
        self.files = Collector()
        self.captures = False  # whether a line says that this kernel saves the memory of one that crashed
        self.banner: tuple[Banner, Lines] | None = None
        self.running: dict[str, Lines] = {}
        self.bootconfig: Lines = ()
        self.command_lines: list[tuple[CommandLine, Lines]] = []
        self.arch_hint: tuple[str, Lines] | None = None
        self.page_size: tuple[int, Lines] | None = None
        self.memory_line: tuple[MemoryLine, Lines] | None = None
        self.diagnostics: list[Diagnostic] = []
        self.has_more_diagnostics = False
        self.assumed: list[str] = []
        self.recognised: set[int] = set()
        self.region_names: Mapping[int, str] = NONE
        self.families: dict[str, None] = {}
        self.x86_lines: Lines = ()
        self.spellings: Mapping[Spelling, Lines] = NONE  # words that bound a release not named yet, and where
        self.doubled = False
        self.first: Record | None = None
        self.last: Record | None = None
        self.stamps: tuple[int, ...] = ()  # of the first lines with one that tells this boot from others
        self.when = b""  # the digits in front of the banner: the time by which a log daemon tells boots apart
        self.same_as: Draft | None = None  # the boot whose log this is a further copy of
        self.unread: tuple[tuple[int, int], ...] = ()  # lines of no known form, with their bytes
        self.widest = 0  # bytes of the longest line that was read
        self.banner_width = self.command_width = 0
        self.follows: Follows = "log"
        self.host: str | None = None
        self.hardware: str | None = None
        self.ended = False  # whether the kernel panicked, or said that it goes down or starts another
        self.open: Section | None = None
        self.opened: set[Section] = set()
        self.dumped = False  # whether a memblock dump begins here
        self.memblock_numbers: Mapping[str, int] = NONE  # of the last region of each list
        self._zones: dict[str, object] = {}
        self.efi_number: int | None = None
        self.efi_dumps = 0
        self.efi_begins = False  # whether the first entry read is the first of its dump

    def holds(self, *names: str) -> bool:
        """Whether any fact of these lists was read."""
        facts = self.facts
        return any(facts.get(name) for name in names)

    @property
    def named(self) -> bool:
        """Whether a line names the kernel's release."""
        return self.banner is not None or bool(self.running)

    @property
    def has_layout(self) -> bool:
        """Whether anything was read that a layout can be made of."""
        return self.holds(*LAYOUT)

    @property
    def only_memblock(self) -> bool:
        """Whether nothing was read but what memblock prints and what was reserved, as before some banners."""
        known = {name for name, facts in self.facts.items() if facts}
        return self.banner is None and not self.counted and known <= _EARLY

    @property
    def counted(self) -> bool:
        """Whether there is a banner and a count of memory, which is all that old arm kernels print."""
        return self.banner is not None and (self.memory_line is not None or bool(self.tallies))

    @property
    def has_ranges(self) -> bool:
        """Whether node or zone ranges were read."""
        return self.holds("node_ranges", "pfn_nodes", "node_memory", "zone_ranges", "pfn_zones")

    def repeats(self, section: Section) -> bool:
        """Whether this header, printed once a boot, stands over facts that this draft already has.

        The modified map may come again before the node ranges: for the MTRRs, and for a check of low memory
        (arch/x86/kernel/setup.c, arch/x86/kernel/check.c, 2.6.32 to 3.4). The last one is in force.
        """
        if section == "modified" and not self.has_ranges:
            return False
        return self.holds(*_ONCE.get(section, ()))

    def sections_once(self) -> set[Section]:
        """The sections, each printed once a boot, whose facts this draft has."""
        return {section for section in _ONCE if self.repeats(section)}

    def aside(self) -> "Draft":
        """A draft that begins in the sections that are open here."""
        other = Draft("aside")
        other.open, other.opened = self.open, set(self.opened)
        return other

    def values(self, name: str) -> tuple[Any, ...]:
        """The facts of one list, in text order."""
        facts = self.facts.get(name)
        return tuple(facts.values()) if facts else ()

    def span(self) -> tuple[int, int]:
        """First and last recognised line."""
        return min(self.recognised, default=1), max(self.recognised, default=1)

    def open_section(self, section: Section) -> None:
        """Open a section for the lines that need it."""
        if section == self.open:
            self.doubled = True
        if section == "modified":
            self.facts.pop("modified_map", None)
        if section == "memblock":
            self.facts.pop("memblock_memory", None)
            self.facts.pop("memblock_reserved", None)
            self.dumped = True
        self.open = section
        self.opened.add(section)

    def add(self, name: str, fact: Any, record: Record, apart: int = 0) -> None:
        """Put a fact into a list, once; a repeat adds its lines, unless it is ``apart``."""
        kind = type(fact)
        in_frames = kind in IN_FRAMES
        end = getattr(fact, "end", None)
        if end is not None and fact.start == end and not in_frames:
            return  # an empty range is no fact
        if impossible_frames(fact) if in_frames else end is not None and not fact.start < end <= _SPACE:
            self.complain(
                "warning",
                "impossible-range",
                "The range ends before it starts, or beyond 2^64; it is left out.",
                record.lines,
                record.column,
            )
            return
        if kind in _ZONES and self._contradicts(fact):
            self.complain(
                "warning",
                "conflicting-zone",
                f"Zone {fact.zone} was printed before with other limits; these are left out.",
                record.lines,
                record.column,
            )
            return
        known = self.facts.setdefault(name, {})
        if name in _REPEATED:
            apart = len(known)
        if in_frames:
            known[fact] = (fact, merged(known[fact][1], record.lines) if fact in known else record.lines)
            return
        if put(known, key_of(fact, kind, apart), fact):
            self.doubled = self.doubled or name in LAYOUT

    def take_run(self, run: Run) -> None:
        """Add what the lines of a run say, which are behind a line of the same rows."""
        self.recognised.update(run.lines)
        self.widest = max(self.widest, run.width)
        known = self.facts.setdefault("memblock_reserve_events", {})
        for event in run.events:
            put(known, key_of(event, MemblockRegion, 0), event)

    def _contradicts(self, zone: ZoneRange | PfnZone) -> bool:
        """Whether this zone is already known with other limits: a kernel prints each zone once."""
        limits = zone.range if isinstance(zone, ZoneRange) else zone
        return self._zones.setdefault(zone.zone, limits) != limits

    def recognise(self, family: str, lines: Lines) -> None:
        """Note that lines were understood."""
        if len(lines) == 1:
            self.recognised.add(lines[0])
        else:
            self.recognised.update(lines)
        self.families[family] = None

    def complain(
        self, severity: Literal["info", "warning"], code: str, message: str, lines: Lines, column: int | None
    ) -> None:
        """Add a diagnostic; after the first hundred, only note that there are more, and the first line."""
        if len(self.diagnostics) < _MOST_DIAGNOSTICS:
            self.diagnostics.append(Diagnostic(severity, code, message, lines[0], column))
            self.recognised.update(lines)
        elif not self.has_more_diagnostics:
            self.has_more_diagnostics = True
            self.recognised.update(lines)

    def leave_unread(self, message: str, lines: Lines, column: int, width: int) -> None:
        """Note a line of ``width`` bytes that has no known form and looks as if it should."""
        before = len(self.diagnostics)
        self.complain("warning", "unrecognised-line", message, lines, column)
        if len(self.diagnostics) > before:
            self.unread += ((lines[0], width),)

    def absorb(self, other: "Draft") -> None:
        """Take in everything of a later draft of the same boot."""
        if other.dumped:
            self.facts.pop("memblock_memory", None)
            self.facts.pop("memblock_reserved", None)
            self.dumped = True
        dumps = self.efi_dumps + (other.efi_begins and self.efi_number is not None)
        repeated = self.confirm(other, dumps)
        if other.efi_number is not None:
            self.efi_begins |= self.efi_number is None and other.efi_begins
            self.efi_number, self.efi_dumps = other.efi_number, dumps + other.efi_dumps
        self.tallies += other.tallies
        self.faults.events += other.faults.events
        self.faults.kasan = self.faults.kasan or other.faults.kasan
        self.files.absorb(other.files)
        for last, lines in other.last_pfns.items():
            self.last_pfns[last] = merged(self.last_pfns.get(last, ()), lines)
        for release, lines in other.running.items():
            self.running[release] = merged(self.running.get(release, ()), lines)
        self.command_lines += other.command_lines
        self.bootconfig = self.bootconfig or other.bootconfig
        self.banner = self.banner or other.banner
        self.arch_hint = self.arch_hint or other.arch_hint
        self.page_size = self.page_size or other.page_size
        self.memory_line = self.memory_line or other.memory_line
        self.x86_lines = self.x86_lines or other.x86_lines
        self.diagnostics += other.diagnostics
        self.has_more_diagnostics |= other.has_more_diagnostics
        self.doubled |= other.doubled or not repeated.isdisjoint(LAYOUT)
        self.host = other.host or self.host
        self.hardware = self.hardware or other.hardware
        self.ended = other.ended
        self.captures |= other.captures
        self.first = self.first or other.first
        self.last = other.last or self.last
        self.open = other.open or self.open
        self.opened |= other.opened
        self.follows = other.follows if other.last else self.follows

    def confirm(self, other: "Draft", dumps: int = 0) -> set[str]:
        """Add the facts and lines of an excerpt that quotes this boot. Gives the lists whose facts it repeats.

        ``dumps``: the EFI maps of the excerpt come after so many of this boot.
        """
        repeated: set[str] = set()
        for name, facts in other.facts.items():
            known = self.facts.setdefault(name, {})
            for theirs, fact in facts.items():
                key = key_of(fact, EfiEntry, theirs[lines_at(EfiEntry)] + dumps) if name == "efi_map" else theirs
                if key not in known:
                    known[key] = fact
                elif isinstance(fact, tuple):
                    known[key] = (fact[0], merged(known[key][1], fact[1]))
                else:
                    repeated.add(name)
                    known[key] = msgspec.structs.replace(fact, lines=merged(known[key].lines, fact.lines))
        self.recognised |= other.recognised
        self.region_names = {**self.region_names, **other.region_names} if other.region_names else self.region_names
        self.spellings = {**other.spellings, **self.spellings} if other.spellings else self.spellings
        self.unread += other.unread
        self.widest = max(self.widest, other.widest)
        self.banner_width = max(self.banner_width, other.banner_width)
        self.command_width = max(self.command_width, other.command_width)
        self.families |= other.families
        return repeated
