"""Machines that somebody asks about, by the code of the finding that answers: texts, its sentence, a healthy twin."""

from msgspec import Struct

from tests.support import crashes

GIB, MIB = 1 << 30, 1 << 20
Pairs = tuple[tuple[int, int, int], ...]


class Case(Struct, frozen=True):
    """A whole log, what of it is quoted in a mail, and as little as people paste; ``healthy`` is another whole log."""

    code: str
    sentence: str
    whole: str
    alone: str
    healthy: str
    excerpt: str = ""

    @property
    def texts(self) -> dict[str, str]:
        """The three texts by what they are."""
        return {"whole": self.whole, "mail": mail(self.excerpt or self.whole), "alone": self.alone}


def mail(text: str) -> str:
    """A mail that quotes it."""
    lines = "".join(f"> {line}\n" for line in text.splitlines())
    return f"Hello all,\n\nafter the last reboot I see this:\n\n{lines}\nDo I have to do something?\n"


def timed(*lines: str) -> str:
    """As a kernel prints them."""
    return "".join(f"[    0.{at:06}] {line}\n" for at, line in enumerate(lines))


def mem(start: int, end: int) -> str:
    """A range as kernels print it."""
    return f"[mem {start:#018x}-{end - 1:#018x}]"


LOW = (0, 0x1000, 0xA0000)
ONE: Pairs = (LOW, (0, MIB, 2 * GIB), (0, 4 * GIB, 8 * GIB))
SHORT: Pairs = (LOW, (0, MIB, 0x6FFD5000), (1, 4 * GIB, 8 * GIB))
"""Node 0 ends inside of a memory block, and node 1 goes on above."""
LAST: Pairs = (LOW, (0, MIB, 0x6FFD5000))
"""The same without a node above: nothing reads what lies behind the end of RAM."""


def banner(release: str) -> str:
    """What a boot begins with."""
    return f"Linux version {release} (build@example) (gcc 12.2.0) #1 SMP x86_64"


def e820(ram: Pairs) -> list[str]:
    """The firmware's map of this RAM, ranges of several nodes that touch as one."""
    return ["BIOS-provided physical RAM map:", *(f"BIOS-e820: {mem(a, b)} usable" for _, a, b in ram)]


def nodes(ram: Pairs, top: int | None = None) -> list[str]:
    """Zones and node ranges."""
    end = top or max(b for _, _, b in ram)
    zones = [("DMA", 0x1000, 16 * MIB), ("DMA32", 16 * MIB, min(end, 4 * GIB)), ("Normal", 4 * GIB, end)]
    return [
        "Zone ranges:",
        *(f"  {name:8} {mem(a, b) if a < b else 'empty'}" for name, a, b in zones),
        "Movable zone start for each node",
        "Early memory node ranges",
        *(f"  node   {node}: {mem(a, b)}" for node, a, b in ram),
    ]


def boot(release: str, ram: Pairs, *more: str, line: str = "root=/dev/vda2 ro", firmware: Pairs | None = None) -> str:
    """The part of a log that is about memory; ``more`` stands behind it. ``firmware`` has more RAM than the kernel."""
    map_ = firmware or ram
    top = max(b for _, _, b in map_)
    return timed(banner(release), f"Command line: {line}", *e820(map_), *nodes(ram, top), *more)


def excerpt(ram: Pairs, *more: str, release: str = "") -> str:
    """Node ranges as they are cut out of a log."""
    return "\n".join([*([banner(release)] if release else []), *nodes(ram), *more])


HOLE = "[0x6ffd5, 0x70000) - 172 KiB - 0x6ffd5000"

_LOST_LINE = f"  node   0: {mem(MIB, 0x6FFD5000)}"
_ARM = "Booting Linux on physical CPU 0x0000000000 [0x411fd070]"
_NOMAP = (
    "MEMBLOCK configuration:",
    " memory[0x0]\t[0x0000000040000000-0x000000006fffffff], 0x30000000 bytes flags: 0x0",
    " memory[0x1]\t[0x0000000070000000-0x00000000703fffff], 0x400000 bytes flags: 0x4",
    " memory[0x2]\t[0x0000000070400000-0x00000000bfffffff], 0x4fc00000 bytes flags: 0x0",
    "Zone ranges:",
    "  DMA32    [mem 0x0000000040000000-0x00000000bfffffff]",
    "  Normal   empty",
    "Early memory node ranges",
    "  node   0: [mem 0x0000000040000000-0x000000006fffffff]",
    "  node   0: [mem 0x0000000070000000-0x00000000703fffff]",
    "  node   0: [mem 0x0000000070400000-0x00000000bfffffff]",
)

