"""Memory for a crash kernel that the kernel did not find: why, and what would fit."""

from collections.abc import Iterator
from functools import cached_property, partial

from msgspec import Struct, structs

from pfnscope.analysis import Analysis
from pfnscope.analysis.places.crash_kernel import offered
from pfnscope.analysis.places.crash_search import CrashCase, Trial, words_of
from pfnscope.analysis.places.free import FreeMemory, MemblockHistory
from pfnscope.findings.drafts import Draft, of_failure
from pfnscope.findings.places import argument_size, below, place
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.crashkernel import BY_DISTRIBUTIONS, CrashRequest
from pfnscope.model.findings import Remedy
from pfnscope.model.log import Failure
from pfnscope.model.ranges import ByteRange, clip, difference
from pfnscope.simulation import NotSimulated
from pfnscope.units import MIB, format_size


def draft(history: MemblockHistory, failure: Failure) -> Draft:
    """The finding of a sentence about crashkernel=."""
    case = _Case(history, failure)
    remedy = {"crashkernel-low-failed": _less_low, "crashkernel-value": _as_distributions}.get(failure.code, _other)
    return structs.replace(
        of_failure(failure), cause=partial(_cause, case), details=partial(_details, case), remedy=partial(remedy, case)
    )


class _Case(Struct, frozen=True, dict=True):
    """What was asked for, what was free, and where this kernel looks."""

    history: MemblockHistory
    failure: Failure

    @property
    def analysis(self) -> Analysis:
        return self.history.analysis

    @cached_property
    def search(self) -> CrashCase | None:
        """The search of the next boot; None where nothing can be said."""
        try:
            return CrashCase.of(self.analysis, self.failure.lines[0] if self.failure.lines else None, self.history)
        except NotSimulated:
            return None

    @cached_property
    def request(self) -> CrashRequest | None:
        """What the command line asks for, as far as the kernel understands it."""
        given = [item.text for item in arguments(self.analysis.log.command_line or "") if item.name == "crashkernel"]
        try:
            return self.search.request(" ".join(given)) if self.search and given else None
        except ValueError:
            return None

    @property
    def size(self) -> int | None:
        return self.failure.size or (self.request.size if self.request else None)

    def words(self, memory: tuple[int, int] | None) -> str:
        return place(ByteRange(*memory), self.analysis.layout.page_size) if memory else "nothing"


def _cause(case: _Case) -> str | None:
    size, request, search = case.size, case.request, case.search
    if search is None or not size or case.failure.code == "crashkernel-value":
        return None
    row, limit = search.row, search.limit
    free = search.free.in_this_boot()
    if request is not None and request.base is not None and case.failure.code == "crashkernel-failed":
        return _of_address(case, free, request, request.base)
    best = free.largest(0, limit, row.align)
    above_too = row.falls_up or (row.high and request is not None and request.high)
    looks_above = above_too and case.failure.code == "crashkernel-failed"
    above = free.largest(limit, row.above, row.align) if looks_above else None
    largest = max(filter(None, (best, above)), key=lambda item: item[1] - item[0], default=(0, 0))
    if largest[1] - largest[0] < size:
        more = f", above it {case.words(above)}" if above else ""
        return (
            f"{format_size(size)} in one piece: the largest piece of RAM that can be free{below(limit)} is"
            f" {case.words(best)}{more}."
        )
    if case.analysis.layout.version is None:
        return None  # how far this kernel looks is not known
    image = (
        ", most likely the kernel" + (", which KASLR moves on each boot" if free.random else "") if free.moves else ""
    )
    return (
        f"{case.words(largest)} of RAM would be enough for {format_size(size)}, but something lies in it that no line"
        f" places{image}."
    )


def _of_address(case: _Case, free: FreeMemory, request: CrashRequest, base: int) -> str:
    """Why a range at a given address could not be had."""
    target = ByteRange(base, base + request.size)
    missing = difference((target,), free.memory)
    if missing:
        return f"{request.text} names {case.words(target)}, and of that {case.words(missing[0])} is no RAM."
    taken = difference((target,), clip(free.free, *target))
    if taken:
        return f"{request.text} names {case.words(target)}, and {case.words(taken[0])} of that is taken."
    return f"{request.text} names {case.words(target)}, where most likely the kernel's own image lies."


