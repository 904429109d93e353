"""What memblock has free when the kernel makes a reservation: RAM without what is taken by then, from ranges only."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from functools import cached_property

from msgspec import Struct, structs

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.ledger_returned import boot_services
from pfnscope.kernel.architectures import X86
from pfnscope.kernel.command_line import arguments
from pfnscope.layout.owners import x86_low_memory
from pfnscope.model.answers import Obstacle
from pfnscope.model.log import BootLog, MemoryType
from pfnscope.model.ranges import Address, Lines, Pairs, canonical, clip, difference, intersection
from pfnscope.simulation.firmware import Image, kernel_image, own_image
from pfnscope.simulation.memblock import find
from pfnscope.units import KIB, MIB

CRASH_KERNEL = frozenset({"crashkernel"})
"""The kind of the regions that another ``crashkernel=`` takes the place of."""

_NOT_MEMBLOCK = frozenset({"nosave", "ignored", "standby", "acpi-nvs", "ram-buffer", "trampoline"})
"""Kinds of regions that take nothing from memblock."""

IMAGE_AT_MOST = 128 * MIB
"""More than the images of distributions' kernels with all that is reserved around them; with KASAN they are larger."""

_IMAGE_STEP = 2 * MIB
"""Where KASLR puts an image: CONFIG_PHYSICAL_ALIGN of x86-64, the least of i386, and EFI_KIMG_ALIGN of arm64."""

_IMAGE_PARTS = ("kernel code", "rwdata", "rodata", "init", "bss", "data", "code")

_EARLY = "early allocations of the kernel, in no line"


class Found(Struct, frozen=True):
    """Where memblock takes memory: ``usual`` where nothing lies in its way that no line shows, else ``extreme``.

    It is one of the starts from the one to the other that leave room. ``usual`` None: nowhere. ``extreme`` None:
    nowhere, if all that no line shows lies in the way.
    """

    usual: int | None
    extreme: int | None

    @property
    def certain(self) -> bool:
        """Whether all that decides is known."""
        return self.usual == self.extreme

    @property
    def lowest(self) -> int:
        """The first byte of all places that are not ruled out, without the size; 0 where it may be anywhere."""
        return min(self.usual or 0, self.extreme or 0)