HOLES = (
    Case(
        "struct-pages-unwritten",
        f"On 4.17.2, nothing writes the struct pages of {HOLE}, and reading /proc/kpageflags can panic there.",
        boot("4.17.2", SHORT),
        excerpt(SHORT, release="4.17.2"),
        boot("4.17.9", SHORT),
    ),
    Case(
        "struct-pages-unwritten-far",
        f"nothing writes the struct pages of {HOLE}, but no monitoring tool is sure to reach them.",
        boot("4.17.2", LAST),
        excerpt(LAST, release="4.17.2"),
        boot("6.1.20", LAST),
    ),
    Case(
        "struct-pages-unknown",
        f"nothing writes the struct pages of {HOLE}, and a reader can panic there.",
        timed(*e820(SHORT), *nodes(SHORT)),
        excerpt(SHORT),
        boot("6.1.20", SHORT),
    ),
    Case(
        "struct-pages-uncertain",
        "hold is not known: lines are missing or contradict each other.",
        boot("4.17.2", SHORT).replace(_LOST_LINE, "  node   0: [mem 0x00"),
        excerpt(SHORT, release="4.17.2").replace(_LOST_LINE, "  node   0: [mem 0x00"),
        boot("4.17.9", SHORT),
    ),
    Case(
        "nomap-unwritten-far",
        "1,024 struct pages of memory that firmware keeps out of the map (NOMAP) are never written on 5.4.10, and",
        timed(_ARM, "Linux version 5.4.10 (build@example) (aarch64-linux-gnu-gcc)", *_NOMAP),
        "\n".join(["Linux version 5.4.10 (build@example) (aarch64-linux-gnu-gcc)", *_NOMAP]),
        timed(_ARM, "Linux version 5.15.10 (build@example) (aarch64-linux-gnu-gcc)", *_NOMAP),
    ),
    Case(
        "counts-differ",
        'Not certain: the kernel printed 4711 pages for "node 0, DMA32: unavailable", of struct pages without memory,',
        boot("6.1.20", ONE, "On node 0, zone DMA32: 4711 pages in unavailable ranges"),
        excerpt(ONE, "On node 0, zone DMA32: 4711 pages in unavailable ranges", release="6.1.20"),
        boot("6.1.20", ONE),
    ),
)

SMALL: Pairs = (LOW, (0, MIB, 2 * GIB), (0, 4 * GIB, 8 * GIB - 3 * MIB), (1, 8 * GIB - 3 * MIB, 8 * GIB))
TWO: Pairs = (LOW, (0, MIB, 2 * GIB), (1, 4 * GIB, 8 * GIB))
CLAIMED: Pairs = (LOW, (0, MIB, GIB), (1, 768 * MIB, 2 * GIB))


def srat(ram: Pairs) -> list[str]:
    """The firmware's table of nodes."""
    return [f"ACPI: SRAT: Node {node} PXM {node} {mem(a, b)}" for node, a, b in ram]


LOST = "Node 1 has no memory: none of its RAM is used, 4 GiB at [0x100000000, 0x200000000)."
_USER = ["user-defined physical RAM map:", *(f"user: {mem(a, b)} usable" for _, a, b in TWO[:2])]
_LOST = [*e820(TWO), *_USER, f"user: {mem(4 * GIB, 8 * GIB)} persistent (type 12)", *srat(TWO), *nodes(TWO[:2])]
_PMEM = "Command line: ro memmap=4G!4G"

NODES = (
    Case(
        "small-node",
        "Node 1 is too small for this kernel (less than 4 MiB): no zone has that memory, yet the kernel hands it out",
        boot("5.10.90", SMALL, *srat(SMALL)),
        excerpt(SMALL, *srat(SMALL), release="5.10.90"),
        boot("6.7.3", SMALL, *srat(SMALL)),
    ),
    Case(
        "node-memory-lost",
        LOST,
        timed(banner("6.1.20"), _PMEM, *_LOST),
        "\n".join([banner("6.1.20"), *_LOST]),
        boot("6.1.20", TWO, *srat(TWO)),
    ),
    Case(
        "overlapping-nodes",
        "Nodes 0 and 1 both claim 256 MiB at [0x30000000, 0x40000000).",
        boot("6.1.20", CLAIMED, firmware=(LOW, (0, MIB, 2 * GIB))),
        excerpt(CLAIMED),
        boot("6.1.20", (LOW, (0, MIB, GIB), (1, GIB, 2 * GIB))),
    ),
)

