"""The kernel's search for the memory of a crash kernel, run over what is free on the machine of a log."""

from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct, structs

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.places.areas import known
from pfnscope.analysis.places.cma import CmaRequest, cma_area
from pfnscope.analysis.places.free import CRASH_KERNEL, FreeMemory, MemblockHistory, Place, line_of, printed_line
from pfnscope.analysis.places.struct_pages import at_moment
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.crashkernel import (
    SWIOTLB_DEFAULT,
    SWIOTLB_SLOT,
    CrashRequest,
    CrashSearch,
    crash_request,
    crash_search,
)
from pfnscope.kernel.pools import cma_search
from pfnscope.model.answers import Obstacle, Outcome
from pfnscope.model.ranges import Address, ByteRange, difference, intersection
from pfnscope.simulation import NotSimulated
from pfnscope.simulation.memblock import starts
from pfnscope.units import argument_size, leading_size


class Attempt(Struct, frozen=True):
    """One search: ``size`` bytes at a multiple of ``align`` inside ``[low, high)``, and where they are found.

    ``part`` is "low" for what is reserved below the limit for a crash kernel above it.
    """

    size: int
    align: int
    low: int
    high: int
    place: Place
    part: str = ""


class Trial(Struct, frozen=True):
    """What comes of a request: ``attempts`` that find memory, at least where nothing unlogged is in the way, in order.

    ``failed`` are those that find none.
    """

    request: CrashRequest
    attempts: tuple[Attempt, ...]
    failed: tuple[Attempt, ...]
    outcome: Outcome

    @property
    def start(self) -> int | None:
        """Where the memory begins, most likely; None where there is none."""
        first = next((item for item in self.attempts if not item.part), None)
        return first.place.expected if first and self.outcome != "fails" else None


