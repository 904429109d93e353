"""What the kernel prints of each node, held against its memory: how many pages, the first and the last frame."""

from collections import Counter
from collections.abc import Iterator

from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import GENERIC_INITMEM
from pfnscope.model.analysis import Check
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog
from pfnscope.model.ranges import FrameRange


def node_checks(log: BootLog, layout: Layout, version: Version | None) -> Iterator[Check]:
    """The lines "On node N totalpages" and "Initmem setup node N" against the memory of that node."""
    yield from _totals(log, layout)
    yield from _spans(log, layout, version)


def _totals(log: BootLog, layout: Layout) -> Iterator[Check]:
    totals: Counter[int | None] = Counter()
    for item in layout.memory:
        totals[item.node] += item.frames.pages
    for count in log.page_counts.node_total_pages:
        ours = totals[count.node]
        what = f"node {count.node}: totalpages"
        yield Check(what, f"{count.value} pages", f"{ours} pages", ours == count.value, count.lines)


def _spans(log: BootLog, layout: Layout, version: Version | None) -> Iterator[Check]:
    spans: dict[int, FrameRange] = {}
    for item in layout.memory:
        known = spans.get(item.node, item.frames)
        spans[item.node] = FrameRange(min(known.start, item.frames.start), max(known.end, item.frames.end))
    # a node without memory is printed with an empty range, or as memoryless
    printed = [
        (init, frames if frames and frames.pages else None)
        for init in log.initmem
        for frames in [init.range.frames_outward(layout.page_size) if init.range else None]
    ]
    agreeing = {init.node for init, frames in printed if spans.get(init.node) == frames}
    by_arch = layout.arch == "x86_64" and not GENERIC_INITMEM.reached(version)
    for init, frames in printed:
        ours = spans.get(init.node)
        agrees, note = _judge(frames, ours, again=init.node in agreeing, by_arch=by_arch)
        what = f"node {init.node}: first and last frame"
        yield Check(what, _words(frames), _words(ours), agrees, init.lines, note=note)


def _judge(
    frames: FrameRange | None, ours: FrameRange | None, *, again: bool, by_arch: bool
) -> tuple[bool | None, str]:
    if frames == ours:
        return True, ""
    if again:
        return None, "printed again, and the other line agrees: the text may hold two boots"
    if ours is None:
        return None, "the text has no memory ranges of this node"
    if by_arch and frames and frames.start <= ours.start and ours.end <= frames.end:
        return True, "in what firmware gives the node, which x86 printed here up to 3.16"
    return False, ""


def _words(frames: FrameRange | None) -> str:
    return f"[{frames.start:#x}, {frames.end:#x})" if frames else "no memory"
