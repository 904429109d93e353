"""Where the zones of an architecture end, for logs that print no zone ranges. Always an assumption."""

from pfnscope.kernel.release import Version
from pfnscope.units import GIB, MIB

Limits = tuple[tuple[str, int | None], ...]
"""Zones in the kernel's order with their ends in bytes; None: the end of memory."""

_ARM64_DMA: Version = (5, 5, 0)
_ARM64_FIRMWARE: Version = (5, 11, 0)
_ARM64_NO_MASK: Version = (6, 12, 0)
_POWERPC_DMA: Version = (5, 2, 0)

_X86_64: Limits = (("DMA", 16 * MIB), ("DMA32", 4 * GIB), ("Normal", None))
"""zone_sizes_init() in arch/x86/mm/init.c, 4.4 and 4.17; paging_init(), 2.6.34; arch_zone_limits_init(), 7.1."""

_FIXED: dict[str, Limits] = {
    "x86_64": _X86_64,
    # max_low_pfn ends below 896 MiB by what fixmap and vmalloc need: arch/x86/mm/init_32.c, 2.6.34 to 7.1
    "i386": (("DMA", 16 * MIB), ("Normal", 896 * MIB), ("HighMem", None)),
    # setup_bootmem() and zone_sizes_init() in arch/riscv/mm/init.c, 4.17, 5.14, 7.1
    "riscv64": (("DMA32", 4 * GIB), ("Normal", None)),
    # paging_init() in arch/s390/mm/init.c and MAX_DMA_ADDRESS of asm/dma.h, 4.17, 5.14, 7.1
    "s390": (("DMA", 2 * GIB), ("Normal", None)),
    "s390x": (("DMA", 2 * GIB), ("Normal", None)),
    # MAX_DMA32_PFN of arch/loongarch/include/asm/dma.h, 7.1
    "loongarch64": (("DMA32", 4 * GIB), ("Normal", None)),
    # arch_zone_limits_init() of arch/sparc/mm/init_64.c and arch/sh/mm/init.c, 4.17 to 7.1: one zone
    "sparc64": (("Normal", None),),
    "sh": (("Normal", None),),
}


def zone_limits(arch: str | None, version: Version | None, first: int, end: int) -> Limits:
    """Zones of an architecture whose memory lies in ``[first, end)`` bytes; empty where they are not known.

    What a device tree or an ACPI IORT takes from the DMA zone of arm64 is in no line of a log, so it is left out.
    """
    if arch in _FIXED:
        return _FIXED[arch]
    if arch == "arm64":
        return _arm64(version, first, end)
    if arch in ("ppc64", "ppc64le"):
        # paging_init() in arch/powerpc/mm/mem.c: 5.14 and 7.1; in 4.17 the first zone has all
        old = version is not None and version < _POWERPC_DMA
        return (("DMA", None),) if old else (("DMA", 2 * GIB), ("Normal", None))
    return ()


def _arm64(version: Version | None, first: int, end: int) -> Limits:
    """zone_sizes_init() and max_zone_phys() in arch/arm64/mm/init.c: 4.17, 5.4, 5.7, 5.11, 5.14, 6.6, 6.12, 7.1."""
    if version is not None and version < _ARM64_FIRMWARE:
        window = (("DMA32", (first >> 32 << 32) + 4 * GIB), ("Normal", None))
        return window if version < _ARM64_DMA else (("DMA", (first >> 30 << 30) + GIB), *window)
    widened = first >= 4 * GIB and (version is None or version < _ARM64_NO_MASK)
    low = end if widened else min(4 * GIB, end)
    return (("DMA", low), ("DMA32", low), ("Normal", None))