class CrashCase(Struct, frozen=True, dict=True):
    """The machine of a log on which a kernel looks for a crash kernel's memory: ``free`` then, by the rule ``row``."""

    analysis: Analysis
    free: FreeMemory
    row: CrashSearch

    @classmethod
    def of(cls, analysis: Analysis, line: int | None = None, history: MemblockHistory | None = None) -> "CrashCase":
        """That of a log, when it prints ``line``, or by default when its kernel looks. Raises NotSimulated."""
        layout = analysis.layout
        row = crash_search(layout.arch, layout.version)
        if row is None:
            which = f"{analysis.release.text} " if analysis.release else ""
            arch = layout.arch or "an unknown architecture"
            raise NotSimulated(f"where a kernel {which}for {arch} looks for a crash kernel's memory is not known")
        line = line or own_line(analysis)
        first = line_of(analysis, row.time)
        if line is None or (row.time == "first" and first is not None):  # some say so later than they do it
            line = first if line is None or first is None else min(line, first)
        free = (history or MemblockHistory(analysis)).before(line, CRASH_KERNEL, row.time)
        return cls(analysis, _with_cma(analysis, known(at_moment(analysis, free, row.time))), row)

    def in_this_boot(self) -> "CrashCase":
        """The same with the kernel's image where this boot has it, if that is known."""
        return structs.replace(self, free=self.free.in_this_boot())

    @cached_property
    def limit(self) -> int:
        """The end in bytes of what is looked through first."""
        layout = self.analysis.layout
        zones = [item for item in layout.zone_limits if item.frames is not None]
        dma = next((item.frames.end for item in zones if item.zone.startswith("DMA") and item.frames), None)
        mapped = [item.frames.end for item in zones if item.zone != "HighMem" and item.frames]
        dma_end = dma * layout.page_size if dma else 1 << 64 if zones else None
        return self.row.limit(dma_end, max(mapped) * layout.page_size if mapped else None)

    def request(self, value: str) -> CrashRequest | None:
        """What stands behind ``crashkernel=``. Raises ValueError with a sentence where that is not understood."""
        line = value if value.startswith("crashkernel=") else f"crashkernel={value}"
        return crash_request(arguments(line), self.free.size, high=self.row.high)

    def tried(self, request: CrashRequest) -> Trial:
        """The search for a request."""
        attempts: list[Attempt] = []
        failed: list[Attempt] = []
        settled = False
        for low, high in self._windows(request):
            attempt = self._attempt(request, low, high)
            if attempt.place.expected is None:
                failed.append(attempt)
                continue
            beside = self._low_part(request, attempt)
            if beside is not None and beside.place.expected is None:
                failed.append(beside)
                break
            attempts += (attempt, beside) if beside is not None else (attempt,)
            if attempt.place.past_image is not None:
                settled = beside is None or beside.place.past_image is not None
                break
        outcome: Outcome = "fits" if settled else "may-fail" if attempts else "fails"
        return Trial(request, tuple(attempts), tuple(failed), outcome)

    def _windows(self, request: CrashRequest) -> Iterator[tuple[int, int]]:
        """Where memory is looked for, in order, from the end of each."""
        row, limit, least = self.row, self.limit, request.size if self.row.from_size else 0
        if request.base is not None:
            yield request.base, request.base + request.size
        elif row.middle is not None:
            start, end = self.free.memory[0]
            base = min((end - start) // 2, row.middle)
            yield base, base + request.size
        elif row.needs_base:
            return
        elif request.high:
            yield limit if row.high_from is None else row.high_from, row.above
            if row.falls_down and limit < row.above:
                yield 0, limit
        else:
            yield least, limit
            if row.falls_up and limit < row.above:
                yield limit if row.up_from is None else row.up_from, row.above

    def _attempt(self, request: CrashRequest, low: int, high: int) -> Attempt:
        row, fixed = self.row, request.base is not None or self.row.middle is not None
        align = row.fixed if fixed else row.align
        return Attempt(request.size, align, low, high, self.free.find(request.size, align, low, high))

    def _low_part(self, request: CrashRequest, attempt: Attempt) -> Attempt | None:
        """What is reserved below the limit beside a crash kernel that may lie above it."""
        size, limit = self.low_size(request), self.row.low_below or self.limit
        if attempt.place.expected is None or attempt.place.expected < limit or not size:
            return None
        return Attempt(size, self.row.align, 0, limit, self.free.find(size, self.row.align, 0, limit), "low")

    def low_size(self, request: CrashRequest) -> int:
        """Bytes that go below the limit with a crash kernel above it."""
        if request.low is not None and (request.high or self.row.low_of_plain):
            return request.low
        return self.row.default_low(self._bounce_buffers)

    @property
    def _bounce_buffers(self) -> int:
        """swiotlb_size_or_default() of kernel/dma/swiotlb.c, 4.17 to 7.1; more where memory is encrypted."""
        log = self.analysis.log
        given = [item.value or "" for item in arguments(log.command_line or "") if item.name == "swiotlb"]
        slots = leading_size(given[-1], suffixes=False)[0] if given else None
        had = max((item.end - item.start for item in log.reserved_regions if item.kind == "swiotlb"), default=0)
        return slots * SWIOTLB_SLOT if slots else max(had, SWIOTLB_DEFAULT)

    def smaller(self, request: CrashRequest, most: int, step: int) -> Trial | None:
        """The largest size in whole steps up to ``most`` that fits in any case; None where none does."""
        least, best, largest = 1, None, most // step
        while least <= largest:
            middle = (least + largest) // 2
            trial = self.tried(structs.replace(request, size=middle * step))
            if trial.outcome == "fits":
                least, best = middle + 1, trial
            else:
                largest = middle - 1
        return best

    def runs(self, size: int) -> Iterator[tuple[ByteRange, bool, bool]]:
        """All starts at an address that is given, in runs by address: whether it is free there, and for certain."""
        free = tuple(starts(self.free.free, size, self.row.fixed))
        sure = () if self.free.moves else tuple(starts(self.free.sure, size, self.row.fixed))
        blocked = difference(((0, self.free.memory[-1][1]),), free)
        runs = [*((pair, False, True) for pair in blocked), *((pair, True, True) for pair in intersection(free, sure))]
        runs += ((pair, True, False) for pair in difference(free, sure))
        for (start, end), is_free, certain in sorted(runs):
            yield ByteRange(start, end), is_free, certain


def _with_cma(analysis: Analysis, free: FreeMemory) -> FreeMemory:
    """In a simulated boot the area of CMA that the log's own kernel has, where it most likely lies with this memory."""
    layout = analysis.layout
    areas = [item for item in analysis.booted_from.reserved_regions if item.kind == "cma"]
    search = cma_search(layout.arch, layout.version)
    if analysis.origin != "simulated" or not areas or search is None or search.after_crash_kernel:
        return free
    size = areas[0].end - areas[0].start
    area = cma_area(analysis, free, search, CmaRequest(size))
    if area.start is None:
        return free
    runs = [item for item in area.placements if item.safe]
    first, last = min(item.start for item in runs), max(item.end for item in runs)
    unlogged = [] if len(runs) == 1 else [Obstacle(first, Address(last + size), areas[0].name)]
    free = free.without(area.start, area.start + size, areas[0].name, areas[0].lines)
    return structs.replace(free, unlogged=(*free.unlogged, *unlogged))


def own_line(analysis: Analysis) -> int | None:
    """The line in which the log tells of its own crash kernel, or that there is no memory for it."""
    return printed_line(analysis.booted_from, CRASH_KERNEL, "crashkernel-failed", "crashkernel-low-failed")


def words_of(request: CrashRequest) -> str:
    """A request as arguments."""
    at = f"@{argument_size(request.base)}" if request.base is not None else ""
    own = f"crashkernel={argument_size(request.size)}{at}{',high' if request.high else ''}"
    low = f"crashkernel={argument_size(request.low)},low" if request.low is not None else ""
    cma = f"crashkernel={argument_size(request.cma)},cma" if request.cma else ""
    return " ".join(filter(None, (own, low, cma)))
