"""Where a large piece of RAM could be free while a kernel starts, and how much of it whatever lies where."""

from bisect import bisect_left
from functools import cached_property

from msgspec import Struct

from pfnscope.analysis.analyze import Analysis
from pfnscope.kernel.command_line import arguments
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import ByteRange, Pairs, canonical, clip, difference
from pfnscope.simulation.firmware import kernel_image
from pfnscope.units import MIB

_LATER_OR_NONE = frozenset({"nosave", "ignored", "standby", "struct-pages"})
"""Kinds of regions that take nothing from memblock, or lie wherever there is room."""

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


MOST_ROOMS = 8
"""Times of a boot at which the room is worked out; a hostile text has a failure between any two of its reservations."""

_NO_ROOM = Room((), (), (), moves=False)


class Rooms(Struct, frozen=True, dict=True):
    """The room of a boot at different times of its start."""

    analysis: Analysis

    def before(self, line: int | None) -> Room:
        """The room that the kernel has when it prints ``line``, without what earlier lines name as taken.

        None: without what any line names. Empty without a memory map or ranges of nodes, and beyond
        :data:`MOST_ROOMS`.
        """
        taken = len(self._taken) if line is None else bisect_left(self._taken, line, key=lambda item: item[0])
        if taken not in self._known and len(self._known) < MOST_ROOMS:
            self._known[taken] = self._room(taken)
        return self._known.get(taken, _NO_ROOM)

    @cached_property
    def _known(self) -> dict[int, Room]:
        """By the number of reservations that were there."""
        return {}

    @cached_property
    def _ram(self) -> Pairs:
        log, size = self.analysis.log, self.analysis.layout.page_size
        ram: Pairs = tuple((start * size, end * size) for start, end in self.analysis.layout.memory_frames.pairs)
        return ram or canonical((item.start, item.end) for item in log.map_in_force if item.type is MemoryType.RAM)

    @cached_property
    def _taken(self) -> list[tuple[int, int, int]]:
        """What lines name as taken: the first line, start, end; in the order of lines."""
        regions = (item for item in self.analysis.log.reserved_regions if item.kind not in _LATER_OR_NONE)
        return sorted((item.lines[0] if item.lines else 0, item.start, item.end) for item in regions)

    def _room(self, taken: int) -> Room:
        log = self.analysis.log
        with_image = difference(self._ram, canonical((start, end) for _, start, end in self._taken[:taken]))
        image = kernel_image(log, log.command_line or "", self.analysis.layout.version)
        pieces = difference(with_image, ((image.start, image.end),) if image else ())
        names = {argument.name for argument in arguments(log.command_line or "")}
        return Room(self._ram, pieces, with_image, "nokaslr" not in names)
