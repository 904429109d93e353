"""Texts that begin or end in the middle: the ring buffer dropped the first lines, or somebody copied a part.

What is missing cannot be known, so it is only said where something may be missing.
"""

from collections.abc import Iterator

from pfnscope.bootlog.boots.draft import MAPS, Draft
from pfnscope.bootlog.effects import EfiLine, MapLine, MemblockLine, PfnNode, PfnZone, Section
from pfnscope.bootlog.model import Diagnostic, MemoryType, NodeRange, SratEntry, ZoneRange

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
_FIRST_FRAMES = 0x1000  # a list that begins this low, in bytes, has its beginning
_CODE_BEGIN, _CODE_END = "cut-beginning", "cut-end"


def cuts(draft: Draft) -> Iterator[Diagnostic]:
    """Where this boot may lack lines in front or behind."""
    told: set[Section] = set()
    for name, section, words in _LISTS:
        entries = draft.facts.get(name)
        if not entries or section in draft.opened or section in told:
            continue
        start, line = _first(next(iter(entries.values())))
        if start is not None and start > _FIRST_FRAMES:
            told.add(section)
            yield Diagnostic(
                "warning",
                _CODE_BEGIN,
                f"The text has no beginning of {words}: entries in front of this one may be missing.",
                line,
            )
    yield from _late(draft)
    yield from _end(draft)


def _first(fact: object) -> tuple[int | None, int]:
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
    )


def _reaches_the_end(draft: Draft, effect: object) -> bool:
    """Whether a node range is of the last memory that a map of the text has: nothing can be missing behind it."""
    entries = next((entries for name in reversed(MAPS) if (entries := draft.values(name))), ())
    ends = [entry.range.end for entry in entries if entry.type is MemoryType.RAM]
    return isinstance(effect, NodeRange) and bool(ends) and effect.range.end >= max(ends) & -_FIRST_FRAMES


def _end(draft: Draft) -> Iterator[Diagnostic]:
    last = draft.last
    words = None if last is None else _ENTRIES.get(type(last.effect))
    if last is None or words is None or draft.follows == "log" or _reaches_the_end(draft, last.effect):
        return
    piece = draft.follows == "piece"
    where = "is cut off within" if piece else "ends with an entry of"
    message = f"The text {where} {words}: further entries may be missing."
    yield Diagnostic("warning" if piece else "info", _CODE_END, message, last.lines[-1])
