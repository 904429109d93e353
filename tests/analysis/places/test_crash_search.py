"""The search for a crash kernel's memory, held against the kernel's functions on a memblock of painted pages."""

from hypothesis import given
from hypothesis import strategies as st

from pfnscope.analysis import analyze
from pfnscope.analysis.places.crash_search import CrashCase
from pfnscope.analysis.places.free import FreeMemory
from pfnscope.kernel.crashkernel import CrashRequest, crash_search
from pfnscope.kernel.release import parse_version
from pfnscope.model.answers import Obstacle
from pfnscope.model.log import ZoneRange
from pfnscope.model.ranges import Address, ByteRange, Pairs, canonical
from tests.support.painted import PaintedMemblock
from tests.support.seed import GIB, seed_log

MIB = 1 << 20
UNIT = 16 * MIB
"""A painted page: no kernel of these aligns to more."""

PAGES_4G, PAGES_64T = 256, 400
ranges = st.lists(
    st.tuples(st.integers(0, 390), st.integers(0, 390)).map(lambda pair: (min(pair), max(pair))), min_size=1, max_size=6
).map(canonical)
Result = tuple[int, int | None] | None


def of_4_17(memory: PaintedMemblock, request: CrashRequest) -> Result:
    """reserve_crashkernel() of x86-64, 4.17."""
    start = memory.find(request.size // UNIT, 1, 1, PAGES_64T if request.high else 56)
    return _beside(memory, request, start, PAGES_4G, 16 if request.low is None else request.low // UNIT)


def of_6_1(memory: PaintedMemblock, request: CrashRequest) -> Result:
    """reserve_crashkernel() of x86-64, 6.1."""
    start = None if request.high else memory.find(request.size // UNIT, 1, 1, PAGES_4G)
    if start is None:
        start = memory.find(request.size // UNIT, 1, 1, PAGES_64T)
    return _beside(memory, request, start, PAGES_4G, 16 if request.low is None else request.low // UNIT)


def of_6_12(memory: PaintedMemblock, request: CrashRequest) -> Result:
    """reserve_crashkernel_generic() with what x86-64 defines, 6.12."""
    low = 0 if not request.high else 16 if request.low is None else request.low // UNIT
    size, begin, end = request.size // UNIT, PAGES_4G if request.high else 0, PAGES_64T if request.high else PAGES_4G
    while True:
        start = memory.find(size, 1, begin, end)
        if start is not None:
            return _beside(memory, request, start, PAGES_4G, low)
        if not request.high and end == PAGES_4G:
            begin, end, low = PAGES_4G, PAGES_64T, 16
        elif request.high and end == PAGES_64T:
            begin, end = 0, PAGES_4G
        else:
            return None


def of_arm64_6_1(memory: PaintedMemblock, request: CrashRequest) -> Result:
    """reserve_crashkernel() of arm64, 6.1, with a zone for DMA up to 4 GiB."""
    start = memory.find(request.size // UNIT, 1, 0, PAGES_64T if request.high else PAGES_4G)
    return _beside(memory, request, start, PAGES_4G, (request.low or 0) // UNIT if request.high else 0)


def _beside(memory: PaintedMemblock, request: CrashRequest, start: int | None, limit: int, low: int) -> Result:
    if start is None:
        return None
    memory.reserve(start, start + request.size // UNIT)
    if start < limit or not low:
        return start, None
    below = memory.find(low, 1, 0, limit)
    return None if below is None else (start, below)


KERNELS = {
    ("x86_64", "4.17"): of_4_17,
    ("x86_64", "6.1"): of_6_1,
    ("x86_64", "6.12"): of_6_12,
    ("arm64", "6.1"): of_arm64_6_1,
}
ZONES = (ZoneRange("DMA", *ByteRange(0, 4 * GIB), (1,)), ZoneRange("Normal", *ByteRange(4 * GIB, 7 * GIB), (1,)))
ANALYSES = {arch: analyze(seed_log("none", arch=arch, zone_ranges=ZONES)) for arch, _ in KERNELS}


@given(
    st.sampled_from(sorted(KERNELS)),
    ranges,
    ranges,
    st.integers(1, 120),
    st.booleans(),
    st.sampled_from([None, 0, 4, 20]),
)
def test_the_search_is_that_of_the_kernel(
    kernel: tuple[str, str], memory: Pairs, taken: Pairs, size: int, high: bool, low: int | None
) -> None:
    """Of the kernel's functions as they stand, on a memory that is painted page by page."""
    arch, release = kernel
    row = crash_search(arch, parse_version(release))
    assert row is not None
    obstacles = tuple(Obstacle(Address(start * UNIT), Address(end * UNIT), "taken") for start, end in taken)
    in_bytes = tuple((start * UNIT, end * UNIT) for start, end in memory)
    case = CrashCase(ANALYSES[arch], FreeMemory(in_bytes, obstacles, (), None, 0, moves=False), row)
    request = CrashRequest(size * UNIT, None, high, low if low is None else low * UNIT, 0, "")
    painted = PaintedMemblock(PAGES_64T)
    for start, end in memory:
        painted.add(start, end)
    for start, end in taken:
        painted.reserve(start, end)
    result = KERNELS[kernel](painted, request)
    trial = case.tried(request)
    placed = None
    if trial.outcome == "fits":
        parts = {item.part: (item.place.expected or 0) // UNIT for item in trial.attempts}
        placed = parts[""], parts.get("low")
    assert placed == result


@given(ranges, ranges, st.integers(1, 40), st.integers(1, 390))
def test_an_address_is_had_where_all_pages_are_free(memory: Pairs, taken: Pairs, size: int, base: int) -> None:
    """And so for all addresses at once."""
    row = crash_search("x86_64", (6, 12, 0))
    assert row is not None
    obstacles = tuple(Obstacle(Address(start * UNIT), Address(end * UNIT), "taken") for start, end in taken)
    in_bytes = tuple((start * UNIT, end * UNIT) for start, end in memory) or ((0, UNIT),)
    case = CrashCase(ANALYSES["x86_64"], FreeMemory(in_bytes, obstacles, (), None, 0, moves=False), row)
    painted = PaintedMemblock(PAGES_64T)
    for start, end in memory:
        painted.add(start, end)
    for start, end in taken:
        painted.reserve(start, end)
    below = CrashRequest(size * UNIT, base * UNIT, False, 0, 0, "")
    assert (case.tried(below).outcome != "fails") == painted.is_free(base, size) or base >= PAGES_4G
    runs = list(case.runs(size * UNIT))
    assert len(runs) <= 2 * len(case.free.free) + 1, "by boundaries, not by starts"
    for run, is_free, _ in runs:
        pages = range(run.start // UNIT, run.end // UNIT)
        assert all(painted.is_free(page, size) == is_free for page in pages if page)
