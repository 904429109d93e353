"""What of a machine's memory came or went between its log and its record."""

from collections.abc import Iterator

from msgspec import Struct

from pfnscope.model.layout import Layout
from pfnscope.model.ranges import FrameSet
from pfnscope.recording.model import Record


class Changes(Struct, frozen=True):
    """Whole memory blocks plugged in since the log, gone since, and not online; ``ram`` is the memory of the first."""

    plugged: FrameSet = FrameSet()
    gone: FrameSet = FrameSet()
    offline: FrameSet = FrameSet()
    ram: FrameSet = FrameSet()

    def words(self) -> Iterator[str]:
        """A sentence for each change."""
        for frames, what in (
            (self.plugged, "was plugged in after boot, so the log cannot hold it"),
            (self.gone, "was taken away after boot"),
            (self.offline, "is in blocks that are not online"),
        ):
            if frames.pages:
                listed = ", ".join(map(str, frames))
                yield f"Memory at pfn {listed} {what}."


def changes(layout: Layout, record: Record) -> Changes:
    """From the memory blocks and /proc/iomem together: blocks are what memory is plugged and unplugged in.

    Where the addresses of /proc/iomem are hidden only the blocks show it; without blocks nothing is known to have
    changed, and every difference counts.
    """
    if record.blocks is None:
        return Changes()
    blocks = FrameSet.of(block.frames for block in record.blocks)
    booted = layout.memory_frames.rounded_out(record.block_frames)
    new, gone = blocks - booted, booted - blocks
    if record.ram is not None:
        new &= record.ram.rounded_out(record.block_frames)
        gone -= record.ram.rounded_out(record.block_frames)
    ram = new if record.ram is None else new & record.ram
    return Changes(plugged=new, gone=gone, offline=blocks - record.online("online"), ram=ram)
