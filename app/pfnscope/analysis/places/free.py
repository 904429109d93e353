"""What memblock has free when the kernel makes a reservation: RAM without what is taken by then, from ranges only."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import accumulate
from operator import attrgetter

from msgspec import Struct, structs

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.ledger_returned import boot_services
from pfnscope.analysis.places.early_allocations import early_allocations
from pfnscope.kernel.architectures import X86_OR_UNKNOWN
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.crashkernel import ZONES_LAST, Moment
from pfnscope.kernel.kaslr import IMAGE_ALIGNMENT, IMAGE_AT_MOST, LINK_ADDRESS, image_window, kaslr_on
from pfnscope.layout.owners import x86_low_memory
from pfnscope.model.answers import Obstacle
from pfnscope.model.log import BootLog, Initmem, MemoryType, NodeRange, ZoneRange
from pfnscope.model.ranges import Address, Lines, Pairs, canonical, clip, difference, intersection, meeting, touches
from pfnscope.simulation.firmware import Image, kernel_image, own_image
from pfnscope.simulation.memblock import find, starts
from pfnscope.units import KIB, MIB

CRASH_KERNEL = frozenset({"crashkernel"})
"""The kind of the regions that another ``crashkernel=`` takes the place of."""

_NOT_MEMBLOCK = frozenset({"nosave", "ignored", "standby", "acpi-nvs", "ram-buffer", "trampoline", "elfcorehdr"})
"""Kinds of regions that take nothing from memblock, or lie where there is no memory."""

_IMAGE_PARTS = ("kernel code", "rwdata", "rodata", "init", "bss", "data", "code")


class Place(Struct, frozen=True):
    """Where memblock takes memory: ``expected`` if nothing lies in its way that no line shows.

    ``past_unlogged`` if all allocations do that no line shows, ``past_image`` if the kernel's image does, too: it is
    one of the starts from ``expected`` to ``past_image`` that leave room. None: nowhere.
    """

    expected: int | None
    past_unlogged: int | None
    past_image: int | None

    @property
    def certain(self) -> bool:
        """Whether all that decides is known."""
        return self.expected == self.past_image


class FreeMemory(Struct, frozen=True, dict=True):
    """Memory in bytes when a reservation is made.

    ``memory`` is memblock.memory, in which ranges of two nodes touch and stay two; ``taken`` is shown by lines, sorted.

    ``unlogged``: ranges of memory in which the kernel may have taken some that no line shows. ``image``: the kernel's
    image in this boot, where that is known, of ``image_size`` bytes at most; ``moves``: it may lie elsewhere in the
    next boot, by KASLR if it is ``random``, or no line tells where it is: anywhere within ``[image_low, image_high)``.
    ``nodes``: the memory of each.
    """

    memory: Pairs
    taken: tuple[Obstacle, ...]
    unlogged: tuple[Obstacle, ...]
    image: Obstacle | None
    image_size: int
    moves: bool
    random: bool = False
    image_low: int = LINK_ADDRESS
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
        """What is free as far as lines tell, with all places of an image that moves."""
        if self.moves or self.image is None:
            return self.with_image
        return difference(self.with_image, ((self.image.start, self.image.end),))

    @cached_property
    def sure(self) -> Pairs:
        """What is free whatever no line shows, but for an image that moves."""
        return difference(self.free, canonical((item.start, item.end) for item in self.unlogged))

    def in_this_boot(self) -> "FreeMemory":
        """The same with the image where this boot has it, if that is known."""
        return structs.replace(self, moves=False) if self.moves and self.image is not None else self

    def without(self, start: int, end: int, name: str, lines: Lines = ()) -> "FreeMemory":
        """The same with more memory taken."""
        more = Obstacle(Address(start), Address(end), name, lines)
        return structs.replace(self, taken=tuple(sorted((*self.taken, more), key=_borders)))

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
    ) -> Place:
        """Where memblock takes ``size`` bytes inside ``[low, high)``, of ``within`` alone where that is given.

        More free memory never moves the result away from the end that the search begins at, so what is surely free
        gives the one limit of the outcomes, and what may be free the other.
        """
        free, sure = self.free, self.sure
        if within is not None:
            free, sure = intersection(free, within), intersection(sure, within)
        expected = find(free, size, align, low, high, bottom_up=bottom_up)
        past_unlogged = None if expected is None else find(sure, size, align, low, high, bottom_up=bottom_up)
        past_image = past_unlogged
        if past_unlogged is not None and self.moves:
            at = self._image_over(past_unlogged, size, highest=bottom_up)
            if at is not None and bottom_up:
                past_image = find(sure, size, align, max(low, at + self.image_size), high, bottom_up=True)
            elif at is not None:
                past_image = find(sure, size, align, low, min(high, at))
        return Place(expected, past_unlogged, past_image)

    @cached_property
    def _for_image(self) -> Pairs:
        """Where the image may lie, across nodes, too."""
        return canonical(self.with_image)

    def _image_over(self, start: int, size: int, *, highest: bool) -> int | None:
        """The lowest or the highest place of an image that moves and lies over ``[start, start + size)``."""
        length, step = self.image_size, IMAGE_ALIGNMENT
        first, last = max(start - length + 1, self.image_low), start + size - 1
        pieces = clip(self._for_image, first, min(last + length, self.image_high))
        for low, high in reversed(pieces) if highest else pieces:
            bottom, top = -(-low // step) * step, min(high - length, last) // step * step
            if bottom <= top:
                return top if highest else bottom
        return None

    def image_places(self, start: int, size: int) -> tuple[int, int]:
        """At how many places an image that moves lies over ``[start, start + size)``, and at how many at all."""
        length, step = self.image_size, IMAGE_ALIGNMENT
        there = all_ = 0
        for low, high in clip(self._for_image, self.image_low, self.image_high):
            bottom, top = -(-low // step), (high - length) // step
            all_ += max(0, top - bottom + 1)
            first, last = max(bottom, (start - length) // step + 1), min(top, (start + size - 1) // step)
            there += max(0, last - first + 1)
        return there, all_

    def starts(self, size: int, align: int, first: int, last: int, within: Pairs = ()) -> Iterator[tuple[int, int]]:
        """Runs ``[start, end)`` of the starts from ``first`` to ``last`` at which ``size`` bytes may be free."""
        return starts(intersection(self.free, within) if within else self.free, size, align, first, last)

    def obstacles(self, start: int, end: int) -> tuple[Obstacle, ...]:
        """What is in the way inside ``[start, end)``, each whole: no RAM, or taken; by address."""
        image = () if self.image is None or self.moves else (self.image,)
        near = self.taken[bisect_right(self._reach, start) : bisect_left(self.taken, end, key=attrgetter("start"))]
        own = [item for item in (*near, *image) if item.start < end and item.end > start]
        own = [item for item in own if touches(self.memory, *item.range)]
        own += (
            Obstacle(Address(low), Address(min(high, max(end, self.memory[-1][1]))), "no RAM")
            for low, high in meeting(self._gaps, start, end)
        )
        return tuple(sorted(own, key=_borders))

    @cached_property
    def _reach(self) -> list[int]:
        """How far the first 1, 2, … of what is taken reach."""
        return list(accumulate((item.end for item in self.taken), max))

    @cached_property
    def _gaps(self) -> Pairs:
        return difference(((0, 1 << 64),), self.memory)

    def largest(self, start: int, end: int, align: int) -> tuple[int, int] | None:
        """The largest free piece inside ``[start, end)`` from a multiple of ``align`` on; the lowest of several."""
        pairs = ((-(-low // align) * align, high) for low, high in clip(self.free, start, end))
        pieces = (pair for pair in pairs if pair[0] < pair[1])
        return max(pieces, key=lambda pair: (pair[1] - pair[0], -pair[0]), default=None)


def _borders(item: Obstacle) -> tuple[int, int]:
    return item.start, item.end


NOTHING = FreeMemory((), (), (), None, 0, moves=False)
"""What is known to be free where no line tells of RAM."""

MOST_TIMES = 8
"""Times of a boot at which the free memory is worked out; a hostile text has a failure between any two reservations."""


class MemblockHistory(Struct, frozen=True, dict=True):
    """The free memory of a boot at different lines of its log, each worked out once."""

    analysis: Analysis

    @cached_property
    def _known(self) -> dict[tuple[int | None, AbstractSet[str], Moment], FreeMemory]:
        return {}

    def before(
        self, line: int | None, but: AbstractSet[str] = frozenset(), moment: Moment = "before zones"
    ) -> FreeMemory:
        """As :func:`free_before`; empty beyond :data:`MOST_TIMES`."""
        key = line, frozenset(but), moment
        if key not in self._known and len(self._known) < MOST_TIMES:
            self._known[key] = free_before(self.analysis, line, but, moment)
        return self._known.get(key, NOTHING)


def printed_line(log: BootLog, kinds: AbstractSet[str], *codes: str) -> int | None:
    """The first line that tells of a reserved region of some kinds, or of a failure by its code."""
    lines = [item.lines for item in log.reserved_regions if item.kind in kinds]
    lines += (item.lines for item in log.failures if item.code in codes)
    return min((own[0] for own in lines if own), default=None)


def line_of(analysis: Analysis, moment: Moment) -> int | None:
    """The line that a log has at a moment of set-up, None where no line tells: nothing may be behind that."""
    log = analysis.booted_from
    zones = min((item.lines[0] for item in log.zone_ranges if item.lines), default=None)
    if moment == "first":
        names = ("node-data", "cma")
        first = [item.lines[0] for item in log.reserved_regions if item.kind in names and item.lines]
        return min((*first, *([zones] if zones else ())), default=None)
    if moment == "before zones" or ZONES_LAST.reached(analysis.layout.version, unknown=True):
        return zones
    facts: tuple[ZoneRange | NodeRange | Initmem, ...] = (*log.zone_ranges, *log.node_ranges, *log.initmem)
    behind = [item.lines[-1] for item in facts if item.lines]
    behind += (item.lines[0] for item in log.reserved_regions if item.kind == "cma" and item.lines)
    return max(behind) + 1 if behind else None


def free_before(
    analysis: Analysis, line: int | None = None, but: AbstractSet[str] = frozenset(), moment: Moment = "before zones"
) -> FreeMemory:
    """What memblock has free when the kernel prints ``line``, or by default at a moment of set-up.

    Regions of the kinds ``but`` do not count. A dump and the steps of memblock=debug decide where the log has them:
    then nothing is unlogged.
    """
    log, layout = analysis.log, analysis.layout
    page = layout.page_size
    memory = _memory(analysis, moment)
    if not memory:
        return NOTHING
    time = line if line is not None else line_of(analysis, moment)
    x86 = layout.arch in X86_OR_UNKNOWN
    image = kernel_image(log, log.command_line or "", layout.version) if x86 else own_image(log)
    most = _image_size(analysis.booted_from, image)
    steps = list(_steps(log, time, but, image))
    taken = [*(steps or _named(log, time, but)), *_always(analysis)]
    end = 0 if image is None else image.start + (_parts(analysis.booted_from) or most) if image.assumed else image.end
    random = _moves(analysis)
    low, high = image_window(layout.arch, memory[0][0], most, by_efi=log.by_efi)
    free = FreeMemory(
        memory,
        tuple(sorted(taken, key=_borders)),
        (),
        Obstacle(Address(image.start), Address(end), "kernel image", image.lines) if image is not None else None,
        most,
        moves=random if image is not None else not steps,
        random=random,
        image_low=low,
        image_high=high,
        nodes=tuple(
            (node, canonical((item.frames.start * page, item.frames.end * page) for item in own))
            for node, own in layout.by_node.items()
        ),
    )
    if steps:
        return free
    unlogged = tuple(early_allocations(analysis, free.with_image, moment))
    if image is not None and end < image.start + most and image.assumed:
        unlogged += (Obstacle(Address(end), Address(image.start + most), "kernel image, its end"),)
    return structs.replace(free, unlogged=unlogged)


def _memory(analysis: Analysis, moment: Moment) -> Pairs:
    """memblock.memory in bytes, without what is kept out of the map, and hotpluggable memory with ``movable_node``.

    Once nodes are known, ranges of two of them stay apart, so that no allocation lies across: memblock_merge_regions()
    and should_skip_region() in mm/memblock.c, 6.1.
    """
    log, layout = analysis.log, analysis.layout
    page = layout.page_size
    spares = any(argument.name == "movable_node" for argument in arguments(log.command_line or ""))
    ranges = [item for item in layout.memory if not (spares and item.hotplug)]
    memory = tuple(sorted((item.frames.start * page, item.frames.end * page) for item in ranges))
    whole = canonical(memory)
    if moment == "first" or sum(end - start for start, end in memory) != sum(end - start for start, end in whole):
        memory = whole
    if not memory:
        memory = canonical((item.start, item.end) for item in log.map_in_force if item.type is MemoryType.RAM)
    return difference(memory, tuple((start * page, end * page) for start, end in layout.nomap.pairs))


def _steps(log: BootLog, time: int | None, but: AbstractSet[str], image: Image | None) -> Iterator[Obstacle]:
    """What memblock=debug shows as reserved by a line: a dump before it and the steps behind that.

    Of a dump behind it, what is not from a step between. Where lines place the image, it is left out.
    """
    dump = [item for item in log.memblock_reserved if item.lines]
    events = [item for item in log.memblock_reserve_events if item.lines]
    dumped = max((item.lines[-1] for item in dump), default=0)
    early = time is None or dumped < time
    freed = canonical((item.start, item.end) for item in log.memblock_freed)
    others: list[tuple[int, int]] = [(item.start, item.end) for item in log.reserved_regions if item.kind in but]
    others += [(image.start, image.end)] if image is not None and not image.assumed else []
    if not early:
        others += [(item.start, item.end) for item in events if any((time or 0) <= at < dumped for at in item.lines)]
    apart = canonical(others)
    pieces: list[tuple[int, int, Lines]] = [(item.start, item.end, item.lines) for item in dump]
    for item in events if early else ():
        lines = tuple(at for at in item.lines if at > dumped and (time is None or at < time))
        if lines:
            own = ((item.start, item.end),)
            pieces += ((low, high, lines) for low, high in difference(own, clip(freed, item.start, item.end)))
    named = sorted((item.start, item.end, item.name) for item in log.reserved_regions if item.kind not in _NOT_MEMBLOCK)
    for start, end, lines in pieces:
        for low, high in difference(((start, end),), clip(apart, start, end)):
            at = bisect_left(named, (high,)) - 1
            name = named[at][2] if at >= 0 and named[at][1] > low else "reserved memory"
            yield Obstacle(Address(low), Address(high), name, lines)


def _named(log: BootLog, time: int | None, but: AbstractSet[str]) -> Iterator[Obstacle]:
    """What lines name as taken before a time."""
    moved = any(item.name == "RAMDISK moved" for item in log.reserved_regions)
    for item in log.reserved_regions:
        if item.kind in _NOT_MEMBLOCK or item.kind in but or (time and item.lines and item.lines[0] >= time):
            continue
        if item.kind != "initrd" or not moved or "moved" in item.name:
            yield Obstacle(item.start, item.end, item.name, item.lines)


def _always(analysis: Analysis) -> Iterator[Obstacle]:
    """What x86 kernels reserve before anything else: the first MiB or its parts, and EFI's boot services."""
    layout = analysis.layout
    if layout.arch not in X86_OR_UNKNOWN:
        return
    page = layout.page_size
    for start, end in x86_low_memory(layout.version, page).pairs:
        yield Obstacle(Address(start * page), Address(end * page), "first MiB")
    services, lines = boot_services(analysis)
    for start, end in services.pairs:
        yield Obstacle(Address(start * page), Address(end * page), "EFI boot services", lines)


def _parts(log: BootLog) -> int:
    """Bytes that the image takes at least, by its parts in the "Memory:" line; 0 where there is none."""
    parts = dict(log.page_counts.memory_parts)
    return sum(parts.get(name, 0) for name in _IMAGE_PARTS) * KIB


def _image_size(log: BootLog, image: Image | None) -> int:
    """Bytes that the image takes at most, with its brk area."""
    size = _parts(log)
    if image is not None and not image.assumed:
        size = max(size, image.end - image.start)
    return -(-size // (2 * MIB)) * 2 * MIB + 4 * MIB if size else IMAGE_AT_MOST


def _moves(analysis: Analysis) -> bool:
    """Whether the next boot may have its image elsewhere: KASLR of x86, or that of EFI's boot stub elsewhere."""
    log, layout = analysis.log, analysis.layout
    moves = kaslr_on(arguments(log.command_line or ""), layout.version, layout.arch)
    return moves and (layout.arch in X86_OR_UNKNOWN or log.by_efi)
