"""What a worker process does: a batch of logs in, packed rows of the table out. Knows neither Dask nor the table."""

import gc
import signal
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Literal

import msgspec

from pfnscope import __version__
from pfnscope.bootlog.text.searchable import START
from pfnscope.files import open_file
from pfnscope.fleet.source import Source, is_remote
from pfnscope.kernel.command_line import arguments
from pfnscope.model.analysis import SEVERITIES, Hole, Severity, foremost
from pfnscope.model.document import Document
from pfnscope.model.encoding import pack
from pfnscope.opening.errors import CannotOpen, NoLog, TooLarge, TooMuch, beyond
from pfnscope.opening.packing import LIMIT
from pfnscope.opening.texts import opened
from pfnscope.service.analyzing import analyze
from pfnscope.service.errors import NoMemoryLayout

MOST_HOLES = 1000
"""Holes kept of one log: the memory that a crafted log can take of the others."""


Status = Literal["analysed", "no-layout", "too-large", "damaged", "unreadable", "failed"]


AGAIN: frozenset[str] = frozenset(("unreadable", "failed"))
"""Statuses that the next run tries again; the others follow from the bytes of the log."""


HOLE_COLUMNS = tuple(name for name in Hole.__struct_fields__ if name not in ("why", "lines", "inspect"))
"""What the table has of a hole: all that docs/api.md has, without what only a page shows."""


_NO_VERDICT = {"no-node-ranges", "no-memory-model"}
"""Diagnostics of a document without a verdict: its severity ``none`` must not count as harmless."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row; docs/fleet.md describes the columns. All columns after ``error`` are null without a layout.

    ``size`` is in bytes and ``hash`` the SHA-256 of the log as stored; ``memory_bytes`` is what memblock has.
    """

    name: str
    size: int | None
    hash: str | None
    stamp: str | None
    pfnscope: str = __version__
    status: Status
    error: str | None = None
    boot: int | None = None
    boots: int | None = None
    release: str | None = None
    series: str | None = None
    version: tuple[int, ...] | None = None
    arch: str | None = None
    command_line: str | None = None
    memory_arguments: list[str] | None = None
    nodes: int | None = None
    memory_bytes: int | None = None
    page_size: int | None = None
    section_size: int | None = None
    memory_model: str | None = None
    rule: str | None = None
    basis: str | None = None
    severity: Severity | None = None
    summary: str | None = None
    danger: int | None = None
    caution: int | None = None
    info: int | None = None
    harmless: int | None = None
    dangerous_pages: int | None = None
    pages_outside_zone_spans: int | None = None
    events: int | None = None
    checks_agree: int | None = None
    checks_differ: int | None = None
    warnings: int | None = None
    assumed: tuple[str, ...] | None = None
    holes: list[dict[str, Any]] | None = None
    holes_left_out: int | None = None


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
    except (TooLarge, TooMuch) as error:
        return _problem(source, "too-large", str(error), data)
    except NoLog as error:
        return _problem(source, "no-layout", str(error), data)
    except CannotOpen as error:
        return _problem(source, "damaged", str(error), data)
    except NoMemoryLayout as error:
        seen = f" Seen instead: {', '.join(error.seen)}." if error.seen else ""
        why = str(error) if error.kind else f"No memory layout in these {error.line_count} lines.{seen}"
        return _problem(source, "no-layout", why, data)
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            missing.append(source.where)
        return _problem(source, "unreadable", f"Cannot be read: {error.strerror or error}.", data)
    except Exception as error:  # noqa: BLE001 - an error of pfnscope in one log must not cost the others
        return _problem(source, "failed", f"An error in pfnscope: {type(error).__name__}: {error}", data)


def _row(source: Source, data: bytes) -> Row:
    document = analyze(opened(data)).document
    return row(document, name=source.name, size=len(data), digest=sha256(data).hexdigest(), stamp=source.stamp)


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
    if is_remote(source.where):
        if source.size is not None and source.size > LIMIT:
            raise TooLarge(LIMIT)
        data = contents[source.where]
        if isinstance(data, OSError):
            raise data
    else:
        with open_file(source.where) as file:
            if source.size is not None and source.size > LIMIT:
                raise beyond(file.read(START), LIMIT)
            data = file.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise beyond(data, LIMIT)
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


def row(document: Document, *, name: str, size: int, digest: str, stamp: str | None) -> Row:
    """The row of an analysed log."""
    kernel, verdict, holes = document.kernel, document.verdict, document.holes
    counts = dict.fromkeys(SEVERITIES, 0)
    for hole in holes:
        counts[hole.severity] += 1
    undecided = {item.code for item in document.diagnostics} & _NO_VERDICT
    has_verdict = verdict.severity != "none" or not undecided
    checks = [check.agrees for check in document.checks]
    return Row(
        name=name,
        size=size,
        hash=digest,
        stamp=stamp,
        status="analysed",
        boot=document.boot.index,
        boots=document.boot.count,
        release=kernel.release,
        series=".".join(map(str, kernel.version[:2])) if kernel.version else None,
        version=kernel.version,
        arch=kernel.arch,
        command_line=kernel.command_line,
        memory_arguments=[item.text for item in arguments(kernel.command_line or "") if item.shapes_layout],
        nodes=len({item.node for item in document.node_ranges}) or None,
        memory_bytes=sum(item.range.size for item in document.node_ranges) if document.node_ranges else None,
        page_size=kernel.page_size,
        section_size=kernel.section_size,
        memory_model=kernel.memory_model,
        rule=document.rule.id if document.rule else None,
        basis=document.rule.basis if document.rule else None,
        severity=verdict.severity if has_verdict else None,
        summary=verdict.summary,
        danger=counts["danger"],
        caution=counts["caution"],
        info=counts["info"],
        harmless=counts["none"],
        dangerous_pages=sum(hole.pages for hole in holes if hole.severity == "danger"),
        pages_outside_zone_spans=verdict.pages_outside_zone_spans if has_verdict else None,
        events=len(document.events),
        checks_agree=checks.count(True),
        checks_differ=checks.count(False),
        warnings=sum(item.severity != "info" for item in document.diagnostics),
        assumed=kernel.assumed,
        holes=[
            {name: getattr(hole, name) for name in HOLE_COLUMNS} for hole in sorted(holes, key=foremost)[:MOST_HOLES]
        ],
        holes_left_out=max(0, len(holes) - MOST_HOLES),
    )
