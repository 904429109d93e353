"""PostgreSQL: every step has an end, whether the server answers, waits for a lock or stands still."""

from collections.abc import Generator
from time import monotonic
from typing import Any, TypeVar

import psycopg
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.pool import NullPool

CONNECT_SECONDS = 3
STATEMENT_SECONDS = 5
"""For one statement. The server ends it by then, else this side gives the connection up."""

_OPTIONS = (
    f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={STATEMENT_SECONDS}s "
    f"-c idle_in_transaction_session_timeout={2 * STATEMENT_SECONDS}s"
)

T = TypeVar("T")


def engines(url: URL) -> tuple[Engine, Engine]:
    """An engine with a pool, and one that connects anew each time."""
    url = url.set(drivername="postgresql+psycopg")
    of_url = url.query.get("options", "")
    arguments = {
        "client_encoding": "utf8",  # with SQL_ASCII psycopg returns bytes, which SQLAlchemy does not expect
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": STATEMENT_SECONDS * 1000,  # a host that vanished must not hold a thread for hours
        "options": " ".join((_OPTIONS, of_url if isinstance(of_url, str) else " ".join(of_url))),  # the last one counts
    }
    pooled = create_engine(
        url,
        pool_pre_ping=True,  # else the first query after a restart of the server fails
        pool_timeout=STATEMENT_SECONDS,
        hide_parameters=True,  # they hold texts, and errors are logged
        connect_args=arguments,
    )
    fresh = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
    for engine in (pooled, fresh):
        event.listen(engine, "do_connect", _connect)
    return pooled, fresh


class _Impatient(psycopg.Connection[Any]):
    """A connection that is given up where the server is silent for longer than any statement may take.

    A server that was stopped, or whose disk hangs, still acknowledges packets: neither its own time-outs nor TCP's end
    the wait.
    """

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
        """What the driver waits with for each answer of the server."""
        return super().wait(self._in_time(gen), *args, **kwargs)

    def _in_time(self, steps: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        end = monotonic() + STATEMENT_SECONDS + 1
        try:
            needed = next(steps)
            while True:
                ready = yield needed  # the driver comes back several times a second, ready or not
                needed = steps.send(ready)
                if ready:
                    end = monotonic() + STATEMENT_SECONDS + 1
                elif monotonic() > end:
                    self.close()  # what comes later belongs to no question
                    raise psycopg.OperationalError("the server is silent")
        except StopIteration as last:
            result: T = last.value
            return result


def _connect(_: object, __: object, arguments: list[Any], named: dict[str, Any]) -> psycopg.Connection[Any]:
    return _Impatient.connect(*arguments, **named)
