"""The rate limit: so many in any period, each network on its own, in this process or shared through the database."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pfnscope.service.layouts import Layouts, open_layouts
from pfnscope.web.rates import RateLimit, SharedCounters, check_storage, make_rate_limit, parse_rate


class Clock:
    def __init__(self) -> None:
        self.now = 36_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["sqlite", "postgresql"])
def layouts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Layouts]:
    url = f"sqlite:///{tmp_path}/rates.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = open_layouts(url)
    yield opened
    opened.purge_counters()
    opened.close()


def test_so_many_are_taken_and_the_next_is_told_how_long_to_wait() -> None:
    limit = RateLimit("3/hour")
    waits = [limit.wait("192.0.2.1") for _ in range(4)]
    assert waits[:3] == [0, 0, 0]
    assert 1 <= waits[3] <= 3600


def test_a_window_slides(layouts: Layouts) -> None:
    clock = Clock()
    limit = RateLimit("4/minute", SharedCounters(layouts, clock))
    assert [limit.wait("198.51.100.1") > 0 for _ in range(5)] == [False] * 4 + [True]
    clock.now += 60  # the next window begins, and all of the last minute still counts
    assert limit.wait("198.51.100.1") > 0
    clock.now += 30  # half of it still counts
    assert [limit.wait("198.51.100.1") > 0 for _ in range(3)] == [False, False, True]
    clock.now += 120
    assert [limit.wait("198.51.100.1") > 0 for _ in range(5)] == [False] * 4 + [True]


def test_servers_on_one_database_count_together(layouts: Layouts) -> None:
    one, other = (make_rate_limit("3/hour", "database", layouts) for _ in range(2))
    assert [limit.wait("198.51.100.2") > 0 for limit in (one, other, one, other)] == [False, False, False, True]


def test_counters_are_forgotten_and_tell_no_address(tmp_path: Path) -> None:
    clock = Clock()
    layouts = open_layouts(f"sqlite:///{tmp_path}/rates.db")
    limit = RateLimit("3/minute", SharedCounters(layouts, clock))
    limit.wait("198.51.100.3")
    assert b"198.51.100" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    item = parse_rate("3/minute")
    assert item is not None
    key = SharedCounters.sliding_window_keys(item.key_for("198.51.100.3"), 60, clock.now)[1]
    assert layouts.hits(key) == 1, "this is the counter, or the test proves nothing"
    layouts.purge_counters()  # by the real clock, long after the other one
    assert layouts.hits(key) == 0
    layouts.close()


def test_clients_do_not_share_a_count() -> None:
    limit = RateLimit("1/hour")
    assert [limit.wait("192.0.2.1"), limit.wait("192.0.2.2")] == [0, 0]
    assert limit.wait("192.0.2.1") > 0


def test_off_takes_everything() -> None:
    limit = RateLimit("off")
    assert {limit.wait("192.0.2.1") for _ in range(1000)} == {0}


def test_seconds_of_work_count_when_they_are_full() -> None:
    limit = RateLimit("9/hour")
    due = []
    for seconds in (0.75, 0.5, 0.5, 2.5):
        limit.spend("192.0.2.1", seconds)
        due.append(limit.due("192.0.2.1"))
    assert (due, limit.due("192.0.2.1"), limit.due("192.0.2.2")) == ([0, 1, 0, 3], 0, 0)


def test_the_parts_of_a_second_of_many_clients_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pfnscope.web.rates._MOST_CLIENTS", 2)
    limit = RateLimit("9/hour")
    for n in range(3):
        limit.spend(f"192.0.2.{n}", 5)
    assert [limit.due(f"192.0.2.{n}") for n in range(3)] == [0, 5, 5]


def test_work_counts_beyond_the_rate_and_each_server_knows_of_it(layouts: Layouts) -> None:
    clock = Clock()
    one, other = (RateLimit("10/hour", SharedCounters(layouts, clock)) for _ in range(2))
    client = "198.51.100.5"
    assert one.wait(client, 0) == 0
    one.count(client, 8)
    assert [other.wait(client, 0), other.wait(client), one.wait(client)] == [0, 0, 0]
    assert [other.wait(client, 0) > 0, other.wait(client) > 0] == [True, True]
    other.count(client, 30)
    clock.now += 3600 + 1800  # half of what was counted in the last hour still counts, which are 20
    assert one.wait(client, 0) > 0
    clock.now += 1200
    assert one.wait(client, 0) == 0


@pytest.mark.parametrize(
    "text", ["", "60", "0/minute", "-1/minute", "1/day", "x/minute", "\u0663/minute", "1/minute/2"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a rate is"):
        parse_rate(text)


@pytest.mark.parametrize("text", ["", "disk", "memcached://localhost"])
def test_what_is_no_place_to_count_in_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be auto"):
        check_storage(text)


def test_the_clock_of_the_shared_counters_is_the_real_one(layouts: Layouts) -> None:
    limit = make_rate_limit("1/hour", "database", layouts)
    assert limit.wait("198.51.100.4") == 0
    left = 3600 - time.time() % 3600
    assert 0 < limit.wait("198.51.100.4") <= left + 1
