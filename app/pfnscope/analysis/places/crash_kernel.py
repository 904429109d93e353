"""Where the memory of a crash kernel lies, or why there is none."""

from bisect import bisect_right
from collections.abc import Iterator

from msgspec import structs

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.places.areas import Area
from pfnscope.analysis.places.crash_search import Attempt, CrashCase, Trial, words_of
from pfnscope.analysis.places.pools import CmaRequest, cma_area
from pfnscope.kernel.crashkernel import CrashRequest, reserves_cma
from pfnscope.kernel.pools import cma_search
from pfnscope.model.answers import ELSEWHERE, Obstacle, OtherForm, Placement, Placements
from pfnscope.model.ranges import Address, ByteRange
from pfnscope.units import MIB, format_size
from pfnscope.words import shortened

_STEPS = (64 * MIB, 32 * MIB, 16 * MIB)
_LEAST = 64 * MIB
"""Sizes that are offered are multiples of the first step that leaves two of it, fewer boot no capture kernel."""

_MOST_OBSTACLES = 8


def crash_kernel(analysis: Analysis, value: str) -> Placements:
    """The memory for what stands behind ``crashkernel=``, or for several such arguments apart by blanks.

    A crash kernel that the log has does not count: this takes its place. Raises NotSimulated where nothing can be said,
    and ValueError for a value that cannot be read.
    """
    case = CrashCase.of(analysis)
    request = case.request(value)
    if request is None:
        raise ValueError("A crash kernel needs a size, such as 256M.")
    assumed = [name for name, _ in analysis.assumed]
    if analysis.layout.version is None and "release" not in assumed:
        assumed.append("release")
    trial = case.tried(request) if request.size else None
    areas = tuple(cma_areas(case, trial)) if trial else ()
    placements = (*dict.fromkeys(_placements(case, trial)), *_of_cma(areas, trial)) if trial else ()
    if trial and request.base is not None:
        placements += tuple(_runs(case, request))
    others = () if trial is None or trial.outcome == "fits" else tuple(other_forms(case, trial))
    fits = trial is not None and trial.outcome == "fits"
    return Placements(
        what="crashkernel",
        size=request.size,
        align=case.row.fixed if request.base is not None else case.row.align,
        release=analysis.release.text if analysis.release else None,
        assumed=tuple(assumed),
        placements=placements,
        command_line=words_of(request) if fits else others[0].command_line if others else None,
        start=_address(trial.start) if fits and trial else others[0].start if others else None,
        outcome=trial.outcome if trial else "fails",
        text=text_of(case, trial, areas) if trial else "No memory is reserved for a crash kernel: its size is 0.",
        notes=tuple(_notes(case, request, trial)),
        other_forms=others,
    )


def _address(value: int | None) -> Address | None:
    return None if value is None else Address(value)


def _placements(case: CrashCase, trial: Trial) -> Iterator[Placement]:
    """Each part with its usual start, then the other starts that are not ruled out; what fails, with what is there."""
    for attempt in trial.attempts:
        yield from _of_attempt(case, attempt, alone=trial.outcome == "fits")
    for attempt in trial.failed if trial.outcome == "fails" else ():
        end = min(attempt.high, max(case.free.memory[-1][1], attempt.low + 1))
        around = _around(case, attempt)
        lines = tuple(sorted({line for item in around for line in item.lines}))
        part, size = attempt.part, attempt.size
        yield Placement(Address(attempt.low), Address(end), False, blocked_by=around, lines=lines, part=part, size=size)


def _of_attempt(case: CrashCase, attempt: Attempt, *, alone: bool) -> Iterator[Placement]:
    place, align, size = attempt.place, attempt.align, attempt.size
    if place.usual is None:
        return
    above = case.free.obstacles(place.usual + size, min(attempt.high, case.free.memory[-1][1]))[:_MOST_OBSTACLES]
    lines = tuple(sorted({line for item in above for line in item.lines}))
    usual = Placement(
        Address(place.usual),
        Address(place.usual + align),
        True,
        certain=place.certain and alone,
        blocked_by=above,
        lines=lines,
        part=attempt.part,
        size=size,
    )
    yield usual
    if place.certain:
        return
    lowest = attempt.low if place.extreme is None else place.extreme
    for start, end in case.free.starts(size, align, lowest, place.usual - align):
        yield structs.replace(
            usual, start=Address(start), end=Address(end), certain=False, blocked_by=_unseen(case, attempt), lines=()
        )


_MOST_AREAS = 4
"""CRASHKERNEL_CMA_RANGES_MAX in include/linux/crash_reserve.h, 7.1."""


