"""Answers to questions as text: what is at a place, does the machine agree."""

from textwrap import wrap

from pfnscope.model.analysis import Hole
from pfnscope.model.answers import FileComparison, LeftOut, Lookup, Verification
from pfnscope.model.ranges import FrameRange
from pfnscope.report.plain import PLAIN, Look
from pfnscope.report.words import candidates_words, harm_words, placement_words, state_words
from pfnscope.words import counted, printable

_ASSUMED = {"node_ranges": "memory and zones are computed from the memory map, not printed"}
_NOT_KNOWN = "not known"


def lookup_text(place: Lookup, look: Look = PLAIN) -> str:
    """The answer for terminals, one fact a line."""
    if place.pfn is None:
        return _unplaced_text(place, look)
    rows = [
        ("pfn", f"{place.pfn:#x}"),
        ("known by", place.how or ""),
        ("address", str(place.address)),
        ("struct page", _struct_page(place)),
        ("section", _NOT_KNOWN if place.section is None else str(place.section)),
        ("memory", f"yes, node {place.node}" if place.in_memory else _no(place.in_memory)),
        ("zone span", f"node {place.node}, zone {place.zone}" if place.zone else _no(place.in_memory, "none")),
        (
            "memory map",
            f"{place.map_entry.label} {place.map_entry.range}" if place.map_entry else "no entry",
        ),
        ("reserved by", place.reserved_by or "nothing that the log names"),
        ("hole", _hole(place)),
        *_more(place.hole),
        ("assumed", ", ".join(_ASSUMED.get(name, name.replace("_", " ")) for name in place.assumed)),
        ("lines", ", ".join(map(str, place.lines))),
    ]
    return _rows_text(rows, look)


def _unplaced_text(place: Lookup, look: Look) -> str:
    """A struct page whose frame the text does not tell, and those that it leaves."""
    why = place.how or "no line tells where struct pages lie"
    rows = [("pfn", candidates_words(place.candidates) or _NOT_KNOWN), ("because", why)]
    return _rows_text(rows, look)


def _rows_text(rows: list[tuple[str, str]], look: Look) -> str:
    lines = (look.wrap(value, f"{name:<12} ", " " * 13) for name, value in rows if value)
    return "".join(f"{line}\n" for row in lines for line in row)


def _no(known: bool | None, words: str = "no") -> str:
    return _NOT_KNOWN if known is None else words


def _more(hole: Hole | None) -> list[tuple[str, str]]:
    """Why struct pages of a hole are as they are, and whom that can hurt."""
    if hole is None:
        return []
    cause = ", ".join(hole.causes) or hole.cause_why or ""
    return [("why", hole.why), ("cause", cause), ("reached by", ", ".join(hole.reachable_by))]


def _struct_page(place: Lookup) -> str:
    if place.has_struct_page is None:
        return _NOT_KNOWN
    if not place.has_struct_page:
        return "none at boot"
    return "yes, at an address that the log does not tell" if place.struct_page is None else str(place.struct_page)


def _hole(place: Lookup) -> str:
    if place.hole is None:
        return _no(place.has_struct_page)
    hole = place.hole
    return f"pfn {hole.frames}, {placement_words(hole)}, {state_words(hole)}, {harm_words(hole.severity)}"


def verified_text(verification: Verification, width: int = 80) -> str:
    """The report, lines ended by newlines. Ranges that are left out for one reason are told together."""
    head = f"Linux {verification.release}" if verification.release else "release not known"
    parts = [
        f"{head}{' (assumed)' if 'release' in verification.assumed else ''}",
        "\n".join(wrap(_verdict(verification), width)),
    ]
    parts += ["\n".join(wrap(text, width)) for text in verification.changes]
    parts += ["\n".join(_lines(item, width)) for item in verification.comparisons]
    return "\n\n".join(parts) + "\n"


def _verdict(verification: Verification) -> str:
    mismatches = sum(d.explained is None for item in verification.comparisons for d in item.differences)
    explained = sum(d.explained is not None for item in verification.comparisons for d in item.differences)
    if mismatches:
        return f"DIFFERS: {counted(mismatches, 'difference')} between log and record that nothing explains."
    if not verification.compared:
        return "NOT COMPARED: the record holds nothing that the analysis could be held against."
    lacking = sum(item.agreed is None for item in verification.comparisons)
    frames = sum((o.end_pfn or 0) - (o.start_pfn or 0) for item in verification.comparisons for o in item.left_out)
    words = "AGREES: all that was compared"
    if explained:
        words += f", but for {counted(explained, 'difference')} that what came after boot explains"
    limits = [f"{lacking} of {len(verification.comparisons)} kinds of facts"] * bool(lacking)
    limits += ["some frames"] * bool(frames)
    return words + "." + (f" Not compared: {' and '.join(limits)}, see below." if limits else "")


def _lines(item: FileComparison, width: int) -> list[str]:
    agree = f"1 {item.unit[:-1]} agrees" if item.agreed == 1 else f"{item.agreed or 0:,} {item.unit} agree"
    done = "not compared" if item.agreed is None else agree
    if item.agreed == 0 and not item.differences:
        done = "none on either side"
    bad = sum(d.explained is None for d in item.differences)
    out = [f"{item.what} ({item.file}): {done}" + (f", {counted(bad, 'difference')}" if bad else "")]
    for d in item.differences:
        text = f"pfn {d.frames}: computed {d.computed}, recorded {d.recorded}"
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
    return f", pfn {FrameRange(first.start_pfn, first.end_pfn)}{more}, {counted(pages, 'frame')}"


def _wrapped(text: str, width: int) -> list[str]:
    clean = printable(text)
    return wrap(clean, width, initial_indent="  ", subsequent_indent="    ")
