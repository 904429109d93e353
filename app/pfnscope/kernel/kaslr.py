"""Which regions of memmap= an x86 kernel keeps out of when it moves its image to a random place in physical memory."""

from collections.abc import Iterable

from msgspec import Struct

from pfnscope.kernel.command_line import Argument
from pfnscope.kernel.region_kinds import TYPE_OF
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import IMAGE_MOVES
from pfnscope.units import leading_size

AVOIDED_REGIONS = 4
"""MAX_MEMMAP_REGIONS, arch/x86/boot/compressed/kaslr.c, 4.13 to 7.1."""


class Avoidance(Struct, frozen=True):
    """What becomes of the regions of a command line. ``regions``: how many the image keeps out of.

    ``stays``: a list goes on behind the last of those, so that the image is not moved at all. ``overlooked``:
    arguments that come later; neither are their regions avoided, nor do they keep the image where it is.
    """

    regions: int
    stays: bool
    overlooked: tuple[str, ...]


def avoidance(given: Iterable[Argument]) -> Avoidance:
    """Read ``memmap=`` as the decompressor does.

    Source: mem_avoid_memmap() and parse_memmap() in arch/x86/boot/compressed/kaslr.c, 4.17 and 6.1. That arguments of
    their own behind the fourth region are overlooked is no intention: a patch for it was discussed on linux-kernel in
    October and November 2025.
    """
    count, stays, overlooked = 0, False, list[str]()
    for argument in given:
        if argument.name != "memmap" or not argument.value:
            continue
        if count == AVOIDED_REGIONS:
            overlooked.append(argument.text)
            continue
        parts = argument.value.split(",")
        for at, part in enumerate(parts, 1):
            if leading_size(part)[0] is None:
                break
            count += _is_region(part)
            if count == AVOIDED_REGIONS:
                stays |= at < len(parts)
                break
    return Avoidance(count, stays, tuple(overlooked))


def _is_region(part: str) -> bool:
    """Whether a part names a region that is avoided: none at 0, and no RAM."""
    rest = leading_size(part)[1]
    return rest[:1] in TYPE_OF and rest[0] != "@" and bool(leading_size(rest[1:])[0])


def kaslr_on(given: Iterable[Argument], version: Version | None) -> bool:
    """Whether the decompressor may move the image, where CONFIG_RANDOMIZE_BASE is as by default on that release."""
    names = {argument.name for argument in given}
    return "nokaslr" not in names and (IMAGE_MOVES.reached(version, unknown=True) or "kaslr" in names)
