"""What architectures fix about physical memory: one row each. A new architecture is a row here.

Sources are named where a fact stands. A line form that hints at the architecture of a log without a banner is a row of
:mod:`pfnscope.bootlog.forms.context`.
"""

from collections.abc import Iterable

from msgspec import structs

from pfnscope.kernel.architecture_row import READ, Architecture, MemoryModel, Model, Section, Zone, Zones
from pfnscope.kernel.release import EVERY, NEWEST, Version, between, since, starting, until
from pfnscope.patterns import compiled
from pfnscope.units import GIB, KIB, MIB

_SPARSE, _FLAT = MemoryModel.SPARSEMEM, MemoryModel.FLATMEM
_GENERIC_PFN_VALID = since("5.14")
"""arm64 drops its own pfn_valid() (16c9afc77660), and arm says yes to page blocks that hold memory: arch/arm64/Kconfig
and arch/arm/mm/init.c, in 5.14 and not in 5.12.9. Before, both ask memblock: 4.1.5 to 5.12.9."""

_ARM64_ALWAYS_SPARSE = since("5.13")
_SMALL_SECTIONS = since("5.12")
_PARISC_SPARSE = since("6.1")  # arch/parisc/Kconfig and sparsemem.h of 6.1 and 6.12; releases before were not read
_S390_SMALL_SECTIONS = since("6.13")  # e3a6970b7daf; 28 bits still in 6.12.117
_RISCV_SPARSE = since("5.4")
_NO_DISCONTIGMEM = since("5.14")
_MIPS_NUMA_SPARSE = since("5.3")
_NUMA_MEMBLKS = since("6.12")
"""numa_clear_kernel_node_hotplug() of arch/x86/mm/numa.c, 4.17 to 6.8, becomes mm/numa_memblks.c, which
drivers/base/arch_numa.c of arm64 and riscv64 uses too."""

_ARM_SECTIONS = since("4.9")  # platforms may have their own, and had up to 4.4

_ARM64_DMA = since("5.5")
_ARM64_FIRMWARE = since("5.11")
_POWERPC_DMA = since("5.2")

_NORMAL = Zone("Normal", None)
_LINEAR_MAP = (0xFF00000000000000, 16 * MIB)
"""On arm64 and riscv memory begins at a multiple of 1 GiB in the linear map, whose struct pages take 16 MiB
(arch/arm64/mm/init.c, 4.17)."""

_X86_64 = Architecture(
    name="x86_64",
    banner=r"x86_64|amd64",
    x86=True,
    fixed_page_size=True,
    models=(Model(_SPARSE, "x86-64 has no other", proven=True),),
    sections=(Section(128 * MIB),),
    # zone_sizes_init() in arch/x86/mm/init.c, 4.4 and 4.17; paging_init(), 2.6.34; arch_zone_limits_init(), 7.1
    zones=(Zones((Zone("DMA", 16 * MIB), Zone("DMA32", 4 * GIB), _NORMAL)),),
    vmemmap=True,
    # VMEMMAP_BASE for 4 and for 5 levels of page tables: arch/x86/include/asm/pgtable_64_types.h, 2.6.32 to 7.1
    vmemmap_bases=(0xFFFFEA0000000000, 0xFFD4000000000000),
    # for 5 levels and for 4: above a direct map of 1 TiB or more and what vmalloc() has, below what 4 levels
    # have, and 1 TiB below the CPU entry area: Documentation/arch/x86/x86_64/mm.rst, 7.1; kernel_randomize_memory() in
    # arch/x86/mm/kaslr.c, 4.17 to 7.1
    vmemmap_windows=((0xFF43000000000000, 0xFFFE000000000000), (0xFFFFA90000000000, 0xFFFFFD0040000000)),
    random_vmemmap=(0xFF10000000000000, GIB),
    argument="RDI",
    registers=("RAX", "RIP"),
    numa_memblks=EVERY,
    max_pfns=(1 << 40, 1 << 34),  # 2^52 or 2^46 bytes: arch/x86/kernel/e820.c
)

