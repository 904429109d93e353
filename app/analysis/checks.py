"""The kernel's own counts held against the computed layout, line by line."""

from collections import Counter
from collections.abc import Iterable, Iterator

from app.analysis.choice import printed_counts, same_counts
from app.analysis.model import Check, Choice
from app.analysis.replay import replay
from app.bootlog.model import BootLog, Count, Files
from app.kernel.rules import CountWording
from app.layout import Layout


def checks(log: BootLog, layout: Layout, choice: Choice) -> tuple[Check, ...]:
    """Every printed number that the layout explains or contradicts; what was not printed is not here."""
    counts: tuple[Check, ...] = ()
    if layout.memory:
        counts = (*_unavailable(log, layout, choice), *_node_totals(log, layout), *_node_spans(log, layout))
    if log.files == Files():
        return counts
    from app.analysis.file_checks import file_checks  # few texts have files, and loading takes its time

    return (*counts, *file_checks(log, layout))


def _unavailable(log: BootLog, layout: Layout, choice: Choice) -> Iterator[Check]:
    counts = log.page_counts
    if choice.rule is None or counts.count_line is not choice.rule.wording:
        return
    ours, printed = replay(layout, choice.rule)[1], printed_counts(counts)
    lines = counts.unavailable or tuple(
        item for item in (counts.zeroed_unavailable, counts.reserved_unavailable) if item
    )
    whole = same_counts(choice.rule.wording, ours, printed)
    named: dict[tuple[int | None, str | None], dict[int, None]] = {}
    for item in ours:
        named.setdefault((item.node, item.zone), {})[item.pages] = None
    for at, count in enumerate(lines):
        alike = named.get((count.node, count.zone), {})
        computed = ours[at].pages if len(ours) == len(printed) else _counterpart(count, alike)
        agrees = whole or computed == count.value
        yield Check(_name(count, choice.rule.wording), f"{count.value} pages", _pages(computed), agrees, count.lines)


def _counterpart(count: Count, alike: Iterable[int]) -> int | None:
    """Our number for a line where not as many lines are expected: the same one of that node and zone, or the first."""
    return count.value if count.value in alike else next(iter(alike), None)


def _name(count: Count, wording: CountWording) -> str:
    if count.node is not None:
        return f"node {count.node}, zone {count.zone}: pages in unavailable ranges"
    if count.zone is not None:
        return f"zone {count.zone}: pages in unavailable ranges"
    return wording.value.partition(":")[0]


def _pages(number: int | None) -> str | None:
    return None if number is None else f"{number} pages"


def _node_totals(log: BootLog, layout: Layout) -> Iterator[Check]:
    totals: Counter[int] = Counter()
    for item in layout.memory:
        totals[item.node] += item.frames.pages
    for count in log.page_counts.node_total_pages:
        ours = totals[count.node] if count.node is not None else 0
        yield Check(
            f"node {count.node}: totalpages", f"{count.value} pages", _pages(ours), ours == count.value, count.lines
        )


def _node_spans(log: BootLog, layout: Layout) -> Iterator[Check]:
    spans: dict[int, tuple[int, int]] = {}
    for item in layout.memory:
        low, high = spans.get(item.node, (item.frames.start, item.frames.end))
        spans[item.node] = (min(low, item.frames.start), max(high, item.frames.end))
    for init in log.initmem:
        if init.range is None:
            continue
        printed = init.range.frames_outward(layout.page_size)
        ours = spans.get(init.node)
        computed = f"[{ours[0]:#x}, {ours[1]:#x})" if ours else "no memory"
        yield Check(
            f"node {init.node}: first and last frame",
            f"[{printed.start:#x}, {printed.end:#x})",
            computed,
            ours == (printed.start, printed.end),
            init.lines,
        )
