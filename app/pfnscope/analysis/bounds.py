"""Which struct pages each bound of a reader takes in on one layout."""

from pfnscope.kernel.architectures import MemoryModel, architecture
from pfnscope.kernel.readers import SUBSECTION_BYTES, Bound
from pfnscope.model.layout import Layout
from pfnscope.model.ranges import FrameSet


def pages_within(layout: Layout) -> dict[Bound, FrameSet]:
    """The frames of each bound. Sets are cheap: cost follows the number of ranges.

    pfn_valid() of FLATMEM ends with max_mapnr, which is max_pfn (arch/x86/mm/init_32.c, 4.17 to 6.1; arm/mm/init.c).
    """
    valid = layout.struct_pages.clip(0, layout.max_pfn) if layout.flat else layout.struct_pages
    return {
        Bound.MAX_PFN: layout.struct_pages.clip(0, layout.max_pfn),
        Bound.PAST_MAX_PFN: valid.clip(layout.max_pfn + 1, layout.struct_pages.end),
        Bound.SECTION_END: valid,
        Bound.ONLINE_SUBSECTIONS: _online(layout),
        Bound.ZONE_SPANS: FrameSet.of(item.frames for item in layout.zone_spans),
        Bound.MEMORY: layout.memory_frames,
    }


def _online(layout: Layout) -> FrameSet:
    """What pfn_to_online_page() of 5.12 and later says yes to, up to where /proc/kpage* end.

    FLATMEM knows neither sections nor sub-sections and stops at max_pfn; SPARSEMEM without vmemmap knows sections
    only (get_max_dump_pfn() in fs/proc/page.c and pfn_section_valid() in mmzone.h, 5.14; recorded on i386 of 6.1).
    """
    if layout.memmap.model is MemoryModel.FLATMEM:
        return layout.struct_pages.clip(0, layout.max_pfn)
    if not architecture(layout.arch).vmemmap:
        return layout.struct_pages
    return layout.struct_pages & layout.memory_frames.rounded_out(SUBSECTION_BYTES // layout.page_size)
