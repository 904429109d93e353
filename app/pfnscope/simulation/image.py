"""Where the kernel's own image lies: taken from the lines that tell, or assumed and said so."""

from msgspec import Struct

from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import IMAGE_MOVES
from pfnscope.model.log import BootLog, Lines
from pfnscope.units import KIB, MIB

LINK_ADDRESS = 16 * MIB
"""CONFIG_PHYSICAL_START of every distribution and of defconfig; KASLR moves the image from there."""

SMALLEST = 16 * MIB
"""Less than the image of any distribution's kernel."""


_PARTS = frozenset({"Kernel code", "Kernel rodata", "Kernel data", "Kernel bss"})


class Image(Struct, frozen=True):
    """Bytes ``[start, end)``; ``assumed`` says from what, where no line tells both."""

    start: int
    end: int
    lines: Lines
    assumed: str | None


def kernel_image(log: BootLog, command_line: str, version: Version | None) -> Image | None:
    """The image of an x86 kernel, or None where KASLR may have put it anywhere.

    From /proc/iomem both ends are known. A memblock dump has the image and what lies behind it as one region; the
    image has at least its beginning.
    """
    parts = [item for item in log.files.iomem if item.name in _PARTS]
    if parts and max(item.end for item in parts) > KIB:
        return Image(
            min(item.start for item in parts),
            max(item.end for item in parts),
            tuple(line for item in parts for line in item.lines),
            None,
        )
    names = {argument.name for argument in arguments(command_line)}
    for region in log.memblock_reserved:
        if region.start == LINK_ADDRESS:
            return Image(region.start, region.end, region.lines, "the region of memblock.reserved at 16 MiB")
    moves = "nokaslr" not in names if IMAGE_MOVES.reached(version, unknown=True) else "kaslr" in names
    if moves:
        return None
    return Image(LINK_ADDRESS, LINK_ADDRESS + SMALLEST, (), "the usual link address and the least size of an image")