class Free(Struct, frozen=True, dict=True):
    """Memory in bytes when a reservation is made. ``memory`` is memblock.memory, ``taken`` is shown by lines, sorted.

    ``unseen``: ranges of memory in which the kernel may have taken some that no line shows. ``image``: the kernel's
    image in this boot, where that is known, of ``image_size`` bytes at most; ``moves``: it may lie elsewhere, in the
    next boot by KASLR, within ``[image_low, image_high)``, or as no line tells where. ``nodes``: which memory each has.
    """

    memory: Pairs
    taken: tuple[Obstacle, ...]
    unseen: tuple[Obstacle, ...]
    image: Obstacle | None
    image_size: int
    moves: bool
    image_low: int = 16 * MIB
    image_high: int = 1 << 64
    nodes: tuple[tuple[int, Pairs], ...] = ()

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return sum(end - start for start, end in self.memory)

    @cached_property
    def with_image(self) -> Pairs:
        """What is free but for the kernel's image."""
        return difference(self.memory, canonical((item.start, item.end) for item in self.taken))

    @cached_property
    def free(self) -> Pairs:
        """What is free as far as lines tell; where the image moves, wherever it would be left out."""
        if self.moves or self.image is None:
            return self.with_image
        return difference(self.with_image, ((self.image.start, self.image.end),))

    @cached_property
    def sure(self) -> Pairs:
        """What is free whatever no line shows, but for an image that moves."""
        return difference(self.free, canonical((item.start, item.end) for item in self.unseen))

    @cached_property
    def _of_image(self) -> Pairs:
        """Memory in which KASLR may put the image whole."""
        return clip(self.with_image, self.image_low, self.image_high)

    def in_this_boot(self) -> "Free":
        """The same with the image where this boot has it, if that is known."""
        return structs.replace(self, moves=False) if self.moves and self.image is not None else self

    def without(self, start: int, end: int, name: str, lines: Lines = ()) -> "Free":
        """The same with more memory taken."""
        return structs.replace(self, taken=(*self.taken, Obstacle(Address(start), Address(end), name, lines)))

    def of_node(self, node: int) -> Pairs:
        """The memory of a node."""
        return next((pairs for number, pairs in self.nodes if number == node), ())

    def find(
        self,
        size: int,
        align: int,
        low: int = 0,
        high: int = 1 << 64,
        *,
        bottom_up: bool = False,
        within: Pairs | None = None,
    ) -> Found:
        """Where memblock takes ``size`` bytes inside ``[low, high)``, of ``within`` alone where that is given.

        More free memory never moves the result away from the end that the search begins at, so what is surely free
        gives the one limit of the outcomes, and what may be free the other.
        """
        free, sure = self.free, self.sure
        if within is not None:
            free, sure = intersection(free, within), intersection(sure, within)
        usual = find(free, size, align, low, high, bottom_up=bottom_up)
        extreme = None if usual is None else find(sure, size, align, low, high, bottom_up=bottom_up)
        if extreme is not None and self.moves:
            at = self._image_over(extreme, size, highest=bottom_up)
            if at is not None:
                rest = clip(sure, at + self.image_size, high) if bottom_up else clip(sure, low, at)
                extreme = find(rest, size, align, low, high, bottom_up=bottom_up)
        return Found(usual, extreme)

    def _image_over(self, start: int, size: int, *, highest: bool) -> int | None:
        """The lowest or the highest place of an image that moves and lies over ``[start, start + size)``."""
        length, step = self.image_size, _IMAGE_STEP
        first, last = start - length + 1, start + size - 1
        pieces = clip(self._of_image, max(0, first), last + length)
        for low, high in reversed(pieces) if highest else pieces:
            bottom = -(-max(low, first) // step) * step
            top = min(high - length, last) // step * step
            if bottom <= top:
                return top if highest else bottom
        return None

    def starts(self, size: int, align: int, found: Found, low: int = 0, high: int = 1 << 64) -> list[tuple[int, int]]:
        """Runs ``[first, last + align)`` of the starts between the outcomes of a search at which there is room."""
        if found.usual is None:
            return []
        other = found.extreme if found.extreme is not None else (low if found.usual >= (low + high) // 2 else None)
        first, last = sorted((found.usual, found.usual if other is None else other))
        pieces = clip(self.free, max(low, first), min(high, last + size))
        out = []
        for start, end in pieces:
            bottom, top = -(-start // align) * align, (end - size) // align * align
            if bottom <= top:
                out.append((bottom, top + align))
        return out

    def obstacles(self, start: int, end: int) -> tuple[Obstacle, ...]:
        """What is in the way inside ``[start, end)``: no RAM, or taken; by address."""
        gaps = difference(((start, end),), clip(self.memory, start, end))
        own = [Obstacle(Address(low), Address(high), "no RAM") for low, high in gaps]
        own += (item for item in self.taken if item.start < end and item.end > start)
        if self.image is not None and not self.moves and self.image.start < end and self.image.end > start:
            own.append(self.image)
        return tuple(sorted(own, key=lambda item: (item.start, item.end)))

    def largest(self, start: int, end: int, align: int) -> tuple[int, int] | None:
        """The largest free piece inside ``[start, end)`` from a multiple of ``align`` on; the lowest of several."""
        pairs = ((-(-low // align) * align, high) for low, high in clip(self.free, start, end))
        return max(
            (pair for pair in pairs if pair[0] < pair[1]), key=lambda pair: (pair[1] - pair[0], -pair[0]), default=None
        )


_NOTHING = Free((), (), (), None, 0, moves=False)

MOST_TIMES = 8
"""Times of a boot at which the free memory is worked out; a hostile text has a failure between any two reservations."""


class Times(Struct, frozen=True, dict=True):
    """The free memory of a boot at different times of its start."""

    analysis: Analysis

    @cached_property
    def _known(self) -> dict[tuple[int | None, AbstractSet[str]], Free]:
        return {}

    def before(self, line: int | None, but: AbstractSet[str] = frozenset()) -> Free:
        """What is free when the kernel prints ``line``; regions of the kinds ``but`` do not count.

        None: when it is about to set up zones. Empty without RAM, and beyond :data:`MOST_TIMES`.
        """
        key = line, frozenset(but)
        if key not in self._known and len(self._known) < MOST_TIMES:
            self._known[key] = free_before(self.analysis, line, but)
        return self._known.get(key, _NOTHING)


def free_before(analysis: Analysis, line: int | None = None, but: AbstractSet[str] = frozenset()) -> Free:
    """What memblock has free when the kernel prints ``line``, or by default when zones are about to be set up.

    Regions of the kinds ``but`` do not count. A dump and the steps of memblock=debug decide where the log has them:
    then nothing is unseen.
    """
    log, layout = analysis.log, analysis.layout
    page = layout.page_size
    memory: Pairs = tuple((start * page, end * page) for start, end in layout.memory_frames.pairs)
    if not memory:
        memory = canonical((item.start, item.end) for item in log.map_in_force if item.type is MemoryType.RAM)
    if not memory:
        return _NOTHING
    memory = difference(memory, tuple((start * page, end * page) for start, end in layout.nomap.pairs))
    time = line if line is not None else _zones_line(log)
    steps = list(_steps(log, time, but))
    taken = [*(steps or _named(log, time, but)), *_always(analysis)]
    x86 = layout.arch in (*X86, None)
    image = kernel_image(log, log.command_line or "", layout.version) if x86 else own_image(log)
    most = _image_size(log, image)
    end = 0 if image is None else image.start + most if image.assumed else image.end
    moves = "nokaslr" not in {argument.name for argument in arguments(log.command_line or "")}
    free = Free(
        memory,
        tuple(sorted(taken, key=lambda item: (item.start, item.end))),
        (),
        Obstacle(Address(image.start), Address(end), "kernel image", image.lines) if image is not None else None,
        most,
        moves=not steps and (image is None or moves),
        image_high=512 * MIB if layout.arch == "i386" else 1 << 64,
        nodes=tuple(
            (node, canonical((item.frames.start * page, item.frames.end * page) for item in own))
            for node, own in layout.by_node.items()
        ),
    )
    return free if steps else structs.replace(free, unseen=tuple(_unseen(analysis, free)))


def _zones_line(log: BootLog) -> int | None:
    return next((item.lines[0] for item in log.zone_ranges if item.lines), None)


def _earlier(lines: Lines, time: int | None) -> bool:
    return time is None or not lines or lines[0] < time


def _steps(log: BootLog, time: int | None, but: AbstractSet[str]) -> Iterator[Obstacle]:
    """What memblock=debug shows as reserved by a line: a dump before it and the steps behind that.

    A dump that comes later has what was reserved between, too; what lines name by kind is left out of it.
    """
    dump = [item for item in log.memblock_reserved if item.lines]
    events = [item for item in log.memblock_reserve_events if item.lines]
    if not dump and not events:
        return
    dumped = max((item.lines[-1] for item in dump), default=0)
    later = time is not None and dumped >= time
    freed = canonical((item.start, item.end) for item in log.memblock_freed)
    others = canonical((item.start, item.end) for item in log.reserved_regions if item.kind in but)
    pieces: list[tuple[int, int, Lines]] = []
    if not later or not events:
        pieces += ((item.start, item.end, item.lines) for item in dump)
    for item in events:
        lines = tuple(at for at in item.lines if (later or at > dumped) and (time is None or at < time))
        if lines:
            pieces += ((low, high, lines) for low, high in difference(((item.start, item.end),), freed))
    names = sorted(
        (item for item in log.reserved_regions if item.kind not in _NOT_MEMBLOCK), key=lambda item: item.start
    )
    for start, end, lines in pieces:
        for low, high in difference(((start, end),), others):
            own = [item.name for item in names if item.start < high and item.end > low]
            yield Obstacle(Address(low), Address(high), own[0] if own else "reserved memory", lines)


def _named(log: BootLog, time: int | None, but: AbstractSet[str]) -> Iterator[Obstacle]:
    """What lines name as taken before a time."""
    moved = any(item.name == "RAMDISK moved" for item in log.reserved_regions)
    for item in log.reserved_regions:
        if item.kind in _NOT_MEMBLOCK or item.kind in but or not _earlier(item.lines, time):
            continue
        if item.kind != "initrd" or not moved or "moved" in item.name:
            yield Obstacle(item.start, item.end, item.name, item.lines)


def _always(analysis: Analysis) -> Iterator[Obstacle]:
    """What x86 kernels reserve before anything else: the first MiB or its parts, and EFI's boot services."""
    layout = analysis.layout
    if layout.arch not in (*X86, None):
        return
    page = layout.page_size
    for start, end in x86_low_memory(layout.version, page).pairs:
        yield Obstacle(Address(start * page), Address(end * page), "first MiB")
    services, lines = boot_services(analysis)
    for start, end in services.pairs:
        yield Obstacle(Address(start * page), Address(end * page), "EFI boot services", lines)


def _image_size(log: BootLog, image: Image | None) -> int:
    """Bytes that the image takes at most, with its brk area."""
    parts = dict(log.page_counts.memory_parts)
    size = sum(parts.get(name, 0) for name in _IMAGE_PARTS) * KIB
    if image is not None and not image.assumed:
        size = max(size, image.end - image.start)
    return -(-size // (2 * MIB)) * 2 * MIB + 4 * MIB if size else IMAGE_AT_MOST


def _unseen(analysis: Analysis, free: Free) -> Iterator[Obstacle]:
    """Where early allocations may lie: memblock takes them from the end of memory downwards."""
    size = _early_size(analysis.log, free)
    for start, end in reversed(free.with_image):
        low = max(start, end - size)
        yield Obstacle(Address(low), Address(end), _EARLY)
        if end - start >= size:
            return


def _early_size(log: BootLog, free: Free) -> int:
    """Bytes of page tables and of the log buffer, with its metadata, at most."""
    tables = free.size >> 18
    buffers: Iterable[int] = (item.size for item in log.sizes if item.kind == "log-buffer")
    return tables + 5 * sum(buffers) + 4 * MIB
