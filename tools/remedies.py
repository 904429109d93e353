"""Follow every remedy of recorded boots in danger: the danger has to be gone, and no other may have come.

usage: remedies.py [--kernels RELEASE,…] [--list] FOLDER…

FOLDER/…/dmesg.txt is a boot; what it printed later may stand beside it in dmesg-after-kpageflags.txt. Each is judged
as it is and as each of the releases. Where a finding is a danger, its remedy is taken at its word:

- arguments to write instead of others, to add or to leave out are put into the command line, and that is simulated;
- a release that is named is what the log is judged as, as ``pfnscope analyze --kernel`` does.

Neither may have a danger, nor the simulated boot a caution that the recorded one does not have: counts that one kernel
printed are none of another's. Each remedy is a fact; the last line is "N of M facts".
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from pfnscope.errors import ServiceError
from pfnscope.model.analysis import ALARMS
from pfnscope.model.document import Document
from pfnscope.model.findings import Finding, Remedy
from pfnscope.service import Options, analyze
from pfnscope.service.whatif import Change, simulate

KERNELS = ("4.17", "4.19.50", "5.2")
"""Releases of the three rules that leave struct pages unwritten on x86, as most boots are of none of them."""


class Outcome(Struct, frozen=True):
    """A remedy followed: ``argument`` and ``release`` say whether it names one, ``wrong`` what is bad of it."""

    boot: str
    finding: Finding
    remedy: Remedy
    argument: str
    release: bool
    wrong: tuple[str, ...]


def change_of(remedy: Remedy) -> tuple[str, Change] | None:
    """What a remedy says to do with the command line; None where it says nothing of it."""
    change = Change(remove=remedy.instead, append=remedy.command_line or "")
    if change.append:
        return "written" if change.remove else "added", change
    return ("left out", change) if change.remove else None


def outcomes(name: str, text: bytes, kernel: str | None = None) -> Iterator[Outcome]:
    """The remedies of the dangers of a text, followed."""
    before = analyze(text, Options(kernel=kernel)).document
    for finding in before.findings:
        if finding.severity != "danger":
            continue
        remedy = finding.remedy or Remedy("")
        change = change_of(remedy)
        wrong: list[str] = []
        if change is not None:
            wrong += _worse(before, simulate(text, change[1], Options(kernel=kernel)), change[1].append)
        if change is not None:
            wrong += (f"the text does not name {word}" for word in change[1].of("").split() if word not in remedy.text)
        if remedy.release is not None:
            document = analyze(text, Options(kernel=remedy.release)).document
            wrong += (f"{remedy.release}: {item.text}" for item in document.findings if item.severity == "danger")
        did = change[0] if change else ""
        yield Outcome(name, finding, remedy, did, remedy.release is not None, tuple(wrong))


def _worse(before: Document, after: Document, what: str) -> Iterator[str]:
    """Findings that somebody should look at and that the remedy should not have left or brought."""
    had = {finding.code for finding in before.findings if finding.severity in ALARMS}
    for finding in after.findings:
        if finding.severity == "danger" or (finding.severity in ALARMS and finding.code not in had):
            yield f"{what}: {finding.code}: {finding.text}"


def boots(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Each boot of a folder with its name."""
    for path in sorted(folder.rglob("dmesg.txt")):
        later = path.with_name("dmesg-after-kpageflags.txt")
        yield str(path.parent.relative_to(folder)), path.read_bytes() + (later.read_bytes() if later.exists() else b"")


def _why_none(remedy: Remedy) -> str:
    """The sentence that says why no argument is named."""
    return next((sentence for sentence in remedy.text.split(". ") if sentence.startswith("No ")), "no argument")


def main() -> int:
    """Follow them all; 1 where one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernels", default=",".join(KERNELS))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("folders", nargs="+", type=Path)
    args = parser.parse_args()
    tally, right, total, dangerous = Counter[str](), 0, 0, 0
    for folder in args.folders:
        for name, text in boots(folder):
            for kernel in (None, *filter(None, args.kernels.split(","))):
                try:
                    followed = list(outcomes(f"{name} {kernel or ''}".strip(), text, kernel))
                except ServiceError:
                    continue
                dangerous += bool(followed)
                for item in followed:
                    total, right = total + 1, right + (not item.wrong)
                    tally[f"argument {item.argument}" if item.argument else _why_none(item.remedy)] += 1
                    tally["release named" if item.release else "no release named"] += 1
                    if item.wrong or args.list:
                        print(item.boot, item.finding.code, item.remedy.text, *item.wrong, sep="\n  ")
    for words, count in tally.most_common():
        print(f"{count:5} {words}")
    print(f"{dangerous} boots in danger")
    print(f"{right} of {total} facts")
    return right != total


if __name__ == "__main__":
    sys.exit(main())
