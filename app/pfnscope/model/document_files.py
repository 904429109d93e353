"""The wire schema of neighbouring files: what /proc and /sys said beside the log. See model/document.py."""

import msgspec


class ZoneInfo(msgspec.Struct, frozen=True):
    """A zone of /proc/zoneinfo. ``start_pfn`` is null where the file leaves it out, for an empty zone."""

    node: int
    zone: str
    start_pfn: int | None
    spanned_pages: int
    present_pages: int
    managed_pages: int | None
    lines: list[int]


class Resource(msgspec.Struct, frozen=True):
    """An entry of /proc/iomem. ``depth`` counts the entries that it lies in."""

    start: str
    end: str
    name: str
    depth: int
    lines: list[int]


class DebugfsRegion(msgspec.Struct, frozen=True):
    """A region of a memblock list of debugfs; ``flag`` is the name of its lowest flag, null before 6.6."""

    start: str
    end: str
    node: int | None
    flag: str | None
    lines: list[int]


class DebugfsLists(msgspec.Struct, frozen=True):
    """The memblock lists of debugfs."""

    memory: list[DebugfsRegion]
    reserved: list[DebugfsRegion]
    physmem: list[DebugfsRegion]


class BlockRange(msgspec.Struct, frozen=True):
    """Memory blocks that follow each other and are alike: state, node and zones as lsmem or sysfs name them."""

    start: str
    end: str
    state: str
    node: int | None
    zones: str | None
    lines: list[int]


class MemoryBlocks(msgspec.Struct, frozen=True):
    """The units of memory hotplug, from lsmem or sysfs; ``size`` of one in bytes. A block is no section."""

    size: int | None
    ranges: list[BlockRange]
