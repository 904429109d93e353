"""Paths to logs, lazily: files, folders and archives of this machine, and URLs through fsspec."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pfnscope.files import kind_of, open_file
from pfnscope.fleet.source import CannotScan, Source, is_archive, is_remote, members, shown

_STAMPS = ("ETag", "etag", "md5Hash", "crc32c", "mtime", "LastModified", "last_modified", "updated", "created")
"""Keys by which file systems of fsspec show that a file has changed, the most reliable first."""


def check(paths: Iterable[str]) -> None:
    """Raise CannotScan for a path that does not exist or an unknown URL scheme, before any work is done."""
    for path in paths:
        if not is_remote(path):
            if not os.path.lexists(path):
                raise CannotScan(f"Cannot read {shown(path)}: there is no such file or folder.")
            continue
        import fsspec

        try:
            fsspec.get_filesystem_class(path.partition("://")[0])
        except (ValueError, ImportError) as error:
            raise CannotScan(f"Cannot read {shown(path)}: {error}.") from error


def sources(paths: Iterable[str], leave_out: Iterable[Path] = ()) -> Iterator[Source]:
    """Every log at the paths, in their order and by name in each folder, without the files in ``leave_out``.

    What cannot be listed becomes a source with a problem. Links to folders are not followed.
    """
    excluded = {path.resolve() for path in leave_out}
    for path in paths:
        yield from _remote(path) if is_remote(path) else _local(Path(path), excluded)


def _local(path: Path, excluded: set[Path]) -> Iterator[Source]:
    """A file, or a folder with all below it; by a stack, since folders may be nested beyond Python's recursion."""
    names = {item.name for item in excluded}
    stack = [path]
    while stack:
        at = stack.pop()
        if at.name in names and at.resolve() in excluded:
            continue
        try:
            status = at.stat()
            if stat.S_ISDIR(status.st_mode) and (at == path or not at.is_symlink()):
                stack += sorted(at.iterdir(), reverse=True)
                continue
        except OSError as error:
            yield Source(name=shown(str(at)), problem=f"Cannot be read: {error.strerror}.")
            continue
        yield from _local_file(at, status)


def _local_file(at: Path, status: os.stat_result) -> Iterator[Source]:
    name = shown(str(at))
    if stat.S_ISDIR(status.st_mode):
        problem = "A link to a folder."
        yield Source(name=name, stamp=problem, problem=problem, status="no-layout")
    elif not stat.S_ISREG(status.st_mode):
        yield Source(name=name, problem=f"Cannot be read: {kind_of(status)}, not a regular file.")
    elif is_archive(name):
        try:
            with open_file(at) as stream:
                yield from members(name, stream, status.st_size)
        except OSError as error:
            yield Source(name=name, problem=f"Cannot be read: {error.strerror}.")
    else:
        yield Source(name=name, where=str(at.absolute()), size=status.st_size, stamp=str(status.st_mtime_ns))


def _remote(path: str) -> Iterator[Source]:
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(path)
        for info in _infos(system, root):
            yield from _remote_file(system, info)
    except Exception as error:  # noqa: BLE001 - file systems have exceptions of their own; none may end the scan
        yield Source(name=shown(path), problem=f"Cannot be listed: {_words(error)}.")


def _infos(system: Any, root: str) -> Iterator[dict[str, Any]]:
    """Fsspec's ``info`` of each file at a path. Over HTTP a name that ends in ``/`` is a page of links."""
    web = "http" in system.protocol or system.protocol == "http"
    if web and not root.endswith("/"):
        try:
            yield system.info(root)
        except FileNotFoundError:
            raise
        except Exception:  # noqa: BLE001 - some servers answer GET alone: then reading is tried
            yield {"name": root}
        return
    if "*" in root and not web:
        for info in system.glob(root, detail=True).values():
            if info["type"] == "file":
                yield info
        return
    if not web and system.isfile(root):
        yield system.info(root)
        return
    empty = True
    for _, _, files in system.walk(root, detail=True, on_error="raise"):
        empty = empty and not files
        yield from (files[name] for name in sorted(files))
    if empty and not system.exists(root):
        raise FileNotFoundError("there is nothing of this name")


def _remote_file(system: Any, info: dict[str, Any]) -> Iterator[Source]:
    where = system.unstrip_protocol(info["name"])
    name = shown(where)
    if is_archive(where.partition("?")[0]):
        try:
            with system.open(info["name"], "rb") as stream:
                yield from members(name, stream, info.get("size"))
        except Exception as error:  # noqa: BLE001 - as above
            yield Source(name=name, problem=f"Cannot be read: {_words(error)}.")
        return
    stamp = next((str(info[key]) for key in _STAMPS if info.get(key) is not None), None)
    yield Source(name=name, where=where, size=info.get("size"), stamp=stamp)


def _words(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text or type(error).__name__
