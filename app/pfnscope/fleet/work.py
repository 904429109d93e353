"""What a worker process does: a batch of logs in, packed rows out. Knows neither Dask nor the table."""

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
    """What became of a batch: a row for each of its logs, as a map of columns in MessagePack.

    ``missing`` are the paths that do not exist where the batch was analysed.
    """

    rows: bytes
    missing: tuple[str, ...] = ()


def dask_setup(_: object) -> None:
    """Called by Dask in each local worker process: ignore Ctrl-C, which a terminal sends to all of its processes.

    The command ends the workers in order.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def version() -> str:
    """The version of pfnscope that a worker has."""
    return __version__


def work(batch: Sequence[Source]) -> Answer:
    """Analyse a batch. Never raises because of a log."""
    enabled = gc.isenabled()
    gc.disable()  # for the batch: an analysis leaves few cycles, and collecting them only now and then is 10 % faster
    try:
        contents = _fetch([source for source in batch if is_remote(source.where) and (source.size or 0) <= LIMIT])
        missing: list[str] = []
        rows = [_analysed(source, contents, missing) for source in batch]
    finally:
        if enabled:
            gc.enable()
    return Answer(pack(rows), tuple(missing))


def failed(batch: Iterable[Source], why: str) -> Answer:
    """The rows of logs that no worker could analyse."""
    return Answer(pack([_problem(source, "failed", why) for source in batch]))


def unpack(answer: Answer) -> list[dict[str, Any]]:
    """The rows of an answer, as maps of columns."""
    rows: list[dict[str, Any]] = msgspec.msgpack.decode(answer.rows)
    return rows


Contents = dict[str, bytes | OSError]
"""Of remote logs, by their address: at most one byte more than LIMIT, or why there is nothing."""


def _analysed(source: Source, contents: Contents, missing: list[str]) -> Row:
    if source.problem is not None:
        return _problem(source, source.status, source.problem)
    data: bytes | None = None
    try:
        data = _read(source, contents)
        return _row(source, data)
    except TooLarge as error:
        return _problem(source, "too-large", str(error), data)
    except Damaged as error:
        return _problem(source, "damaged", str(error), data)
    except NoMemoryLayout as error:
        seen = f" Seen instead: {', '.join(error.seen)}." if error.seen else ""
        return _problem(source, "no-layout", f"No memory layout in these {error.line_count} lines.{seen}", data)
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            missing.append(source.where)
        return _problem(source, "unreadable", f"Cannot be read: {error.strerror or error}.", data)
    except Exception as error:  # noqa: BLE001 - an error of pfnscope in one log must not cost the others
        return _problem(source, "failed", f"An error in pfnscope: {type(error).__name__}: {error}", data)


def _row(source: Source, data: bytes) -> Row:
    text = unpacked(data)
    archive = _why_archive(source, text)  # first: the logs inside an uncompressed tar would be read as one text
    if archive:
        return _problem(source, "no-layout", archive, data)
    document = analyze(text).document
    return row(document, name=source.name, size=len(data), digest=sha256(data).hexdigest(), stamp=source.stamp)


def _why_archive(source: Source, text: bytes) -> str | None:
    """Why an archive is not analysed: it is inside another one, or does not have the name of one."""
    if is_archive(source.name):
        return "An archive inside an archive is not opened."
    tar, zipped = text[257:262] == b"ustar", text.startswith(b"PK\x03\x04")
    if tar or zipped:
        return f"This is an archive; a name that ends in {'.tar' if tar else '.zip'} has it opened."
    return None


def _problem(source: Source, status: str, why: str, data: bytes | None = None) -> Row:
    size, digest = source.size, None
    data = source.data if data is None else data
    if data is not None:
        size, digest = len(data), sha256(data).hexdigest()
    checked: Status = msgspec.convert(status, Status)
    return Row(name=source.name, size=size, hash=digest, stamp=source.stamp, status=checked, error=why)


def _read(source: Source, contents: Contents) -> bytes:
    if source.data is not None:
        return source.data
    if source.size is not None and source.size > LIMIT:
        raise TooLarge(LIMIT)
    if is_remote(source.where):
        data = contents[source.where]
        if isinstance(data, OSError):
            raise data
    else:
        with open_file(source.where) as file:
            data = file.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise TooLarge(LIMIT)
    return data


def _fetch(remote: Sequence[Source]) -> Contents:
    """Read remote logs through fsspec: all of one file system at once, because most of the time is latency."""
    if not remote:
        return {}
    import fsspec

    contents: Contents = {}
    paths_by_system: dict[int, tuple[Any, dict[str, str]]] = {}
    for source in remote:
        try:
            system, path = fsspec.core.url_to_fs(source.where)
            if source.size is None:  # it may be endless
                with system.open(path, "rb") as file:
                    contents[source.where] = file.read(LIMIT + 1)
            else:
                paths_by_system.setdefault(id(system), (system, {}))[1][path] = source.where
        except Exception as error:  # noqa: BLE001 - file systems have exceptions of their own; all end in the row
            contents[source.where] = _as_os_error(error)
    for system, paths in paths_by_system.values():
        try:
            data_by_path = system.cat(list(paths), on_error="return")
        except Exception as error:  # noqa: BLE001 - as above
            data_by_path = dict.fromkeys(paths, error)
        for path, where in paths.items():
            data = data_by_path.get(path, OSError("no answer"))
            contents[where] = data if isinstance(data, bytes) else _as_os_error(data)
    return contents


def _as_os_error(error: Exception) -> OSError:
    return OSError(f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": "))
