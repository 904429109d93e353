"""A running machine's log and the small files of its /proc and /sys, as they go into a record.

Source for /dev/kmsg: Documentation/ABI/testing/dev-kmsg, 3.5 to 7.1: one record a read, oldest first, EAGAIN behind the
last one, EPIPE where a record was overwritten, EINVAL where the buffer is too small.
"""

import errno
import os
import re
import stat
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from msgspec import Struct

from pfnscope.files import FileRefused, read_file
from pfnscope.recording.model import LIMIT

_COPIED = {
    "cmdline.txt": "proc/cmdline",
    "zoneinfo.txt": "proc/zoneinfo",
    "iomem.txt": "proc/iomem",
    "meminfo.txt": "proc/meminfo",
}
_MEMORY, _NODE = "sys/devices/system/memory", "sys/devices/system/node"
_FIRMWARE, _MEMBLOCK = "sys/firmware/memmap", "sys/kernel/debug/memblock"
_HIDDEN = "00000000-00000000"
_MASKS = ("online", "possible", "has_memory", "has_normal_memory", "has_cpu")
_WHY_NOT = {
    "zoneinfo.txt": "only root may read it",
    "iomem.txt": "its addresses are shown to root only",
    "memory-blocks.txt": "the kernel was built without CONFIG_MEMORY_HOTPLUG, or this is a container",
    "nodes.txt": "the kernel was built without CONFIG_NUMA, or this is a container",
    "firmware-memmap.txt": "the kernel was built without CONFIG_FIRMWARE_MEMMAP, as those of arm64 are",
    "memblock.txt": "debugfs is not mounted, locked down, or this kernel gives up memblock after boot, as on x86",
}


def small_files(root: Path, *, walkers: bool) -> Iterator[tuple[str, str | None, str]]:
    """Name, text or None, and the reason for None, of each small file of a record.

    ``walkers``: read ``valid_zones`` and ``removable`` too, for which the kernel walks the struct pages of a block.
    """
    makers: dict[str, Callable[[], str]] = {
        **{name: partial(_read, root / path) for name, path in _COPIED.items()},
        "memory-blocks.txt": lambda: _memory_blocks(root / _MEMORY, walkers=walkers),
        "nodes.txt": lambda: _nodes(root / _NODE),
        "firmware-memmap.txt": lambda: _firmware_memmap(root / _FIRMWARE),
        "memblock.txt": lambda: _memblock(root / _MEMBLOCK),
    }
    for name, make in makers.items():
        try:
            text = make()
        except OSError as error:
            hint = None if isinstance(error, FileRefused) else _WHY_NOT.get(name)
            yield name, None, f"{error.strerror}{f': {hint}' if hint else ''}"
        else:
            if name == "iomem.txt" and all(line.lstrip().startswith(_HIDDEN) for line in text.splitlines()):
                yield name, None, _WHY_NOT[name]
            else:
                yield name, text, ""


def _read(path: Path) -> str:
    return read_file(path, LIMIT).decode("utf-8", "replace")


def _line(path: Path) -> str:
    """The content of a file of sysfs, empty where it cannot be read: blocks may be removed meanwhile."""
    try:
        return _read(path).strip()
    except OSError:
        return ""


def _numbered(folder: Path, prefix: str) -> list[tuple[int, Path]]:
    names = ((item.name.removeprefix(prefix), item) for item in folder.iterdir() if item.name.startswith(prefix))
    return sorted((int(number), item) for number, item in names if number.isdigit())


def _memory_blocks(folder: Path, *, walkers: bool) -> str:
    size = _read(folder / "block_size_bytes").strip()
    out = [f"block_size_bytes {hex(int(size, 16))}", f"auto_online_blocks {_line(folder / 'auto_online_blocks')}"]
    for number, block in _numbered(folder, "memory"):
        fields = {"phys_index": _line(block / "phys_index"), "state": _line(block / "state")}
        if walkers:
            fields |= {name: _line(block / name) for name in ("valid_zones", "removable")}
        fields["online"] = _line(block / "online")
        nodes = " ".join(f"node{node}" for node, _ in _numbered(block, "node"))
        out.append(" ".join([f"memory{number}", *(f'{name}="{value}"' for name, value in fields.items()), nodes]))
    return "\n".join(out) + "\n"


