"""A verification in the words of the wire, and as text."""

from collections.abc import Iterable
from textwrap import wrap
from typing import Literal

import msgspec

from pfnscope.model.verification import Comparison, Verification


class Difference(msgspec.Struct, frozen=True):
    """Frames at which computed and recorded differ. ``explained`` is null where nothing explains it: a mismatch."""

    start_pfn: int
    end_pfn: int
    computed: str
    recorded: str
    explained: str | None


class LeftOut(msgspec.Struct, frozen=True):
    """Frames that were not compared, and why; null where it is all of them."""

    start_pfn: int | None
    end_pfn: int | None
    why: str


class Compared(msgspec.Struct, frozen=True):
    """One kind of fact held against one file. ``agreed`` counts ``unit``; null where nothing was compared."""

    what: str
    file: str
    unit: str
    agreed: int | None
    differences: list[Difference]
    left_out: list[LeftOut]
    notes: list[str]


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """An analysis held against a record. ``agrees``: something was compared, and every difference is explained.

    ``assumed`` names the values that the log does not prove; ``changes`` tells memory that came or went after boot.
    """

    format: Literal[1] = 1
    agrees: bool
    compared: bool
    release: str | None
    assumed: list[str]
    changes: list[str]
    comparisons: list[Compared]


def verified(found: Verification, release: str | None, assumed: Iterable[str]) -> Verified:
    """The wire form."""
    return Verified(
        agrees=found.agrees,
        compared=found.compared,
        release=release,
        assumed=list(assumed),
        changes=list(found.changes),
        comparisons=[_compared(item) for item in found.comparisons],
    )


def _compared(item: Comparison) -> Compared:
    return Compared(
        item.what,
        item.file,
        item.unit,
        item.agreed,
        [Difference(d.frames.start, d.frames.end, d.computed, d.recorded, d.explained) for d in item.differences],
        [
            LeftOut(o.frames.start if o.frames else None, o.frames.end if o.frames else None, o.why)
            for o in item.left_out
        ],
        list(item.notes),
    )


def render(found: Verified, width: int = 80) -> str:
    """The report, lines ended by newlines. Ranges that are left out for one reason are told together."""
    head = f"Linux {found.release}" if found.release else "release not known"
    parts = [f"{head}{' (assumed)' if 'release' in found.assumed else ''}", "\n".join(wrap(_verdict(found), width))]
    parts += ["\n".join(wrap(text, width)) for text in found.changes]
    parts += ["\n".join(_lines(item, width)) for item in found.comparisons]
    return "\n\n".join(parts) + "\n"


def _verdict(found: Verified) -> str:
    mismatches = sum(d.explained is None for item in found.comparisons for d in item.differences)
    explained = sum(d.explained is not None for item in found.comparisons for d in item.differences)
    if mismatches:
        return f"DIFFERS: {counted(mismatches, 'difference')} between log and record that nothing explains."
    if not found.compared:
        return "NOT COMPARED: the record holds nothing that the analysis could be held against."
    lacking = sum(item.agreed is None for item in found.comparisons)
    frames = sum((o.end_pfn or 0) - (o.start_pfn or 0) for item in found.comparisons for o in item.left_out)
    words = "AGREES: all that was compared"
    if explained:
        words += f", but for {counted(explained, 'difference')} that what came after boot explains"
    limits = [f"{lacking} of {len(found.comparisons)} kinds of facts"] * bool(lacking)
    limits += ["some frames"] * bool(frames)
    return words + "." + (f" Not compared: {' and '.join(limits)}, see below." if limits else "")


def _lines(item: Compared, width: int) -> list[str]:
    agree = f"1 {item.unit[:-1]} agrees" if item.agreed == 1 else f"{item.agreed or 0:,} {item.unit} agree"
    done = "not compared" if item.agreed is None else agree
    if item.agreed == 0 and not item.differences:
        done = "none on either side"
    bad = sum(d.explained is None for d in item.differences)
    out = [f"{item.what} ({item.file}): {done}" + (f", {counted(bad, 'difference')}" if bad else "")]
    for d in item.differences:
        text = f"pfn [{d.start_pfn:#x}, {d.end_pfn:#x}): computed {d.computed}, recorded {d.recorded}"
        out += _wrapped(("" if d.explained else "DIFFERS ") + text + (f": {d.explained}" if d.explained else ""), width)
    reasons: dict[str, list[LeftOut]] = {}
    for left in item.left_out:
        reasons.setdefault(left.why, []).append(left)
    for why, ranges in reasons.items():
        out += _wrapped(f"not compared{_ranges(ranges)}: {why}", width)
    for note in item.notes:
        out += _wrapped(note, width)
    return out


def _ranges(ranges: list[LeftOut]) -> str:
    first = ranges[0]
    if first.start_pfn is None or first.end_pfn is None:
        return ""
    pages = sum((item.end_pfn or 0) - (item.start_pfn or 0) for item in ranges)
    more = f" and {counted(len(ranges) - 1, 'more range')}" if len(ranges) > 1 else ""
    return f", pfn [{first.start_pfn:#x}, {first.end_pfn:#x}){more}, {counted(pages, 'frame')}"


def _wrapped(text: str, width: int) -> list[str]:
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return wrap(clean, width, initial_indent="  ", subsequent_indent="    ")


def counted(count: int, thing: str) -> str:
    """``1 frame``, ``2 frames``."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
