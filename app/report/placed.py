"""Placements on the wire and in a terminal."""

from typing import Literal

import msgspec

from app.analysis import Analysis, State
from app.analysis.placement import Placement as Found
from app.report.plain import PLAIN, Look
from app.units import format_size


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


def render(found: Placements, look: Look = PLAIN) -> str:
    """The placements for terminals and mail."""
    on = f" on {found.release}" if found.release else ", for releases that are not known"
    step = format_size(found.align)
    out = look.wrap(f"memmap={size_words(found.size)}{found.kind}START{on}, START a multiple of {step}")
    out.append("")
    if not found.placements:
        out.append("No memory of this machine holds such a region whole.")
    for item in found.placements:
        word, role = ("safe  ", "good") if item.safe else ("UNSAFE", "danger")
        last = int(item.end, 16) - found.align
        one = last == int(item.start, 16)
        out.append(look.paint(role, f"  {word}  {item.start}" + ("" if one else f" to {last:#x}")))
        more = [_said(hole) for hole in item.holes]
        more += [f"dangerous on {', '.join(item.dangerous_on)}"] if item.dangerous_on else []
        out += [line for text in more for line in look.wrap(text, " " * 10, " " * 12)]
    return "\n".join(out) + "\n"


def _said(hole: AddedHole) -> str:
    linked = hole.linked_zone is not None
    state = f"node {hole.linked_node}, {hole.linked_zone}" if linked else hole.state
    where = "outside zone spans" if hole.placement == "outside-zone-spans" else "inside a zone span"
    harm = "harmless" if hole.severity == "none" else hole.severity
    return f"adds pfn [{hole.start_pfn:#x}, {hole.end_pfn:#x}), {hole.pages} pages {where}, {state}, {harm}"


def size_words(size: int) -> str:
    """A size as memmap= takes it: ``1G``, ``512M``, ``0x1234000``."""
    for suffix, shift in (("G", 30), ("M", 20), ("K", 10)):
        if size % (1 << shift) == 0:
            return f"{size >> shift}{suffix}"
    return f"{size:#x}"