def _nodes(folder: Path) -> str:
    out = [f"{name}: {_line(folder / name)}" for name in _MASKS if (folder / name).exists()]
    out += [f"node{number} cpulist: {_line(node / 'cpulist')}" for number, node in _numbered(folder, "node")]
    return "\n".join(out) + "\n"


def _firmware_memmap(folder: Path) -> str:
    """Lines of index, first byte, last byte and type; the end is inclusive, as in sysfs."""
    entries = _numbered(folder, "")
    return "".join(
        f"{number} {_line(entry / 'start')} {_line(entry / 'end')} {_line(entry / 'type')}\n"
        for number, entry in entries
    )


def _memblock(folder: Path) -> str:
    return "".join(f"== {item.name}\n{_read(item)}" for item in sorted(folder.iterdir()))


_BUFFER = 1 << 16
_DEVICE = (1, 11)  # of /dev/kmsg, Documentation/admin-guide/devices.txt
_MOST = 64 << 20  # bytes; the largest ring buffer that log_buf_len allows is 2 GiB, and never memory lines at its end
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")  # in records of /dev/kmsg, never in pasted text
_BANNER = b"Linux version "
_COMMANDS = (("dmesg",), ("journalctl", "-k", "-b", "-o", "short-monotonic", "--no-pager", "-q"))
_TIMEOUT_SECONDS = 60


class KernelLog(Struct, frozen=True):
    """A log as ``dmesg`` prints it, with its source; empty where there is none.

    ``refused`` has a reason for each source that gave nothing, or not the beginning.
    """

    text: bytes
    source: str
    whole: bool
    refused: tuple[str, ...]


def kernel_log(root: Path) -> KernelLog:
    """The best log below ``root``: a whole one, else the first that can be read at all, else an empty one.

    Only the kernel's own records are used: what programs wrote into /dev/kmsg is no evidence. The commands are run
    only for the machine that this runs on, ``/``.
    """
    refused: list[str] = []
    partial_logs: list[tuple[str, bytes]] = []
    for source, text in _sources(root, refused):
        if _BANNER in text:
            return KernelLog(text, source, whole=True, refused=tuple(refused))
        if text.strip():
            refused.append(f"{source}: the ring buffer has lost the beginning")
            partial_logs.append((source, text))
        else:
            refused.append(f"{source}: empty")
    source, text = partial_logs[0] if partial_logs else ("", b"")
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
            process = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEOUT_SECONDS)  # noqa: S603 - fixed words
        except (OSError, subprocess.TimeoutExpired) as error:
            refused.append(f"{command[0]}: {getattr(error, 'strerror', None) or 'no answer'}")
            continue
        if process.returncode:
            lines = process.stderr.decode("utf-8", "replace").strip().splitlines()
            refused.append(f"{command[0]}: {lines[-1] if lines else f'exit status {process.returncode}'}")
        else:
            yield " ".join(command), process.stdout


def _records(path: Path) -> Iterator[bytes]:
    """The lines that dmesg prints for the kernel's own records in the ring buffer."""
    status = path.stat()
    if not (
        stat.S_ISREG(status.st_mode)
        or (stat.S_ISCHR(status.st_mode) and (os.major(status.st_rdev), os.minor(status.st_rdev)) == _DEVICE)
    ):
        raise OSError(errno.EINVAL, "neither the kernel's device nor a regular file")
    size = 0
    chunks: list[bytes] = []
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        while size < _MOST:
            try:
                data = os.read(file, _BUFFER)
            except BrokenPipeError:  # a record was overwritten meanwhile; the next read goes on behind it
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
    head, separator, text = line.partition(b";")
    fields = head.split(b",")
    if not separator or line.startswith(b" ") or len(fields) < 3 or not (fields[0].isdigit() and fields[2].isdigit()):
        return  # a line of a record's dictionary
    if int(fields[0]) >> 3:  # a facility other than the kernel's
        return
    seconds, rest = divmod(int(fields[2]), 1_000_000)
    plain = _ESCAPE.sub(lambda match: bytes([int(match.group(1), 16)]), text)
    for part in plain.split(b"\n"):
        yield b"[%5d.%06d] %s\n" % (seconds, rest, part)
