"""What a row of :mod:`pfnscope.kernel.architectures` says."""

from enum import Enum

from msgspec import Struct

from pfnscope.kernel.release import EVERY, Releases, starting
from pfnscope.units import KIB

READ = starting("2.6.11")
"""Releases of which memory models and sections were read."""


class MemoryModel(str, Enum):
    """How struct pages are kept: by sections of a fixed size, or as one array for each node."""

    SPARSEMEM = "sparsemem"
    FLATMEM = "flatmem"


class Model(Struct, frozen=True):
    """The memory model on some releases.

    ``proven``: no configuration has another; otherwise ``why`` says what it is taken from. ``nodes``: it holds for one
    node only, or for several only. Sources: ARCH_*MEM_ENABLE and ARCH_*MEM_DEFAULT of arch/*/Kconfig and the choice of
    mm/Kconfig, read in 4.4 to 7.1. DISCONTIGMEM of older releases keeps one array for each node, so it counts as
    FLATMEM.
    """

    model: MemoryModel
    why: str
    releases: Releases = READ
    proven: bool = False
    nodes: str = "any"


class Section(Struct, frozen=True):
    """The size of a memory section in bytes on some releases, for one page size or (None) for all.

    ``pae``: for i386 with PAE, or without. Source: SECTION_SIZE_BITS of include/asm/sparsemem.h, 2.6.18 to 7.1.
    """

    size: int
    releases: Releases = READ
    page_size: int | None = None
    pae: bool | None = None


class Zone(Struct, frozen=True):
    """A zone and its end in bytes; None: the end of memory.

    ``window``: the end is counted from the multiple of so many bytes at or below the first memory. ``whole_above``: the
    zone has all memory where that begins at ``end`` or above.
    """

    name: str
    end: int | None
    window: int = 0
    whole_above: bool = False

    def end_with(self, first: int) -> int | None:
        """The end in bytes where memory begins at ``first``."""
        if self.end is None or (self.whole_above and first >= self.end):
            return None
        return (first // self.window * self.window if self.window else 0) + self.end


class Zones(Struct, frozen=True):
    """Zones on some releases, in the kernel's order; those of the newest are taken where the release is not known."""

    zones: tuple[Zone, ...]
    releases: Releases = EVERY


class Architecture(Struct, frozen=True, kw_only=True):
    """A row.

    ``banner`` is RE2 for what release or compiler in a "Linux version" line call it, ``machines`` what ``uname -m``
    says besides ``name``. ``page_sizes`` are in bytes, the usual one of distributions first: PAGE_SIZE_* in Kconfig of
    the architecture, 4.17 and 7.1. ``largest_buddy``: MAX_ORDER_NR_PAGES by page size where it is not 1,024, as the
    default of ARCH_FORCE_MAX_ORDER (FORCE_MAX_ZONEORDER up to 5.19) there, 4.17 and 7.1, leaves it.

    ``vmemmap``: SPARSEMEM_VMEMMAP is on, the only model whose sections have sub-sections (pfn_section_valid() in
    mmzone.h, 5.14). ``always_prints_vmemmap``: the window is printed without a vmemmap too. ``vmemmap_tops``: upper 16
    bits of addresses of struct pages, with where that stands. ``vmemmap_bases``: where the struct page of frame 0 lies
    if no KASLR moves it, ``vmemmap_windows`` where it may lie at all. ``random_vmemmap``: the lowest address and the
    alignment of that of frame 0 where KASLR moves it. ``argument``: the register of a first argument, ``registers``
    some that no other architecture's oopses name so.

    Of FLATMEM: ``from_memory``: pfn_valid() begins with memory. ``freed``: struct pages of holes are given back, but
    for blocks that hold memory. ``virtual``: node_mem_map is mapped where memory is, which no line tells whole.
    ``huge_pages_with_pae``: a page block is one huge page with PAE (LPAE on arm), and the largest buddy without.
    ``early_memblock``: memblock is set up in front of the banner (early_init_devtree(), arch/powerpc/kernel/prom.c,
    7.1.5). ``numa_memblks``: releases that give memblock.reserved the nodes of firmware's blocks. ``own_pfn_valid``:
    releases whose pfn_valid() asks memblock. ``max_pfns``: MAX_ARCH_PFN as x86 prints it, the largest first.
    ``total_limit``: ``mem=`` is a total of memory and no address, and there is no ``memmap=``.
    """

    name: str
    banner: str = ""
    machines: tuple[str, ...] = ()
    x86: bool = False
    bits: int = 64
    page_sizes: tuple[int, ...] = (4 * KIB,)
    fixed_page_size: bool = False
    models: tuple[Model, ...] = ()
    sections: tuple[Section, ...] = ()
    largest_buddy: tuple[tuple[int, int], ...] = ()
    zones: tuple[Zones, ...] = ()
    vmemmap: bool = False
    always_prints_vmemmap: bool = False
    vmemmap_tops: tuple[tuple[int, str], ...] = ()
    vmemmap_bases: tuple[int, ...] = ()
    vmemmap_windows: tuple[tuple[int, int], ...] = ()
    random_vmemmap: tuple[int, int] | None = None
    argument: str | None = None
    registers: tuple[str, ...] = ()
    from_memory: bool = False
    freed: bool = False
    huge_pages_with_pae: bool = False
    virtual: bool = False
    early_memblock: bool = False
    numa_memblks: Releases | None = None
    own_pfn_valid: Releases | None = None
    max_pfns: tuple[int, ...] = ()
    total_limit: bool = False
