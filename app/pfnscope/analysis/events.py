"""Places trouble in the log on page frames: by a printed pfn, or by a struct page pointer."""

from collections.abc import Sequence

from pfnscope.analysis.evidence import function_of
from pfnscope.analysis.page_flags import links
from pfnscope.analysis.pointers import UNPLACED, Placed, Pointers, named_frames, pointers_in, values_beside
from pfnscope.bootlog.boots.faults import PAGE_TABLE_ENTRY
from pfnscope.kernel.architectures import X86, architecture
from pfnscope.kernel.poison import poison_of_address
from pfnscope.kernel.walkers import walker_in
from pfnscope.model.analysis import Event, Hole, hole_at
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog, LogEvent
from pfnscope.model.ranges import Address

_ENTRY_ADDRESS = 0x000FFFFFFFFFF000
"""Bits of a page table entry that hold the address: PTE_PFN_MASK, arch/x86/include/asm/pgtable_types.h."""


def place_events(log: BootLog, layout: Layout, pointers: Pointers, holes: Sequence[Hole]) -> tuple[Event, ...]:
    """Each event with its frame where the text proves one, or those that remain, and the hole that it falls in."""
    linked = links(log, layout)
    out: list[Event] = []
    for at, event in enumerate(log.events):
        placed = _place(log.events, at, pointers)
        address = None if event.address is None else Address(event.address)
        hole = None if placed.pfn is None else hole_at(holes, placed.pfn)
        out.append(
            Event(
                kind=event.kind,
                text=event.text,
                address=address,
                pfn=placed.pfn,
                hole=hole.frames if hole else None,
                lines=event.lines,
                candidates=placed.candidates,
                how=placed.how,
                linked_node=linked[at].node,
                linked_zone=linked[at].zone,
            )
        )
    return tuple(out)


def _place(events: Sequence[LogEvent], at: int, pointers: Pointers) -> Placed:
    """The frame of an event: by what the lines name, by a pointer that must be one, by the only one in registers."""
    event, arch = events[at], pointers.machine.arch
    if (mapped := _mapped(event, arch)) is not None:
        return Placed(mapped, how="the page table entry maps the pfn")
    if event.pfn is not None:
        return Placed(event.pfn, how="the line names the pfn")
    if event.physical is not None:
        return Placed(event.physical // pointers.machine.page_size, how="the line names the address")
    values = values_beside(events, at)
    ordinary = event.kind == "oops" and not _goes_through_struct_pages(event, arch)
    for address, inside in pointers_in(event, arch):
        printed = address == event.struct_page
        if printed and (frames := named_frames(events, at, address, pointers.machine.page_size)):
            return Placed(frames.pop(), how="the line before names the pfn")
        # struct pages of a hole are mapped: a fault lies elsewhere
        by_chance = ordinary or (inside and arch in X86)
        placed = pointers.place(address, values, inside=inside, sure=printed, by_chance=by_chance)
        if placed is not UNPLACED:
            return placed
    return _by_register(events, at, pointers, values)


def _goes_through_struct_pages(event: LogEvent, arch: str | None) -> bool:
    """Whether an oops died in a function that does, or on what a struct page holds that nothing wrote."""
    function = function_of(event)
    if function and walker_in(function):
        return True
    return event.address is not None and poison_of_address(event.address, architecture(arch).bits) is not None


def _by_register(events: Sequence[LogEvent], at: int, pointers: Pointers, values: Sequence[int]) -> Placed:
    """The struct page that a fault is about, where it is in no register of its own.

    It is the one that a page dump beside the oops names, or after a read through a struct page that nothing wrote, the
    only pointer to one in all registers.
    """
    event = events[at]
    near = {item.struct_page for item in events[max(at - 1, 0) : at + 2] if item.struct_page is not None}
    own = dict.fromkeys(value for _, value in event.registers)
    for value in own:
        if value in near:
            return pointers.place(value, values)
    if event.address is None or not poison_of_address(event.address, architecture(pointers.machine.arch).bits):
        return UNPLACED
    placed = {value: item for value in own if (item := pointers.place(value, values, sure=False)) is not UNPLACED}
    return next(iter(placed.values())) if len(placed) == 1 else UNPLACED


def _mapped(event: LogEvent, arch: str | None) -> int | None:
    """The frame that a page table entry of x86-64 maps; one that is not present may hold it inverted."""
    entry = dict(event.registers).get(PAGE_TABLE_ENTRY)
    if entry is None or arch != "x86_64" or not entry & 1:
        return None
    return (entry & _ENTRY_ADDRESS) >> 12