def cma_areas(case: CrashCase, trial: Trial) -> Iterator[tuple[int, Area]]:
    """Areas of CMA for a capture kernel with their sizes: halves where the whole has no room, four at most.

    Source: reserve_crashkernel_cma() in kernel/crash_reserve.c, 6.17 and 7.1. It is reserved once the memory of the
    crash kernel is, which counts as taken where it usually lies.
    """
    layout, free, left = case.analysis.layout, case.free, trial.request.cma
    search = cma_search(layout.arch, layout.version)
    if search is None or trial.outcome == "fails" or not reserves_cma(layout.arch, layout.version):
        return
    for item in trial.attempts:
        if item.place.usual is not None:
            free = free.without(item.place.usual, item.place.usual + item.size, "crash kernel")
    search, size, most = structs.replace(search, limit="memory"), left, _MOST_AREAS
    while left > 0 and most and size >= layout.page_size:
        area = cma_area(case.analysis, free, search, CmaRequest(size))
        if area.start is None:
            size //= 2
            continue
        yield size, area
        free = free.without(area.start, area.start + size, "crash kernel")
        left, most = left - size, most - 1


def _of_cma(areas: tuple[tuple[int, Area], ...], trial: Trial) -> Iterator[Placement]:
    certain = all(item.place.certain for item in trial.attempts)
    for size, area in areas:
        for item in area.placements:
            yield structs.replace(item, part="cma", size=size, certain=item.certain and certain)


def _unseen(case: CrashCase, attempt: Attempt) -> tuple[Obstacle, ...]:
    """What no line places and what may so be in the way."""
    free, place = case.free, attempt.place
    out: list[Obstacle] = []
    if place.extreme != place.behind:
        end = min(free.image_high, free.memory[-1][1])
        out.append(Obstacle(Address(free.image_low), Address(end), "kernel image, somewhere"))
    if place.behind != place.usual:
        out += (item for item in free.unseen if item.start < attempt.high and item.end > attempt.low)
    return tuple(out[:_MOST_OBSTACLES])


def _around(case: CrashCase, attempt: Attempt) -> tuple[Obstacle, ...]:
    """What is next to the largest piece that is free where a search fails."""
    free = case.free
    if attempt.high - attempt.low == attempt.size:
        return free.obstacles(attempt.low, attempt.high)[:_MOST_OBSTACLES]
    largest = free.largest(attempt.low, attempt.high, attempt.align)
    if largest is None:
        return (Obstacle(Address(attempt.low), Address(attempt.high), "no RAM"),)
    start = next((low for low, high in free.free if low <= largest[0] < high), largest[0])
    below = free.obstacles(start - 1, start) if start > attempt.low else ()
    above = free.obstacles(largest[1], largest[1] + 1) if largest[1] < attempt.high else ()
    return (*below, *above)


def _runs(case: CrashCase, request: CrashRequest) -> Iterator[Placement]:
    """The starts at which the memory could be asked for, and those at which something lies."""
    taken = case.free.obstacles(0, case.free.memory[-1][1] + request.size)
    starts = [item.start for item in taken]
    for run, is_free, certain in case.runs(request.size):
        at = bisect_right(starts, run.start) - 1
        near = taken[at : at + 1] if at >= 0 and taken[at].end > run.start else taken[at + 1 : at + 2]
        yield Placement(
            run.start,
            run.end,
            is_free,
            certain=certain,
            blocked_by=() if is_free else tuple(near),
            part=ELSEWHERE,
            size=request.size,
        )


def text_of(case: CrashCase, trial: Trial, areas: tuple[tuple[int, Area], ...] = ()) -> str:
    """Whether the kernel finds the memory, and where, in a sentence."""
    size = format_size(trial.request.size)
    mains = [item for item in trial.attempts if not item.part]
    if trial.outcome == "fails" or not mains:
        return _why_not(case, trial)
    first = mains[0]
    start = first.place.usual or 0
    place = f"{ByteRange(start, start + first.size)}"
    low = next((item for item in trial.attempts[1:2] if item.part == "low"), None)
    beside = ""
    if low is not None and low.place.usual is not None:
        where = ByteRange(low.place.usual, low.place.usual + low.size)
        beside = f", and {format_size(low.size)} at {where} for devices that reach no further"
    for size_of_area, area in areas:
        beside += f", and {format_size(size_of_area)} of CMA from {area.start} on"
    if trial.outcome == "fits" and all(item.place.certain for item in trial.attempts):
        return f"The kernel finds {size} at {place}{beside}."
    because = _because(case, trial)
    if trial.outcome == "fits":
        return (
            f"The kernel finds {size}, most likely at {place}{beside}, or elsewhere if this lies in the way: {because}."
        )
    return f"The kernel finds {size} at {place}{beside}, but only where none of this lies in the way: {because}."


def _because(case: CrashCase, trial: Trial) -> str:
    """What no line places and what decides."""
    free, names = case.free, []
    if any(item.place.extreme != item.place.behind for item in trial.attempts):
        names.append("its own image, which KASLR moves" if free.random else "its own image, which no line places")
    for attempt in trial.attempts:
        if attempt.place.behind != attempt.place.usual:
            names += (item.name for item in free.unseen if item.start < attempt.high and item.end > attempt.low)
    names = list(dict.fromkeys(names))
    return ", and ".join(names)


