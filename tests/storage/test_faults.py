"""Each step of each call of the storage fails once with each kind of error, and then works again."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import event

from pfnscope.storage import Claim, LayoutStore, Record, StoreUnavailable, Tombstone, open_store
from pfnscope.storage.schema import metadata
from tests.support.faults import Faults


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LayoutStore]:
    sqlite = request.param == "sqlite"
    opened = open_store(f"sqlite:///{tmp_path}/layouts.db" if sqlite else request.getfixturevalue("postgres_url"))
    if sqlite:  # nobody pulls the plug here, and waiting for a disk is most of the time
        event.listen(opened._engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
        opened._engine.dispose()
    yield opened
    if not sqlite:
        metadata.drop_all(opened._engine)
    opened.close()


def name(number: int) -> str:
    return f"{number:016d}"


def record(number: int, expires_at: int = 2_000) -> Record:
    return Record(name(number), b"BIOS-e820", b"{}", "", 1, expires_at, b"\1" * 32, note="kept of nobody")


def claim(number: int) -> Claim:
    return Claim(name(number).encode(), b"fingerprint")


def stored(store: LayoutStore, number: int) -> None:
    store.put(record(number), claim(number))


def expired(store: LayoutStore, number: int) -> None:
    store.put(record(number, expires_at=10))
    store.hit(name(number).encode(), 10)


def nothing(_: LayoutStore, __: int) -> None:
    pass


Use = Callable[[LayoutStore, int], object]
BEFORE_AND_USE: dict[str, tuple[Use, Use]] = {
    "put": (nothing, stored),
    "get": (stored, lambda store, number: store.get(name(number))),
    "get nothing": (nothing, lambda store, number: store.get(name(number))),
    "lifetimes": (stored, lambda store, number: store.lifetimes([name(number)])),
    "claimed": (stored, lambda store, number: store.claimed(claim(number).key_hash)),
    "delete": (stored, lambda store, number: store.delete(name(number))),
    "purge": (expired, lambda store, _: store.purge_expired(100)),
    "purge counters": (expired, lambda store, _: store.purge_counters(100)),
    "shorten": (stored, lambda store, number: store.shorten(1000, name(number - 1))),
    "count": (nothing, lambda store, _: store.count()),
    "hit": (nothing, lambda store, number: store.hit(name(number).encode(), 2_000)),
    "hits": (nothing, lambda store, number: store.hits(name(number).encode())),
    "ping": (nothing, lambda store, _: store.ping()),
    "create": (nothing, lambda store, _: store.create()),
}


def works(store: LayoutStore, use: Use, number: int) -> bool:
    """Whether it did, or said that the storage does not: every other error fails the test."""
    try:
        use(store, number)
    except StoreUnavailable:
        return False
    return True


WRITES = ("put", "delete", "purge", "purge counters", "shorten", "hit", "create")


@pytest.mark.parametrize(
    ("call", "after"), [(call, False) for call in BEFORE_AND_USE] + [(call, True) for call in WRITES]
)
def test_a_step_that_fails_is_trouble_of_the_storage_and_breaks_no_promise(
    store: LayoutStore, monkeypatch: pytest.MonkeyPatch, call: str, after: bool
) -> None:
    faults = Faults(store, monkeypatch)
    before, use = BEFORE_AND_USE[call]
    number = failures = 0
    for kind in list(faults.errors)[: 2 if call == "ping" else None]:  # many steps that differ in nothing
        connects = kind == next(iter(faults.errors))  # once for all: it takes longer than everything else
        for step in count():
            number += 1
            before(store, number)
            with faults.at(step, kind, after=after, connects=connects):
                done = works(store, use, number)
            failures += not done
            if not faults.happened:
                assert step >= 1
                break
            if call == "put":
                there = store.get(name(number))
                assert there == record(number) or (there is None and not done)
                again = store.put(record(number + 1_000_000), claim(number))
                assert (again is None) == (there is None), "a claim is for one layout"
            else:
                assert works(store, use, number)
            if call in ("delete", "purge"):
                assert store.get(name(number)) == Tombstone(name(number))
    assert failures >= 2
    store.purge_expired(100)
    assert not store.owes_deletions
    store.ping()


def test_an_error_that_is_no_trouble_of_the_storage_stays_what_it_is(
    store: LayoutStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = Faults(store, monkeypatch)
    faults.errors = {"fault": ZeroDivisionError}
    with pytest.raises(ZeroDivisionError), faults.at(1, "fault", after=False):
        store.count()