_I386 = Architecture(
    name="i386",
    banner=r"-686|i[3-6]86|-pae\b",
    machines=("i686", "i586"),
    x86=True,
    bits=32,
    fixed_page_size=True,
    models=(
        Model(_FLAT, "the usual configuration of i386 without NUMA", nodes="one"),
        Model(
            _FLAT,
            "the usual configuration of i386 with NUMA (DISCONTIGMEM)",
            between(READ.first, _NO_DISCONTIGMEM),
            nodes="many",
        ),
        Model(_SPARSE, "i386 with NUMA has no other", starting(_NO_DISCONTIGMEM), nodes="many"),
    ),
    # with PAE from 2.6.32 on: arch/x86/include/asm/sparsemem.h, 2.6.32 to 7.1
    sections=(Section(512 * MIB, EVERY, pae=True), Section(64 * MIB, EVERY, pae=False)),
    # max_low_pfn ends below 896 MiB by what fixmap and vmalloc need: arch/x86/mm/init_32.c, 2.6.34 to 7.1
    zones=(Zones((Zone("DMA", 16 * MIB), Zone("Normal", 896 * MIB), Zone("HighMem", None))),),
    argument="EAX",
    registers=("EAX", "EIP"),
    numa_memblks=EVERY,
    max_pfns=(1 << 24, 1 << 20),  # 2^36 bytes with PAE, 2^32 without: arch/x86/kernel/e820.c
)

_ARM64 = Architecture(
    name="arm64",
    banner=r"aarch64|arm64",
    machines=("aarch64",),
    page_sizes=(4 * KIB, 16 * KIB, 64 * KIB),
    models=(
        Model(_SPARSE, "arm64 has no other up to 4.17", between(READ.first, "4.19"), proven=True),
        Model(_SPARSE, "the default of arm64", between("4.19", _ARM64_ALWAYS_SPARSE)),
        Model(_SPARSE, "arm64 has no other from 5.14 on", starting(_ARM64_ALWAYS_SPARSE), proven=True),
    ),
    sections=(
        Section(GIB, between(READ.first, _SMALL_SECTIONS)),
        Section(128 * MIB, starting(_SMALL_SECTIONS), 4 * KIB),
        Section(128 * MIB, starting(_SMALL_SECTIONS), 16 * KIB),
        Section(512 * MIB, starting(_SMALL_SECTIONS), 64 * KIB),
    ),
    largest_buddy=((16 * KIB, 2048), (64 * KIB, 8192)),
    # zone_sizes_init() and max_zone_phys() in arch/arm64/mm/init.c: 4.17, 5.4, 5.7, 5.11, 5.14, 6.6, 6.12,
    # 6.12.117, 7.1: from 6.12 on zone_dma_limit is cut at 4 GiB only where memory begins below. What a device tree or
    # an ACPI IORT takes from the DMA zone is in no line of a log, so it is left out.
    zones=(
        Zones((Zone("DMA32", 4 * GIB, window=4 * GIB), _NORMAL), until(_ARM64_DMA)),
        Zones(
            (Zone("DMA", GIB, window=GIB), Zone("DMA32", 4 * GIB, window=4 * GIB), _NORMAL),
            between(_ARM64_DMA, _ARM64_FIRMWARE),
        ),
        Zones(
            (Zone("DMA", 4 * GIB, whole_above=True), Zone("DMA32", 4 * GIB, whole_above=True), _NORMAL),
            starting(_ARM64_FIRMWARE),
        ),
    ),
    vmemmap=True,
    random_vmemmap=_LINEAR_MAP,
    argument="x0",
    registers=("x29",),
    numa_memblks=starting(_NUMA_MEMBLKS),
    own_pfn_valid=until(_GENERIC_PFN_VALID),
    total_limit=True,  # early_mem() in arch/arm64/mm/init.c, 4.4 to 7.1
)

