"""Memory blocks, the units in which memory comes and goes: how large they are, and which are not RAM throughout."""

from msgspec import Struct

from pfnscope.kernel.memory_blocks import possible_sizes
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog
from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet, Lines


class BlockSize(Struct, frozen=True):
    """The size of memory blocks in bytes; ``printed`` says that the kernel printed it, in ``lines``."""

    size: int
    printed: bool
    lines: Lines = ()


class MixedBlock(Struct, frozen=True):
    """A memory block that is not RAM throughout: its number in /sys/devices/system/memory, its frames, its RAM."""

    number: int
    frames: FrameRange
    ram: FrameSet


def block_size(log: BootLog, layout: Layout) -> BlockSize | None:
    """As a file of /sys or a line says it, or else as the release chooses it, where that leaves one size only."""
    printed = log.files.memory_block_size or next(iter(log.page_counts.memory_block_size), None)
    if printed is not None and printed.value >= layout.page_size:
        return BlockSize(printed.value, True, printed.lines)
    for failure in log.failures:
        if failure.code == "unaligned-hotplug" and failure.unit:
            return BlockSize(failure.unit, True, failure.lines)
    if not layout.memory or not layout.section_size:
        return None
    end = layout.max_pfn * layout.page_size
    sizes = {*possible_sizes(layout.arch, layout.version, end, layout.section_size, cxl=bool(log.window_nodes))}
    return BlockSize(sizes.pop(), False) if len(sizes) == 1 else None


def mixed_blocks(layout: Layout, size: int) -> tuple[MixedBlock, ...]:
    """Blocks of ``size`` bytes with RAM and something else in them, by address: each holds a border of RAM."""
    pages = size // layout.page_size
    memory = layout.memory_frames
    cut = sorted({border // pages for pair in memory.pairs for border in pair if border % pages})
    blocks = ((number, FrameRange(number * pages, (number + 1) * pages)) for number in cut)
    return tuple(MixedBlock(number, frames, memory.clip(frames.start, frames.end)) for number, frames in blocks)


def neighbours(memory: ByteRange, unit: int) -> tuple[ByteRange, ByteRange | None]:
    """The ranges of whole units nearest to some memory: that holds it all, and the largest inside it, if any."""
    start, end = memory.start // unit * unit, -(-memory.end // unit) * unit
    inner = ByteRange(-(-memory.start // unit) * unit, memory.end // unit * unit)
    return ByteRange(start, end), inner if inner.start < inner.end else None


def stranded(memory: ByteRange, unit: int) -> int:
    """Bytes at both ends of some memory that fill no whole unit."""
    inner = neighbours(memory, unit)[1]
    return memory.size - (inner.size if inner else 0)
