"""The running kernel's log, from its first line where anything still has it.

Source: Documentation/ABI/testing/dev-kmsg, 3.5 to 7.1: one record a read, oldest first, EAGAIN behind the last one,
EPIPE where a record was overwritten, EINVAL where the buffer is too small.
"""

import errno
import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

_BUFFER = 1 << 16
_DEVICE = os.makedev(1, 11)  # of /dev/kmsg, Documentation/admin-guide/devices.txt
_MOST = 64 << 20  # bytes; the largest ring buffer that log_buf_len allows is 2 GiB, and never memory lines at its end
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")  # as the kernel writes them, not as somebody pastes them
_BANNER = b"Linux version "
_COMMANDS = (("dmesg",), ("journalctl", "-k", "-b", "-o", "short-monotonic", "--no-pager", "-q"))
_PATIENCE = 60


class KernelLog(Struct, frozen=True):
    """A log as ``dmesg`` prints it, with its source; empty where there is none.

    ``refused`` says of each source that gave less why.
    """

    text: bytes
    source: str
    whole: bool
    refused: tuple[str, ...]


def kernel_log(root: Path) -> KernelLog:
    """The best log there is below ``root``: a whole one, or else the first that can be read at all, or an empty one.

    Only the kernel's own records are taken: what programs wrote into /dev/kmsg is no evidence. The commands are asked
    only of the machine that this runs on.
    """
    refused: list[str] = []
    found: list[tuple[str, bytes]] = []
    for source, text in _sources(root, refused):
        if _BANNER in text:
            return KernelLog(text, source, whole=True, refused=tuple(refused))
        if text.strip():
            refused.append(f"{source}: the ring buffer has lost the beginning")
            found.append((source, text))
        else:
            refused.append(f"{source}: empty")
    source, text = found[0] if found else ("", b"")
    return KernelLog(text, source, whole=False, refused=tuple(refused))


def _sources(root: Path, refused: list[str]) -> Iterator[tuple[str, bytes]]:
    try:
        yield "/dev/kmsg", b"".join(_records(root / "dev/kmsg"))
    except OSError as error:
        hint = " (kernel.dmesg_restrict asks for root)" if error.errno == errno.EPERM else ""
        refused.append(f"/dev/kmsg: {error.strerror}{hint}")
    if root != Path("/"):
        return
    for command in _COMMANDS:
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=_PATIENCE)  # noqa: S603 - fixed words
        except (OSError, subprocess.TimeoutExpired) as error:
            refused.append(f"{command[0]}: {getattr(error, 'strerror', None) or 'no answer'}")
            continue
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            refused.append(f"{command[0]}: {said[-1] if said else f'exit status {done.returncode}'}")
        else:
            yield " ".join(command), done.stdout


def _records(path: Path) -> Iterator[bytes]:
    """Lines as dmesg prints them, of every record of the kernel's that the buffer still holds."""
    status = path.stat()
    if not (stat.S_ISREG(status.st_mode) or (stat.S_ISCHR(status.st_mode) and status.st_rdev == _DEVICE)):
        raise OSError(errno.EINVAL, "neither the kernel's device nor a regular file")
    size = 0
    chunks: list[bytes] = []
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        while size < _MOST:
            try:
                data = os.read(file, _BUFFER)
            except BrokenPipeError:  # a record was overwritten while we read; the next read goes on behind it
                continue
            except BlockingIOError:
                break
            if not data:
                break
            size += len(data)
            chunks.append(data)
    finally:
        os.close(file)
    for line in b"".join(chunks).split(b"\n")[:-1]:
        yield from _printed(line)


def _printed(line: bytes) -> Iterator[bytes]:
    """``6,339,5140900,-;text`` as ``[    5.140900] text``; a record of several lines gives several."""
    head, found, text = line.partition(b";")
    fields = head.split(b",")
    if not found or line.startswith(b" ") or len(fields) < 3 or not (fields[0].isdigit() and fields[2].isdigit()):
        return  # a line of a record's dictionary
    if int(fields[0]) >> 3:  # a facility other than the kernel's
        return
    seconds, rest = divmod(int(fields[2]), 1_000_000)
    plain = _ESCAPE.sub(lambda match: bytes([int(match.group(1), 16)]), text)
    for part in plain.split(b"\n"):
        yield b"[%5d.%06d] %s\n" % (seconds, rest, part)
