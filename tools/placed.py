"""How often reservations lie where they are placed: boots that print where theirs went, asked for what they ask for.

    .venv/bin/python tools/placed.py [-v] FOLDER…      # FOLDER/…/dmesg.txt, or texts FOLDER/*.txt

A place is a fact: it is the first that is named for it, or in the set of outcomes, or missed. iomem.txt beside the log
counts where the log has none. A log that says that there was no memory is a fact, too: that is said, or that it
may be so. Files that pfnscope cannot read are passed over. The last line is "N of M facts".
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Literal

from msgspec import Struct, structs

from pfnscope.analysis.analyze import Analysis, analyze
from pfnscope.analysis.places.cma import cma, hugetlb_cma
from pfnscope.analysis.places.crash_kernel import crash_kernel
from pfnscope.analysis.places.gigantic import gigantic
from pfnscope.analysis.places.reserve_mem import reserve_mem
from pfnscope.bootlog import read
from pfnscope.kernel.command_line import arguments
from pfnscope.model.answers import Placements
from pfnscope.model.log import ReservedRegion
from pfnscope.simulation import NotSimulated
from pfnscope.units import GIB, MIB, argument_size, leading_size

Verdict = Literal["exact", "in the set", "missed"]


class Fact(Struct, frozen=True):
    """A reservation of a boot: what was printed of it, and what was said; ``width`` in bytes is that of the set."""

    kind: str
    printed: str
    placed: str
    verdict: Verdict
    width: int = 0


def compared(kind: str, part: str, start: int, places: Placements) -> Fact:
    """The printed start of a part held against the places that are named for it."""
    named = [item for item in places.placements if item.part == part and item.safe]
    if "@" in (places.command_line or ""):
        named = named[:1]  # the others are all that could be asked for
    inside = [item for item in named if item.start <= start < item.end]
    verdict: Verdict = "missed"
    if inside:
        verdict = "exact" if inside[0] is named[0] and named[0].start == start else "in the set"
    width = sum(item.end - item.start for item in named) if len(named) > 1 or not named or not named[0].certain else 0
    placed = ", ".join(f"[{item.start}, {item.end})" for item in named[:4]) or places.text
    return Fact(kind, hex(start), placed, verdict, width)


def crash_kernels(analysis: Analysis, iomem: str) -> Iterator[Fact]:
    """The parts of a crash kernel's memory, or that there was none."""
    log = analysis.log
    given = [item for item in arguments(log.command_line or "") if item.name == "crashkernel"]
    printed = {
        "low" if "low" in item.name else "": int(item.start)
        for item in log.reserved_regions
        if item.kind == "crashkernel"
    }
    starts = sorted(int(line.split("-")[0], 16) for line in iomem.splitlines() if line.endswith(": Crash kernel"))
    if not printed and starts:
        printed = {"": starts[-1]} | ({"low": starts[0]} if len(starts) > 1 else {})
    failed = [item for item in log.failures if item.code in ("crashkernel-failed", "crashkernel-low-failed")]
    if not given or not (printed or failed):
        return
    try:
        places = crash_kernel(analysis, " ".join(item.text for item in given))
    except NotSimulated as error:
        yield Fact("crash kernel", ", ".join(map(hex, printed.values())), str(error), "missed")
        return
    for part, start in printed.items():
        yield compared("crash kernel" + (f" {part}" if part else ""), part, start, places)
    for item in of_crash_kernel(analysis):
        yield compared("crash kernel cma", "cma", item.start, places)
    if failed and not printed:
        verdicts: Mapping[str | None, Verdict] = {"fails": "exact", "may-fail": "in the set"}
        yield Fact("crash kernel", "none", places.text, verdicts.get(places.outcome, "missed"))


def of_crash_kernel(analysis: Analysis) -> list[ReservedRegion]:
    """CMA that crashkernel=nn,cma reserves: behind the crash kernel's memory."""
    log = analysis.log
    behind = [item.lines for item in log.reserved_regions if item.kind == "crashkernel" and item.lines]
    if not behind or ",cma" not in (log.command_line or ""):
        return []
    return [item for item in log.reserved_regions if item.kind == "cma" and item.lines > max(behind)]


def cma_areas(analysis: Analysis, _: str) -> Iterator[Fact]:
    """The global CMA area and those of nodes behind it, each with its printed size; or that there was none."""
    log = analysis.log
    own = of_crash_kernel(analysis)
    printed = [item for item in log.reserved_regions if item.kind == "cma" and item.lines and item not in own]
    failed = [item for item in log.failures if item.code == "cma-failed" and item.size]
    given = [item.value or "" for item in arguments(log.command_line or "") if item.name == "cma"]
    if any(item.name in ("hugetlb_cma", "numa_cma", "cma_pernuma") for item in arguments(log.command_line or "")):
        return
    if not printed and given and (failed or log.page_counts.cma_kib == 0):
        outcome = cma(analysis, given[-1]).outcome
        verdicts: Mapping[str | None, Verdict] = {"fails": "exact", "may-fail": "in the set"}
        yield Fact("CMA", "none", str(outcome), verdicts.get(outcome, "missed"))
    for number, item in enumerate(printed):
        node = sorted(analysis.layout.by_node)[number - 1] if number else None
        kind = "CMA" if node is None else "CMA of a node"
        try:
            places = cma(analysis, given[-1] if given else argument_size(item.end - item.start))
        except NotSimulated as error:
            yield Fact(kind, hex(item.start), str(error), "missed")
            continue
        of_node = tuple(place for place in places.placements if place.node == node)
        yield compared(kind, "", item.start, structs.replace(places, placements=of_node))