_ARM = Architecture(
    name="arm",
    banner=r"\barmv?[4-7]|-arm(?:mp|v7|hf|el)|arm-[a-z0-9_-]*eabi",
    machines=("armv7l",),
    bits=32,
    fixed_page_size=True,
    models=(Model(_FLAT, "the usual configuration of arm"),),
    sections=(Section(256 * MIB, starting(_ARM_SECTIONS)),),
    # with SOC_AM33XX, as kernels for many boards have it: arch/arm/Kconfig, 4.17 to 7.1; a recorded mem_map of 6.12.117
    largest_buddy=((4 * KIB, 2048),),
    huge_pages_with_pae=True,
    argument="r0",
    registers=("psr",),
    # free_unused_memmap() in arch/arm/mm/init.c, 4.17, and mm/memblock.c, 6.1: by MAX_ORDER_NR_PAGES, from 5.14 by page
    # block
    freed=True,
    own_pfn_valid=until(_GENERIC_PFN_VALID),
)

_RISCV64 = Architecture(
    name="riscv64",
    banner=r"riscv64",
    fixed_page_size=True,
    models=(
        Model(_FLAT, "riscv has no other up to 5.3", between(READ.first, _RISCV_SPARSE), proven=True),
        Model(_SPARSE, "the configuration that riscv64 ships with", starting(_RISCV_SPARSE)),
    ),
    sections=(Section(128 * MIB),),
    # setup_bootmem() and zone_sizes_init() in arch/riscv/mm/init.c, 4.17, 5.14, 7.1
    zones=(Zones((Zone("DMA32", 4 * GIB), _NORMAL)),),
    vmemmap=True,
    always_prints_vmemmap=True,  # print_vm_layout(), 6.2
    random_vmemmap=_LINEAR_MAP,
    argument="a0",
    numa_memblks=starting(_NUMA_MEMBLKS),
    from_memory=True,  # ARCH_PFN_OFFSET of arch/riscv/include/asm/page.h, 5.14, 6.1
)

_PPC64 = Architecture(
    name="ppc64",
    page_sizes=(64 * KIB, 4 * KIB),
    models=(Model(_SPARSE, "the default of 64-bit servers"),),
    sections=(Section(16 * MIB),),
    largest_buddy=((4 * KIB, 4096), (64 * KIB, 256)),
    # paging_init() in arch/powerpc/mm/mem.c: 5.14 and 7.1; in 4.17 the first zone has all
    zones=(
        Zones((Zone("DMA", None),), until(_POWERPC_DMA)),
        Zones((Zone("DMA", 2 * GIB), _NORMAL), starting(_POWERPC_DMA)),
    ),
    vmemmap=True,
    vmemmap_tops=(
        (0xF000, "hash MMU, arch/powerpc/include/asm/book3s/64/hash.h 4.17"),
        (0xC00C, "radix.h and hash.h, 5.14"),
    ),
    argument="r3",
    early_memblock=True,
)

_S390 = Architecture(
    name="s390",
    fixed_page_size=True,
    models=(Model(_SPARSE, "s390 has no other", proven=True),),
    sections=(
        Section(256 * MIB, between(READ.first, _S390_SMALL_SECTIONS)),
        Section(128 * MIB, starting(_S390_SMALL_SECTIONS)),
    ),
    # paging_init() in arch/s390/mm/init.c and MAX_DMA_ADDRESS of asm/dma.h, 4.17, 5.14, 7.1
    zones=(Zones((Zone("DMA", 2 * GIB), _NORMAL)),),
    vmemmap=True,
    argument="r2",
)

