"""A layout of 64 frames that has every kind of hole once, and its state under each rule: the table of /rules."""

from msgspec import Struct

from pfnscope.analysis.replay import replay
from pfnscope.kernel.architecture_row import MemoryModel
from pfnscope.kernel.rules import StructPageRule, typical
from pfnscope.layout.zones import zone_spans
from pfnscope.model.analysis import PageState
from pfnscope.model.layout import Layout, MemMap, MemoryRange, Owner, ZoneLimit
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import FrameRange, FrameSet, overlay

PAGE, SECTION = 4096, 8
MEMORY = ((0, 0, 10), (0, 12, 20), (0, 34, 36), (1, 48, 58))
"""Node, first frame, end. Node 0 has DMA, DMA32 and Normal, node 1 Normal; sections are of 8 frames."""

LIMITS = (("DMA", 0, 4), ("DMA32", 4, 32), ("Normal", 32, 58))


class Place(Struct, frozen=True):
    """A kind of hole: its key, in words, and its frames in the example."""

    key: str
    words: str
    frames: FrameRange


PLACES = (
    Place("middle", "inside a zone span, memory of that zone above", FrameRange(10, 12)),
    Place("top", "inside a zone span, the next memory in a higher zone", FrameRange(20, 24)),
    Place("between", "outside every zone span, below another node", FrameRange(36, 40)),
    Place("tail", "outside every zone span, behind the last memory", FrameRange(58, 64)),
)
"""Of these, the e820 map has an entry for all but the last."""


def example_layout(*, reserved: bool) -> Layout:
    """The layout; ``reserved``: memblock.reserved has all of the holes, not none."""
    memory = tuple(MemoryRange(FrameRange(start, end), node, ()) for node, start, end in MEMORY)
    limits = tuple(ZoneLimit(zone, FrameRange(start, end), ()) for zone, start, end in LIMITS)
    holes = FrameSet.of(place.frames for place in PLACES)
    ram, other = Owner(MemoryType.RAM, "usable", ()), Owner(MemoryType.RESERVED, "reserved", ())
    mapped = [(item.frames, ram) for item in memory] + [(place.frames, other) for place in PLACES[:-1]]
    return Layout(
        arch="x86_64",
        page_size=PAGE,
        memmap=MemMap(MemoryModel.SPARSEMEM, section_size=SECTION * PAGE, block=SECTION),
        memory=memory,
        zone_limits=limits,
        zone_spans=zone_spans(memory, limits, {}),
        owners=tuple(sorted(mapped, key=lambda item: item[0])),
        reserved=holes if reserved else FrameSet(),
        reserved_complete=True,
        max_pfn=MEMORY[-1][2],
    )


def states(rule: StructPageRule, *, reserved: bool) -> dict[str, PageState]:
    """The state of each kind of hole after the rule's passes, by the key of its place."""
    layout = example_layout(reserved=reserved)
    painted = replay(layout, rule, layout.without_memory, typical(rule))[0]
    by_place: dict[str, PageState] = {}
    for place in PLACES:
        ((_, (state,)),) = overlay(FrameSet.of([place.frames]), painted)
        by_place[place.key] = state
    return by_place
