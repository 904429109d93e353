"""Memory to be set aside: crash kernels, CMA, huge pages, device trees; and what a capture kernel sets aside again."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from pfnscope.analysis import Analysis
from pfnscope.analysis.places.free import MemblockHistory
from pfnscope.findings import crash_kernels, pools
from pfnscope.findings.drafts import Draft, failures, of_failure
from pfnscope.findings.places import place
from pfnscope.kernel.command_line import Argument, arguments
from pfnscope.model.findings import Remedy
from pfnscope.model.log import Failure, ReservedRegion
from pfnscope.model.ranges import ByteRange
from pfnscope.simulation import NotSimulated
from pfnscope.units import MIB, format_size, leading_size
from pfnscope.words import counted

_BY_CODE: Mapping[str, Callable[[MemblockHistory, Failure], Draft]] = {
    "crashkernel-failed": crash_kernels.draft,
    "crashkernel-low-failed": crash_kernels.draft,
    "crashkernel-value": crash_kernels.draft,
    "cma-failed": pools.draft,
    "hugetlb-cma-failed": pools.draft,
    "swiotlb-failed": pools.draft,
    "swiotlb-shrunk": pools.draft,
    "device-tree-refused": pools.draft,
    "huge-pages-failed": pools.huge_pages,
}

_INHERITED = frozenset({"crashkernel", "cma", "hugetlb_cma", "hugepages"})
"""Arguments of a machine's own kernel that a capture kernel has no use for."""

_MUCH = 32 * MIB
"""What a capture kernel misses: it has a few hundred MiB."""


def drafts(analysis: Analysis) -> Iterator[Draft]:
    """The findings of this subject."""
    capture, history = analysis.log.capture_kernel, MemblockHistory(analysis)
    for failure in failures(analysis.log, "reservations"):
        if not (capture and failure.code.startswith("crashkernel")):
            draft = _BY_CODE.get(failure.code)
            yield draft(history, failure) if draft else of_failure(failure)
    if capture:
        yield from _inherited(analysis)
    yield from _crash_kernel(analysis)
    yield from _outside_ram(analysis)


def _inherited(analysis: Analysis) -> Iterator[Draft]:
    """Arguments that the capture kernel has from the machine's own command line."""
    log = analysis.log
    given = arguments(log.command_line or "")
    own = [item for item in given if item.name in _INHERITED and item.value not in ("0", "0M", "0G")]
    if not own:
        return
    taken = sum(size for _, size in _sizes(given))
    ram = analysis.layout.memory_frames.pages * analysis.layout.page_size
    texts = " ".join(item.text for item in own)
    failed = [item for item in log.failures if item.code.startswith("crashkernel")]
    lines = tuple(sorted({*log.command_line_lines, *(line for item in failed for line in item.lines)}))
    of = f" of its {format_size(ram)}" if ram else ""
    if taken >= _MUCH:
        text = f"This capture kernel takes {format_size(taken)}{of} for arguments of the machine's own kernel: {texts}."
        code = "capture-kernel-starved"
    else:
        text = f"This capture kernel has arguments of the machine's own kernel, which do not help it: {texts}."
        code = "capture-kernel-inherits"
    yield Draft(code, text, lines, details=lambda: [item.text for item in failed], remedy=partial(_left_out, analysis))


def _sizes(given: tuple[Argument, ...]) -> Iterator[tuple[Argument, int]]:
    """What hugepages= and cma= take, in bytes. hugepages= has the size of the hugepagesz= before it, usually 2 MiB."""
    unit = 2 * MIB
    for argument in given:
        value = argument.value or ""
        if argument.name in ("default_hugepagesz", "hugepagesz"):
            unit = leading_size(value)[0] or unit
        elif argument.name == "hugepages":
            counts = (part.rpartition(":")[2] for part in value.split(","))
            yield argument, unit * sum(leading_size(count)[0] or 0 for count in counts)
        elif argument.name in ("cma", "hugetlb_cma"):
            yield argument, leading_size(value)[0] or 0


def _left_out(analysis: Analysis) -> Remedy:
    """The same command line without them, booted."""
    line = " ".join(
        item.text
        for item in arguments(analysis.log.command_line or "")
        if item.name not in _INHERITED and item.name not in ("hugepagesz", "default_hugepagesz")
    )
    try:
        after = analysis.machine.layout(analysis.machine.boot(line))
        checked = after.memory_frames == analysis.layout.memory_frames
    except NotSimulated:
        checked = False
    return Remedy(
        "Keep them from the capture kernel: KDUMP_COMMANDLINE_REMOVE in /etc/sysconfig/kdump, KDUMP_CMDLINE in"
        " /etc/default/kdump-tools, or --append= of kexec.",
        line,
        checked=checked,
    )


def _crash_kernel(analysis: Analysis) -> Iterator[Draft]:
    """Where a crash kernel has its memory."""
    regions = [item for item in analysis.log.reserved_regions if item.kind == "crashkernel"]
    if not regions:
        return
    size = analysis.layout.page_size
    places = " and ".join(place(item.range, size) for item in regions[:2])
    yield Draft("crashkernel-reserved", f"A crash kernel has {places}.", _lines(regions), _ranges(regions))


def _outside_ram(analysis: Analysis) -> Iterator[Draft]:
    """Regions that should be RAM and are none of it."""
    layout = analysis.layout
    if not layout.memory or layout.missing:
        return
    regions = [item for item in analysis.log.reserved_regions if item.kind in ("cma", "crashkernel", "device-tree")]
    inside = layout.memory_frames
    outside = [item for item in regions if not inside.clip(*_frames(item, layout.page_size)).pairs]
    if outside:
        first = outside[0]
        more = f" and {counted(len(outside) - 1, 'other')}" if len(outside) > 1 else ""
        text = f"{first.name} at {place(first.range, layout.page_size)}{more}: reserved where this kernel has no RAM."
        yield Draft("reserved-outside-ram", text, _lines(outside), _ranges(outside))


def _frames(region: ReservedRegion, page_size: int) -> tuple[int, int]:
    frames = region.range.frames_outward(page_size)
    return frames.start, frames.end


def _lines(regions: list[ReservedRegion]) -> tuple[int, ...]:
    return tuple(sorted({line for item in regions for line in item.lines}))


def _ranges(regions: list[ReservedRegion]) -> tuple[ByteRange, ...]:
    return tuple(item.range for item in regions)
