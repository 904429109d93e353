"""An analysis compared with /proc/iomem, /proc/buddyinfo, and the nodes and the size of memory blocks."""

from collections.abc import Iterator

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.verified import Changes
from pfnscope.model.answers import Difference, FileComparison, LeftOut
from pfnscope.model.layout import Layout
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.recording.model import Record
from pfnscope.units import format_size

_RAM, _IOMEM = "System RAM", "iomem.txt"
_FREE, _BUDDYINFO = "free pages of each zone", "buddyinfo"
_ABSENT = "not in the record"
_CAME = "memory came or went after boot"


def compare_ram(layout: Layout, record: Record, changed: Changes) -> FileComparison:
    """memblock.memory is System RAM, but for what firmware or a device tree keeps to itself: reserved in iomem."""
    if record.ram is None or not layout.memory:
        why = "the log gives no memory of nodes" if record.ram is not None else record.missing.get(_IOMEM, _ABSENT)
        return FileComparison(_RAM, record.named(_IOMEM), "page frames", None, left_out=(LeftOut(None, None, why),))
    ours, theirs = layout.memory_frames - record.reserved, record.ram - record.reserved
    extra, lacking = theirs - ours, ours - theirs
    differences = [
        *_each(extra - changed.plugged, "no memory", "System RAM"),
        *_each(extra & changed.plugged, "no memory", "System RAM", "plugged in after boot"),
        *_each(lacking - changed.gone, "memory", "no System RAM"),
        *_each(lacking & changed.gone, "memory", "no System RAM", "taken away after boot"),
    ]
    ordered = tuple(sorted(differences, key=lambda item: item.frames))
    return FileComparison(_RAM, record.named(_IOMEM), "page frames", (ours & theirs).pages, ordered)


def _each(frames: FrameSet, computed: str, recorded: str, explained: str | None = None) -> Iterator[Difference]:
    for item in frames:
        yield Difference(item.start, item.end, computed, recorded, explained)


def compare_free(layout: Layout, record: Record, changed: Changes) -> FileComparison:
    """A zone has no more free pages than it has pages, and each zone with free pages is one of the log's."""
    file = record.named(_BUDDYINFO)
    if record.free is None or not layout.zone_spans:
        why = "the log gives no zone ranges" if record.free is not None else record.missing.get(_BUDDYINFO, _ABSENT)
        return FileComparison(_FREE, file, "zones", None, left_out=(LeftOut(None, None, why),))
    spans = {(span.node, span.zone): span for span in layout.zone_spans}
    agreed, differences = 0, list[Difference]()
    for item in record.free:
        span = spans.get((item.node, item.zone))
        present = span.present_pages if span else 0
        if item.pages <= present:
            agreed += 1
            continue
        name = f"node {item.node}, {item.zone}"
        computed = f"{name} with {present} present" if span else f"no {name}"
        start, end = (span.frames.start, span.frames.end) if span else (0, 0)
        came = _CAME if (changed.plugged | changed.gone | changed.offline).pages else None
        differences.append(Difference(start, end, computed, f"{name} with {item.pages} free", came))
    return FileComparison(_FREE, file, "zones", agreed, tuple(differences))


def block_differences(analysis: Analysis, record: Record) -> Iterator[Difference]:
    """Blocks of another size than the log prints, and blocks of a node that has no memory there."""
    layout, blocks = analysis.layout, record.blocks or ()
    printed = next(iter(analysis.log.page_counts.memory_block_size), None)
    size = record.block_frames * layout.page_size
    if printed is not None and printed.value != size and blocks:
        first = blocks[0].frames
        yield Difference(
            first.start, first.end, f"blocks of {format_size(printed.value)}", f"blocks of {format_size(size)}"
        )
    memory: dict[int, list[FrameRange]] = {}
    for item in layout.memory:
        memory.setdefault(item.node, []).append(item.frames)
    by_node, anywhere = {node: FrameSet.of(frames) for node, frames in memory.items()}, layout.memory_frames
    for run in blocks:
        if run.node is None:
            continue
        own = by_node.get(run.node, FrameSet()).rounded_out(record.block_frames)
        for frames in anywhere.clip(run.frames.start, run.frames.end) - own:
            yield Difference(frames.start, frames.end, f"memory of another node than {run.node}", f"node {run.node}")