def pools_of_nodes(analysis: Analysis, _: str) -> Iterator[Fact]:
    """The areas of hugetlb_cma= by node, as far as lines have their places, and nodes without."""
    log, page = analysis.log, analysis.layout.page_size
    given = [item.value or "" for item in arguments(log.command_line or "") if item.name == "hugetlb_cma"]
    if not given:
        return
    answer = hugetlb_cma(analysis, given[-1])
    for item in log.reserved_regions:
        if item.kind == "cma" and item.end - item.start >= GIB:
            below = [own for own in analysis.layout.memory if own.frames.start * page <= item.start]
            node = below[-1].node
            own_places = tuple(place for place in answer.placements if place.node == node)
            yield compared("hugetlb_cma", "", item.start, structs.replace(answer, placements=own_places))
    for failure in log.failures:
        if failure.code == "hugetlb-cma-failed" and failure.node is not None:
            own = [place for place in answer.placements if place.node == failure.node]
            verdict: Verdict = (
                "missed" if not own or any(place.safe and place.certain for place in own) else "in the set"
            )
            if own and not any(place.safe for place in own):
                verdict = "exact"
            yield Fact("hugetlb_cma", f"none on node {failure.node}", answer.text, verdict)


def reserved_by_name(analysis: Analysis, _: str) -> Iterator[Fact]:
    """The first region of reserve_mem=, where memblock=debug shows what it took."""
    log = analysis.log
    given = [item.value or "" for item in arguments(log.command_line or "") if item.name == "reserve_mem"]
    parsed = max(log.command_line_lines, default=0)
    behind = [item for item in log.memblock_reserve_events if item.lines and item.lines[0] > parsed]
    size = leading_size(given[0])[0] if given else None
    step = next((item for item in sorted(behind, key=lambda item: item.lines) if item.range.size == size), None)
    if step is not None:
        yield compared("reserve_mem", "", step.start, reserve_mem(analysis, given[0]))


def gigantic_pages(analysis: Analysis, _: str) -> Iterator[Fact]:
    """How many pages of 1 GiB there were where the command line asks for as many as there can be."""
    log, given = analysis.log, arguments(analysis.log.command_line or "")
    huge = [item for item in log.sizes if item.kind == "huge-pages" and item.name == "1.00 GiB"]
    values = [item.value or "" for item in given if item.name == "hugepages"]
    if not huge or not any(item.text == "hugepagesz=1G" for item in given) or not values:
        return
    pages, before = huge[0].size // GIB, structs.replace(analysis, log=structs.replace(log, sizes=()))
    node = int(values[-1].rpartition(",")[2].partition(":")[0]) if ":" in values[-1] else None
    answer = gigantic(before, node)
    least, most = sum(item.pages for item in answer.node_pages), sum(item.at_most for item in answer.node_pages)
    verdict: Verdict = "exact" if least == pages == most else "in the set" if least <= pages <= most else "missed"
    yield Fact("gigantic pages", str(pages), answer.text, verdict)


KINDS: tuple[Callable[[Analysis, str], Iterator[Fact]], ...] = (
    crash_kernels,
    cma_areas,
    pools_of_nodes,
    reserved_by_name,
    gigantic_pages,
)
"""What each kind of reservation gives: the facts of a boot and of its /proc/iomem."""


def boots(folder: Path) -> Iterator[tuple[str, Analysis, str]]:
    """Each boot of a folder with its name, and /proc/iomem as text, empty where there is none."""
    for path in sorted(folder.rglob("*.txt")):
        if path.name != "dmesg.txt" and any(path.parent.glob("dmesg.txt")):
            continue
        iomem = path.with_name("iomem.txt")
        beside = iomem.read_text() if path.name == "dmesg.txt" and iomem.exists() else ""
        name = path.relative_to(folder)
        for log in read(path.read_bytes()).boots:
            yield str(name.parent if path.name == "dmesg.txt" else name), analyze(log), beside


def main() -> int:
    """Print the tally; 1 where anything is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-v", "--verbose", action="store_true", help="list all facts, not only what is missed")
    parser.add_argument("folders", nargs="+", type=Path)
    args = parser.parse_args()
    tally, widths, total = Counter[tuple[str, Verdict]](), list[int](), 0
    for folder in args.folders:
        for name, analysis, iomem in boots(folder):
            for fact in (fact for kind in KINDS for fact in kind(analysis, iomem)):
                total += 1
                tally[fact.kind, fact.verdict] += 1
                widths += [fact.width] if fact.width else []
                if args.verbose or fact.verdict == "missed":
                    width = f", one of {fact.width // MIB:,} MiB of starts" if fact.width else ""
                    print(f"{name}: {fact.kind} {fact.printed} is {fact.verdict}{width}: {fact.placed}")
    for (kind, verdict), count in sorted(tally.items()):
        print(f"{count:5} {kind}: {verdict}")
    if widths:
        print(
            f"{len(widths)} sets of {median(widths) / MIB:,.0f} MiB of starts (median), at most {max(widths) // MIB:,}"
        )
    right = sum(count for (_, verdict), count in tally.items() if verdict != "missed")
    print(f"{right} of {total} facts")
    return right != total


if __name__ == "__main__":
    sys.exit(main())
