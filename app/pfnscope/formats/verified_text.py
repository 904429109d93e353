"""A verification as text."""

from textwrap import wrap

from pfnscope.model.ranges import FrameRange
from pfnscope.model.verification import Comparison, LeftOut, Verification
from pfnscope.words import counted, printable


def render(verification: Verification, width: int = 80) -> str:
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


def _lines(item: Comparison, width: int) -> list[str]:
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
