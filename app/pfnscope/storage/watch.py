"""Whether anybody has committed to the database since: what was read before still holds where nobody has."""

import sqlite3
from contextlib import suppress
from typing import cast

from sqlalchemy import Engine, PoolProxiedConnection


class Watch:
    """A connection that only looks at SQLite's counter of commits, which costs some microseconds and waits for nobody.

    Not for several threads at once. PostgreSQL has no such counter to look at.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine if engine.dialect.name == "sqlite" else None
        self._held: PoolProxiedConnection | None = None

    def commits(self) -> int | None:
        """A number that is another one after each commit of others; None where that cannot be told."""
        if self._engine is None:
            return None
        try:
            if self._held is None:
                self._held = self._engine.raw_connection()
            connection = cast("sqlite3.Connection", self._held.driver_connection)
            found: int = connection.execute("PRAGMA data_version").fetchone()[0]
        except Exception:  # noqa: BLE001 - whoever asks then asks the storage itself, which says what is wrong
            self.close()
            return None
        return found

    def close(self) -> None:
        """Give the connection back."""
        held, self._held = self._held, None
        if held is not None:
            with suppress(Exception):
                held.invalidate()