_MAP_32 = (LOW, (0, MIB, 2 * GIB), (0, 4 * GIB, 6 * GIB))
_NODE_32 = ["Early memory node ranges", *(f"  node   0: {mem(a, b)}" for _, a, b in _MAP_32[:2])]
_NO_PAE = [*e820(_MAP_32), "last_pfn = 0x80000 max_arch_pfn = 0x100000", "1160MB HIGHMEM available.", *_NODE_32]
_PAE = [*e820(_MAP_32[:2]), "last_pfn = 0x80000 max_arch_pfn = 0x100000", "1160MB HIGHMEM available.", *_NODE_32]
_COVERED: Pairs = (LOW, (0, MIB, 2 * GIB), (0, 4 * GIB, 7 * GIB))
_ARRAY = (
    "Zone ranges:",
    f"  DMA32    {mem(2 * GIB, 4 * GIB)}",
    f"  Normal   {mem(4 * GIB, 66 * GIB)}",
    "Early memory node ranges",
    f"  node   0: {mem(2 * GIB, 3 * GIB)}",
)
_RISCV = "Linux version 6.2.9 (riscv64-linux-gnu-gcc) #1 SMP"
_FAR = f"  node   0: {mem(65 * GIB, 66 * GIB)}"
_TOTAL = (
    "On node 0, zone Normal: 15990784 pages in unavailable ranges",
    "Built 1 zonelists, mobility grouping on.  Total pages: 294912",
    "Memory: 1060000K/2097152K available (7639K kernel code, 1037152K reserved, 0K cma-reserved)",
)


def installed(*sizes: str) -> str:
    """What dmidecode -t 17 shows."""
    return "".join(f"Handle 0x00{at}, DMI type 17\nMemory Device\n\tSize: {size}\n" for at, size in enumerate(sizes))


_MODULES = boot("6.1.20", ONE) + installed("4096 MB", "4096 MB")
_GIVEN_UP = (LOW, (0, MIB, 2 * GIB))
_TAKEN = ["modified physical RAM map:", *(f"modified: {mem(a, b)} usable" for _, a, b in _GIVEN_UP)]
_BEYOND: Pairs = (*ONE, (0, 1 << 46, (1 << 46) + GIB))
_HIGH = [*e820(_BEYOND), "last_pfn = 0x200000 max_arch_pfn = 0x400000000", *nodes(ONE)]

RAM = (
    Case(
        "ram-above-4g",
        "This 32-bit kernel has no PAE and cannot use 2 GiB of 4 GiB of RAM, which lies above 4 GiB.",
        timed("Linux version 6.1.20-686 (build@example) #1 SMP", "Command line: ro", *_NO_PAE),
        "\n".join(_NO_PAE),
        timed("Linux version 6.1.20-686 (build@example) #1 SMP", "Command line: ro", *_PAE),
    ),
    Case(
        "ram-without-node",
        "1 GiB of 6 GiB of RAM belongs to no node that the kernel takes, so it is lost.",
        boot("6.1.20", _COVERED, *srat(_COVERED), firmware=ONE),
        "\n".join([banner("6.1.20"), *e820(ONE), *srat(_COVERED), *nodes(_COVERED, 8 * GIB)]),
        boot("6.1.20", ONE, *srat(ONE)),
    ),
    Case(
        "ram-struct-pages",
        "Struct pages take 896 MiB of 2 GiB of RAM: they are one array from the first to the last frame, holes",
        timed(_RISCV, *_ARRAY, _FAR, *_TOTAL),
        "\n".join([_RISCV, *_ARRAY, _FAR, *_TOTAL]),
        timed(_RISCV, *_ARRAY[:2], "  Normal   empty", *_ARRAY[3:]),
    ),
    Case(
        "ram-given-up",
        "The kernel takes 4 GiB of 6 GiB of RAM out of its memory map, and the text does not say why.",
        timed(banner("6.1.20"), "Command line: ro", *e820(ONE), *_TAKEN, *nodes(_GIVEN_UP)),
        "\n".join([banner("6.1.20"), *e820(ONE), *_TAKEN, *nodes(_GIVEN_UP)]),
        boot("6.1.20", ONE),
    ),
    Case(
        "ram-too-high",
        "This kernel cannot use 1 GiB of 7 GiB of RAM: it lies beyond what it can address.",
        timed(banner("6.1.20"), "Command line: ro", *_HIGH),
        "\n".join(_HIGH),
        boot("6.1.20", ONE),
    ),
    Case(
        "ram-not-in-map",
        "of 8 GiB",
        _MODULES,
        excerpt(ONE, release="6.1.20") + "\n" + "\n".join(e820(ONE)) + "\n" + installed("4096 MB", "4096 MB"),
        boot("6.1.20", ONE) + installed("4096 MB", "2048 MB"),
    ),
)