def _details(case: _Case) -> Iterator[str]:
    search, version = case.search, case.analysis.layout.version
    if search is None or case.failure.code == "crashkernel-value" or (case.request and case.request.base is not None):
        return
    row = search.row
    name = f"Linux {version[0]}.{version[1]}" if version else "A current kernel"
    then = "then above it" if row.falls_up else "nowhere else" + (" without “,high”" if row.high else "")
    yield f"{name} looks for a crash kernel's memory below {format_size(search.limit)}, {then}."


def _other(case: _Case) -> Remedy:
    """Another argument that fits, as the search of the next boot finds it."""
    size, request, search = case.size, case.request, case.search
    if search is None or not size:
        return Remedy("Ask for less with crashkernel=, and name no address. The whole log shows how much can be free.")
    plain = CrashRequest(size, None, False, None, 0, "")
    if request is not None and request.base is not None and search.tried(plain).outcome == "fits":
        return _write(words_of(plain), "without an address, the kernel finds a place of its own")
    above = structs.replace(plain, high=True)
    if search.row.high and not search.row.falls_up and not (request is not None and request.high):
        low = search.low_size(above)
        if low and search.tried(above).outcome == "fits":
            why = f"above {format_size(search.limit)} there is room, and below it for the {format_size(low)} of DMA"
            return _write(words_of(above), why)
    trial = offered(search, plain, min(size - 1, max(256 * MIB, search.free.size // 8)))
    if trial is not None:
        return _write(words_of(trial.request), f"that fits{_where(search, trial)}{_wherever(search)}")
    if search.tried(request or plain).outcome == "fits":
        return Remedy("Boot again: as far as this text tells, the size fits wherever the kernel's image lies.")
    return Remedy("This machine has too little RAM in one piece for a crash kernel beside its own kernel.")


def _less_low(case: _Case) -> Remedy:
    """A smaller part below 4 GiB."""
    size, search = case.failure.size, case.search
    request = case.request if case.request and case.request.high else None
    if search is not None and size:
        own = request or CrashRequest(_LEAST, None, True, None, 0, "crashkernel=…,high")
        most = min(size - 1, search.row.low or 128 * MIB)
        for low in range(most // _STEP * _STEP, _LEAST - 1, -_STEP):
            trial = search.tried(structs.replace(own, low=low))
            if trial.outcome == "fits":
                line = f"{own.text} crashkernel={argument_size(low)},low"
                return _write(line, f"that fits{below(search.limit)}{_wherever(search)}", request is not None)
    return Remedy(
        "Ask for less below 4 GiB with crashkernel=nn,low; crashkernel=0,low reserves nothing there, for capture"
        " kernels whose devices reach all memory."
    )


def _as_distributions(case: _Case) -> Remedy:
    """A size as distributions set it."""
    search, table = case.search, f"crashkernel={BY_DISTRIBUTIONS}"
    if case.analysis.layout.arch not in (None, "x86_64"):
        plain = CrashRequest(256 * MIB, None, False, None, 0, "")
        trial = offered(search, plain, plain.size) if search else None
        return _write(words_of(trial.request if trial else plain), "that fits", trial is not None)
    request = search.request(BY_DISTRIBUTIONS) if search else None
    trial = search.tried(request) if search and request and request.size else None
    if search is None or trial is None or trial.outcome != "fits":
        return Remedy(f"Write {table}, as distributions do: by the size of RAM.", table)
    size = format_size(trial.request.size)
    return _write(table, f"here that is {size}, which fits{_where(search, trial)}{_wherever(search)}")


_STEP, _LEAST = 32 * MIB, 64 * MIB
"""Steps of what is offered below 4 GiB; less is of no use for bounce buffers."""


def _where(search: CrashCase, trial: Trial) -> str:
    return below(search.limit) if trial.start is not None and trial.start < search.limit else ""


def _wherever(search: CrashCase) -> str:
    return " wherever KASLR puts the kernel" if search.free.moves and search.free.random else ""


def _write(line: str, why: str, checked: bool = True) -> Remedy:
    return Remedy(f"Write {line}: {why}.", line, checked=checked)