def _why_not(case: CrashCase, trial: Trial) -> str:
    request = trial.request
    if case.row.needs_base:
        return "This kernel reserves nothing without an address: crashkernel=nn@ss."
    attempt = trial.failed[-1]
    size = format_size(attempt.size)
    if request.base is not None:
        if request.base % case.row.fixed:
            text, step = shortened(request.text), format_size(case.row.fixed)
            return f"The kernel refuses {text}: the address is no multiple of {step}."
        where = ByteRange(attempt.low, attempt.high)
        first = next(iter(_around(case, attempt)), None)
        because = f": {first.name} {'is' if first.name == 'no RAM' else 'lies'} at {first.range}" if first else ""
        return f"The kernel does not get {size} at {where}{because}."
    part = " below the limit for devices" if attempt.part else ""
    pieces = []
    for item in [item for item in trial.failed if item.part == attempt.part]:
        largest = case.free.largest(item.low, item.high, item.align)
        side = f"below {format_size(item.high)}" if item.low < case.limit else f"from {format_size(item.low)} on"
        piece = f"{format_size(largest[1] - largest[0])} at {ByteRange(*largest)}" if largest else "nothing"
        pieces.append(f"{side} it is {piece}" if item.high < 1 << 46 or item.low else f"it is {piece}")
    return f"The kernel finds no {size}{part} in one piece; of what is free, the largest: {', '.join(pieces)}."


def _notes(case: CrashCase, request: CrashRequest, trial: Trial | None) -> Iterator[str]:
    analysis, row = case.analysis, case.row
    if analysis.layout.version is None:
        yield "No line names the release; this is how current kernels look for the memory."
    if analysis.log.capture_kernel:
        yield "This is the log of a capture kernel: what it has free is part of the memory of the first kernel."
    if row.hangs and trial is not None and trial.outcome != "fits" and not request.high and request.base is None:
        yield "A kernel for i386 that finds no place tries again for ever from 6.7 on: it does not boot."
    if row.middle is not None:
        yield "The first range of memory is taken for the real mode area, of which no line tells the size."
    if case.free.random and case.free.moves and trial is not None and trial.start is not None:
        yield from _chance(case, trial.start, request.size)
    if request.cma and not reserves_cma(analysis.layout.arch, analysis.layout.version):
        yield "This kernel does not know “,cma”, and reserves nothing for it."
    if request.low is not None and not request.high and not row.low_of_plain:
        yield "“,low” counts only beside “,high”."


def _chance(case: CrashCase, start: int, size: int) -> Iterator[str]:
    """How often KASLR puts the image there."""
    there, all_ = case.free.image_places(start, size)
    if there and all_:
        share = 100 * there / all_
        yield (
            f"KASLR puts the kernel's image there on about {share:.0f} % of boots."
            if share >= 1
            else ("KASLR puts the kernel's image there on less than 1 % of boots.")
        )


def other_forms(case: CrashCase, trial: Trial) -> Iterator[OtherForm]:
    """Other arguments that fit in any case, each tried by the same search."""
    request = trial.request
    for other, why in _candidates(case, request):
        if not other.size:
            continue
        result = case.tried(other)
        if result.outcome == "fits":
            yield OtherForm(words_of(other), f"{why}: {text_of(case, result)}", _address(result.start))
    smaller = offered(case, structs.replace(request, base=None), request.size - 1)
    if smaller is not None:
        yield OtherForm(words_of(smaller.request), f"less fits: {text_of(case, smaller)}", _address(smaller.start))


def offered(case: CrashCase, request: CrashRequest, most: int) -> Trial | None:
    """The trial of the largest round size up to ``most`` that fits in any case."""
    for step in _STEPS:
        trial = case.smaller(request, most, step)
        if trial is not None and trial.request.size >= max(2 * step, _LEAST):
            return trial
    return None


def _candidates(case: CrashCase, request: CrashRequest) -> Iterator[tuple[CrashRequest, str]]:
    row = case.row
    plain = structs.replace(request, base=None, high=False, low=None if request.high else request.low)
    if request.base is not None or row.needs_base:
        if not row.needs_base:
            yield plain, "without an address the kernel finds a place of its own"
        base = request.base or case.limit
        runs = [run for run, is_free, certain in case.runs(request.size) if is_free and certain]
        nearest = min(runs, key=lambda run: max(run.start - base, base - run.end, 0), default=None)
        if nearest is not None:
            start = min(max(nearest.start, base // row.fixed * row.fixed), nearest.end - row.fixed)
            yield structs.replace(plain, base=start), "the nearest address at which all is free"
        return
    if row.high and not request.high and not row.falls_up:
        yield structs.replace(plain, high=True), "above what the kernel looks through without “,high”"
    if request.high and request.low != 0:
        low = case.low_size(request)
        for size in (low // 2, 128 * MIB, 72 * MIB):
            if size < low:
                yield structs.replace(request, low=size // MIB * MIB), "with less below the limit"
    if request.high and not row.falls_down:
        yield plain, "below what “,high” leaves out"
