"""Which memory blocks there are, against the memory of the log."""

from pfnscope.analysis.verify.changes import Changes
from pfnscope.model.layout import Layout
from pfnscope.model.ranges import FrameSet
from pfnscope.model.verification import Comparison, Difference, LeftOut
from pfnscope.recording.model import Record

_WHAT, _FILE, _UNIT = "memory blocks", "memory-blocks.txt", "page frames"


def compare_blocks(layout: Layout, record: Record, changed: Changes) -> Comparison:
    """There is a block, online or not, wherever a section has memory (drivers/base/memory.c, 4.17 to 7.1)."""
    if record.blocks is None:
        return Comparison(_WHAT, _FILE, _UNIT, None, left_out=(LeftOut(None, None, record.missing[_FILE]),))
    theirs = FrameSet.of(block.frames for block in record.blocks)
    ours = layout.memory_frames.rounded_out(record.block_frames)
    differences = [
        *(Difference(item.start, item.end, "no block", "a block") for item in theirs - ours - changed.plugged),
        *(Difference(item.start, item.end, "no block", "a block", "plugged in after boot") for item in changed.plugged),
        *(Difference(item.start, item.end, "a block", "no block") for item in ours - theirs - changed.gone),
        *(Difference(item.start, item.end, "a block", "no block", "taken away after boot") for item in changed.gone),
    ]
    return Comparison(_WHAT, _FILE, _UNIT, (ours & theirs).pages, tuple(sorted(differences, key=lambda d: d.frames)))
