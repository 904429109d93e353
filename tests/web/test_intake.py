"""Bodies as they arrive: none without end, none too slow, no client with all the room, and small ones always in."""

import asyncio
from collections.abc import Sequence

import pytest
from fastapi import HTTPException
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from pfnscope.web.intake import SMALL_BODY, Intake, Room
from tests.support.clock import run

LIMIT = 1 << 20
Piece = tuple[float, int]
"""Seconds after the one before, and bytes."""
CLIENT = "192.0.2.1"


def request(pieces: Sequence[Piece], *, whole: bool = True, length: int | None = None) -> Request:
    """A request whose body comes in these pieces, and is silent behind them where they are not ``whole``."""
    left = [*pieces]

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        seconds, size = left.pop(0)
        await asyncio.sleep(seconds)
        return {"type": "http.request", "body": b"x" * size, "more_body": bool(left) or not whole}

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    return Request({"type": "http", "headers": headers}, receive)


async def status(
    intake: Intake, request: Request, client: str = CLIENT, held: float = 0, unpacked: bool = False
) -> int:
    """What a body is answered with, 200 where it is taken; it is held for some seconds, and then unpacked."""
    try:
        async with intake.receive(request, client, LIMIT) as body:
            await asyncio.sleep(held)
            with intake.hold(client, len(body) if unpacked else 0):
                return 200
    except HTTPException as error:
        return error.status_code


def held(intake: Intake) -> int:
    return intake._small.held + intake._large.held


@pytest.mark.parametrize(
    ("pieces", "whole", "expected"),
    [
        ([(0, 10)], True, 200),
        ([(4.9, 10)], True, 200),
        ([(0, 10)], False, 408),
        ([(5.1, 10)], True, 408),
        ([(4, 4_999), (4, 10)], True, 408),  # 5,000 bytes within 5 seconds
        ([(4, 5_000), (4, 10)], True, 200),
        ([(4.9, 5_000)] * 12, True, 200),
        ([(4.9, 5_000)] * 40, True, 408),  # a kilobyte a second is too little for long
        ([(4, 50_000)] * 20, True, 200),
        ([(4, 50_000)] * 2, False, 408),
        ([(0, LIMIT), (0, 1)], True, 413),
    ],
)
def test_a_body_has_to_come_at_a_pace(pieces: list[Piece], whole: bool, expected: int) -> None:
    intake = Intake(8 * LIMIT)
    assert run(status(intake, request(pieces, whole=whole))) == expected
    assert held(intake) == 0


def test_a_body_that_breaks_off_is_refused() -> None:
    intake = Intake(8 * LIMIT)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    assert run(status(intake, Request({"type": "http", "headers": []}, receive))) == 400
    assert held(intake) == 0


@pytest.mark.parametrize("clients", [1, 2, 8, 24])
def test_bodies_that_stop_refuse_nobody_elses(clients: int) -> None:
    """24 at a time of the largest size, less a byte, then silence, again and again; others send theirs meanwhile."""
    intake = Intake(8 * LIMIT)
    small = request, [(0, 2_900)]
    large = request, [(0.1, 100_000)] * 10

    async def attack(client: str) -> set[int]:
        return {await status(intake, request([(0, LIMIT - 1)], whole=False, length=LIMIT), client) for _ in range(12)}

    async def others() -> list[int]:
        statuses = []
        for n in range(60):
            await asyncio.sleep(1)
            make, pieces = small if n % 5 else large
            statuses.append(await status(intake, make(pieces), f"198.51.100.{n}", held=2))
        return statuses

    async def both() -> tuple[list[int], list[set[int]]]:
        attacks = asyncio.gather(*(attack(f"192.0.2.{n % clients}") for n in range(24)))
        return await others(), await attacks

    answered, attacked = run(both())
    assert answered == [200] * 60
    assert set().union(*attacked) <= {408, 429, 503}
    assert held(intake) == 0


def test_the_slowest_is_given_up_when_the_room_is_full() -> None:
    intake = Intake(4 * LIMIT)
    steady = [(1.0, 100_000)] * 10

    async def all_of_them() -> list[int]:
        silent = [status(intake, request([(n, LIMIT - 1)], whole=False), f"192.0.2.{n}") for n in range(3)]
        return await asyncio.gather(*silent, status(intake, request(steady), "192.0.2.3"), late())

    async def late() -> int:
        await asyncio.sleep(3)
        return await status(intake, request([(0, 1_000_000)]), "192.0.2.4")

    # the first one had to go at once, the others had their five seconds
    assert run(all_of_them()) == [503, 408, 408, 200, 200]


def test_a_room_that_is_full_of_whole_texts_says_so() -> None:
    intake = Intake(4 * LIMIT)

    async def all_of_them() -> list[int]:
        whole = [status(intake, request([(0, LIMIT)]), f"192.0.2.{n}", held=9) for n in range(4)]
        return await asyncio.gather(*whole, late())

    async def late() -> int:
        await asyncio.sleep(1)
        assert await status(intake, request([(0, SMALL_BODY)]), "192.0.2.9") == 200
        return await status(intake, request([(0, SMALL_BODY + 1)]), "192.0.2.9")

    assert run(all_of_them())[-1] == 503


def test_a_client_has_a_quarter_of_the_room() -> None:
    room = Room(4 * LIMIT)
    room.take(CLIENT, LIMIT)
    with pytest.raises(HTTPException) as refused:
        room.take(CLIENT, 1)
    assert (refused.value.status_code, "Retry-After" in (refused.value.headers or {})) == (429, True)
    room.take("192.0.2.2", 1)
    room.give(CLIENT, LIMIT)
    room.take(CLIENT, LIMIT)


pieces = st.lists(st.tuples(st.sampled_from((0, 0.5, 3, 6)), st.integers(0, 300_000)), min_size=1, max_size=6)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5), pieces, st.booleans(), st.integers(0, 20)), max_size=20))
def test_what_is_held_is_bounded_and_given_back(bodies: list[tuple[int, list[Piece], bool, int]]) -> None:
    intake = Intake(2 * LIMIT)

    async def one(client: int, pieces: list[Piece], whole: bool, seconds: int) -> None:
        watched = [(gap, size) for gap, size in pieces]
        await status(intake, request(watched, whole=whole), f"192.0.2.{client}", held=seconds, unpacked=seconds > 10)
        for room in (intake._small, intake._large):
            assert 0 <= room.held == room._of_client.total() <= room._most
            assert max(room._of_client.values(), default=0) <= room._most // 4

    async def all_of_them() -> None:
        await asyncio.gather(*(one(*body) for body in bodies))

    run(all_of_them())
    for room in (intake._small, intake._large):
        assert (room.held, room._of_client, room._bodies) == (0, {}, set())