_CAPTURE = "root=/dev/vda2 crashkernel=256M hugepages=64 elfcorehdr=655340K irqpoll nr_cpus=1"
_SHARE: Pairs = ((0, 0x1000, 0x9F000), (0, 0x18000000, 0x28000000))

RESERVATIONS = (
    Case(
        "capture-kernel-starved",
        "for arguments of the machine's own kernel: crashkernel=256M hugepages=64.",
        boot("6.1.20", _SHARE, line=_CAPTURE),
        "\n".join([banner("6.1.20"), f"Command line: {_CAPTURE}", *nodes(_SHARE)]),
        boot("6.1.20", _SHARE, line="root=/dev/vda2 elfcorehdr=655340K irqpoll nr_cpus=1"),
    ),
)

_FAKE = "root=/dev/vda2 numa=fake=4"

ARGUMENTS = (
    Case(
        "argument-ignored",
        "numa=fake=4 had no effect: no line names a node of it,",
        boot("6.1.20", ONE, line=_FAKE),
        "\n".join([banner("6.1.20"), f"Command line: {_FAKE}", *e820(ONE), *nodes(ONE)]),
        boot("6.1.20", ONE),
    ),
)


def _crash(code: str, sentence: str, crash: str, log: str = crashes.HEALTHY, healthy: str = crashes.HEALTHY) -> Case:
    """A crash behind a log, in a mail behind some of it, and alone."""
    return Case(code, sentence, log + crash, crash, healthy, log + crash)


KMEM_OF_LAST = """\
crash> kmem -p 6ffe0000
      PAGE        PHYSICAL      MAPPING       INDEX CNT FLAGS
ffffea0001bff800  6ffe0000                0        0  0 ffffffffffffffff
"""
KMEM_OF_RAM = crashes.KMEM_P.replace("bfffe000", "81234000").replace("ffffea0002ffff80", "ffffea0002048d00")
_NODES_OF_SEED = "".join(line for line in crashes.SEED.splitlines(keepends=True) if "  node " in line)
_PART = "Linux version 4.17.0 (build@example) x86_64\nEarly memory node ranges\n" + _NODES_OF_SEED
SHOWN = "of the 41 struct pages [0xbffd7, 0xc0000) - 164 KiB - 0xbffd7000 that nothing wrote."

CRASHES = (
    Case(
        "crash-in-hole",
        f"hit one {SHOWN}",
        crashes.SEED + crashes.READER,
        _PART + crashes.READER,
        crashes.HEALTHY,
    ),
    Case(
        "shown-unwritten",
        f"shows one {SHOWN}",
        crashes.SEED + crashes.KMEM_P,
        _PART + crashes.KMEM_P,
        crashes.HEALTHY,
    ),
    Case(
        "report-in-hole",
        f"shows one of the 43 struct pages {HOLE} that nothing wrote.",
        boot("4.17.2", LAST) + KMEM_OF_LAST,
        excerpt(LAST, release="4.17.2") + "\n" + KMEM_OF_LAST,
        boot("6.1.20", LAST),
    ),
    _crash("report-on-unwritten", "The text shows a struct page that nothing ever wrote (line ", KMEM_OF_RAM),
    _crash("crash-on-unwritten", "The kernel died on a struct page that nothing ever wrote", crashes.POISONED),
    _crash("bad-page", "The kernel found a bad struct page", crashes.BAD_PAGE),
    _crash("crash", "The kernel died in isolate_migratepages_block() while compacting memory,", crashes.COMPACTING),
)

CASES = (*HOLES, *NODES, *RAM, *RESERVATIONS, *ARGUMENTS, *CRASHES)
