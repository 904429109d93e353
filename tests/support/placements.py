"""An answer of each kind and outcome, as the functions that place reservations give them: on a machine of 9 GiB.

The machine is the one of ``seed-no-memmap``: one node, RAM from 1 MiB to 0xbffd7000 and from 4 GiB to 9 GiB.
"""

from pfnscope.model.answers import BadAddress, NodePages, Obstacle, OtherForm, Placement, Placements
from pfnscope.model.ranges import Address
from pfnscope.units import GIB, KIB, MIB

IMAGE = Obstacle(Address(0x1000000), Address(0x2E00000), "kernel image", (12,))
INITRD = Obstacle(Address(0x35F00000), Address(0x37800000), "initrd", (30, 31))
GAP = Obstacle(Address(0xBFFD7000), Address(0x100000000), "no RAM", (7,))


def _at(start: int, end: int, **fields: object) -> Placement:
    return Placement(Address(start), Address(end), **({"safe": True} | fields))  # type: ignore[arg-type]


FITS = Placements(
    what="crashkernel",
    size=512 * MIB,
    align=16 * MIB,
    release="4.17.0",
    assumed=(),
    placements=(_at(0x9F000000, 0xA0000000, lines=(12,)),),
    command_line="crashkernel=512M",
    start=Address(0x9F000000),
    outcome="fits",
    text="The crash kernel's 512 MiB lie at 0x9f000000.",
    notes=("The capture kernel needs as much for each of its processors as one of this size has.",),
)
"""A crash kernel whose place is known."""

TWO_PARTS = Placements(
    what="crashkernel",
    size=1 * GIB,
    align=16 * MIB,
    release="6.1.90",
    assumed=(),
    placements=(
        _at(0x200000000, 0x201000000),
        _at(0xAF000000, 0xB0000000, part="low", size=256 * MIB, blocked_by=(GAP,)),
    ),
    command_line="crashkernel=1G,high",
    start=Address(0x200000000),
    outcome="fits",
    text="The crash kernel's 1 GiB lie at 0x200000000, and 256 MiB for devices at 0xaf000000.",
)
"""One above 4 GiB, with its part below."""

SOMEWHERE = Placements(
    what="crashkernel",
    size=256 * MIB,
    align=16 * MIB,
    release="6.1.90",
    assumed=("early allocations",),
    placements=(
        _at(0xAF000000, 0xB0000000, certain=False),
        _at(0x9E000000, 0xA0000000, certain=False, blocked_by=(IMAGE,)),
    ),
    command_line="crashkernel=256M",
    start=Address(0xAF000000),
    outcome="fits",
    text="The crash kernel's 256 MiB fit, at one of 3 places: KASLR moves the kernel.",
)
"""One that fits wherever the kernel's image is."""

MAY_FAIL = Placements(
    what="crashkernel",
    size=2 * GIB,
    align=16 * MIB,
    release="4.17.0",
    assumed=(),
    placements=(
        _at(0x20000000, 0x28000000, certain=False, blocked_by=(GAP,)),
        _at(0x1000000, 0x20000000, safe=False, certain=False, blocked_by=(IMAGE, INITRD)),
    ),
    command_line="crashkernel=2G",
    start=Address(0x20000000),
    outcome="may-fail",
    text="The crash kernel's 2 GiB fit only where KASLR leaves the kernel low.",
    other_forms=(
        OtherForm("crashkernel=1G", "1 GiB fits wherever the kernel lies", Address(0x7F000000)),
        OtherForm("crashkernel=2G,high", "above 4 GiB there is room", Address(0x1C0000000)),
    ),
)
"""One for which it depends on KASLR."""

FAILS = Placements(
    what="crashkernel",
    size=2 * GIB,
    align=16 * MIB,
    release="4.17.0",
    assumed=(),
    placements=(_at(0x1000000, 0x38000000, safe=False, blocked_by=(IMAGE, INITRD)),),
    command_line="crashkernel=2G,high",
    start=Address(0x1C0000000),
    outcome="fails",
    text="The crash kernel's 2 GiB do not fit below 896 MiB, where Linux 4.17 looks.",
    other_forms=(OtherForm("crashkernel=2G,high", "above 4 GiB there is room", Address(0x1C0000000)),),
)
"""One that does not fit, and what would."""

