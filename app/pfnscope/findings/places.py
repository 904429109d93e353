"""Ranges and sizes of memory as sentences and arguments have them."""

from pfnscope.model.ranges import ByteRange
from pfnscope.units import GIB, KIB, MIB, format_size


def place(memory: ByteRange, page_size: int) -> str:
    """``[0x73000, 0x7f000) · 192 MiB · 0x73000000``: frames, size, address."""
    return f"{memory.frames_outward(page_size)} · {format_size(memory.size)} · {memory.start}"


def argument_size(size: int) -> str:
    """Bytes as an argument has them: ``1G``, ``192M``."""
    for unit, letter in ((GIB, "G"), (MIB, "M"), (KIB, "K")):
        if size % unit == 0:
            return f"{size // unit}{letter}"
    return str(size)


def below(limit: int) -> str:
    """`` below 4 GiB``, or nothing where all addresses are below it."""
    return f" below {format_size(limit)}" if limit < 1 << 46 else ""
