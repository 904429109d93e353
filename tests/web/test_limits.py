"""The rate limit: a burst, then an even trickle, each network on its own."""

import pytest

from app.web.limits import RateLimit, parse_rate


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_taken_and_the_next_is_told_how_long_to_wait() -> None:
    clock = Clock()
    limit = RateLimit("3/minute", clock)
    assert [limit.wait("192.0.2.1") for _ in range(4)] == [0, 0, 0, 20]


def test_one_more_is_taken_after_the_time_that_was_told() -> None:
    clock = Clock()
    limit = RateLimit("3/minute", clock)
    while not (wait := limit.wait("192.0.2.1")):
        pass
    clock.now += wait
    assert [limit.wait("192.0.2.1"), limit.wait("192.0.2.1")] == [0, 20]


def test_clients_do_not_share_a_bucket() -> None:
    limit = RateLimit("1/hour", Clock())
    assert [limit.wait("192.0.2.1"), limit.wait("192.0.2.2")] == [0, 0]
    assert limit.wait("192.0.2.1") == 3600


def test_a_network_of_ipv6_is_one_client() -> None:
    limit = RateLimit("1/second", Clock())
    assert limit.wait("2001:db8::1") == 0
    assert limit.wait("2001:db8::ffff") == 1
    assert limit.wait("2001:db8:0:1::1") == 0


def test_full_buckets_are_forgotten_when_there_are_many_clients() -> None:
    clock = Clock()
    limit = RateLimit("1/second", clock)
    for n in range(10_000):
        limit.wait(f"10.0.{n // 256}.{n % 256}")
    clock.now += 2
    limit.wait("192.0.2.1")
    assert len(limit._full_at) == 1


def test_off_takes_everything() -> None:
    limit = RateLimit("off", Clock())
    assert {limit.wait("192.0.2.1") for _ in range(1000)} == {0}


@pytest.mark.parametrize(
    "text", ["", "60", "0/minute", "-1/minute", "1/day", "x/minute", "\u0663/minute", "1/minute/2"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a rate is"):
        parse_rate(text)
