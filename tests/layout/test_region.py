"""What changes where a region is taken out of memory: from the part of the layout near by, and from all of it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pfnscope.analysis.replay import replay
from pfnscope.kernel.rules import RULES, StructPageRule
from pfnscope.layout.region import Vicinity, less_memory
from pfnscope.model.analysis import PageState
from pfnscope.model.layout import Layout
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import FrameRange, FrameSet, Painted, overlay
from tests.support.layouts import layouts


def changes(before: Layout, taken: FrameRange, rule: StructPageRule) -> tuple[FrameSet, FrameSet, Painted[PageState]]:
    """The holes that this adds, those that no zone spans any more, and the states of both."""
    after = less_memory(before, taken, MemoryType.PRAM, "persistent")
    added = after.without_memory - before.without_memory
    outside = after.outside_zone_spans - before.outside_zone_spans
    states = replay(after, rule, added | outside)
    return added, outside, tuple((frames, state) for frames, (state,) in overlay(added | outside, states))


@settings(max_examples=200)
@given(st.data(), layouts(plain=True), st.sampled_from(RULES))
def test_what_is_near_decides_as_the_whole_layout_does(
    data: st.DataObject, layout: Layout, rule: StructPageRule
) -> None:
    run = data.draw(st.sampled_from(layout.memory_frames.pairs))
    start = data.draw(st.integers(run[0], run[1] - 1))
    taken = FrameRange(start, data.draw(st.integers(start + 1, run[1])))
    assert changes(Vicinity(layout).of(taken), taken, rule) == changes(layout, taken, rule)
