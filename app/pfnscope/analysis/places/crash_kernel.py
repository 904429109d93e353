"""Where the memory of a crash kernel lies, or why there is none."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator

from msgspec import structs

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.places.areas import MOST_IN_THE_WAY, Area, assumed, lines_of
from pfnscope.analysis.places.cma import CmaRequest, alignment_of, behind, cma_area
from pfnscope.analysis.places.crash_search import Attempt, CrashCase, Trial, words_of
from pfnscope.analysis.places.free import FreeMemory
from pfnscope.kernel.crashkernel import MOST_CMA_AREAS, CrashRequest, reserves_cma
from pfnscope.kernel.pools import cma_search
from pfnscope.model.answers import ELSEWHERE, Obstacle, OtherForm, Placement, Placements
from pfnscope.model.ranges import Address, ByteRange, canonical, difference
from pfnscope.units import MIB, format_size
from pfnscope.words import shortened

_STEPS = (64 * MIB, 32 * MIB, 16 * MIB)
_LEAST = 64 * MIB
"""Sizes that are offered are multiples of the first step that leaves two of it, fewer boot no capture kernel."""


def crash_kernel(analysis: Analysis, value: str) -> Placements:
    """The memory for what stands behind ``crashkernel=``, or for several such arguments apart by blanks.

    A crash kernel that the log has does not count: this takes its place. Raises NotSimulated where nothing can be said,
    and ValueError for a value that cannot be read.
    """
    case = CrashCase.of(analysis)
    request = case.request(value)
    if request is None:
        raise ValueError("A crash kernel needs a size, such as 256M.")
    trial = case.tried(request) if request.size else None
    chains = tuple(cma_chains(case, trial)) if trial else ()
    placements = (*dict.fromkeys(_placements(case, trial)), *_of_cma(chains, trial)) if trial else ()
    if trial and request.base is not None:
        placements += tuple(_runs(case, request))
    others = () if trial is None or trial.outcome == "fits" else tuple(other_forms(case, trial))
    fits = trial is not None and trial.outcome == "fits"
    return Placements(
        what="crashkernel",
        size=request.size,
        align=case.row.fixed if request.base is not None else case.row.align,
        release=analysis.release.text if analysis.release else None,
        assumed=assumed(analysis),
        placements=placements,
        command_line=words_of(request) if fits else others[0].command_line if others else None,
        start=_address(trial.start) if fits and trial else others[0].start if others else None,
        outcome=trial.outcome if trial else "fails",
        text=text_of(case, trial, next(iter(chains), ()))
        if trial
        else "No memory is reserved for a crash kernel: its size is 0.",
        notes=tuple(_notes(case, request, trial)),
        other_forms=others,
    )


def _address(value: int | None) -> Address | None:
    return None if value is None else Address(value)


def _placements(case: CrashCase, trial: Trial) -> Iterator[Placement]:
    """Each part with its likeliest start and the others that are not ruled out; what fails, with what is there."""
    for attempt in trial.attempts:
        yield from _of_attempt(case, attempt, alone=trial.outcome == "fits")
    for attempt in trial.failed if trial.outcome == "fails" else ():
        end = min(attempt.high, max(case.free.memory[-1][1], attempt.low + 1))
        around = _around(case, attempt)
        lines = lines_of(around)
        part, size = attempt.part, attempt.size
        yield Placement(Address(attempt.low), Address(end), False, blocked_by=around, lines=lines, part=part, size=size)


def _of_attempt(case: CrashCase, attempt: Attempt, *, alone: bool) -> Iterator[Placement]:
    place, align, size = attempt.place, attempt.align, attempt.size
    if place.expected is None:
        return
    above = case.free.obstacles(place.expected + size, min(attempt.high, case.free.memory[-1][1]))[:MOST_IN_THE_WAY]
    likeliest = Placement(
        Address(place.expected),
        Address(place.expected + align),
        True,
        certain=place.certain and alone,
        blocked_by=above,
        lines=lines_of(above),
        part=attempt.part,
        size=size,
    )
    yield likeliest
    if place.certain:
        return
    lowest = attempt.low if place.past_image is None else place.past_image
    for start, end in case.free.starts(size, align, lowest, place.expected - align):
        yield structs.replace(
            likeliest,
            start=Address(start),
            end=Address(end),
            certain=False,
            blocked_by=_unlogged(case, attempt),
            lines=(),
        )


_MOST_CHAINS = 16
"""Ways in which areas may follow one another that are looked at; each place that is not known doubles them."""

Areas = tuple[tuple[int, Area], ...]
"""Areas of CMA with their sizes, in the kernel's order."""


