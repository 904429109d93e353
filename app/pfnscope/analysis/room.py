"""Where a large piece of RAM could be free while a kernel starts, and how much of it whatever lies where."""

from msgspec import Struct

from pfnscope.analysis.analyze import Analysis
from pfnscope.kernel.command_line import arguments
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import ByteRange, Pairs, canonical, clip, difference
from pfnscope.simulation.firmware import kernel_image
from pfnscope.units import MIB

_LATER_OR_NONE = frozenset({"nosave", "ignored", "standby"})
"""Kinds of regions that take nothing from memblock."""

IMAGE_AT_MOST = 128 * MIB
"""More than the images of distributions' kernels with all that is reserved around them; with KASAN they are larger."""


class Room(Struct, frozen=True):
    """RAM in bytes without what is known to be taken: the most that can be free. ``ram`` is all RAM.

    ``pieces`` leave out the kernel's own image where it is known, ``with_image`` do not. ``moves``: KASLR may put the
    image elsewhere on the next boot.
    """

    ram: Pairs
    pieces: Pairs
    with_image: Pairs
    moves: bool

    @property
    def size(self) -> int:
        """Bytes of RAM."""
        return sum(end - start for start, end in self.ram)

    def largest(self, start: int, end: int, align: int) -> ByteRange | None:
        """The largest piece inside ``[start, end)`` from a multiple of ``align`` on; the lowest of several."""
        best = max(
            _aligned(self.pieces, start, end, align), key=lambda pair: (pair[1] - pair[0], -pair[0]), default=None
        )
        return ByteRange(*best) if best else None

    def sure(self, start: int, end: int, align: int) -> int:
        """A size in bytes that fits inside ``[start, end)`` wherever the kernel's image is put, rounded down.

        The image can cut the largest piece in two.
        """
        sizes = sorted((high - low for low, high in _aligned(self.with_image, start, end, align)), reverse=True)
        if not self.moves:
            largest = self.largest(start, end, align)
            return max(0, largest.size - IMAGE_AT_MOST) // align * align if largest else 0
        return max(((sizes[0] - IMAGE_AT_MOST) // 2, *sizes[1:2], 0) if sizes else (0,)) // align * align


def _aligned(pieces: Pairs, start: int, end: int, align: int) -> list[tuple[int, int]]:
    pairs = ((-(-low // align) * align, high) for low, high in clip(pieces, start, end))
    return [(low, high) for low, high in pairs if low < high]


def room_before(analysis: Analysis, line: int | None) -> Room:
    """The room that the kernel has when it prints ``line``, without what earlier lines name as taken.

    None: without what any line names. Empty without a memory map or ranges of nodes.
    """
    log, layout = analysis.log, analysis.layout
    size = layout.page_size
    ram: Pairs = tuple((start * size, end * size) for start, end in layout.memory_frames.pairs)
    if not ram:
        ram = canonical((item.start, item.end) for item in log.map_in_force if item.type is MemoryType.RAM)
    taken = canonical(
        (region.start, region.end)
        for region in log.reserved_regions
        if region.kind not in _LATER_OR_NONE and (line is None or (region.lines and region.lines[0] < line))
    )
    image = kernel_image(log, log.command_line or "", layout.version)
    with_image = difference(ram, taken)
    pieces = difference(with_image, ((image.start, image.end),) if image else ())
    names = {argument.name for argument in arguments(log.command_line or "")}
    return Room(ram, pieces, with_image, "nokaslr" not in names)
