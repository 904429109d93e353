"""Lines that only one architecture prints, of those whose banner seldom names it."""

from pfnscope.bootlog.effects import ArchHint
from pfnscope.bootlog.forms.base import Form

FORMS = (
    Form(
        name="alpha-machine",
        family="architecture",
        triggers=("using machine vector",),
        pattern=r"Booting .{0,20}on .{0,100} using machine vector ",
        make=lambda _groups, _lines: ArchHint("alpha"),
        samples=("Booting GENERIC on Tsunami variation DP264 using machine vector DP264 from SRM",),
        source="arch/alpha/kernel/setup.c, 2.6.11-7.1",
    ),
    Form(
        name="ia64-sal",
        family="architecture",
        triggers=("«SAL »[0-9a-f]+[.][0-9a-f]+: ",),
        pattern=r"SAL [0-9a-f]{1,2}\.[0-9a-f]{1,2}: ",
        make=lambda _groups, _lines: ArchHint("ia64"),
        samples=("SAL 3.20: Intel SR870BN4 version 3.0",),
        source="arch/ia64/kernel/sal.c, 2.6.11-6.6",
    ),
    Form(
        name="sh-machine",
        family="architecture",
        triggers=("Booting machvec: ",),
        pattern=r"Booting machvec: ",
        make=lambda _groups, _lines: ArchHint("sh"),
        samples=("Booting machvec: SolutionEngine",),
        source="arch/sh/kernel/machvec.c, 2.6.24-7.1",
    ),
    Form(
        name="riscv-hart",
        family="architecture",
        triggers=("CPU with hartid=",),
        pattern=r"CPU with hartid=[0-9]{1,10} (?:is not available|has |does not support)",
        make=lambda _groups, _lines: ArchHint("riscv64"),
        samples=("CPU with hartid=0 is not available",),
        source="arch/riscv/kernel/cpu.c, 4.17-7.1; 32-bit riscv has no layout that is known here",
    ),
)
