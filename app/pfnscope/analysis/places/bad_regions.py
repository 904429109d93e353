"""Bad frames as few memmap= regions: neighbours joined as far as the limits of the kernel ask for it."""

from bisect import bisect_right

from msgspec import Struct

from pfnscope.kernel.region_kinds import RAM, RESERVED
from pfnscope.model.ranges import FrameSet
from pfnscope.units import MIB, argument_size

_HUGE_PAGE = 2 * MIB
"""With a bad frame in it, it is none any more: all of x86, but for i386 without PAE."""


class Limits(Struct, frozen=True):
    """How many regions there can be. ``avoided``: those that KASLR keeps out of, None where that is of no account.

    ``regions``: what the table of the kernel holds. ``characters``: of the argument. ``listed``: the kernel takes
    several regions in one argument.
    """

    avoided: int | None
    regions: int
    characters: int
    listed: bool


def region_argument(frames: FrameSet, page: int, *, listed: bool = True, retyped: bool = False) -> str:
    """``memmap=4K$0x7ddf0000,…``, or an argument each; ``retyped``: ``memmap=4K%0x7ddf0000-1+2``, without a “$”."""
    sign, types = ("%", f"-{RAM}+{RESERVED}") if retyped else ("$", "")
    regions = [
        f"{argument_size((end - start) * page)}{sign}{_start(start * page)}{types}" for start, end in frames.pairs
    ]
    return "memmap=" + (",".join(regions) if listed else " memmap=".join(regions))


def _start(start: int) -> str:
    return hex(start) if start % MIB else argument_size(start)


def regions(bad: FrameSet, ram: FrameSet, limits: Limits, page: int) -> FrameSet | None:
    """The frames in as many ranges of RAM as the limits allow, with the least RAM given up; None where they forbid it.

    Where KASLR would no longer keep out of all, those within one huge page are joined if that is enough: its other
    pages are of less use anyway.
    """
    out = bad
    if limits.avoided is not None and len(bad) > limits.avoided > 0:
        near = joined(bad, ram, limits.avoided, _HUGE_PAGE // page)
        if len(near) <= limits.avoided:
            out = near
    out = joined(out, ram, limits.regions)
    while (size := len(region_argument(out, page, listed=limits.listed))) > limits.characters:
        fewer = joined(out, ram, max(1, min(len(out) - 1, len(out) * limits.characters // size)))
        if len(fewer) == len(out):
            return None
        out = fewer
    return out if len(out) <= limits.regions else None


def joined(frames: FrameSet, ram: FrameSet, most: int, block: int | None = None) -> FrameSet:
    """The ranges as at most ``most`` where that can be, joined across the smallest gaps, which are RAM as a whole.

    ``block``: only gaps inside an aligned block of so many frames. Cost: n log n in ranges.
    """
    pairs = frames.pairs
    runs = [bisect_right(ram.pairs, (start, 1 << 64)) for start, _ in pairs]
    gaps = [
        (pairs[at][0] - pairs[at - 1][1], at)
        for at in range(1, len(pairs))
        if runs[at] == runs[at - 1] and (block is None or pairs[at][0] // block == (pairs[at - 1][1] - 1) // block)
    ]
    closed = {at for _, at in sorted(gaps)[: max(0, len(pairs) - most)]}
    out: list[tuple[int, int]] = []
    for at, (start, end) in enumerate(pairs):
        if at in closed:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return FrameSet(tuple(out))
