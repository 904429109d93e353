"""Take one memory line after the other out of recorded boots: no false alarm, and no danger gone without a word.

usage: lost_lines.py [--jobs N] [--list] FOLDER

FOLDER/KERNEL/CASE/dmesg.txt is a boot. Of boots of one case, architecture and mechanism that print the same kinds of
facts only the first is taken: the others have the same lists with other addresses. A line is one that a fact of the
boot is read from; each is taken out alone, the rest is analysed, and two things must hold of the page frames that the
analysis calls a danger:

- none is that was not before, since each of these boots shows what its kernel wrote;
- one that was and is not any more is not passed over: the verdict is at least a caution, or a warning says that lines
  are missing or what is not known.

The last line is "N of M facts". ``--list`` names each deletion of which one does not hold.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from msgspec import Struct

from pfnscope import findings
from pfnscope.analysis.analyze import analyze
from pfnscope.bootlog import read
from pfnscope.model.analysis import ALARMS, Severity
from pfnscope.model.log import BootLog
from pfnscope.model.ranges import FrameSet
from pfnscope.service.analyzing import chosen

REMARKS = frozenset({"missing-lines", "no-node-ranges", "no-memory-model", "cut-beginning", "cut-end"})
"""Codes of warnings that say what is missing."""


class Outcome(Struct, frozen=True):
    """What matters of an analysis: the page frames in danger, the verdict, and whether lines are said to be missing."""

    dangers: FrameSet
    severity: Severity
    warned: bool


class Deletion(Struct, frozen=True):
    """A text without one of its lines; ``fault`` is what that makes wrong, empty where nothing is."""

    number: int
    line: str
    fault: str


def outcome(text: bytes) -> Outcome:
    """The outcome of a text; one without a layout has neither danger nor certainty."""
    reading = read(text)
    if not reading.boots:
        return Outcome(FrameSet(), "none", warned=True)
    analysis = analyze(chosen(reading))
    return Outcome(
        FrameSet.of(hole.frames for hole in analysis.holes if hole.severity == "danger"),
        findings.severity(analysis),
        any(note.severity == "warning" and note.code in REMARKS for note in analysis.diagnostics),
    )


def fault(whole: Outcome, rest: Outcome) -> str:
    """What is wrong with the outcome of a text that lacks a line, compared with that of the whole text."""
    if (rest.dangers - whole.dangers).pages:
        return "false alarm"
    hidden = (whole.dangers - rest.dangers).pages and rest.severity not in ALARMS and not rest.warned
    return "hidden danger" if hidden else ""


def memory_lines(boot: BootLog) -> list[int]:
    """The numbers of the lines that facts of a boot are read from."""
    return sorted(_lines(boot) | {*boot.release_lines, *boot.command_line_lines, *boot.arch_lines})


def _lines(value: object) -> set[int]:
    if isinstance(value, tuple):
        return {line for item in value for line in _lines(item)}
    if not isinstance(value, Struct):
        return set()
    names = (name for name in value.__struct_fields__ if name not in ("events", "diagnostics"))
    return {*getattr(value, "lines", ())} | {line for name in names for line in _lines(getattr(value, name))}


def deletions(text: bytes, numbers: list[int] | None = None) -> Iterator[Deletion]:
    """Every memory line of a text taken out alone, or only those with these numbers."""
    lines, whole = text.split(b"\n"), outcome(text)
    for number in memory_lines(chosen(read(text))) if numbers is None else numbers:
        rest = b"\n".join((*lines[: number - 1], *lines[number:]))
        yield Deletion(number, lines[number - 1].decode("utf-8", "replace").strip(), fault(whole, outcome(rest)))


def boots(folder: Path) -> list[Path]:
    """The logs below a folder, one of each kind."""
    kinds: dict[object, Path] = {}
    for path in sorted(folder.glob("*/*/dmesg.txt")):
        boot = chosen(read(path.read_bytes()))
        rule = analyze(boot).choice.rule
        kinds.setdefault((path.parent.name, boot.arch, rule and rule.id, _facts(boot), _facts(boot.page_counts)), path)
    return list(kinds.values())


def _facts(value: Struct) -> frozenset[str]:
    """The names of those fields that hold facts."""
    return frozenset(name for name in value.__struct_fields__ if _lines(getattr(value, name)))


def _deletions(path: Path) -> list[Deletion]:
    return list(deletions(path.read_bytes()))


def main() -> int:
    """Try all boots; 1 where something does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true", help="name what does not hold")
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    paths = boots(args.folder)
    faults = total = 0
    with ProcessPoolExecutor(args.jobs) as pool:
        for path, tried in zip(paths, pool.map(_deletions, paths), strict=True):
            total += len(tried)
            for item in filter(lambda item: item.fault, tried):
                faults += 1
                if args.list:
                    print(f"{item.fault}: {'/'.join(path.parts[-3:-1])} line {item.number}: {item.line}")
    print(f"{len(paths)} boots, {total - faults} of {total} facts")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
