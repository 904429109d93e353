"""The e820 table against a model that paints every byte of a small address space."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.kernel.region_kinds import PRAM, RAM, SOFT_RESERVED
from pfnscope.simulation.e820 import Entry, Table

SPACE = 40
TYPES = (RAM, 2, 3, PRAM, SOFT_RESERVED)

kinds = st.sampled_from(TYPES)
places = st.tuples(st.integers(0, SPACE), st.integers(0, SPACE)).map(sorted)
operations = st.one_of(
    st.tuples(st.just("add"), places, kinds, kinds),
    st.tuples(st.just("update"), places, kinds, kinds),
    st.tuples(st.just("remove"), places, st.none() | kinds, kinds),
)


def table_of(steps: list[tuple[str, list[int], int | None, int]]) -> Table:
    return worked_on(Table(()), steps)


def worked_on(table: Table, steps: list[tuple[str, list[int], int | None, int]]) -> Table:
    for name, (start, end), old, new in steps:
        if name == "add":
            table.add(start, end, new)
        elif name == "update":
            table.update(start, end, old or 0, new)
        else:
            table.remove(start, end, old)
    return table


def painted(steps: list[tuple[str, list[int], int | None, int]]) -> list[int | None]:
    """Each byte holds the types of all entries over it; the largest shows."""
    space: list[list[int]] = [[] for _ in range(SPACE)]
    change: dict[str, Callable[[list[int], int | None, int], list[int]]] = {
        "add": lambda held, _old, new: [*held, new],
        "update": lambda held, old, new: [new if kind == old else kind for kind in held],
        "remove": lambda held, old, _new: [kind for kind in held if old is not None and kind != old],
    }
    for name, (start, end), old, new in steps:
        for at in range(start, end):
            space[at] = change[name](space[at], old, new)
    return [max(held, default=None) for held in space]


def shown(table: Table) -> list[int | None]:
    out: list[int | None] = [None] * SPACE
    for entry in table.entries:
        for at in range(entry.start, entry.end):
            assert out[at] is None, "entries overlap"
            out[at] = entry.type
    return out


@given(st.lists(operations, max_size=12))
def test_the_largest_type_shows_on_every_byte(steps: list[tuple[str, list[int], int | None, int]]) -> None:
    table = table_of(steps)
    if table.sanitise((5, 14, 0)):
        assert shown(table) == painted(steps)


@given(st.lists(operations, max_size=12), st.lists(operations, max_size=12))
def test_a_sanitised_table_is_worked_on_as_one_whose_order_is_not_known(
    before: list[tuple[str, list[int], int | None, int]], after: list[tuple[str, list[int], int | None, int]]
) -> None:
    table = table_of(before)
    table.sanitise((5, 14, 0))
    plain = worked_on(Table(table.entries), after)
    assert worked_on(table, after).entries == plain.entries


@given(st.lists(operations, max_size=12))
def test_a_sanitised_table_is_sorted_joined_and_stays_as_it_is(
    steps: list[tuple[str, list[int], int | None, int]],
) -> None:
    table = table_of(steps)
    if not table.sanitise((5, 14, 0)):
        return
    once = list(table.entries)
    assert once == sorted(once, key=lambda entry: entry.start)
    touching = [(a, b) for a, b in pairwise(once) if a.end == b.start and a.type == b.type]
    assert all(a.type in (PRAM, SOFT_RESERVED) for a, _ in touching)
    table.sanitise((5, 14, 0))
    assert table.entries == once


def test_persistent_memory_begins_anew_wherever_another_entry_ends() -> None:
    """As recorded: memmap=64M!3008M over the end of RAM is printed in two pieces."""
    table = Table([Entry(0, 10, RAM), Entry(10, 12, 2), Entry(6, 12, PRAM)])
    table.sanitise((4, 17, 0))
    assert [(e.start, e.end, e.type) for e in table.entries] == [(0, 6, RAM), (6, 10, PRAM), (10, 12, PRAM)]


@pytest.mark.parametrize(("version", "pieces"), [((5, 8, 0), 1), ((5, 14, 0), 2)])
def test_soft_reserved_memory_is_kept_apart_from_5_10_on(version: tuple[int, int, int], pieces: int) -> None:
    table = Table([Entry(0, 4, SOFT_RESERVED), Entry(4, 8, SOFT_RESERVED)])
    table.sanitise(version)
    assert len(table.entries) == pieces


def test_one_entry_alone_is_refused() -> None:
    assert not Table([Entry(0, 10, RAM)]).sanitise(None)


@given(st.lists(places, max_size=6), places)
def test_covered_means_every_byte(ram: list[list[int]], place: list[int]) -> None:
    table = Table([Entry(0, 1, 2), *(Entry(start, end, RAM) for start, end in ram if start < end)])
    table.sanitise(None)
    start, end = place
    assert table.covered(start, end, RAM) is all(shown(table)[at] == RAM for at in range(start, end))
