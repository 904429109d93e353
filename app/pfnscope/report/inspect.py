"""Commands that show the struct pages of a range of frames, on the running machine or in a dump of it."""

from pfnscope.model.analysis import Inspection
from pfnscope.model.ranges import FrameRange

DANGEROUS = "makes the kernel read struct pages that nothing wrote: it can kill the command or stop the machine"

_KPAGEFLAGS = "/proc/kpageflags"


def inspections(frames: FrameRange, page_size: int, *, dangerous: bool) -> tuple[Inspection, ...]:
    """One command for each tool. ``dangerous``: those that make the kernel read these struct pages carry a warning.

    Sources: addr-spec of page-types, end excluded (tools/vm/page-types.c 3.4, tools/mm/page-types.c 6.8); crash's
    ``help kmem``: -p with a physical address; drgn.helpers.linux.mm; eight bytes a frame in /proc/kpageflags
    (Documentation/admin-guide/mm/pagemap.rst). crash and drgn read struct pages as plain memory, which is safe.
    """
    start, end = hex(frames.start), hex(frames.end)
    warning = DANGEROUS if dangerous else None
    return (
        Inspection("page-types", f"page-types -l -a {start},{end}", warning),
        Inspection(
            "od",
            f"dd if={_KPAGEFLAGS} bs=8 skip={frames.start} count={frames.pages} status=none | od -Ad -tx8 -w8",
            warning,
        ),
        Inspection("crash", f"kmem -p {frames.start * page_size:#x}", None),
        Inspection("drgn", f"for pfn in range({start}, {end}): print(hex(pfn), pfn_to_page(prog, pfn).flags)", None),
    )
