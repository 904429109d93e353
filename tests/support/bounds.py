"""Logs that lack their banner, in words of some releases."""

from pfnscope.bootlog import read
from pfnscope.model.log import BootLog

OLD = (
    "SRAT: Node 0 PXM 0 [mem 0x00000000-0xbfffffff]",
    "SRAT: Node 1 PXM 1 [mem 0x140000000-0x23fffffff]",
    "Initmem setup node 0 [mem 0x00000000-0xbffd6fff]",
    "Zone ranges:",
    "  DMA32    [mem 0x01000000-0xffffffff]",
    "  Normal   [mem 0x100000000-0x23fffffff]",
    "Early memory node ranges",
    "  node   0: [mem 0x00100000-0xbffd6fff]",
    "  node   1: [mem 0x140000000-0x23fffffff]",
)
"""Two nodes of x86, with a hole in no zone between them, as 3.5 to 3.16 print them."""

DEVICE_TREE = (
    "OF: reserved mem: 0x0000000043c00000..0x0000000043cfffff (1024 KiB) nomap non-reusable firmware@43c00000",
    "Zone ranges:",
    "  DMA      [mem 0x0000000040000000-0x00000000bbffffff]",
    "Early memory node ranges",
    "  node   0: [mem 0x0000000040000000-0x0000000043bfffff]",
    "  node   0: [mem 0x0000000043c00000-0x0000000043cfffff]",
    "  node   0: [mem 0x0000000043d00000-0x00000000bbffffff]",
)
"""A machine of arm64 that ends inside a section, as 6.2 and later print it."""


def boots(*lines: str) -> tuple[BootLog, ...]:
    """The boots of a text of these lines."""
    return read("".join(f"[    0.000000] {line}\n" for line in lines).encode()).boots
