"""Memory for a crash kernel that the kernel did not find: why, and what would fit."""

from collections.abc import Iterator
from functools import cached_property, partial

from msgspec import Struct, structs

from pfnscope.analysis import Analysis
from pfnscope.analysis.places.room import Room, Rooms
from pfnscope.findings.drafts import Draft, of_failure
from pfnscope.findings.places import argument_size, below, place
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.crashkernel import USUAL, CrashRequest, CrashSearch, crash_request, crash_search
from pfnscope.model.findings import Remedy
from pfnscope.model.log import Failure
from pfnscope.model.ranges import ByteRange, clip, difference
from pfnscope.units import MIB, format_size

_TOP = 1 << 46
"""64 TiB: no crash kernel of x86 is put above it; no other architecture of :data:`SEARCHES` has RAM there."""

_STEPS = (64 * MIB, 32 * MIB)
_LEAST = 64 * MIB
"""Sizes that are offered are multiples of the one, or the other where little is left, and no capture kernel boots with
less than the last."""


def draft(rooms: Rooms, failure: Failure) -> Draft:
    """The finding of a sentence about crashkernel=."""
    case = _Case(rooms, failure)
    remedy = {"crashkernel-low-failed": _less_low, "crashkernel-value": _usual}.get(failure.code, _other)
    return structs.replace(
        of_failure(failure), cause=partial(_cause, case), details=partial(_details, case), remedy=partial(remedy, case)
    )


class _Case(Struct, frozen=True, dict=True):
    """What was asked for, what was free, and where this kernel looks."""

    rooms: Rooms
    failure: Failure

    @property
    def analysis(self) -> Analysis:
        return self.rooms.analysis

    @property
    def room(self) -> Room:
        return self.rooms.before(self.failure.lines[0] if self.failure.lines else None)

    @cached_property
    def request(self) -> CrashRequest | None:
        given = arguments(self.analysis.log.command_line or "")
        return crash_request(given, self.room.size or None)

    @cached_property
    def search(self) -> CrashSearch | None:
        return crash_search(self.analysis.layout.arch, self.analysis.layout.version)

    @cached_property
    def limit(self) -> int:
        """The end of what is looked through first."""
        zones = self.analysis.layout.zone_limits
        dma = zones[0].frames.end * self.analysis.layout.page_size if zones and zones[0].frames else None
        return self.search.limit(dma) if self.search else _TOP

    @property
    def align(self) -> int:
        return self.search.align if self.search else 2 * MIB

    @property
    def size(self) -> int | None:
        return self.failure.size or (self.request.size if self.request else None)

    @property
    def above_too(self) -> bool:
        """Whether the kernel has looked above the limit as well."""
        search, request = self.search, self.request
        return search is not None and (search.falls_back or (search.high and request is not None and request.high))

    def below(self) -> ByteRange | None:
        return self.room.largest(0, self.limit, self.align)

    def above(self) -> ByteRange | None:
        return self.room.largest(self.limit, _TOP, self.align)

    def fits(self, size: int) -> bool:
        """Whether so many bytes fit below the limit, wherever the kernel's image is."""
        return size <= self.room.sure(0, self.limit, self.align)

    def words(self, memory: ByteRange | None) -> str:
        return place(memory, self.analysis.layout.page_size) if memory else "nothing"


def _cause(case: _Case) -> str | None:
    size, request = case.size, case.request
    if not case.room.ram or size is None or case.failure.code == "crashkernel-value":
        return None
    if request is not None and request.base is not None and case.failure.code == "crashkernel-failed":
        return _of_address(case, request, request.base)
    best = case.below()
    looks_above = case.above_too and case.failure.code == "crashkernel-failed"
    above = case.above() if looks_above else None
    if max(best.size if best else 0, above.size if above else 0) < size:
        more = f", above it {case.words(above)}" if looks_above and case.limit < _TOP and above else ""
        return (
            f"{format_size(size)} in one piece: the largest piece of RAM that can be free{below(case.limit)} is"
            f" {case.words(best)}{more}."
        )
    if case.search is None or case.analysis.layout.version is None:
        return None  # how far this kernel looks is not known
    largest = max(filter(None, (best, above)), key=lambda item: item.size)
    moves = ", which KASLR moves on each boot" if case.room.moves else ""
    return (
        f"{case.words(largest)} of RAM would be enough for {format_size(size)}, but something lies in it that no line"
        f" places, most likely the kernel{moves}."
    )