GIGANTIC = Placements(
    what="gigantic",
    size=GIB,
    align=GIB,
    release="6.1.90",
    assumed=(),
    placements=(
        _at(0x40000000, 0x80000000, node=0),
        _at(0x100000000, 0x1C0000000, node=0),
        _at(0x1C0000000, 0x200000000, node=1, certain=False),
        _at(0x200000000, 0x240000000, node=1),
        _at(0x0, 0x40000000, node=0, safe=False, blocked_by=(IMAGE, INITRD)),
        _at(0x80000000, 0xC0000000, node=0, safe=False, blocked_by=(GAP,)),
    ),
    command_line="hugepagesz=1G hugepages=0:4,1:1",
    outcome="fits",
    text="This machine can give 5 pages of 1 GiB at boot, and one more with luck.",
    node_pages=(NodePages(0, 4, 4), NodePages(1, 1, 2)),
)
"""Two nodes."""

AT_ADDRESS = Placements(
    what="crashkernel",
    size=256 * MIB,
    align=1 * MIB,
    release="6.1.90",
    assumed=(),
    placements=(
        _at(0x30000000, 0x40000000, safe=False, blocked_by=(INITRD,)),
        _at(0x1000000, 0x2E00000, safe=False, blocked_by=(IMAGE,), part="elsewhere"),
        _at(0x2E00000, 0x25F00000, part="elsewhere"),
        _at(0x37800000, 0xAFF00000, part="elsewhere"),
    ),
    command_line="crashkernel=256M@595M",
    start=Address(0x25300000),
    outcome="fails",
    text="The kernel does not get 256 MiB at 0x30000000: the initrd lies there.",
    other_forms=(OtherForm("crashkernel=256M@595M", "the nearest address at which all is free", Address(0x25300000)),),
)
"""One at an address that is taken, with the starts that are free."""

CMA = Placements(
    what="cma",
    size=256 * MIB,
    align=4 * MIB,
    release="6.1.90",
    assumed=(),
    placements=(_at(0xAFC00000, 0xB0000000),),
    command_line="cma=256M",
    start=Address(0xAFC00000),
    outcome="fits",
    text="CMA's 256 MiB lie at 0xafc00000.",
)

RESERVE_MEM = Placements(
    what="reserve_mem",
    size=20 * MIB,
    align=4 * KIB,
    release="6.12.1",
    assumed=(),
    placements=(_at(0x23EC00000, 0x23EC01000, certain=False),),
    command_line="reserve_mem=20M:4096:trace",
    start=Address(0x23EC00000),
    outcome="fits",
    text="The 20 MiB of “trace” lie near the end of RAM.",
)

HUGETLB_CMA = Placements(
    what="hugetlb_cma",
    size=GIB,
    align=GIB,
    release="6.1.90",
    assumed=(),
    placements=(_at(0x200000000, 0x240000000, node=0),),
    command_line="hugetlb_cma=1G",
    start=Address(0x200000000),
    outcome="fits",
    text="The 1 GiB of hugetlb_cma= lie at 0x200000000.",
)

BAD = Placements(
    what="bad",
    size=68 * KIB,
    align=4 * KIB,
    kind="$",
    release="4.17.0",
    assumed=(),
    placements=(
        _at(0x12345000, 0x12346000, size=4 * KIB),
        _at(0x140000000, 0x140001000, size=64 * KIB),
    ),
    command_line="memmap=4K$0x12345000 memmap=64K$0x140000000",
    outcome="fits",
    text="2 regions cover all addresses in RAM.",
    notes=("GRUB_BADRAM=0x12345000,0xfffffffffffff000,0x140000000,0xffffffffffff0000",),
    addresses=(
        BadAddress(Address(0x12345678), "RAM", Address(0x12345000), (5,)),
        BadAddress(Address(0x140004000), "RAM", Address(0x140000000), (8,)),
        BadAddress(Address(0xFE000000), "no memory", None),
    ),
    cost=68 * KIB,
)
"""Bad addresses, one of which is in no RAM."""

EVERY = (FITS, TWO_PARTS, SOMEWHERE, MAY_FAIL, FAILS, AT_ADDRESS, GIGANTIC, CMA, RESERVE_MEM, HUGETLB_CMA, BAD)
