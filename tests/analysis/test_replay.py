"""The replay of a rule's passes, which works on ranges, held against the same passes frame by frame."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pfnscope.analysis.replay import counts_of, replay, unwritten
from pfnscope.kernel.rules import RULES, Pass, StructPageRule, typical
from pfnscope.model.analysis import PageState
from pfnscope.model.layout import Layout, ZoneSpan
from pfnscope.model.ranges import FrameSet, Painted
from tests.support.layouts import END, SECTION, layouts

State = tuple[str, int | None, str | None, bool, bool]


class ByFrame:
    """The passes as the kernel runs them, one struct page after the other."""

    def __init__(self, layout: Layout, rule: StructPageRule, pages: set[int]) -> None:
        self.layout, self.rule, self.pages = layout, rule, pages
        self.memory = {pfn: item.node for item in layout.memory for pfn in range(item.frames.start, item.frames.end)}
        self.reserved = {pfn for pfn in range(END + SECTION) if pfn in layout.reserved}
        self.state: dict[int, State] = {}
        self.counts: list[tuple[int | None, str | None, set[int]]] = []
        for step in rule.passes:
            self.run(step)

    def write(self, pfns: "set[int] | range", state: State) -> set[int]:
        written = {pfn for pfn in pfns if pfn in self.pages}
        self.state.update(dict.fromkeys(written, state))
        return written

    def run(self, step: Pass) -> None:
        gaps = {pfn for pfn in self.pages if pfn not in self.memory or pfn in self.layout.nomap}
        outside = self.reserved - self.memory.keys()
        if step in (Pass.ALLOCATE_RAW, Pass.ALLOCATE_ZEROED):
            name = "uninitialised" if step is Pass.ALLOCATE_RAW else "zeroed"
            self.write(self.pages, (name, None, None, False, False))
        elif step in (Pass.WALK_SPANS, Pass.WALK_SPANS_RESERVED):
            for span in self.layout.zone_spans:
                for pfn in range(span.start_pfn, span.end_pfn):
                    kept = Pass.ZERO_RESERVED_AND_E820 in self.rule.passes and pfn in self.by_e820()
                    all_of_it = step is Pass.WALK_SPANS_RESERVED
                    self.write({pfn}, ("initialised", span.node, span.zone, kept, all_of_it))
        elif step is Pass.ZERO_RESERVED:
            self.counted(self.write(outside, ("zeroed", None, None, False, False)))
        elif step is Pass.ZERO_RESERVED_AND_E820:
            self.counted(self.write(self.by_e820(), ("zeroed", None, None, True, False)))
        elif step is Pass.ZERO_UP_TO_MAX_PFN:
            gaps = {pfn for pfn in gaps if pfn < self.layout.max_pfn}
            self.counted(self.write(gaps, ("zeroed", None, None, False, False)))
        elif step is Pass.ZERO_UP_TO_SECTION:
            self.counted(self.write(gaps, ("zeroed", None, None, False, False)))
        elif step is Pass.INIT_AS_NODE_0:
            self.counted(self.write(gaps, ("initialised", 0, "DMA", False, True)))
        elif step is Pass.WALK_REGIONS:
            self.regions()
        elif step is Pass.HOLES_PER_ZONE:
            self.regions()
            self.per_zone()
        elif step in (Pass.HOLES_BY_ADDRESS, Pass.HOLES_BY_ADDRESS_SPLIT):
            self.regions()
            self.by_address(split=step is Pass.HOLES_BY_ADDRESS_SPLIT)

    def by_e820(self) -> set[int]:
        ends = [frames.end for frames, _ in self.layout.owners] or [self.layout.memory_frames.end]
        return {pfn for pfn in self.pages if pfn < max(ends) or pfn in self.reserved} - self.memory.keys()

    def counted(self, written: set[int], node: int | None = None, zone: str | None = None) -> None:
        self.counts.append((node, zone, set(written)))

    def regions(self) -> None:
        for span in self.layout.zone_spans:
            own = {pfn for pfn in range(span.start_pfn, span.end_pfn) if self.memory.get(pfn) == span.node}
            self.write(
                {pfn for pfn in own if pfn in self.layout.nomap}, ("initialised", span.node, span.zone, False, False)
            )

    def hole(self, start: int, end: int, span: ZoneSpan) -> set[int]:
        return self.write(range(start, end), ("initialised", span.node, span.zone, False, True))

    def per_zone(self) -> None:
        hole = 0
        for span in self.layout.zone_spans:
            written: set[int] = set()
            for item in self.layout.memory:
                if item.node == span.node:
                    part = item.frames.clip(span.start_pfn, span.end_pfn)
                    written |= self.hole(hole, part.start, span)
                    hole = part.end
            written |= self.hole(hole, -(-span.end_pfn // SECTION) * SECTION, span)
            if written:
                self.counted(written, span.node, span.zone)

    def by_address(self, *, split: bool) -> None:
        hole, last = 0, None
        for item in self.layout.memory:
            for span in self.layout.zone_spans:
                if span.node != item.node or not span.present_pages:
                    continue
                last, part = span, item.frames.clip(span.start_pfn, span.end_pfn)
                if not part.pages:
                    continue
                starts = [span.start_pfn] if split and hole < span.start_pfn < part.start else []
                for end in (*starts, part.start):
                    if written := self.hole(hole, end, span):
                        self.counted(written, span.node, span.zone)
                    hole = end
                hole = part.end
        if last and (written := self.hole(hole, -(-hole // SECTION) * SECTION, last)):
            self.counted(written, last.node, last.zone)


def by_frame(painted: Painted[PageState]) -> dict[int, State]:
    return {
        pfn: (state.state, state.node, state.zone, state.reserved, state.page_reserved)
        for frames, state in painted
        for pfn in range(frames.start, frames.end)
    }


def frames_in(frames: FrameSet) -> set[int]:
    return {pfn for item in frames for pfn in range(item.start, item.end)}


@settings(max_examples=200)
@given(rule=st.sampled_from(RULES), layout=layouts())
def test_passes_over_ranges_leave_what_the_same_passes_leave_frame_by_frame(
    rule: StructPageRule, layout: Layout
) -> None:
    scope = layout.without_memory | layout.nomap
    slow = ByFrame(layout, rule, frames_in(scope)).state
    assert by_frame(replay(layout, rule, scope)) == slow
    holes = {pfn for pfn, state in slow.items() if state[0] == "uninitialised" and pfn in layout.without_memory}
    assert frames_in(unwritten(layout, rule, typical(rule, layout.arch), layout.without_memory)) == holes


@settings(max_examples=200)
@given(rule=st.sampled_from(RULES), layout=layouts())
def test_passes_count_what_the_same_passes_count_frame_by_frame(rule: StructPageRule, layout: Layout) -> None:
    counts = counts_of(layout, rule)
    slow = ByFrame(layout, rule, frames_in(layout.struct_pages)).counts
    assert [(item.node, item.zone, frames_in(item.frames)) for item in counts] == slow
    assert [item.pages for item in counts] == [len(frames) for _, _, frames in slow]