_MIPS = Architecture(
    name="mips",
    banner=r"\bmips(?:el)?-",
    bits=32,
    page_sizes=(4 * KIB, 16 * KIB, 64 * KIB),
    models=(
        Model(_FLAT, "the default of mips without NUMA", nodes="one"),
        Model(_SPARSE, "mips with NUMA on current releases", starting(_MIPS_NUMA_SPARSE), nodes="many"),
    ),
    sections=(Section(512 * MIB, page_size=64 * KIB), Section(256 * MIB)),
    argument="r4",
)

_ONE_ARRAY: tuple[tuple[str, str, int, *tuple[int, ...]], ...] = (
    ("m68k", r"\bm68k|-m68k\b", 4 * KIB, 8 * KIB),
    ("xtensa", r"\bxtensa", 4 * KIB),
    ("openrisc", r"\bor1k|\bor32|\bopenrisc", 8 * KIB),
    ("microblaze", r"\b(?:microblaze|mb)(?:el)?-", 4 * KIB),
    ("arc", r"\barc(?:eb)?-(?:linux|snps|buildroot|unknown|elf)", 8 * KIB, 4 * KIB, 16 * KIB),
    ("nios2", r"\bnios2", 4 * KIB),
    ("parisc", r"\bhppa|-parisc\b", 4 * KIB, 16 * KIB, 64 * KIB),
    ("csky", r"\bcsky", 4 * KIB),
    ("hexagon", r"\bhexagon", 4 * KIB, 16 * KIB, 64 * KIB),
    ("sparc", r"\bsparc-", 4 * KIB),
    ("riscv32", r"riscv32", 4 * KIB),
)
"""32-bit architectures with one array of struct pages a node, what names them, and their page sizes.

Source: no ARCH_SPARSEMEM_ENABLE in arch/*/Kconfig of 4.17 and 7.1, or not for 32 bits, or not as the default; up to
5.13 some had DISCONTIGMEM, which keeps one array a node too. Page sizes: HAVE_PAGE_SIZE_* there, 7.1.
"""


def _one_array(name: str, banner: str, *page_sizes: int) -> Architecture:
    return Architecture(
        name=name,
        banner=banner,
        bits=32,
        page_sizes=page_sizes,
        fixed_page_size=len(page_sizes) == 1,
        models=(Model(_FLAT, f"the usual configuration of {name}"),),
    )


