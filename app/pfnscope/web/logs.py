"""What the server writes about itself: one JSON object a line, and never a word of what people send.

Paths of layouts are secrets and texts of errors may quote a log, so requests are named by their route, and errors by
their kind and by where they happened.
"""

import logging
import traceback
from datetime import UTC, datetime
from typing import Any

import msgspec

ACCESS = logging.getLogger("pfnscope.access")
EVENTS = logging.getLogger("pfnscope.events")


class JsonLines(logging.Formatter):
    """A record as one line of JSON. What a record carries as ``told`` becomes fields beside the message.

    Of libraries only the server's own says nothing of what was sent; where another spoke is told, not what it said.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        ours = record.name.partition(".")[0] in ("pfnscope", "uvicorn")
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage().strip() if ours else f"{record.pathname}:{record.lineno} spoke",
            **getattr(record, "told", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = chain(record.exc_info[1])
        return msgspec.json.encode(line).decode()


def chain(error: BaseException) -> list[dict[str, Any]]:
    """An error and what led to it: their kinds and places in the code, without their messages."""
    found: list[dict[str, Any]] = []
    at: BaseException | None = error
    while at is not None and len(found) < 10:
        frames = traceback.extract_tb(at.__traceback__)
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
        found.append({"kind": type(at).__name__, "places": places})
        at = at.__cause__ or at.__context__
    return found


CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "uvicorn": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "pfnscope": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
"""For logging.config.dictConfig."""
