"""Where kernels put their image: the link address, KASLR, and the regions of memmap= that it keeps out of."""

from collections.abc import Iterable

from msgspec import Struct

from pfnscope.kernel.architectures import X86_OR_UNKNOWN
from pfnscope.kernel.command_line import Argument
from pfnscope.kernel.region_kinds import TYPE_OF
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import IMAGE_MOVES
from pfnscope.units import MIB, leading_size

LINK_ADDRESS = 16 * MIB
"""CONFIG_PHYSICAL_START of every distribution and of defconfig, for x86; KASLR moves the image from there."""

IMAGE_AT_LEAST = 16 * MIB
"""Less than the image of any distribution's kernel."""

IMAGE_AT_MOST = 128 * MIB
"""More than the images of distributions' kernels with all that is reserved around them; with KASAN they are larger."""

IMAGE_ALIGNMENT = 2 * MIB
"""Where KASLR puts an image: CONFIG_PHYSICAL_ALIGN of x86-64, the least of i386, and EFI_KIMG_ALIGN of arm64."""

_NEAR_START = 64 * MIB
"""Within so much of the start of RAM boot loaders without EFI put an image: 0, 512 KiB, 2, 8 or 32 MiB of it."""

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


def kaslr_on(line: Iterable[Argument], version: Version | None, arch: str | None = None) -> bool:
    """Whether a kernel may move its image, where CONFIG_RANDOMIZE_BASE is as by default on that release."""
    names = {argument.name for argument in line}
    default = arch not in X86_OR_UNKNOWN or IMAGE_MOVES.reached(version, unknown=True)
    return "nokaslr" not in names and (default or "kaslr" in names)


def image_window(arch: str | None, start: int, size: int, *, by_efi: bool) -> tuple[int, int]:
    """Where an image of ``size`` bytes may lie whose place no line tells; RAM begins at ``start``.

    Source: choose_random_location() in arch/x86/boot/compressed/kaslr.c, 4.17 and 6.1: i386 below 512 MiB;
    efi_random_alloc() in drivers/firmware/efi/libstub/randomalloc.c, 6.1.
    """
    if arch in X86_OR_UNKNOWN:
        return LINK_ADDRESS, 512 * MIB if arch == "i386" else 1 << 64
    return (0, 1 << 64) if by_efi else (start, start + _NEAR_START + size)