ARCHITECTURES = (
    # in the order in which their words are looked for in a banner
    _I386,
    _X86_64,
    _ARM64,
    _ARM,
    _RISCV64,
    structs.replace(_PPC64, name="ppc64le", banner=r"ppc64le|powerpc64le"),
    structs.replace(_S390, name="s390x", banner=r"s390x"),
    Architecture(
        name="loongarch64",
        banner=r"loongarch64",
        page_sizes=(16 * KIB, 4 * KIB, 64 * KIB),
        models=(Model(_SPARSE, "loongarch with NUMA, as distributions build it, has no other"),),
        sections=(Section(512 * MIB),),
        largest_buddy=((16 * KIB, 2048), (64 * KIB, 8192)),
        zones=(Zones((Zone("DMA32", 4 * GIB), _NORMAL)),),  # MAX_DMA32_PFN of arch/loongarch/include/asm/dma.h, 7.1
        vmemmap=True,
        argument="a0",
    ),
    structs.replace(
        _MIPS,
        name="mips64",
        banner=r"mips64el|mips64",
        bits=64,
        largest_buddy=((16 * KIB, 2048), (64 * KIB, 8192)),
    ),
    Architecture(
        name="ia64",
        banner=r"-mckinley|-itanium|\bia64\b",
        page_sizes=(16 * KIB, 4 * KIB, 8 * KIB, 64 * KIB),
        models=(Model(_SPARSE, "the usual configuration of ia64"),),
        # as large as the largest buddy where that is larger: arch/ia64/include/asm/sparsemem.h, 6.1
        sections=(Section(4 * GIB, page_size=64 * KIB), Section(GIB)),
        largest_buddy=tuple((size * KIB, 65536) for size in (4, 8, 16, 64)),
        virtual=True,  # arch/ia64/mm/init.c, 4.17
    ),
    Architecture(
        name="sparc64",
        banner=r"sparc64",
        page_sizes=(8 * KIB,),
        fixed_page_size=True,
        models=(Model(_SPARSE, "sparc64 has no other", proven=True),),
        sections=(Section(GIB),),
        largest_buddy=((8 * KIB, 4096),),
        zones=(Zones((_NORMAL,)),),  # arch_zone_limits_init() of arch/sparc/mm/init_64.c, 4.17 to 7.1: one zone
        vmemmap=True,
        argument="o0",
    ),
    _PPC64,
    _S390,
    _MIPS,
    Architecture(
        name="ppc",
        banner=r"\bpowerpc-|\bppc32\b|-powerpc(?:-smp)?\b",
        bits=32,
        models=(Model(_FLAT, "32-bit powerpc has no other", proven=True),),
        early_memblock=True,
    ),
    Architecture(
        name="sh",
        banner=r"\bsh[34](?:eb)?-",
        bits=32,
        models=(Model(_SPARSE, "the default of sh"),),
        sections=(Section(64 * MIB),),
        zones=(Zones((_NORMAL,)),),  # arch_zone_limits_init() of arch/sh/mm/init.c, 4.17 to 7.1: one zone
    ),
    Architecture(
        name="parisc64",
        banner=r"parisc64|hppa64",
        page_sizes=(4 * KIB, 16 * KIB, 64 * KIB),
        models=(Model(_SPARSE, "the default of 64-bit parisc", starting(_PARISC_SPARSE)),),
        sections=(Section(128 * MIB, starting(_PARISC_SPARSE)),),
        zones=(Zones((_NORMAL,)),),  # arch_zone_limits_init() of arch/parisc/mm/init.c, 7.1.5: one zone
    ),
    Architecture(name="alpha", banner=r"\balpha(?:ev\w+)?-|-alpha-", page_sizes=(8 * KIB,), fixed_page_size=True),
    *(_one_array(name, banner, *sizes) for name, banner, *sizes in _ONE_ARRAY),
)

_ROWS = {row.name: row for row in ARCHITECTURES}
_UNKNOWN = Architecture(name="", bits=32)

X86 = frozenset(row.name for row in ARCHITECTURES if row.x86)
X86_OR_UNKNOWN = X86 | {None}
"""Where a text that does not tell its architecture is taken for x86."""
WITH_MODEL = tuple(sorted(row.name for row in ARCHITECTURES if row.models))
"""Architectures of which it is known how struct pages are kept."""

SECTION_BITS = range(27, 31)
"""SECTION_SIZE_BITS that counts may prove: from the smallest to the largest of 64-bit kernels with large sections."""

BUDDY_ORDERS = range(9, 14)
"""Orders of the largest buddy that counts may prove: ARCH_FORCE_MAX_ORDER of arch/*/Kconfig, 7.1.5."""

PAGE_SIZES = tuple(sorted({size for row in ARCHITECTURES for size in row.page_sizes}))

_PAGE_BLOCKS = {4 * KIB: 512, 16 * KIB: 2048, 64 * KIB: 8192}
"""Frames of a huge page by page size.

An arm64 boot of 5.1 with 4 KiB pages counts 416 struct pages in holes and NOMAP memory, which is what this gives.
"""


def architecture(name: str | None) -> Architecture:
    """The row of an architecture; of one that is not known, a row that says nothing."""
    return _ROWS.get(name or "", _UNKNOWN)


def architecture_of_machine(machine: str | None) -> str | None:
    """The architecture that ``uname -m`` calls so."""
    return next((row.name for row in ARCHITECTURES if machine == row.name or machine in row.machines), None)


def architecture_named(*texts: str) -> str | None:
    """The architecture that the first of some texts names, such as the release and the compiler of a banner."""
    for text in texts:
        for row in ARCHITECTURES:
            if row.banner and compiled(row.banner).search(text.encode("utf-8", "replace")):
                return row.name
    return None


