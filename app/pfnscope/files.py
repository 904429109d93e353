"""Opening files that may be anything: never waits for one, never opens a device, reads up to a limit."""

import errno
import os
import stat
from io import BufferedReader

_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFSOCK: "a socket",
}
_READ = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_CLOEXEC", "O_NOCTTY", "O_BINARY"))
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)  # Windows has neither this nor files that wait


class FileRefused(OSError):
    """A file that is not read because of its kind or size; ``strerror`` is fit for users."""


def open_file(path: str | os.PathLike[str], *, pipes: bool = False) -> BufferedReader:
    """Open a regular file, also of /proc or /sys, where a size of 0 says nothing.

    ``pipes``: the user named this very file, so a FIFO is what a shell puts in place of ``<(command)`` and is waited
    for, and /dev/null is an empty file. Raises FileRefused for every other kind, OSError as ``open`` does.
    """
    # before opening: that alone starts a device such as /dev/watchdog
    waits = _check(os.stat(path), path, pipes=pipes)  # noqa: PTH116 - without pathlib, whose import takes 3 ms
    file = os.open(path, _READ if waits else _READ | _AT_ONCE)
    try:
        _check(os.fstat(file), path, pipes=waits)
        if _AT_ONCE:
            os.set_blocking(file, True)
        return open(file, "rb")  # noqa: PTH123 - as above
    except BaseException:
        os.close(file)
        raise


def _check(status: os.stat_result, path: str | os.PathLike[str], *, pipes: bool) -> bool:
    """Whether this is one of the pipes that may be read; FileRefused for what may not."""
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFREG:
        return False
    if kind == stat.S_IFDIR:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if pipes and (kind == stat.S_IFIFO or (kind == stat.S_IFCHR and _is_null(status))):
        return True
    raise FileRefused(errno.EINVAL, f"{kind_of(status)}, not a regular file", path)


def _is_null(status: os.stat_result) -> bool:
    return status.st_rdev == os.stat(os.devnull).st_rdev  # noqa: PTH116 - as above


def kind_of(status: os.stat_result) -> str:
    """``a FIFO`` and its like: what a special file is."""
    return _KINDS.get(stat.S_IFMT(status.st_mode), "a special file")


def read_file(path: str | os.PathLike[str], limit: int) -> bytes:
    """All of a regular file. Raises FileRefused beyond ``limit`` bytes, without reading it where its size says so."""
    with open_file(path) as file:
        if size(file) <= limit and len(data := file.read(limit + 1)) <= limit:
            return data
    raise FileRefused(errno.EFBIG, f"larger than {limit >> 20} MiB", path)


def size(file: BufferedReader) -> int:
    """The bytes that an open file has by its inode: 0 for pipes and most files of /proc."""
    return os.fstat(file.fileno()).st_size
