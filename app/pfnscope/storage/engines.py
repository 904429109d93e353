"""SQLAlchemy engines for the URL of a database."""

from sqlalchemy import Engine, make_url

from pfnscope.extras import needs
from pfnscope.storage import sqlite


def engines(url: str) -> tuple[Engine, Engine]:
    """Two engines for ``sqlite:///FILE`` or ``postgresql://…``: one with a pool, one that connects anew each time.

    Raises ValueError for anything else, MissingExtra without a driver for PostgreSQL, StoreUnavailable where a file
    cannot be created.
    """
    try:
        parsed = make_url(url)
    except Exception as error:
        raise ValueError("PFNSCOPE_DATABASE_URL is not a database URL") from error
    match parsed.get_backend_name():
        case "sqlite":
            return sqlite.engines(parsed)
        case "postgresql":
            with needs("postgres"):
                from pfnscope.storage import postgresql
            return postgresql.engines(parsed)
        case other:
            raise ValueError(f"PFNSCOPE_DATABASE_URL: sqlite and postgresql are supported, not {other}")