def architecture_of_oops(registers: Iterable[str]) -> str | None:
    """The architecture whose oopses alone show one of these registers."""
    names = set(registers)
    return next((row.name for row in ARCHITECTURES if names.intersection(row.registers)), None)


def max_order_pages(arch: str | None, page_size: int) -> int:
    """MAX_ORDER_NR_PAGES, the largest buddy in page frames, as configurations leave it."""
    return dict(architecture(arch).largest_buddy).get(page_size, 1024)


def max_arch_pfn(arch: str, *, pae: bool) -> int:
    """Frames that an x86 kernel can address: MAX_ARCH_PFN. ``pae``: i386 with addresses of more than 32 bits."""
    limits = architecture(arch).max_pfns
    return limits[-1] if arch == "i386" and not pae else limits[0]


def memory_model(arch: str | None, version: Version | None, nodes: int) -> Model | None:
    """The memory model of an architecture with this many nodes of memory, or None where it is not known."""
    shape = "one" if nodes <= 1 else "many"
    return next(
        (
            row
            for row in architecture(arch).models
            if row.nodes in ("any", shape) and (version or _CURRENT) in row.releases
        ),
        None,
    )


def section_size(arch: str | None, version: Version | None, page_size: int, *, pae: bool = False) -> int | None:
    """Size of a memory section in bytes, or None where the architecture is unknown.

    ``pae``: i386 with addresses of more than 32 bits.
    """
    for row in architecture(arch).sections:
        if row.page_size in (None, page_size) and row.pae in (None, pae) and (version or _CURRENT) in row.releases:
            return row.size
    return None


_CURRENT: Version = (NEWEST[0] - 1, 0, 0)
"""Stands for the current release where none is known."""


def zone_limits(arch: str | None, version: Version | None, first: int) -> tuple[tuple[str, int | None], ...]:
    """Zones of an architecture whose memory begins at ``first`` bytes, for logs that print no zone ranges.

    Each with its end in bytes, None for the end of memory; empty where they are not known. Always an assumption.
    """
    rows = architecture(arch).zones
    if version is None:
        row = rows[-1] if rows else None
    else:
        row = next((row for row in rows if version in row.releases), None)
    return tuple((zone.name, zone.end_with(first)) for zone in row.zones) if row else ()


def asks_memblock(arch: str | None, version: Version) -> bool:
    """Whether pfn_valid() of this architecture and release is true for memory alone.

    A struct page without memory exists there and belongs to an online section, yet no walk over a zone initialises it,
    and no reader of the kernel's that asks pfn_valid() looks at it. The passes over holes ask for the first frame of a
    page block only.
    """
    releases = architecture(arch).own_pfn_valid
    return releases is not None and version in releases


def takes_blocks(arch: str | None, version: Version) -> bool:
    """Whether memblock.reserved has the nodes of firmware's blocks, where it lies in one."""
    releases = architecture(arch).numa_memblks
    return releases is not None and version in releases


def pageblock_frames(arch: str | None, page_size: int, *, pae: bool, buddy: int) -> int:
    """Frames of a page block, 2 MiB of them with 4 KiB pages; without huge pages the largest ``buddy``.

    Source: pageblock_order in include/linux/pageblock-flags.h, 5.12 and 6.12.
    """
    if architecture(arch).huge_pages_with_pae and not pae:
        return buddy
    return min(_PAGE_BLOCKS.get(page_size, 512), buddy)


def freed_unit(arch: str | None, version: Version | None, page_block: int, buddy: int) -> int:
    """Frames of the blocks in which struct pages of gaps between memory are given back; 0 where they stay."""
    if not architecture(arch).freed:
        return 0
    return page_block if (version or _CURRENT) in starting(_GENERIC_PFN_VALID) else buddy