def _of_address(case: _Case, request: CrashRequest, base: int) -> str:
    """Why a range at a given address could not be had."""
    target = ByteRange(base, base + request.size)
    missing = difference(((target.start, target.end),), case.room.ram)
    if missing:
        lacking = ByteRange(*missing[0])
        return f"{request.text} names {case.words(target)}, and of that {case.words(lacking)} is no RAM."
    taken = difference(((target.start, target.end),), clip(case.room.pieces, *target))
    if taken:
        return f"{request.text} names {case.words(target)}, and {case.words(ByteRange(*taken[0]))} of that is taken."
    return f"{request.text} names {case.words(target)}, where most likely the kernel's own image lies."


def _details(case: _Case) -> Iterator[str]:
    search, version = case.search, case.analysis.layout.version
    if search is None or case.failure.code == "crashkernel-value" or (case.request and case.request.base is not None):
        return
    name = f"Linux {version[0]}.{version[1]}" if version else "A current kernel"
    then = "then above it" if search.falls_back else "nowhere else" + (" without “,high”" if search.high else "")
    yield f"{name} looks for a crash kernel's memory below {format_size(case.limit)}, {then}."


def _other(case: _Case) -> Remedy:
    """Another argument that fits by arithmetic."""
    size, request, search = case.size, case.request, case.search
    if not case.room.ram or size is None or search is None:
        return Remedy("Ask for less with crashkernel=, and name no address. The whole log shows how much can be free.")
    if request is not None and request.base is not None and case.fits(size):
        return _write(f"crashkernel={argument_size(size)}", "without an address, the kernel finds a place of its own")
    high = search.high and not search.falls_back and not (request is not None and request.high)
    if high and search.low and case.fits(search.low) and case.room.sure(case.limit, _TOP, case.align) >= size:
        why = f"above {format_size(case.limit)} there is room, and below it for the {format_size(search.low)} of DMA"
        return _write(f"crashkernel={argument_size(size)},high", why)
    offered = _offered(case, min(size - 1, max(256 * MIB, case.room.size // 8)))
    if offered:
        return _write(f"crashkernel={argument_size(offered)}", f"that fits{below(case.limit)}{_wherever(case)}")
    if case.fits(size):
        return Remedy("Boot again: as far as this text tells, the size fits wherever the kernel's image lies.")
    return Remedy("This machine has too little RAM in one piece for a crash kernel beside its own kernel.")


def _less_low(case: _Case) -> Remedy:
    """A smaller part below 4 GiB."""
    size = case.failure.size
    usual = case.search.low if case.search else 0
    offered = _offered(case, min(size - 1, usual or size)) if size and case.room.ram else 0
    if not offered:
        return Remedy(
            "Ask for less below 4 GiB with crashkernel=nn,low; crashkernel=0,low reserves nothing there, for capture"
            " kernels whose devices reach all memory."
        )
    high = case.request.text if case.request and case.request.high else "crashkernel=…,high"
    line = f"{high} crashkernel={argument_size(offered)},low"
    return _write(line, f"that fits{below(case.limit)}{_wherever(case)}", case.request is not None)


def _usual(case: _Case) -> Remedy:
    """A size as distributions set it."""
    if case.analysis.layout.arch not in (None, "x86_64"):
        offered = _offered(case, 256 * MIB) if case.room.ram else 0
        return _write(f"crashkernel={argument_size(offered or 256 * MIB)}", "that fits", bool(offered))
    table = f"crashkernel={USUAL}"
    usual = crash_request(arguments(table), case.room.size or None)
    if usual is None or not case.fits(usual.size):
        return Remedy(f"Write {table}, as distributions do: by the size of RAM.", table)
    return _write(table, f"here that is {format_size(usual.size)}, which fits{below(case.limit)}{_wherever(case)}")


def _offered(case: _Case, most: int) -> int:
    """The largest round size up to ``most`` that fits; 0 where none does."""
    room = min(case.room.sure(0, case.limit, case.align), most)
    return next((room // step * step for step in _STEPS if room >= max(2 * step, _LEAST)), 0)


def _wherever(case: _Case) -> str:
    return " wherever KASLR puts the kernel" if case.room.moves else ""


def _write(line: str, why: str, checked: bool = True) -> Remedy:
    return Remedy(f"Write {line}: {why}.", line, checked=checked)
