"""Where x86-64 keeps struct pages: frame numbers to struct page addresses and back."""

from collections.abc import Iterable

from app.kernel.command_line import arguments
from app.kernel.release import Version
from app.units import GIB

BASE = 0xFFFFEA0000000000
"""Start of the struct pages without memory KASLR: arch/x86/include/asm/pgtable_64_types.h, 4.17 to 7.1 (4-level)."""

LOWEST = 0xFFFFD40000000000
"""No struct page of a 4-level kernel lies lower, with memory KASLR or without."""

STRUCT_PAGE_SIZE = 64
"""sizeof(struct page) as distributions build it; 56 to 96 are possible (include/linux/mm.h)."""

MEMORY_KASLR: Version = (4, 8, 0)


def proven_base(arch: str | None, version: Version | None, command_line: str | None) -> int | None:
    """The base where release or command line prove that it was not randomised, else None."""
    if arch != "x86_64":
        return None
    fixed = any(argument.name == "nokaslr" for argument in arguments(command_line or ""))
    return BASE if fixed or (version is not None and version < MEMORY_KASLR) else None


def base_from_registers(struct_page: int, registers: Iterable[int]) -> int | None:
    """The base that a register holding the pfn of ``struct_page`` gives away: it is aligned to 1 GiB.

    Source: kernel_randomize_memory() in arch/x86/mm/kaslr.c, 4.17 to 7.1 (4-level paging).
    """
    for value in registers:
        base = struct_page - value * STRUCT_PAGE_SIZE
        if 0 < value < 1 << 40 and base >= LOWEST and base % GIB == 0:
            return base
    return None


def is_struct_page(address: int) -> bool:
    """Whether the address can be that of a struct page."""
    return LOWEST <= address < 1 << 64 and address % STRUCT_PAGE_SIZE == 0
