"""A boot while it is read: facts collected from records, each once, with the lines of all its repeats."""

from typing import Any, Literal

import msgspec

from app.bootlog.effects import (
    ArchHint,
    Banner,
    CommandLine,
    Effect,
    EfiLine,
    Header,
    LastPfn,
    MapLine,
    MemblockLine,
    MemoryLine,
    NodeMemory,
    Noted,
    PageSize,
    PfnInitmem,
    PfnMovable,
    PfnNode,
    PfnReserved,
    PfnZone,
    Reason,
    Registers,
    Remark,
    Running,
    Section,
    Symbol,
    Tally,
    Trouble,
)
from app.bootlog.faults import Faults
from app.bootlog.model import (
    Diagnostic,
    E820Change,
    Initmem,
    Lines,
    MovableStart,
    NodeRange,
    ReservedRegion,
    SratEntry,
    ZoneRange,
)
from app.bootlog.neighbours.collector import Collector
from app.bootlog.neighbours.lines import FileLine
from app.bootlog.records import Record, merged
from app.bootlog.text import LONGEST_LINE

Beginning = Literal["start", "banner", "repeat", "prose"]
_LISTS: dict[type, str] = {
    E820Change: "e820_changes",
    SratEntry: "srat",
    ReservedRegion: "reserved_regions",
    NodeRange: "node_ranges",
    ZoneRange: "zone_ranges",
    MovableStart: "movable_start",
    Initmem: "initmem",
}
MAPS = ("firmware_map", "extended_map", "user_map", "modified_map")
RANGES = (*MAPS, "node_ranges", "pfn_nodes", "zone_ranges", "pfn_zones")
LAYOUT = (*RANGES, "node_memory", "memblock_memory", "efi_map", "srat")
LEAST = ("reserved_regions", "pfn_reserved", "initmem", "pfn_initmem")
"""What is still worth a document where the text has no layout: memory that lines name."""

_ONCE: dict[str, tuple[str, ...]] = {
    "firmware": ("firmware_map",),
    "user": ("user_map",),
    "extended": ("extended_map",),
    "modified": ("modified_map",),
    "zones": ("zone_ranges", "pfn_zones"),
    "nodes": ("node_ranges", "pfn_nodes"),
}
_IN_FRAMES: dict[type, str] = {
    PfnNode: "pfn_nodes",
    PfnZone: "pfn_zones",
    PfnMovable: "pfn_movable",
    PfnInitmem: "pfn_initmem",
    PfnReserved: "pfn_reserved",
}
_MOST_DIAGNOSTICS = 100
_SPACE = 1 << 64
_MOST_FRAMES = 1 << 48  # in pages of 64 KiB, the largest base page, this is the whole address space


