"""Memory kept for a kernel that saves the memory of a crashed one, and lines that only such a kernel prints."""

from pfnscope.bootlog.effects import CaptureKernel, Effect
from pfnscope.bootlog.forms.base import HEX, NUMBER, Form, Groups, base_size, hexadecimal, number
from pfnscope.model.log import ReservedRegion
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.units import KIB, MIB


def _fadump(groups: Groups, lines: Lines) -> Effect:
    size, megabytes, start = groups
    base = number(megabytes) * MIB if megabytes else hexadecimal(start)
    return ReservedRegion(*ByteRange.base_size(base, number(size) * MIB), "fadump", "crashkernel", lines)


def _preserved(groups: Groups, lines: Lines) -> Effect:
    size, megabytes, start = groups
    base = number(megabytes) * MIB if megabytes else hexadecimal(start)
    memory = ByteRange.base_size(base, number(size) * MIB)
    return ReservedRegion(*memory, "memory of the crashed kernel", "crash-data", lines)


def _kdump_mips(groups: Groups, lines: Lines) -> Effect:
    memory = ByteRange.base_size(number(groups[1]) * KIB, number(groups[0]) * KIB)
    return ReservedRegion(*memory, "elfcorehdr", "elfcorehdr", lines)


FORMS = (
    Form(
        name="fadump",
        family="reserved regions",
        triggers=("MB of memory at ",),
        pattern=rf"(?:fadump: |rtas fadump: )?Reserv(?:ed|ing) {NUMBER}MB of memory at (?:{NUMBER}MB|{HEX})"
        r" (?:\(System RAM: [0-9]+MB\)|for firmware-assisted dump)",
        make=_fadump,
        samples=(
            "fadump: Reserved 1024MB of memory at 0x00000040000000 (System RAM: 16384MB)",
            "Reserving 256MB of memory at 128MB for firmware-assisted dump (System RAM: 4096MB)",
        ),
        source="arch/powerpc/kernel/fadump.c, 3.4-7.1; start and size, whole MB; for a kernel that may crash",
    ),
    Form(
        name="fadump-preserved",
        family="reserved regions",
        triggers=("MB of memory at ",),
        pattern=rf"(?:fadump: |rtas fadump: )?Reserv(?:ed|ing) {NUMBER}MB of memory at (?:{NUMBER}MB|{HEX})"
        r" for (?:saving crash dump|preserving crash data)",
        make=_preserved,
        samples=(
            "Reserving 3840MB of memory at 256MB for saving crash dump",
            "fadump: Reserving 512MB of memory at 0x00000020000000 for preserving crash data",
        ),
        source="arch/powerpc/kernel/fadump.c, 3.4-7.1; start and size, whole MB; the memory of a kernel that crashed",
    ),
    Form(
        name="fadump-active",
        family="reserved regions",
        triggers=("Firmware-assisted dump is active",),
        pattern=r"(?:rtas )?(?:fadump: )?Firmware-assisted dump is active",
        make=lambda _groups, _lines: CaptureKernel(),
        samples=("fadump: Firmware-assisted dump is active.", "rtas fadump: Firmware-assisted dump is active"),
        source="arch/powerpc/kernel/fadump.c, arch/powerpc/platforms/*/*-fadump.c, 3.4-7.1; the capture kernel",
    ),
    Form(
        name="elfcorehdr",
        family="reserved regions",
        triggers=("for elfcorehdr",),
        pattern=rf"(?:OF: fdt: ?)?Reserving {NUMBER} ?[Kk]i?B of memory at {HEX} for elfcorehdr",
        make=lambda g, lines: ReservedRegion(*base_size(g[1], number(g[0]) * KIB), "elfcorehdr", "elfcorehdr", lines),
        samples=(
            "Reserving 4KB of memory at 0x7ffff000 for elfcorehdr",
            "OF: fdt: Reserving 64 KiB of memory at 0xb6fff0000 for elfcorehdr",
        ),
        source="arch/arm64/mm/init.c 4.12, drivers/of/fdt.c 5.15-7.1, arch/loongarch; start and size",
    ),
    Form(
        name="elfcorehdr-mips",
        family="reserved regions",
        triggers=("for kdump",),
        pattern=rf"Reserving {NUMBER}KB of memory at {NUMBER}KB for kdump",
        make=_kdump_mips,
        samples=("Reserving 64KB of memory at 131008KB for kdump",),
        source="arch/mips/kernel/setup.c, 5.1-7.1; start and size in KB",
    ),
)
