"""Memory of which a text tells the size and not the place."""

from typing import Literal

import msgspec

from pfnscope.model.ranges import Lines


class NamedSize(msgspec.Struct, frozen=True):
    """Memory of which a line names the size, in bytes, and not the place.

    "freed": given back to the page allocator; "allocation": taken from memblock before there is one; "hash-table": the
    same where the line comes before that of all memory; "per-cpu": the same for each processor; "log-buffer": by
    ``name`` its text, or that with the metadata of newer releases, where it may be the one of the kernel's image;
    "huge-pages": allocated at boot; "low-memory", "high-memory": what i386 tells of each.
    """

    kind: Literal[
        "freed", "allocation", "hash-table", "per-cpu", "log-buffer", "huge-pages", "low-memory", "high-memory"
    ]
    name: str
    size: int
    lines: Lines


class InstalledMemory(msgspec.Struct, frozen=True):
    """The size in bytes of a memory module, or of all, that ``file`` tells; firmware may keep some of it."""

    file: str
    size: int
    lines: Lines


class FreeBlocks(msgspec.Struct, frozen=True):
    """Free blocks of a zone by order: ``by_order[n]`` are of 2^n pages each."""

    node: int
    zone: str
    by_order: tuple[int, ...]
    lines: Lines

    @property
    def pages(self) -> int:
        """All that is free, in pages."""
        return sum(count << order for order, count in enumerate(self.by_order))


class NodeTotal(msgspec.Struct, frozen=True):
    """Memory in KiB that the running kernel hands out, of a node or, where None, of all; ``file`` says so."""

    file: str
    node: int | None
    kib: int
    lines: Lines
