"""Whether the firmware gives one machine the same memory map at each boot, and what hibernation makes of it.

What is compared is what the log shows of the table: a map that was pasted in part can only prove a difference.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from pfnscope.kernel.architectures import X86
from pfnscope.kernel.hibernation import HASHED_AS_GIVEN, ZERO_PAGE_ENTRIES, ResumeCheck, resume_check
from pfnscope.kernel.release import Version
from pfnscope.model.log import MapEntry, MemoryType
from pfnscope.model.ranges import Address, borders
from pfnscope.model.stability import BootMap, RegionChange, ResumePair, Stability, UnstableRegion
from pfnscope.simulation.e820 import type_number

REFUSAL = "Hibernate inconsistent memory map detected!"
"""What the kernel prints where the hashes differ: arch_hibernation_header_restore(), 4.10 to 7.1."""

_ALIKE = 2
"""Of one machine are two maps that have one entry in so many in common, at its place or moved."""

_STEADY = 16
"""Of one machine are two maps whose usable memory differs by less than one part in so many."""

_Key = tuple[int, int, int]


class BootedMap(Struct, frozen=True):
    """The maps that one boot printed, and the kernel that read them. ``boot`` is its number for readers."""

    boot: int
    release: str | None
    version: Version | None
    arch: str | None
    firmware_map: tuple[MapEntry, ...]
    extended_map: tuple[MapEntry, ...] = ()
    host: str | None = None
    hardware: str | None = None

    @property
    def table(self) -> tuple[MapEntry, ...]:
        """The map that the kernel hashes, as far as the log shows it."""
        given = HASHED_AS_GIVEN.reached(self.version, unknown=True)
        return self.firmware_map if given or not self.extended_map else self.extended_map

    @property
    def typed(self) -> bool:
        """Whether the text still has the type of each entry."""
        return all(entry.label for entry in self.table)

    @property
    def check(self) -> ResumeCheck | None:
        """The check of its kernel."""
        return resume_check(self.version, self.arch)


def stability(boots: Sequence[BootedMap]) -> Stability | None:
    """Compare the firmware's maps of two boots or more; None where fewer than two have one."""
    if len(boots) < 2 or not all(boot.table for boot in boots):
        return None
    tables = [_table(boot) for boot in boots]
    first_with: dict[tuple[_Key, ...], int] = {}
    same_as = [first_with.setdefault(table, number) for number, table in enumerate(tables, 1)]
    from_first = {k: changes(boots[0].table, boots[k].table) for k in range(1, len(boots))}
    pairs = sorted(
        {(0, k) for k in range(1, len(boots))} | set(pairwise(range(len(boots)))), key=lambda pair: pair[::-1]
    )
    return Stability(
        boots=tuple(
            BootMap(boot.boot, boot.release, len(table), _usable(table), _hash(boot, table), same)
            for boot, table, same in zip(boots, tables, same_as, strict=True)
        ),
        maps=len(first_with),
        changes=from_first[1],
        regions=_unstable(boots, from_first),
        pairs=tuple(_pair(boots, tables, a, b) for a, b in pairs),
    )


