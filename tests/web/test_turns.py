"""Turns: never more at work than there are places, few of one client, and nobody twice before one who waits."""

import asyncio
import gc
import weakref
from collections import Counter
from contextlib import suppress

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from starlette.exceptions import HTTPException

from pfnscope.web.turns import Turn, Turns

PLACES, WAITING = 2, 2
CLIENTS = [f"192.0.2.{n}" for n in range(2 + 8 * PLACES + 3)]


class Joining(RuleBasedStateMachine):
    """Clients join and leave in any order."""

    turns = Bundle("turns")

    def __init__(self) -> None:
        super().__init__()
        self.room = Turns(PLACES, WAITING)
        self.here: list[Turn] = []
        self.served_since: dict[str, Counter[str]] = {}
        """For each client that waits for a place: who has begun since."""

    @rule(target=turns, client=st.sampled_from(CLIENTS))
    def join(self, client: str) -> object:
        before = self.begun()
        of_client = [turn for turn in self.here if turn.client == client]
        waiting = {turn.client for turn in self.here if not turn.begins.is_set()} - {turn.client for turn in before}
        refusal = self.room.refusal(client)
        if refusal is not None:
            with pytest.raises(HTTPException, match=refusal.detail) as refused:
                self.room.join(client)
            expected = (429, 1 + WAITING) if of_client else (503, 0)
            assert (refused.value.status_code, len(of_client)) == expected
            assert of_client or len(waiting) == 8 * PLACES
            return multiple()
        turn = self.room.join(client)
        assert len(of_client) <= WAITING
        self.here.append(turn)
        self.note(before)
        return turn

    @rule(turn=consumes(turns), again=st.booleans())
    def leave(self, turn: Turn, again: bool) -> None:
        before = self.begun()
        self.here.remove(turn)
        self.room.leave(turn)
        self.note(before)
        if again:
            self.room.leave(turn)
            assert self.begun() == [other for other in self.here if other.begins.is_set()]

    def begun(self) -> list[Turn]:
        return [turn for turn in self.here if turn.begins.is_set()]

    def note(self, before: list[Turn]) -> None:
        """Who has begun now, for each client that waits."""
        running = {turn.client for turn in self.begun()}
        ready = {turn.client for turn in self.here} - running
        for client in {turn.client for turn in self.begun() if turn not in before}:
            for served in self.served_since.values():
                served[client] += 1
        self.served_since = {client: self.served_since.get(client, Counter()) for client in ready}

    @invariant()
    def no_more_than_there_are_places(self) -> None:
        running = [turn.client for turn in self.begun()]
        assert self.room.busy == len(running) <= PLACES
        assert len(set(running)) == len(running), "two of one client"

    @invariant()
    def no_place_is_free_while_somebody_could_take_it(self) -> None:
        running = {turn.client for turn in self.begun()}
        assert len(running) == PLACES or {turn.client for turn in self.here} <= running

    @invariant()
    def nobody_is_served_twice_before_one_who_waits(self) -> None:
        assert all(max(served.values(), default=0) <= 1 for served in self.served_since.values())

    @invariant()
    def nothing_is_kept_of_those_who_left(self) -> None:
        known = self.room._running.keys() | self.room._queues.keys() | self.room._row.keys()
        assert known == {turn.client for turn in self.here}


Joining.TestCase.settings = settings(max_examples=60, stateful_step_count=60)
TestJoining = Joining.TestCase


def test_a_wait_that_is_cancelled_or_gets_long_leaves_the_row() -> None:
    async def run() -> None:
        turns = Turns(1, 1)
        running = await turns.begun("192.0.2.1", 0)
        with anyio.move_on_after(0) as scope:
            await turns.begun("192.0.2.2", 60)
        assert scope.cancelled_caught
        with pytest.raises(HTTPException) as refused:
            await turns.begun("192.0.2.3", 0)
        assert refused.value.status_code == 503
        turns.leave(running)
        assert turns.busy == 0

    with start_blocking_portal() as portal:
        portal.call(run)


def test_a_turn_that_begins_while_its_wait_is_cancelled_is_given_back() -> None:
    async def run() -> None:
        turns = Turns(1, 1)
        running = await turns.begun("192.0.2.1", 0)
        waiting = asyncio.create_task(turns.begun("192.0.2.2", 60))
        await asyncio.sleep(0)
        turns.leave(running)
        assert turns.busy == 1
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert turns.busy == 0

    with start_blocking_portal() as portal:
        portal.call(run)


def test_a_refusal_holds_nothing_of_its_callers() -> None:
    """A frame that has its own error in a variable lives until garbage is looked for, with the text of the request."""

    class Text:
        pass

    def ask() -> None:
        text = Text()
        texts.append(weakref.ref(text))
        room.join(CLIENTS[0])

    texts: list[weakref.ref[Text]] = []
    room = Turns(1, 0)
    gc.disable()
    try:
        room.join(CLIENTS[0])
        with suppress(HTTPException):  # not pytest.raises, which holds the error itself
            ask()
            pytest.fail("this client has work here")
        assert texts[0]() is None
    finally:
        gc.enable()
