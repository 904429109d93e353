"""Paths to logs, lazily: files, folders and archives of this machine, and URLs through fsspec."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pfnscope.files import kind_of, open_file
from pfnscope.fleet.archives import is_archive, members
from pfnscope.fleet.source import CannotScan, Source, is_remote, shown

_STAMPS = ("ETag", "etag", "md5Hash", "crc32c", "mtime", "LastModified", "last_modified", "updated", "created")
"""Where file systems of fsspec tell that a file has changed, the surest first."""


def check(paths: Iterable[str]) -> None:
    """Refuse what can only be a slip of the pen before any work is done: a path or a scheme that there is not.

    Raises CannotScan.
    """
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
    """Every log at the paths, in their order and by name in each folder; ``leave_out`` are files and folders.

    What cannot be listed becomes a source with a problem. Links to folders are not followed.
    """
    left_out = {path.resolve() for path in leave_out}
    for path in paths:
        yield from _remote(path) if is_remote(path) else _local(Path(path), left_out)


def _local(path: Path, left_out: set[Path]) -> Iterator[Source]:
    """A file or, by a stack of its own instead of recursion, a folder with all below it."""
    names = {item.name for item in left_out}
    stack = [path]
    while stack:
        at = stack.pop()
        if at.name in names and at.resolve() in left_out:
            continue
        try:
            known = at.stat()
            folder = stat.S_ISDIR(known.st_mode)
            if folder and (at == path or not at.is_symlink()):
                stack += sorted(at.iterdir(), reverse=True)
                continue
        except OSError as error:
            yield Source(name=shown(str(at)), problem=f"Cannot be read: {error.strerror}.")
            continue
        yield from _local_file(at, known)


def _local_file(at: Path, known: os.stat_result) -> Iterator[Source]:
    name = shown(str(at))
    if stat.S_ISDIR(known.st_mode):
        what = "A link to a folder."
        yield Source(name=name, stamp=what, problem=what, status="no-layout")
    elif not stat.S_ISREG(known.st_mode):
        yield Source(name=name, problem=f"Cannot be read: {kind_of(known)}, not a regular file.")
    elif is_archive(name):
        try:
            with open_file(at) as stream:
                yield from members(name, stream, known.st_size)
        except OSError as error:
            yield Source(name=name, problem=f"Cannot be read: {error.strerror}.")
    else:
        yield Source(name=name, where=str(at.absolute()), size=known.st_size, stamp=str(known.st_mtime_ns))


def _remote(path: str) -> Iterator[Source]:
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(path)
        for info in _infos(system, root):
            yield from _remote_file(system, info)
    except Exception as error:  # noqa: BLE001 - each file system has errors of its own; none may end the scan
        yield Source(name=shown(path), problem=f"Cannot be listed: {_told(error)}.")


def _infos(system: Any, root: str) -> Iterator[dict[str, Any]]:
    """What the file system knows of each file. On the web a name ending in / is a page of links."""
    web = "http" in system.protocol or system.protocol == "http"
    if web and not root.endswith("/"):
        try:
            yield system.info(root)
        except FileNotFoundError:
            raise
        except Exception:  # noqa: BLE001 - some servers answer GET alone; reading it will tell
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
    any_ = False
    for _, _, files in system.walk(root, detail=True, on_error="raise"):
        any_ = any_ or bool(files)
        yield from (files[name] for name in sorted(files))
    if not any_ and not system.exists(root):
        raise FileNotFoundError("there is nothing of this name")


def _remote_file(system: Any, info: dict[str, Any]) -> Iterator[Source]:
    where = system.unstrip_protocol(info["name"])
    name = shown(where)
    if is_archive(where.partition("?")[0]):
        try:
            with system.open(info["name"], "rb") as stream:
                yield from members(name, stream, info.get("size"))
        except Exception as error:  # noqa: BLE001 - as above
            yield Source(name=name, problem=f"Cannot be read: {_told(error)}.")
        return
    stamp = next((str(info[key]) for key in _STAMPS if info.get(key) is not None), None)
    yield Source(name=name, where=where, size=info.get("size"), stamp=stamp)


def _told(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text or type(error).__name__
