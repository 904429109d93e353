"""Logs from elsewhere, through fsspec: those of a batch at once, because most of the time is spent waiting."""

from collections.abc import Iterable
from typing import Any

from pfnscope.fleet.source import Source
from pfnscope.service.unpacking import LIMIT


def fetched(wanted: Iterable[Source]) -> dict[str, bytes | OSError]:
    """By ``where``: the bytes, at most one more than the limit, or why there are none."""
    import fsspec

    out: dict[str, bytes | OSError] = {}
    together: dict[int, tuple[Any, dict[str, str]]] = {}
    for source in wanted:
        try:
            system, path = fsspec.core.url_to_fs(source.where)
        except Exception as error:  # noqa: BLE001 - each file system has errors of its own; all are told in the row
            out[source.where] = _error(error)
            continue
        if source.size is None:  # it may have no end
            out[source.where] = _bounded(system, path)
        else:
            together.setdefault(id(system), (system, {}))[1][path] = source.where
    for system, paths in together.values():
        try:
            found = system.cat(list(paths), on_error="return")
        except Exception as error:  # noqa: BLE001 - as above
            found = dict.fromkeys(paths, error)
        for path, where in paths.items():
            data = found.get(path, OSError("no answer"))
            out[where] = data if isinstance(data, bytes) else _error(data)
    return out


def _bounded(system: Any, path: str) -> bytes | OSError:
    try:
        with system.open(path, "rb") as file:
            data: bytes = file.read(LIMIT + 1)
    except Exception as error:  # noqa: BLE001 - as above
        return _error(error)
    return data


def _error(error: Exception) -> OSError:
    return OSError(f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": "))
