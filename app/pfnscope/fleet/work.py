"""What one process of a fleet does: a batch of logs in, packed rows out. Knows neither the engine nor the table."""

import gc
import signal
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from pfnscope import __version__
from pfnscope.files import open_file
from pfnscope.fleet.archives import is_archive
from pfnscope.fleet.row import Row, Status, row
from pfnscope.fleet.source import Source, is_remote
from pfnscope.model.encoding import pack
from pfnscope.service.analyzing import analyze
from pfnscope.service.errors import NoMemoryLayout
from pfnscope.service.unpacking import LIMIT, Damaged, TooLarge, unpacked


class Answer(msgspec.Struct, frozen=True):
    """What a batch became: a row for each of its logs, as a map of columns in MessagePack.

    ``missing`` are the paths that do not exist where the batch was analysed.
    """

    rows: bytes
    count: int
    missing: tuple[str, ...] = ()


def work(batch: Sequence[Source]) -> Answer:
    """Analyse a batch. Nothing that a log can hold makes it raise."""
    # one log makes little garbage that only a search finds: searching after each batch is a tenth quicker
    was_on = gc.isenabled()
    gc.disable()
    try:
        remote = _fetched(batch)
        missing: list[str] = []
        rows = [_analysed(source, remote, missing) for source in batch]
    finally:
        if was_on:
            gc.enable()
    return Answer(pack(rows), len(rows), tuple(missing))


def unpack(answer: Answer) -> list[dict[str, Any]]:
    """The rows of an answer, as maps of columns."""
    rows: list[dict[str, Any]] = msgspec.msgpack.decode(answer.rows)
    return rows


def given_up(batch: Iterable[Source], why: str) -> Answer:
    """The rows of logs that no process could analyse."""
    rows = [_problem(source, "failed", why) for source in batch]
    return Answer(pack(rows), len(rows))


def _analysed(source: Source, remote: dict[str, bytes | OSError], missing: list[str]) -> Row:
    if source.problem is not None:
        return _problem(source, source.status, source.problem)
    data: bytes | None = None
    try:
        data = _read(source, remote)
        return _of(source, data)
    except TooLarge as error:
        return _problem(source, "too-large", str(error), data)
    except Damaged as error:
        return _problem(source, "damaged", str(error), data)
    except NoMemoryLayout as error:
        return _problem(source, "no-layout", _told(error), data)
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            missing.append(source.where)
        return _problem(source, "unreadable", f"Cannot be read: {error.strerror or error}.", data)
    except Exception as error:  # noqa: BLE001 - a fault of ours in one log must not cost the others
        return _problem(source, "failed", f"An error in pfnscope: {type(error).__name__}: {error}", data)


def _of(source: Source, data: bytes) -> Row:
    text = unpacked(data)
    archive = _archive(source, text)  # first, because of a tar that is not packed the logs inside would be read as one
    if archive:
        return _problem(source, "no-layout", archive, data)
    document = analyze(text).document
    return row(document, name=source.name, size=len(data), digest=sha256(data).hexdigest(), stamp=source.stamp)


def _read(source: Source, remote: dict[str, bytes | OSError]) -> bytes:
    if source.data is not None:
        return source.data
    if source.size is not None and source.size > LIMIT:
        raise TooLarge(LIMIT)
    if is_remote(source.where):
        data = remote[source.where]
        if isinstance(data, OSError):
            raise data
    else:
        with open_file(source.where) as file:
            data = file.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise TooLarge(LIMIT)
    return data


def _fetched(batch: Iterable[Source]) -> dict[str, bytes | OSError]:
    wanted = [source for source in batch if source.where and is_remote(source.where) and (source.size or 0) <= LIMIT]
    if not wanted:
        return {}
    from pfnscope.fleet.work import fetched

    return fetched(wanted)


def _told(error: NoMemoryLayout) -> str:
    seen = f" Seen instead: {', '.join(error.seen)}." if error.seen else ""
    return f"No memory layout in these {error.line_count} lines.{seen}"


def _archive(source: Source, text: bytes) -> str | None:
    """Why an archive has no layout: one inside another is not opened, nor one that its name does not tell."""
    if is_archive(source.name):
        return "An archive inside an archive is not opened."
    tar, zipped = text[257:262] == b"ustar", text.startswith(b"PK\x03\x04")
    if tar or zipped:
        return f"This is an archive; a name that ends in {'.tar' if tar else '.zip'} has it opened."
    return None


def _problem(source: Source, status: str, why: str, data: bytes | None = None) -> Row:
    known: Status = msgspec.convert(status, Status)
    size, digest = source.size, None
    data = source.data if data is None else data
    if data is not None:
        size, digest = len(data), sha256(data).hexdigest()
    return Row(name=source.name, size=size, hash=digest, stamp=source.stamp, status=known, error=why)


def version() -> str:
    """Which pfnscope a worker has."""
    return __version__


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


def dask_setup(_: object) -> None:
    """Leave Ctrl-C, which a terminal sends to all of its processes, to the command: it ends the workers in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
