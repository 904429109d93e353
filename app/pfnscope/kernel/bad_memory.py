"""How a kernel can be kept from memory that is bad: what there is beside memmap=, which x86 alone has."""

from msgspec import Struct

from pfnscope.kernel.release import Since, Version, since

EARLY_TEST = "memtest=17"
"""All 17 patterns of mm/memtest.c, 6.1."""


class EarlyTest(Struct, frozen=True):
    """A row: architectures whose kernels test free memory at boot with ``memtest=``, and what was read."""

    arches: tuple[str, ...]
    since: Since
    source: str


EARLY_TESTS = (
    EarlyTest(
        ("x86_64", "i386"),
        since("2.6.30"),
        "arch/x86/mm/memtest.c, before 4.1, mm/memtest.c, 6.1; releases before 2.6.30 were not read",
    ),
    EarlyTest(("arm64", "arm"), since("4.1"), "early_memtest() in arch/*/mm/init.c, 6.1; patches of 9 March 2015"),
    EarlyTest(
        ("ppc64", "ppc64le", "ppc", "riscv64", "mips", "mips64", "loongarch64"),
        since("6.1"),
        "early_memtest() in arch/*, 6.1; when it came to them was not read",
    ),
)


def has_early_test(arch: str | None, version: Version | None) -> bool:
    """Whether kernels of an architecture can know ``memtest=``; they do where CONFIG_MEMTEST is set."""
    return any(arch in row.arches and row.since.reached(version, unknown=True) for row in EARLY_TESTS)


EARLY_TEST_WORDS = (
    "tests all free memory each time the kernel starts, and reserves what fails then: for faults that show every time."
    " It needs a kernel with CONFIG_MEMTEST and takes its time."
)

DEVICE_TREE = frozenset({"arm64", "arm", "riscv64", "ppc64", "ppc64le", "ppc", "mips", "mips64", "loongarch64"})
"""Architectures whose kernels read ``reserved-memory`` of a device tree: drivers/of/fdt.c and of_reserved_mem.c, 6.1."""

DEVICE_TREE_WORDS = (
    "in the node reserved-memory of the device tree: with no-map the kernel does not even map it. A machine that"
    " describes itself by ACPI has none; there firmware has to leave the memory out of its map."
)


def reserved_node(start: int, end: int) -> str:
    """A child of ``reserved-memory`` with two cells each for address and size, in bytes."""
    cells = " ".join(f"{value >> 32:#x} {value & 0xFFFFFFFF:#x}" for value in (start, end - start))
    return f"bad@{start:x} {{ reg = <{cells}>; no-map; }};"
