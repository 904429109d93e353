"""memblock's search over ranges finds what trying every page of a painted memory finds."""

from hypothesis import given
from hypothesis import strategies as st

from pfnscope.model.ranges import Pairs, canonical
from pfnscope.simulation.memblock import find, starts
from tests.support.painted import PaintedMemblock

PAGES = 96
PAGE = 4096

ranges = st.lists(
    st.tuples(st.integers(0, PAGES), st.integers(0, PAGES)).map(lambda pair: (min(pair), max(pair))), max_size=6
).map(canonical)
borders = st.integers(0, PAGES + 8)


def in_bytes(pages: Pairs) -> Pairs:
    return tuple((start * PAGE, end * PAGE) for start, end in pages)


def painted(free: Pairs) -> PaintedMemblock:
    memory = PaintedMemblock(PAGES + 16)
    for start, end in free:
        memory.add(start, end)
    return memory


@given(ranges, st.integers(1, 24), st.sampled_from([1, 2, 3, 4, 16]), borders, borders, st.booleans())
def test_the_place_is_that_of_a_search_page_by_page(
    free: Pairs, size: int, align: int, low: int, high: int, bottom_up: bool
) -> None:
    place = find(in_bytes(free), size * PAGE, align * PAGE, low * PAGE, high * PAGE, bottom_up=bottom_up)
    expected = painted(free).find(size, align, low, min(high, PAGES + 16), bottom_up=bottom_up)
    assert place == (None if expected is None else expected * PAGE)


@given(ranges, st.integers(1, 24), st.sampled_from([1, 2, 3, 4, 16]), borders, borders)
def test_starts_are_all_that_leave_every_page_free(free: Pairs, size: int, align: int, first: int, last: int) -> None:
    runs = starts(in_bytes(free), size * PAGE, align * PAGE, first * PAGE, last * PAGE)
    every = [start // PAGE for low, high in runs for start in range(low, high, align * PAGE)]
    memory = painted(free)
    assert every == [at for at in range(first, last + 1) if at % align == 0 and memory.is_free(at, size)]


def test_an_alignment_finer_than_a_page_is_kept_too() -> None:
    assert find(((PAGE, 3 * PAGE),), 0x80, 0x40) == 3 * PAGE - 0x80
    assert find(((PAGE, 3 * PAGE),), 0x80, 0x40, bottom_up=True) == PAGE
