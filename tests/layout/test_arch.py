"""The architecture of a text that names none, by its zones and its low memory."""

import pytest

from pfnscope.kernel.architectures import architecture_named
from pfnscope.layout import build_layout
from pfnscope.layout.evidence import likely_arch
from pfnscope.model.log import BootLog, NodeRange, ZoneRange
from pfnscope.model.ranges import ByteRange, borders
from pfnscope.service.analyzing import analyze

MIB, GIB = 1 << 20, 1 << 30


def zones(**ends: int | None) -> tuple[ZoneRange, ...]:
    """Zones up to their ends in MiB, one behind the other; None where empty."""
    out, low = [], 0x1000
    for zone, end in ends.items():
        out.append(ZoneRange(zone, *borders(ByteRange(low, end * MIB) if end else None), ()))
        low = end * MIB if end else low
    return tuple(out)


def memory(*ranges: tuple[int, int]) -> tuple[NodeRange, ...]:
    return tuple(NodeRange(0, *ByteRange(start, end), ()) for start, end in ranges)


PC = memory((0x1000, 0x9F000), (MIB, GIB))
HIGH = memory((2 * MIB, GIB))


@pytest.mark.parametrize(
    ("log", "arch"),
    [
        (BootLog(node_ranges=PC), "x86_64"),
        (BootLog(node_ranges=PC, zone_ranges=zones(DMA=16, Normal=800, HighMem=None)), "i386"),
        (BootLog(node_ranges=HIGH, zone_ranges=zones(DMA=16, DMA32=1024, Normal=None)), "x86_64"),
        (BootLog(node_ranges=HIGH, zone_ranges=zones(DMA=1024, DMA32=None, Normal=None)), "arm64"),
        (BootLog(node_ranges=HIGH, zone_ranges=zones(DMA32=1024, Normal=None)), None),
        (BootLog(node_ranges=HIGH, zone_ranges=zones(DMA=16, Normal=1024)), None),
        (BootLog(node_ranges=HIGH, zone_ranges=zones(Normal=1024)), None),
    ],
)
def test_zones_and_low_memory_look_like_an_architecture(log: BootLog, arch: str | None) -> None:
    likely = likely_arch(log)
    assert (likely[0] if likely else None) == arch
    layout = build_layout(log, None)
    assert (layout.arch, "arch" in {name for name, _ in layout.assumed}) == (arch, arch is not None)
    named = build_layout(BootLog(node_ranges=log.node_ranges, zone_ranges=log.zone_ranges, arch="s390"), None)
    assert named.arch == "s390"


@pytest.mark.parametrize(
    ("compiler", "arch"),
    [
        ("m68k-linux-gnu-gcc (Debian 12.2.0)", "m68k"),
        ("xtensa-fsf-linux-uclibc-gcc", "xtensa"),
        ("or1k-linux-gcc", "openrisc"),
        ("microblazeel-xilinx-linux-gnu-gcc", "microblaze"),
        ("powerpc-linux-gnu-gcc", "ppc"),
        ("powerpc64le-linux-gnu-gcc", "ppc64le"),
        ("arc-linux-gcc", "arc"),
        ("nios2-linux-gnu-gcc", "nios2"),
        ("hppa-linux-gnu-gcc-12", "parisc"),
        ("hppa64-linux-gnu-gcc-12", "parisc64"),
        ("csky-linux-gcc", "csky"),
        ("riscv32-unknown-linux-gnu-gcc", "riscv32"),
        ("mipsel-linux-gnu-gcc", "mips"),
        ("sh4-linux-gnu-gcc", "sh"),
        ("alpha-linux-gnu-gcc", "alpha"),
    ],
)
def test_the_compiler_names_the_architecture(compiler: str, arch: str) -> None:
    assert architecture_named("5.10.0", f"Linux version 5.10.0 (a@b) ({compiler} 12.2.0) #1") == arch


def test_an_array_of_struct_pages_without_a_hole_leaves_nothing_to_judge() -> None:
    text = "Linux version 5.10.0 (a@b) (m68k-linux-gnu-gcc 12)\nEarly memory node ranges\n"
    text += "  node   0: [mem 0x0000000000000000-0x0000000007ffffff]\n"
    document = analyze(text.encode()).document
    assert (document.kernel.arch, document.holes) == ("m68k", ())
    assert document.verdict.summary.endswith("one array for each node (FLATMEM), without a hole.")
