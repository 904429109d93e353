"""Memory that has struct pages and is kept out of the map: what they hold, and who reads them."""

from pfnscope.analysis.holes import Surroundings, severity_of
from pfnscope.analysis.replay import replay
from pfnscope.kernel.architectures import asks_memblock
from pfnscope.kernel.readers import readers_for
from pfnscope.kernel.release import Release
from pfnscope.model.analysis import Choice, NomapMemory, PageState
from pfnscope.model.layout import Layout
from pfnscope.model.ranges import FrameRange, FrameSet, Lines, Painted, overlay


def nomap_memory(surroundings: Surroundings, choice: Choice, release: Release | None) -> tuple[NomapMemory, ...]:
    """Runs of NOMAP memory by address; none where pfn_valid() knows it, from 5.14 on, or where no rule is known."""
    layout = surroundings.layout
    if not layout.nomap or choice.rule is None or release is None or not asks_memblock(layout.arch, release.acts_like):
        return ()
    version = release.acts_like
    states = replay(layout, choice.rule, layout.nomap & layout.struct_pages, version)
    spanned = FrameSet.of(span.frames for span in layout.zone_spans)
    readers = readers_for(version, layout.arch)
    out: list[NomapMemory] = []
    for frames, (state,) in overlay(layout.nomap & layout.struct_pages, _known(states)):
        reaching = [
            reader for reader in readers if surroundings.pages[reader.bound].clip(frames.start, frames.end).pairs
        ]
        severity = severity_of(
            state,
            reserved=None,
            linked_inside=bool(spanned.clip(frames.start, frames.end).pairs),
            ordinary=any(reader.ordinary for reader in reaching),
            reached=bool(reaching),
        )
        names = tuple(reader.name for reader in reaching)
        out.append(NomapMemory(frames.start, frames.end, state.state, severity, names, _lines(layout, frames)))
    return tuple(out)


def _known(states: Painted[PageState]) -> Painted[PageState]:
    """The states without what differs in words alone, so that runs are as long as they can be."""
    return tuple((frames, PageState(state.state, "", state.node, state.zone)) for frames, state in states)


def _lines(layout: Layout, frames: FrameRange) -> Lines:
    near = (item for item in layout.memory if item.frames.clip(frames.start, frames.end).pages)
    return tuple(sorted({line for item in near for line in item.lines}))
