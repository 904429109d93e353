"""An area that the kernel places itself: what it tries in turn, where that leads, and what is in the way."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct, structs

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.places.free import FreeMemory, Place, free_before
from pfnscope.analysis.places.struct_pages import after_struct_pages, at_moment
from pfnscope.kernel.crashkernel import Moment
from pfnscope.kernel.placeable import PlacedKind
from pfnscope.model.answers import Obstacle, OtherForm, Outcome, Placement, Placements
from pfnscope.model.ranges import Address, Lines, Pairs, canonical, clip, difference
from pfnscope.simulation import NotSimulated
from pfnscope.units import format_size, range_words

MOST_NODES = 16
"""Nodes of which it is said in words what becomes of an area, and what is in its way; a log may have thousands."""

MOST_IN_THE_WAY = 8
"""Obstacles that one run of starts names; a log of strangers may have thousands."""

_LATER = frozenset({"swiotlb"})
"""Kinds of regions that are reserved after the command line is parsed, where zones come first."""

_LAST = 1 << 62
"""After every line."""


def free_at(
    analysis: Analysis, moment: Moment | None, but: AbstractSet[str] = frozenset(), line: int | None = None
) -> FreeMemory:
    """What is free at a moment, or when ``line`` is printed, but for regions of the kinds ``but``.

    None: when the command line is parsed, behind struct pages. Raises NotSimulated where the text does not tell memory.
    """
    if moment is None:
        zones = max((item.lines[0] for item in analysis.log.zone_ranges if item.lines), default=0)
        parsed = line or max(analysis.log.command_line_lines, default=0)
        free = free_before(analysis, parsed if parsed > zones else _LAST, _LATER | but)
        free = after_struct_pages(analysis, free)
    else:
        free = at_moment(analysis, free_before(analysis, line, but, moment), moment)
    return known(free)


def known(free: FreeMemory) -> FreeMemory:
    """The same, if the text tells of any memory. Raises NotSimulated."""
    if not free.memory:
        raise NotSimulated("the text has neither a memory map nor ranges of nodes, so what is free is not known")
    return free


def assumed(analysis: Analysis) -> tuple[str, ...]:
    """What an answer takes for granted; a release that nothing names is taken for a current one."""
    names = [name for name, _ in analysis.assumed]
    if analysis.layout.version is None and "release" not in names:
        names.append("release")
    return tuple(names)


class Window(Struct, frozen=True):
    """Bytes ``[low, high)`` that memblock searches, from the end downwards or from the start upwards."""

    low: int
    high: int
    bottom_up: bool = False


class Area(Struct, frozen=True):
    """Where an area lies, and whether the kernel finds the memory; ``start``: if nothing unlogged is in the way."""

    outcome: Outcome
    placements: tuple[Placement, ...] = ()
    start: Address | None = None


def area(
    free: FreeMemory,
    size: int,
    align: int,
    windows: Sequence[Window],
    memory: Pairs,
    node: int | None = None,
    *,
    named: bool = True,
) -> Area:
    """Search for ``size`` bytes at multiples of ``align`` in ``memory``, all or that of a node.

    What is in the way is only looked for if it is to be ``named``: of a node among many that takes as long as of all.
    Of an outcome that is not certain the expected start comes first, then the others, of all windows that the kernel
    may come to.
    """
    out: list[Placement] = []
    first: int | None = None
    failed: list[Placement] = []
    for window in windows:
        result = _searched(free, size, align, window, memory)
        if result.expected is None:
            failed += _failed(free, size, window, memory, node, named=named)
            continue
        first = result.expected if first is None else first
        own = list(_placements(free, size, align, window, memory, result, node, named=named))
        if result.certain and not out:
            return Area("fits", tuple(own), Address(first))
        out += (structs.replace(item, certain=False) for item in own)
        if result.past_image is not None:
            return Area("fits", tuple(out), Address(first))
    if first is not None:
        return Area("may-fail", tuple(out), Address(first))
    return Area("fails", tuple(failed))


def _searched(free: FreeMemory, size: int, align: int, window: Window, memory: Pairs) -> Place:
    within = None if memory is free.memory else memory
    return free.find(size, align, window.low, window.high, bottom_up=window.bottom_up, within=within)


def settled(free: FreeMemory, size: int, align: int, windows: Sequence[Window], memory: Pairs) -> bool:
    """Whether searches in turn find so many bytes in any case."""
    return any(_searched(free, size, align, window, memory).past_image is not None for window in windows)


def _placements(
    free: FreeMemory,
    size: int,
    align: int,
    window: Window,
    memory: Pairs,
    result: Place,
    node: int | None,
    *,
    named: bool,
) -> Iterator[Placement]:
    expected = result.expected or 0
    low, high = max(window.low, memory[0][0]), min(window.high, memory[-1][1])
    way = (low, expected) if window.bottom_up else (expected + size, high)
    blocked = in_the_way(free, memory, *way) if named else ()
    own = Placement(Address(expected), Address(expected + align), True, blocked_by=blocked, size=size, node=node)
    yield structs.replace(own, lines=lines_of(blocked))
    if result.certain:
        return
    hidden = unlogged(free, low, high)
    end = high if window.bottom_up else window.low
    other = end if result.past_image is None else result.past_image
    runs = (expected + align, other) if window.bottom_up else (other, expected - align)
    for start, last in free.starts(size, align, *runs, () if memory is free.memory else memory):
        yield structs.replace(own, start=Address(start), end=Address(last), blocked_by=hidden)


def _failed(
    free: FreeMemory, size: int, window: Window, memory: Pairs, node: int | None, *, named: bool
) -> Iterator[Placement]:
    low, high = max(window.low, memory[0][0]), min(window.high, memory[-1][1])
    if low < high:
        blocked = in_the_way(free, memory, low, high) if named else ()
        lines = lines_of(blocked)
        yield Placement(Address(low), Address(high), False, blocked_by=blocked, lines=lines, size=size, node=node)


def at(free: FreeMemory, start: int, size: int, align: int, *, refused: bool) -> Area:
    """An area at the address that the command line names, of one node or more; ``refused`` whatever lies there."""
    end, whole = start + size, structs.replace(free, memory=canonical(free.memory))
    if end > 1 << 64:
        return Area("fails")
    result = whole.find(size, align, start, end)
    outcome: Outcome = "fits"
    blocked = in_the_way(free, free.memory, start, end)
    if refused or result.expected is None:
        outcome = "fails"
    elif result.past_image is None:
        blocked, outcome = unlogged(free, start, end), "may-fail"
    own = Placement(
        Address(start),
        Address(start + align),
        outcome != "fails",
        certain=outcome != "may-fail",
        blocked_by=blocked,
        lines=lines_of(blocked),
        size=size,
    )
    return Area(outcome, (own,), Address(start) if own.safe else None)


def placements_of(
    analysis: Analysis,
    what: PlacedKind,
    argument: str,
    name: str,
    size: int,
    align: int,
    result: Area,
    forms: tuple[OtherForm, ...] = (),
    notes: tuple[str, ...] = (),
) -> Placements:
    """The answer of an area: ``argument`` is what asks for it, ``name`` how its sentence calls it."""
    return Placements(
        what=what,
        size=size,
        align=align,
        release=analysis.release.text if analysis.release else None,
        assumed=assumed(analysis),
        placements=result.placements,
        command_line=argument if result.outcome != "fails" else None,
        start=result.start,
        outcome=result.outcome,
        text=words_of(name, size, result),
        notes=notes,
        other_forms=forms,
    )


def words_of(name: str, size: int, result: Area) -> str:
    """The outcome in a sentence."""
    placed = [item for item in result.placements if item.safe]
    if result.outcome == "fails" or result.start is None or not placed:
        return f"{name} of {format_size(size)} does not fit."
    doubt = ", or does not fit at all" if result.outcome == "may-fail" else ""
    if len(placed) == 1 and placed[0].certain:
        return f"{name} of {format_size(size)} begins at {result.start}{doubt}."
    if all(item.certain for item in placed):
        starts = " and ".join(str(item.start) for item in placed)
        return f"{name} of {format_size(size)} lies in parts that begin at {starts}{doubt}."
    low, high = min(item.start for item in placed), max(item.end for item in placed)
    where = f"somewhere in {range_words(low, high)}, most likely at {result.start}"
    return f"{name} of {format_size(size)} begins {where}{doubt}."


def fits(free: FreeMemory, size: int, align: int, low: int, high: int) -> bool:
    """Whether so many bytes are found in any case."""
    return free.find(size, align, low, high).past_image is not None


def largest(fits: Callable[[int], bool], most: int, step: int) -> int:
    """The largest size in whole steps up to ``most`` that fits; 0 where none does."""
    low, high = 0, most // step
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle * step) else (low, middle - 1)
    return low * step


def in_the_way(free: FreeMemory, memory: Pairs, start: int, end: int) -> tuple[Obstacle, ...]:
    """What lies in ``[start, end)``, by address: no RAM, memory outside of ``memory``, or what is taken.

    Of too many the largest.
    """
    if start >= end:
        return ()
    others = difference(clip(free.memory, start, end), clip(memory, start, end))
    own = [Obstacle(Address(low), Address(high), "memory of another node") for low, high in others]
    own += free.obstacles(start, end)
    own.sort(key=lambda item: item.start - item.end)
    return tuple(sorted(own[:MOST_IN_THE_WAY], key=lambda item: (item.start, item.end)))


def unlogged(free: FreeMemory, start: int, end: int) -> tuple[Obstacle, ...]:
    """What no line places and what may lie in ``[start, end)``."""
    own = [item for item in free.unlogged if item.start < end and item.end > start]
    if free.moves and start < free.image_high and end > free.image_low:
        low, high = max(free.image_low, free.memory[0][0]), min(free.image_high, free.memory[-1][1])
        own.insert(0, Obstacle(Address(low), Address(high), "kernel image, somewhere"))
    return tuple(own[:MOST_IN_THE_WAY])


def lines_of(blocked: Iterable[Obstacle]) -> Lines:
    """The lines of all obstacles."""
    return tuple(sorted({line for item in blocked for line in item.lines}))