def cma_chains(case: CrashCase, trial: Trial) -> Iterator[Areas]:
    """The areas of CMA for a capture kernel: where they are expected, then in each other way that is not ruled out.

    Halves where the whole has no room, four at most. Where an area may find no room, it is halved in another chain;
    where it or the crash kernel may lie elsewhere, what comes behind may, too.
    Source: reserve_crashkernel_cma() in kernel/crash_reserve.c, 6.17 and 7.1: once the crash kernel has its memory.
    """
    layout, free, align = case.analysis.layout, case.free, alignment_of(case.analysis)
    search = cma_search(layout.arch, layout.version)
    if search is None or trial.outcome == "fails" or not reserves_cma(layout.arch, layout.version):
        return
    search, expected, anywhere = structs.replace(search, limit="memory"), free, free
    for item in trial.attempts:
        if item.place.expected is not None:
            expected = expected.without(item.place.expected, item.place.expected + item.size, "crash kernel")
            lowest = item.low if item.place.past_image is None else item.place.past_image
            anywhere = behind(anywhere, lowest, item.place.expected, item.size, "crash kernel")
    total = trial.request.cma
    ways: deque[tuple[FreeMemory, bool, int, Areas]] = deque(
        [(expected, True, total, ()), (anywhere, False, total, ())]
    )
    for _ in range(_MOST_CHAINS):
        if not ways:
            return
        free, exact, size, chain = ways.popleft()
        left = total - sum(length for length, _ in chain)
        while left > 0 and size and len(chain) < MOST_CMA_AREAS:
            area = cma_area(case.analysis, free, search, CmaRequest(size))
            if area.start is None:
                size = size // 2 if size > align else 0  # less is rounded up to that
                continue
            if area.outcome == "may-fail":
                ways.append((free, False, size // 2 if size > align else 0, chain))
            starts = [int(area.start)]
            if not exact:
                starts = [at for item in area.placements for at in (item.start, item.end - align)]
            free = behind(free, min(starts), max(starts), size, "crash kernel")
            chain, left = (*chain, (size, area)), left - size
        yield chain


def _of_cma(chains: tuple[Areas, ...], trial: Trial) -> Iterator[Placement]:
    certain = all(item.place.certain for item in trial.attempts)
    expected = tuple((size, item) for size, area in chains[0] for item in area.placements) if chains else ()
    for size, item in expected:
        certain &= item.certain
        yield structs.replace(item, part="cma", size=size, certain=certain)
    if certain:
        return
    others: dict[int, list[Placement]] = {}
    for chain in chains[1:]:
        for size, area in chain:
            others.setdefault(size, []).extend(area.placements)
    for size, items in others.items():
        known = canonical((item.start, item.end) for length, item in expected if length == size)
        for start, end in difference(canonical((item.start, item.end) for item in items), known):
            yield structs.replace(
                items[-1], start=Address(start), end=Address(end), certain=False, lines=(), part="cma", size=size
            )


def _unlogged(case: CrashCase, attempt: Attempt) -> tuple[Obstacle, ...]:
    """What no line places and what may so be in the way."""
    free, place = case.free, attempt.place
    out: list[Obstacle] = []
    if place.past_image != place.past_unlogged:
        end = min(free.image_high, free.memory[-1][1])
        out.append(Obstacle(Address(free.image_low), Address(end), "kernel image, somewhere"))
    if place.past_unlogged != place.expected:
        out += (item for item in free.unlogged if item.start < attempt.high and item.end > attempt.low)
    return tuple(out[:MOST_IN_THE_WAY])


def _around(case: CrashCase, attempt: Attempt) -> tuple[Obstacle, ...]:
    """What is next to the largest piece that is free where a search fails."""
    free = case.free
    if attempt.high - attempt.low == attempt.size:
        return free.obstacles(attempt.low, attempt.high)[:MOST_IN_THE_WAY]
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


def text_of(case: CrashCase, trial: Trial, areas: Areas = ()) -> str:
    """Whether the kernel finds the memory, and where, in a sentence."""
    size = format_size(trial.request.size)
    mains = [item for item in trial.attempts if not item.part]
    if trial.outcome == "fails" or not mains:
        return _why_not(case, trial)
    where = _where(trial, areas)
    if trial.outcome == "may-fail":
        return (
            f"The kernel finds {size} {where}, unless something is there that no line places: {_because(case, trial)}."
        )
    if _certain(trial):
        return f"The kernel finds {size} {where}."
    return (
        f"The kernel finds {size}, {where}. It goes elsewhere if something is there that no line places:"
        f" {_because(case, trial)}."
    )


def _certain(trial: Trial) -> bool:
    return all(item.place.certain for item in trial.attempts)


def _where(trial: Trial, areas: Areas = ()) -> str:
    """Where the memory is that a trial finds, with what is reserved beside it."""
    first = next(item for item in trial.attempts if not item.part)
    start = first.place.expected or 0
    likely = "most likely " if trial.outcome == "fits" and not _certain(trial) else ""
    words = f"{likely}at {ByteRange(start, start + first.size)}"
    low = next((item for item in trial.attempts[1:2] if item.part == "low"), None)
    if low is not None and low.place.expected is not None:
        memory = ByteRange(low.place.expected, low.place.expected + low.size)
        words += f", and {format_size(low.size)} at {memory} for devices that reach no further"
    likely = ""
    for size, area in areas:
        likely = likely if all(item.certain for item in area.placements) else "most likely "
        words += f", and {format_size(size)} of CMA {likely}from {area.start} on"
    return words


def _because(case: CrashCase, trial: Trial) -> str:
    """What no line places and what decides."""
    free, names = case.free, []
    if any(item.place.past_image != item.place.past_unlogged for item in trial.attempts):
        names.append("its own image, which KASLR moves" if free.random else "its own image, which no line places")
    for attempt in trial.attempts:
        if attempt.place.past_unlogged != attempt.place.expected:
            names += (item.name for item in free.unlogged if item.start < attempt.high and item.end > attempt.low)
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
        return f"The kernel cannot have {size} at {where}{because}."
    part = " below the limit for devices" if attempt.part else ""
    pieces: dict[str, str] = {}
    for item in [item for item in trial.failed if item.part == attempt.part]:
        largest = case.free.largest(item.low, item.high, item.align)
        side = f" below {format_size(item.high)}" if item.low < case.limit else f" from {format_size(item.low)} on"
        piece = f"{format_size(largest[1] - largest[0])} at {ByteRange(*largest)}" if largest else "none"
        pieces[piece] = "" if piece in pieces or not (item.high < 1 << 46 or item.low) else side
    largest_ones = ",".join(f"{side} is {piece}" for piece, side in pieces.items())
    return f"The kernel finds no {size}{part} in one piece; the largest that is free{largest_ones}."


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
        boots = f"about {share:.0f} %" if share >= 1 else "less than 1 %"
        yield f"KASLR puts the kernel's image into {ByteRange(start, start + size)} on {boots} of boots."


def other_forms(case: CrashCase, trial: Trial) -> Iterator[OtherForm]:
    """Other arguments that fit in any case, each tried by the same search."""
    request = trial.request
    for other, why in _candidates(case, request):
        if not other.size:
            continue
        result = case.tried(other)
        if result.outcome == "fits":
            yield OtherForm(words_of(other), f"{why}, {_where(result)}", _address(result.start))
    smaller = offered(case, structs.replace(request, base=None), request.size - 1)
    if smaller is not None:
        yield OtherForm(words_of(smaller.request), f"a smaller size fits, {_where(smaller)}", _address(smaller.start))


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
            yield plain, "without an address the kernel finds a place itself"
        base = request.base or case.limit
        runs = [run for run, is_free, certain in case.runs(request.size) if is_free and certain]
        nearest = min(runs, key=lambda run: max(run.start - base, base - run.end, 0), default=None)
        if nearest is not None:
            start = min(max(nearest.start, base // row.fixed * row.fixed), nearest.end - row.fixed)
            yield structs.replace(plain, base=start), "the nearest address where all is free"
        return
    if row.high and not request.high and not row.falls_up:
        yield structs.replace(plain, high=True), "it fits above what the kernel searches without “,high”"
    if request.high and request.low != 0:
        low = case.low_size(request)
        for size in (low // 2, 128 * MIB, 72 * MIB):
            if size < low:
                yield structs.replace(request, low=size // MIB * MIB), "it fits with less below the limit"
    if request.high and not row.falls_down:
        yield plain, "it fits below what “,high” searches"
