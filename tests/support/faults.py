"""Errors of a database at each of its steps: each time somebody connects, executes a statement or commits."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count, cycle, islice
from typing import Any

import psycopg.errors
import pytest
from sqlalchemy import event

from pfnscope.storage import LayoutStore

Error = Callable[[], Exception]


def _sqlite(kind: type[sqlite3.Error], name: str) -> Error:
    def error() -> sqlite3.Error:
        failed = kind("SELECT secret")
        failed.sqlite_errorname = name
        return failed

    return error


ERRORS: dict[str, dict[str, Error]] = {
    "sqlite": {
        "busy": _sqlite(sqlite3.OperationalError, "SQLITE_BUSY"),
        "I/O": _sqlite(sqlite3.OperationalError, "SQLITE_IOERR_WRITE"),
        "full": _sqlite(sqlite3.OperationalError, "SQLITE_FULL"),
        "read-only": _sqlite(sqlite3.OperationalError, "SQLITE_READONLY_DBMOVED"),
        "no file": _sqlite(sqlite3.OperationalError, "SQLITE_CANTOPEN"),
        "damaged": _sqlite(sqlite3.DatabaseError, "SQLITE_CORRUPT"),
        "no database": _sqlite(sqlite3.DatabaseError, "SQLITE_NOTADB"),
        "interface": _sqlite(sqlite3.InterfaceError, "SQLITE_MISUSE"),
        "data": _sqlite(sqlite3.DataError, "SQLITE_TOOBIG"),
        "constraint": _sqlite(sqlite3.IntegrityError, "SQLITE_CONSTRAINT_UNIQUE"),
        "statement": lambda: sqlite3.ProgrammingError("Incorrect number of bindings supplied."),
        "internal": lambda: sqlite3.InternalError("unknown error"),
        "unsupported": lambda: sqlite3.NotSupportedError("no"),
    },
    "postgresql": {
        "away": lambda: psycopg.OperationalError("the connection is lost"),
        "shutdown": lambda: psycopg.errors.AdminShutdown("terminating connection"),
        "serialization": lambda: psycopg.errors.SerializationFailure("could not serialize access"),
        "deadlock": lambda: psycopg.errors.DeadlockDetected("deadlock detected"),
        "time-out": lambda: psycopg.errors.QueryCanceled("canceling statement due to statement timeout"),
        "lock": lambda: psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"),
        "connections": lambda: psycopg.errors.TooManyConnections("sorry, too many clients already"),
        "full": lambda: psycopg.errors.DiskFull("could not extend file"),
        "read-only": lambda: psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT"),
        "I/O": lambda: psycopg.errors.IoError("could not read block"),
        "damaged": lambda: psycopg.errors.IndexCorrupted("index is corrupted"),
        "no table": lambda: psycopg.errors.UndefinedTable("relation does not exist"),
        "data": lambda: psycopg.errors.CharacterNotInRepertoire("invalid byte sequence"),
        "constraint": lambda: psycopg.errors.UniqueViolation("duplicate key"),
        "interface": lambda: psycopg.InterfaceError("cursor closed"),
        "internal": lambda: psycopg.errors.InternalError_("cache lookup failed"),
        "unsupported": lambda: psycopg.NotSupportedError("no"),
    },
}
"""By database: what its driver raises, by kind."""


class Faults:
    """Lets one step of what a store does next fail: the n-th, before it is done or after."""

    def __init__(self, store: LayoutStore, patch: pytest.MonkeyPatch) -> None:
        self.errors = ERRORS[store._engine.dialect.name]
        self.happened = False
        """Whether the step that was to fail last was reached."""
        self._left: int | None = None
        self._error: Error = Exception
        self._after = False
        self._store = store
        for engine in (store._engine, store._fresh):
            event.listen(engine, "do_connect", self._connect, insert=True)
            for name in ("do_execute", "do_execute_no_params", "do_executemany", "do_commit"):
                patch.setattr(engine.dialect, name, self._step(getattr(engine.dialect, name)))

    @contextmanager
    def at(self, step: int, kind: str, *, after: bool, connects: bool = False) -> Iterator[None]:
        """Let that step fail while the context lasts; with ``connects`` no connection is open at its beginning."""
        if connects:
            self._store._engine.dispose()
        self._left, self._error, self._after = step, self.errors[kind], after
        yield
        self.happened = self._left is None
        self._left = None

    def each(self, kinds: int, *, after: bool = False) -> Iterator[AbstractContextManager[None]]:
        """Contexts, one for each step of the work in them: so many kinds of error a step, each kind in its turn."""
        errors = cycle(self.errors)
        for step in count():
            for kind in islice(errors, kinds):
                yield self.at(step, kind, after=after, connects=step == 0)
                if not self.happened:
                    return

    def _due(self) -> bool:
        if self._left is None:
            return False
        self._left = self._left - 1 if self._left else None
        return self._left is None

    def _connect(self, *_: object) -> None:
        if self._due():
            raise self._error()

    def _step(self, real: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: Any, **named: Any) -> object:
            due = self._due()
            if due and not self._after:
                raise self._error()
            result = real(*arguments, **named)
            if due:
                raise self._error()
            return result

        return step
