"""Small files of a running machine: those copied as they are, and those put together of many."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

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
    """Name, text or None, and why not, of each small file of a record.

    ``walkers``: also ask for what makes the kernel walk the struct pages of a block (``valid_zones``, ``removable``).
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
    """The content of a small file of sysfs, empty where it cannot be read: blocks may go while we look."""
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
    """Index, first and last byte, and type: the end is inclusive, as sysfs has it."""
    entries = _numbered(folder, "")
    return "".join(
        f"{number} {_line(entry / 'start')} {_line(entry / 'end')} {_line(entry / 'type')}\n"
        for number, entry in entries
    )


def _memblock(folder: Path) -> str:
    return "".join(f"== {item.name}\n{_read(item)}" for item in sorted(folder.iterdir()))
