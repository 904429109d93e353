"""Where deferred walks stop, worked out from counts of frames, held against a walk from frame to frame."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pfnscope.analysis.reserving import Walks
from pfnscope.model.layout import Layout
from pfnscope.model.ranges import FrameRange, FrameSet
from tests.support.layouts import END, SECTION, layouts


def walked(visited: FrameSet, span: FrameRange, needed: int) -> int | None:
    """The walk as the kernel has it: it looks at each start of a section that it comes to."""
    done = 0
    for pfn in range(span.start, span.end):
        if pfn in visited:
            if done >= needed and pfn % SECTION == 0:
                return pfn
            done += 1
    return None


@settings(max_examples=200)
@given(layouts(plain=True), st.data(), st.integers(0, END), st.booleans())
def test_a_walk_ends_at_the_first_section_after_enough_frames(
    layout: Layout, data: st.DataObject, needed: int, memory_only: bool
) -> None:
    span = data.draw(st.sampled_from(layout.zone_spans)) if layout.zone_spans else None
    if span is None:
        return
    own = FrameSet.of(item.frames for item in layout.by_node[span.node])
    holes = FrameSet() if memory_only else layout.without_memory
    end = Walks(layout, holes).end(own.clip(span.start_pfn, span.end_pfn), span.frames, needed)
    assert end == walked(own | holes, span.frames, needed)
