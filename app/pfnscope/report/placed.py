"""Placements on the wire."""

from typing import Literal

import msgspec

from pfnscope.analysis import Analysis
from pfnscope.analysis.placement import Placement as Found
from pfnscope.model.analysis import State


class AddedHole(msgspec.Struct, frozen=True):
    """A hole that a region adds: struct pages without memory, with their state on that release."""

    start_pfn: int
    end_pfn: int
    pages: int
    placement: Literal["outside-zone-spans", "inside-zone-span"]
    state: str
    linked_node: int | None
    linked_zone: str | None
    reachable_by: list[str]
    severity: str


class Placement(msgspec.Struct, frozen=True):
    """Possible start addresses [start, end) of one outcome, at multiples of the alignment.

    ``holes`` are those that a region at ``start`` adds; ``dangerous_on`` names releases on which it adds a danger.
    """

    start: str
    end: str
    safe: bool
    holes: list[AddedHole]
    dangerous_on: list[str]


class Placements(msgspec.Struct, frozen=True, kw_only=True):
    """Where a memmap= region of ``size`` bytes can go on this machine. No placement: no memory holds it whole."""

    format: Literal[1] = 1
    size: int
    align: int
    kind: Literal["!", "$"]
    release: str | None
    assumed: list[str]
    placements: list[Placement]


def placed(analysis: Analysis, found: tuple[Found, ...], size: int, align: int, kind: Literal["!", "$"]) -> Placements:
    """The wire form; ``size`` and ``align`` in bytes."""
    page = analysis.layout.page_size
    return Placements(
        size=size,
        align=align,
        kind=kind,
        release=analysis.release.text if analysis.release else None,
        assumed=[name for name, _ in analysis.assumed],
        placements=[_placement(item, page) for item in found],
    )


def _placement(item: Found, page: int) -> Placement:
    return Placement(
        hex(item.start * page),
        hex(item.end * page),
        item.safe,
        [
            AddedHole(
                hole.frames.start,
                hole.frames.end,
                hole.frames.pages,
                "outside-zone-spans" if hole.outside else "inside-zone-span",
                hole.state.state.value,
                hole.state.node if hole.state.state is State.INITIALISED else None,
                hole.state.zone if hole.state.state is State.INITIALISED else None,
                list(hole.readers),
                hole.severity,
            )
            for hole in item.holes
        ],
        list(item.dangerous_on),
    )


def size_words(size: int) -> str:
    """A size as memmap= takes it: ``1G``, ``512M``, ``0x1234000``."""
    for suffix, shift in (("G", 30), ("M", 20), ("K", 10)):
        if size % (1 << shift) == 0:
            return f"{size >> shift}{suffix}"
    return f"{size:#x}"