def matching_pairs(stable: Stability) -> tuple[int, int]:
    """How many pairs of the boots have the same map, and how many pairs there are."""
    count = len(stable.boots)
    alike = Counter(boot.same_as for boot in stable.boots)
    return sum(size * (size - 1) // 2 for size in alike.values()), count * (count - 1) // 2


def one_machine(a: BootedMap, b: BootedMap) -> bool:
    """Whether two boots can be of one machine: neither host nor model says otherwise, and their maps are alike."""
    if a.host and b.host and a.host != b.host:
        return False
    if a.hardware and b.hardware and _model(a.hardware) != _model(b.hardware):
        return False
    sizes = sorted((len(a.table), len(b.table)))
    if sizes[0] * _ALIKE < sizes[1] or not sizes[0]:  # what the larger map costs is asked only of two that can be alike
        return False
    one, other = _table(a), _table(b)
    usable = sorted((_usable(one), _usable(other)))
    if (usable[1] - usable[0]) * _STEADY > usable[1]:
        return False
    common = len(set(one) & set(other))
    if common * _ALIKE < sizes[1]:
        common += sum(change.change == "moved" for change in changes(a.table, b.table))
    return common * _ALIKE >= sizes[1]


def _model(hardware: str) -> str:
    """The machine without the version of its firmware, which an update changes."""
    return hardware.rpartition(", BIOS ")[0] or hardware


def changes(before: Sequence[MapEntry], after: Sequence[MapEntry]) -> tuple[RegionChange, ...]:
    """What became of each entry that is not the same in both, regions before the usable memory that follows them."""
    one, other = {_key(entry): entry for entry in before}, {_key(entry): entry for entry in after}
    gone = [entry for key, entry in sorted(one.items()) if key not in other]
    come = [entry for key, entry in sorted(other.items()) if key not in one]
    out: list[RegionChange] = []
    ways: tuple[Callable[[MapEntry], object], ...] = (
        lambda entry: (_number(entry), entry.range.size),
        lambda entry: (_number(entry), entry.start),
        lambda entry: (_number(entry), entry.end),
        _number,
    )
    for way in ways:
        gone, come, paired = _paired(gone, come, way, all_or_none=way is _number)
        for old, new in paired:
            moved = old.range.size == new.range.size
            out.append(RegionChange("moved" if moved else "resized", old, new, new.start - old.start))
    out += [RegionChange("removed", entry, None) for entry in gone]
    out += [RegionChange("added", None, entry) for entry in come]
    return tuple(
        sorted(_following(out), key=lambda item: (item.follows, (item.before or item.after or before[0]).start))
    )


def _paired(
    gone: list[MapEntry], come: list[MapEntry], way: Callable[[MapEntry], object], *, all_or_none: bool
) -> tuple[list[MapEntry], list[MapEntry], list[tuple[MapEntry, MapEntry]]]:
    """Entries of one key are paired in order, as many as both sides have, or only where both have as many."""
    sides: dict[object, tuple[list[MapEntry], list[MapEntry]]] = defaultdict(lambda: ([], []))
    for side, entries in enumerate((gone, come)):
        for entry in entries:
            sides[way(entry)][side].append(entry)
    paired = [
        pair
        for old, new in sides.values()
        if not all_or_none or len(old) == len(new)
        for pair in zip(old, new, strict=False)
    ]
    done = [{id(entry) for entry in side} for side in zip(*paired, strict=True)] if paired else [set(), set()]
    left = [[entry for entry in side if id(entry) not in ids] for side, ids in zip((gone, come), done, strict=True)]
    return left[0], left[1], paired


def _following(items: list[RegionChange]) -> Iterator[RegionChange]:
    """The same, with usable memory marked whose changed ends are those of regions that changed."""
    regions = [item for item in items if _type(item) is not MemoryType.RAM]
    old = {border for item in regions if item.before for border in item.before.range}
    new = {border for item in regions if item.after for border in item.after.range}
    for item in items:
        follows = bool(regions) and _type(item) is MemoryType.RAM and _gives_way(item, old, new)
        yield RegionChange(item.change, item.before, item.after, item.by, follows)


def _gives_way(item: RegionChange, old: set[Address], new: set[Address]) -> bool:
    """Whether each end that changed is that of a region beside it, before or after."""
    before, after = (borders(entry.range if entry else None) for entry in (item.before, item.after))
    return all(was == now or was in old or now in new for was, now in zip(before, after, strict=True))


def _type(item: RegionChange) -> MemoryType | None:
    entry = item.before or item.after
    return entry.type if entry else None


def _unstable(
    boots: Sequence[BootedMap], from_first: dict[int, tuple[RegionChange, ...]]
) -> tuple[UnstableRegion, ...]:
    """Regions that are not the same in all boots, by where the first of them is."""
    known: dict[_Key, list[MapEntry | None]] = {}
    new: dict[tuple[int, int, int], list[MapEntry | None]] = {}
    count = len(boots)
    for k, items in from_first.items():
        added: Counter[tuple[int, int]] = Counter()
        for item in items:
            if item.follows:
                continue
            if item.before is not None:
                known.setdefault(_key(item.before), [item.before] * count)[k] = item.after
            elif item.after is not None:
                kind = _number(item.after), item.after.range.size
                added[kind] += 1
                new.setdefault((*kind, added[kind]), [None] * count)[k] = item.after
    regions = []
    for places in (*known.values(), *new.values()):
        entry = next(place for place in places if place is not None)
        regions.append((entry.start, UnstableRegion(entry.type, entry.label, tuple(places))))
    return tuple(region for _, region in sorted(regions, key=lambda row: row[0]))


def _pair(boots: Sequence[BootedMap], tables: Sequence[tuple[_Key, ...]], a: int, b: int) -> ResumePair:
    one, other = boots[a], boots[b]
    same = tables[a] == tables[b]
    ram_only = _ram(tables[a]) == _ram(tables[b])
    same_size = _usable(tables[a]) == _usable(tables[b])
    resumes, why = _judged(one, other, same=same, same_size=same_size, typed=one.typed and other.typed)
    return ResumePair(a + 1, b + 1, same, resumes, why, ram_only, same_size)


def _judged(one: BootedMap, other: BootedMap, *, same: bool, same_size: bool, typed: bool) -> tuple[bool | None, str]:
    """Whether ``other`` resumes from an image of ``one``, and why."""
    if not {one.arch, other.arch} <= X86:
        return None, "x86 alone compares the firmware's map before it resumes"
    kernel = f"Linux {other.release}" if other.release else "a current kernel"
    check = other.check
    if one.check != check:
        return False, f"{kernel} does not read the header of an image that Linux {one.release} wrote"
    if check is None:
        amount = "the same" if same_size else "not the same: “Image mismatch: memory size”"
        return same_size, f"{kernel} compares the amount of memory alone, which is {amount}"
    name = check.algorithm.upper()
    if same and not typed:
        return None, "both maps have the same ranges, but the text has lost their types"
    if same:
        known = "" if len(other.table) < ZERO_PAGE_ENTRIES else ", as far as its first 128 entries show"
        return True, f"both maps have the same {name}{known}"
    unless = f", unless {check.unless}" if check.unless else ""
    return False, f"{kernel} compares the {name} of the firmware's whole map, and the maps differ{unless}: “{REFUSAL}”"


def _table(boot: BootedMap) -> tuple[_Key, ...]:
    """The entries as the kernel has them: sorted, and none of no size."""
    return tuple(sorted(_key(entry) for entry in boot.table if entry.range.size))


def _key(entry: MapEntry) -> _Key:
    return entry.start, entry.range.size, _number(entry)


def _number(entry: MapEntry) -> int:
    return type_number(entry.type, entry.label)


def _ram(table: Iterable[_Key]) -> list[_Key]:
    return [entry for entry in table if entry[2] == 1]


def _usable(table: Iterable[_Key]) -> int:
    return sum(size for _, size, _ in _ram(table))


def _hash(boot: BootedMap, table: tuple[_Key, ...]) -> str | None:
    check = boot.check
    return f"{check.algorithm} {check.of(table)}" if check and boot.typed else None
