"""Layouts of few frames: nodes that are interleaved, with reserved and NOMAP frames, for tests of properties."""

from itertools import pairwise

from hypothesis import strategies as st
from msgspec import structs

from pfnscope.kernel.architecture_row import MemoryModel
from pfnscope.layout.zones import zone_spans
from pfnscope.model.layout import Layout, MemMap, MemoryRange, Owner, ZoneLimit
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import FrameRange, FrameSet

END, SECTION, PAGE = 64, 8, 4096
LIMITS = (("DMA", 0, 16), ("DMA32", 16, 40), ("Normal", 40, END))


@st.composite
def layouts(draw: st.DrawFn, *, plain: bool = False) -> Layout:
    """Few frames of up to three interleaved nodes; but for ``plain`` ones nodes have ZONE_MOVABLE, memory is NOMAP."""
    edges = sorted(draw(st.sets(st.integers(0, END), min_size=2, max_size=20)))
    pieces = [FrameRange(*pair) for pair in pairwise(edges)]
    memory = tuple(MemoryRange(piece, node - 1, ()) for piece in pieces if (node := draw(st.integers(0, 3)))) or (
        MemoryRange(pieces[0], 0, ()),
    )
    limits = tuple(ZoneLimit(zone, FrameRange(start, end), ()) for zone, start, end in LIMITS)
    movable = st.dictionaries(st.integers(0, 2), st.integers(12, END))
    some = st.sets(st.integers(0, END - 1), max_size=12)
    reserved, mapped, nomap = (FrameSet.of(FrameRange(at, at + 1) for at in draw(some)) for _ in range(3))
    layout = Layout(
        arch="x86_64",
        page_size=PAGE,
        memmap=MemMap(MemoryModel.SPARSEMEM, section_size=SECTION * PAGE, block=SECTION),
        memory=memory,
        zone_limits=limits,
        zone_spans=zone_spans(memory, limits, {} if plain else draw(movable)),
        owners=tuple((item, Owner(MemoryType.RESERVED, "reserved", ())) for item in mapped),
        reserved=reserved,
        reserved_complete=True,
        max_pfn=memory[-1].frames.end - draw(st.integers(0, 3)),
    )
    return layout if plain else structs.replace(layout, nomap=nomap & layout.memory_frames)