class Draft:
    """One boot or excerpt; :mod:`app.bootlog.finish` makes the frozen BootLog of it."""

    def __init__(self, reason: Beginning) -> None:
        self.reason = reason
        self.facts: dict[str, dict[Any, Any]] = {}
        self.tallies: list[Tally] = []
        self.last_pfns: dict[LastPfn, Lines] = {}
        self.faults = Faults()
        self.files = Collector()
        self.banner: tuple[Banner, Lines] | None = None
        self.running: dict[str, Lines] = {}
        self.command_lines: list[tuple[CommandLine, Lines]] = []
        self.arch_hint: tuple[str, Lines] | None = None
        self.page_size: tuple[int, Lines] | None = None
        self.memory_line: tuple[MemoryLine, Lines] | None = None
        self.diagnostics: list[Diagnostic] = []
        self.untold = 0
        self.assumed: list[str] = []
        self.recognised: set[int] = set()
        self.families: dict[str, None] = {}
        self.x86_lines: Lines = ()
        self.doubled = False
        self.last: Record | None = None
        self._open: Section | None = None
        self._opened: set[Section] = set()
        self._zones: dict[str, object] = {}
        self._efi_number = 0
        self._efi_dumps = 0

    # What the draft holds.

    def holds(self, *names: str) -> bool:
        """Whether any fact of these lists was read."""
        return any(self.facts.get(name) for name in names)

    @property
    def has_layout(self) -> bool:
        """Whether anything was read that a layout can be made of."""
        return self.holds(*LAYOUT)

    @property
    def has_ranges(self) -> bool:
        """Whether node or zone ranges were read."""
        return self.holds("node_ranges", "pfn_nodes", "node_memory", "zone_ranges", "pfn_zones")

    def repeats(self, section: Section) -> bool:
        """Whether this header, printed once a boot, stands over facts that this draft already has."""
        return self.holds(*_ONCE.get(section, ()))

    def values(self, name: str) -> tuple[Any, ...]:
        """The facts of one list, in text order."""
        return tuple(self.facts.get(name, {}).values())

    def span(self) -> tuple[int, int]:
        """First and last recognised line."""
        return min(self.recognised, default=1), max(self.recognised, default=1)

    # Taking in records.

    def take(self, record: Record) -> None:
        """Take in one record; a line whose section is not open says nothing and is left out."""
        form, effect = record.form, record.effect
        if form is None or effect is None:
            self._complain(
                "warning",
                "unrecognised-line",
                "This looks like a line of a memory layout, but it has no known form.",
                record.lines,
                record.column,
            )
            return
        if isinstance(effect, FileLine):
            if self.files.take(effect):
                self.recognised.update(record.lines)
                self.families[form.family] = None
            return
        if form.needs and not self._bound(form.needs, effect):
            return
        self.last = record
        self.recognised.update(record.lines)
        self.families[form.family] = None
        if form.source.startswith("arch/x86/kernel/e820"):
            self.x86_lines = self.x86_lines or record.lines
        self._apply(effect, record)

    def _bound(self, needs: tuple[Section, ...], effect: Effect) -> bool:
        if "fault" in needs:
            return self.faults.open
        if self._open in needs:
            return True
        # Lines picked out of a log, by grep for one, come without their header.
        bare = isinstance(effect, ZoneRange) and "zones" not in self._opened
        return bare and isinstance(effect, ZoneRange) and (effect.range is not None or self.holds("zone_ranges"))

    def _apply(self, effect: Effect, record: Record) -> None:
        lines = record.lines
        if isinstance(effect, Header):
            self._header(effect.section)
        elif isinstance(effect, MapLine):
            self._add(f"{effect.map or self._open}_map", effect.entry, record)
        elif isinstance(effect, EfiLine):
            if effect.number == 0 and self._efi_number:
                self._efi_dumps += 1
            self._efi_number = effect.number
            self._add("efi_map", effect.entry, record, self._efi_dumps)
        elif isinstance(effect, MemblockLine):
            name = "memblock_reserve_events" if effect.which == "event" else f"memblock_{effect.which}"
            self._add(name, effect.region, record)
        elif type(effect) in _IN_FRAMES:
            self._add(_IN_FRAMES[type(effect)], effect, record)
        elif isinstance(effect, NodeMemory):
            for item in effect.ranges:
                self._add("node_memory", item, record)
        elif isinstance(effect, Remark):
            self._complain(effect.severity, effect.code, effect.message, lines, record.column)
        elif isinstance(effect, Banner):
            self.banner = self.banner or (effect, lines)
        elif isinstance(effect, Running):
            self.running[effect.release] = merged(self.running.get(effect.release, ()), lines)
        elif isinstance(effect, CommandLine):
            self._command_line(effect, lines)
        elif isinstance(effect, ArchHint):
            self.arch_hint = self.arch_hint or (effect.arch, lines)
        elif isinstance(effect, PageSize):
            self.page_size = self.page_size or (effect.size, lines)
        elif isinstance(effect, MemoryLine):
            self.memory_line = self.memory_line or (effect, lines)
        elif isinstance(effect, LastPfn):
            self.last_pfns[effect] = merged(self.last_pfns.get(effect, ()), lines)
        elif isinstance(effect, Tally):
            self.tallies.append(effect)
        elif isinstance(effect, Trouble | Symbol | Reason | Registers):
            self.faults.take(effect, record)
        elif not isinstance(effect, Noted):
            self._add(_LISTS[type(effect)], effect, record)

    def _header(self, section: Section) -> None:
        if section == self._open:
            self.doubled = True
        if section == "memblock":
            self.facts.pop("memblock_memory", None)
            self.facts.pop("memblock_reserved", None)
        self._open = section
        self._opened.add(section)

    def _add(self, name: str, fact: Any, record: Record, apart: int = 0) -> None:
        memory = getattr(fact, "range", None)
        if memory is not None and memory.start == memory.end:
            return  # nothing was reserved
        if _impossible(fact):
            self._complain(
                "warning",
                "impossible-range",
                "The range ends before it starts, or beyond 2^64; it is left out.",
                record.lines,
                record.column,
            )
            return
        if isinstance(fact, ZoneRange | PfnZone) and self._contradicts(fact):
            self._complain(
                "warning",
                "conflicting-zone",
                f"Zone {fact.zone} was printed before with other limits; these are left out.",
                record.lines,
                record.column,
            )
            return
        known = self.facts.setdefault(name, {})
        if name == "e820_changes":
            apart = len(known)  # the kernel may change the same range twice
        if type(fact) in _IN_FRAMES:
            known[fact] = (fact, merged(known[fact][1], record.lines) if fact in known else record.lines)
            return
        key = (msgspec.structs.replace(fact, lines=()), apart)
        before = known.get(key)
        if before is not None:
            self.doubled = self.doubled or name in LAYOUT
            fact = msgspec.structs.replace(before, lines=merged(before.lines, fact.lines))
        known[key] = fact

    def _contradicts(self, zone: ZoneRange | PfnZone) -> bool:
        """Whether this zone is already known with other limits: a kernel prints each zone once."""
        limits = zone.range if isinstance(zone, ZoneRange) else zone
        return self._zones.setdefault(zone.zone, limits) != limits

    def _command_line(self, effect: CommandLine, lines: Lines) -> None:
        before, before_lines = self.command_lines[-1] if self.command_lines else (effect, lines)
        if self.command_lines and not before.complete and len(before.text) < LONGEST_LINE:
            joined = CommandLine(f"{before.text} {effect.text}", effect.complete)
            self.command_lines[-1] = (joined, merged(before_lines, lines))
        else:
            self.command_lines.append((effect, lines))

    def _complain(
        self, severity: Literal["info", "warning"], code: str, message: str, lines: Lines, column: int | None
    ) -> None:
        if len(self.diagnostics) < _MOST_DIAGNOSTICS:
            self.diagnostics.append(Diagnostic(severity, code, message, lines[0], column))
            self.recognised.update(lines)
        else:
            self.untold += 1

    # Joining drafts.

    def absorb(self, other: "Draft") -> None:
        """Take in everything of a later draft of the same boot."""
        for name, facts in other.facts.items():
            known = self.facts.setdefault(name, {})
            for key, fact in facts.items():
                if key not in known:
                    known[key] = fact
                elif isinstance(fact, tuple):
                    known[key] = (fact[0], merged(known[key][1], fact[1]))
                else:
                    self.doubled = self.doubled or name in LAYOUT
                    known[key] = msgspec.structs.replace(fact, lines=merged(known[key].lines, fact.lines))
        self.tallies += other.tallies
        self.faults.events += other.faults.events
        self.files.absorb(other.files)
        for last, lines in other.last_pfns.items():
            self.last_pfns[last] = merged(self.last_pfns.get(last, ()), lines)
        for release, lines in other.running.items():
            self.running[release] = merged(self.running.get(release, ()), lines)
        self.command_lines += other.command_lines
        self.banner = self.banner or other.banner
        self.arch_hint = self.arch_hint or other.arch_hint
        self.page_size = self.page_size or other.page_size
        self.memory_line = self.memory_line or other.memory_line
        self.x86_lines = self.x86_lines or other.x86_lines
        self.diagnostics += other.diagnostics
        self.untold += other.untold
        self.recognised |= other.recognised
        self.families |= other.families
        self.doubled |= other.doubled
        self.last = other.last or self.last


def _impossible(fact: object) -> bool:
    """Whether a range is backwards or lies beyond the address space, whatever the page size."""
    if isinstance(fact, PfnNode | PfnInitmem | PfnReserved):
        return fact.start > fact.end or fact.end > _MOST_FRAMES
    if isinstance(fact, PfnZone):  # an empty zone may be printed backwards
        return max(fact.start, fact.end) > _MOST_FRAMES
    if isinstance(fact, PfnMovable):
        return fact.pfn > _MOST_FRAMES
    memory = getattr(fact, "range", None)
    return memory is not None and (memory.start > memory.end or memory.end > _SPACE)
