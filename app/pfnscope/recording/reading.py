"""A recorded folder as facts. A file that does not exist, or has no fact in it, is missing with the reason."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from pfnscope.bootlog import read as read_text
from pfnscope.files import FileRefused, read_file
from pfnscope.model.log import BlockRange, BootLog, Files, Resource, ZoneInfo
from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet, canonical
from pfnscope.model.sizes import FreeBlocks
from pfnscope.model.sources import source_of
from pfnscope.patterns import compiled
from pfnscope.recording.kpageflags import parse_runs
from pfnscope.recording.model import LIMIT, SUMMARY, Block, Record

T = TypeVar("T")

_FIELD = r'([a-z_]+)="([^"]*)"'
_NODE = r"\bnode(\d{1,6})\b"
_MOST_BLOCKS = 1 << 22


class Summary(msgspec.Struct, frozen=True):
    """``capture.json``: the running kernel, and which files could not be recorded and why."""

    release: str | None = None
    machine: str | None = None
    page_size: int | None = None
    not_recorded: dict[str, str] = {}
    partly_recorded: dict[str, str] = {}


def read_record(folder: Path, page_size: int) -> Record:
    """Read a folder; ``page_size`` in bytes is that of the recorded kernel.

    Raises OSError for the folder, FileRefused for a file of it that is no regular one or beyond LIMIT.
    """
    missing: dict[str, str] = {}
    known = {item.name for item in folder.iterdir()}
    summary = read_summary(folder)

    def load(name: str, parse: Callable[[str], T]) -> T | None:
        if name not in known:
            missing[name] = summary.not_recorded.get(name, "not in the record")
            return None
        try:
            return parse(read_file(folder / name, LIMIT).decode("utf-8", "replace"))
        except FileRefused:
            raise
        except OSError as error:
            missing[name] = error.strerror or "cannot be read"
        except ValueError as error:
            missing[name] = str(error)
        return None

    zones = load("zoneinfo.txt", lambda text: _filled(_files(text).zoneinfo, "no zone in it"))
    flags = load("kpageflags.runs.txt", parse_runs)
    blocks = load("memory-blocks.txt", lambda text: _blocks(text, page_size))
    resources = load("iomem.txt", lambda text: _filled(_files(text).iomem, "all its addresses are hidden"))
    return Record(
        zones=zones,
        flags=flags,
        blocks=blocks[1] if blocks else None,
        block_frames=blocks[0] if blocks else 1,
        ram=_ram(resources, page_size) if resources else None,
        devices=_devices(resources or (), page_size),
        reserved=_reserved(resources or (), page_size),
        release=summary.release,
        machine=summary.machine,
        page_size=summary.page_size,
        missing=missing,
    )


_NOT_THERE = "not in the report"
_NAMES = {
    "zoneinfo.txt": "/proc/zoneinfo",
    "iomem.txt": "/proc/iomem",
    "buddyinfo": "/proc/buddyinfo",
    "memory-blocks.txt": "lsmem",
    "kpageflags.runs.txt": "/proc/kpageflags",
}


def record_of(log: BootLog, page_size: int, block_size: int | None) -> Record:
    """What a report holds of the machine beside its log, as the reader took it for files of this boot.

    ``block_size`` in bytes is that of memory blocks where the report does not tell it.
    """
    files = log.files
    size = files.memory_block_size.value if files.memory_block_size else block_size
    frames = size // page_size if size and not size % page_size else 0
    facts: dict[str, Sequence[ZoneInfo | Resource | FreeBlocks | BlockRange]] = {
        "zoneinfo.txt": files.zoneinfo,
        "iomem.txt": files.iomem,
        "buddyinfo": files.free,
        "memory-blocks.txt": files.memory_blocks if frames else (),
    }
    missing = {name: _NOT_THERE for name, items in facts.items() if not items}
    missing["kpageflags.runs.txt"] = f"{_NOT_THERE}: no report has it, a record of pfnscope capture does"
    if any(note.code == "iomem-hidden" for note in log.diagnostics):
        missing["iomem.txt"] = "all its addresses are hidden"
    if files.memory_blocks and not frames:
        missing["memory-blocks.txt"] = "the size of a block is not in it"
    places = {name: source_of(items[0].lines[0], log.sources) for name, items in facts.items() if items}
    return Record(
        zones=files.zoneinfo or None,
        flags=None,
        blocks=tuple(
            Block(item.range.frames_outward(page_size), item.state, item.node)
            for item in facts["memory-blocks.txt"]
            if isinstance(item, BlockRange)
        )
        or None,
        block_frames=frames or 1,
        ram=_ram(files.iomem, page_size) if files.iomem else None,
        devices=_devices(files.iomem, page_size),
        reserved=_reserved(files.iomem, page_size),
        free=files.free or None,
        release=None,
        machine=None,
        page_size=None,
        missing=missing,
        names=_NAMES | {name: source.name for name, source in places.items() if source},
    )


def read_summary(folder: Path) -> Summary:
    """The summary that ``capture`` wrote, an empty one in records made by hand. Raises FileRefused."""
    try:
        return msgspec.json.decode(read_file(folder / SUMMARY, LIMIT), type=Summary)
    except FileRefused:
        raise
    except (OSError, msgspec.DecodeError):
        return Summary()


def _files(text: str) -> Files:
    boots = read_text(text.encode()).boots
    return boots[0].files if boots else Files()


def _filled(items: tuple[T, ...], why: str) -> tuple[T, ...]:
    if not items:
        raise ValueError(why)
    return items


def _ram(resources: tuple[Resource, ...], page_size: int) -> FrameSet:
    """Whole frames of System RAM, also of RAM that a driver added, as ``System RAM (kmem)``.

    What the loader left for the kernel cuts an entry within a frame (e820__reserve_setup_data(), 6.1 to 7.1): pieces
    that adjoin are one.
    """
    pieces = canonical((item.start, item.end) for item in resources if item.name.startswith("System RAM"))
    return FrameSet.of(ByteRange(start, end).frames_inward(page_size) for start, end in pieces)


def _devices(resources: Iterable[Resource], page_size: int) -> FrameSet:
    return FrameSet.of(
        item.range.frames_outward(page_size) for item in resources if item.name.startswith("Persistent Memory")
    )


def _reserved(resources: Iterable[Resource], page_size: int) -> FrameSet:
    return FrameSet.of(
        item.range.frames_outward(page_size)
        for item in resources
        if item.name.lower() == "reserved" and item.depth == 0
    )


def _blocks(text: str, page_size: int) -> tuple[int, tuple[Block, ...]]:
    lines = text.splitlines()
    size = next((int(line.partition(" ")[2], 16) for line in lines if line.startswith("block_size_bytes ")), 0)
    if size < page_size or size % page_size:
        raise ValueError("this kernel has no memory blocks" if not text.strip() else "the size of a block is not in it")
    return size // page_size, _filled(tuple(_each_block(lines, size // page_size)), "no block in it")


def _each_block(lines: list[str], frames: int) -> Iterator[Block]:
    """Blocks, adjacent ones of the same state and node joined: a large machine has thousands."""
    last: Block | None = None
    for line in lines[:_MOST_BLOCKS]:
        raw = line.encode("utf-8", "replace")
        pairs = (match.groups() for match in compiled(_FIELD).finditer(raw))
        fields = {name or "": value or "" for name, value in pairs}
        if not line.startswith("memory") or "phys_index" not in fields:
            continue
        index, node = int(fields["phys_index"], 16), compiled(_NODE).search(raw.rpartition(b'"')[2])
        start = index * frames
        number = int(node.group(1) or 0) if node else None
        block = Block(FrameRange(start, start + frames), fields.get("state", ""), number)
        if last and (last.frames.end, last.state, last.node) == (start, block.state, block.node):
            last = Block(FrameRange(last.frames.start, start + frames), last.state, last.node)
            continue
        if last:
            yield last
        last = block
    if last:
        yield last
