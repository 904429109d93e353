"""How a kernel can be kept from memory that is bad: what there is beside memmap=, which x86 alone has."""

from pfnscope.kernel.architectures import X86
from pfnscope.kernel.release import Version, since
from pfnscope.kernel.thresholds import Threshold

EARLY_TEST = "memtest=17"
"""All 17 patterns of mm/memtest.c, 6.1."""


ON_ARM = Threshold(
    since("4.1"),
    "memtest= is known on arm and arm64; before, on x86 alone",
    '"arm64: add support for memtest" and "arm: add support for memtest"',
    "patches of 9 March 2015, between 4.0 and 4.1; in arch/arm64/mm/init.c and arch/arm/mm/init.c of 6.1",
)
_ON_OTHERS = frozenset({"ppc64", "ppc64le", "ppc", "riscv64", "mips", "mips64", "loongarch64"})
"""Architectures that call early_memtest() in 6.1; since when, was not read."""


def has_early_test(arch: str | None, version: Version | None) -> bool:
    """Whether kernels of an architecture can know ``memtest=``; they do where CONFIG_MEMTEST is set."""
    return arch in X86 or arch in _ON_OTHERS or (arch in _ARM and ON_ARM.reached(version, unknown=True))


_ARM = ("arm", "arm64")

EARLY_TEST_WORDS = (
    "The kernel tests all free memory each time it starts, and reserves what fails: for faults that show every time. It"
    " needs CONFIG_MEMTEST, and time."
)

DEVICE_TREE = _ON_OTHERS | {*_ARM}
"""Architectures whose kernels read ``reserved-memory`` of a device tree: drivers/of/of_reserved_mem.c, 6.1."""

DEVICE_TREE_WORDS = (
    "in the node reserved-memory of the device tree: with no-map the kernel does not even map it. A machine that"
    " describes itself by ACPI has none; there firmware has to leave the memory out of its map."
)


def reserved_node(start: int, end: int) -> str:
    """A child of ``reserved-memory`` with two cells each for address and size, in bytes."""
    cells = " ".join(f"{value >> 32:#x} {value & 0xFFFFFFFF:#x}" for value in (start, end - start))
    return f"bad@{start:x} {{ reg = <{cells}>; no-map; }};"
