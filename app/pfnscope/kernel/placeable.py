"""Which reservations kernels know, by architecture and release: what a layout can be asked about."""

from typing import Literal

from msgspec import Struct

from pfnscope.kernel.architectures import X86
from pfnscope.kernel.crashkernel import crash_search
from pfnscope.kernel.release import Since, Version
from pfnscope.kernel.thresholds import RESERVE_MEM

PlacedKind = Literal["memmap", "crashkernel", "gigantic", "cma", "reserve_mem", "hugetlb_cma", "bad"]
"""What is placed: a memmap= region, memory for a crash kernel, 1 GiB pages, CMA areas, or frames that are bad."""


class KnownKind(Struct, frozen=True):
    """A reservation that the kernels of some architectures know, from a release on; None: all that are read here."""

    kind: PlacedKind
    arches: frozenset[str]
    since: Since | None
    source: str


_BOTH = frozenset({"x86_64", "arm64"})

KINDS = (
    KnownKind("memmap", X86, None, "parse_memmap_one() in arch/x86/kernel/e820.c, 4.17 and 6.1"),
    KnownKind("gigantic", _BOTH, None, "arch_hugetlb_valid_size() in arch/x86/mm and arch/arm64/mm/hugetlbpage.c, 6.1"),
    KnownKind("cma", _BOTH | X86, None, "dma_contiguous_reserve() in setup_arch() of x86, mm/init.c of arm64, 6.1"),
    KnownKind("reserve_mem", _BOTH | X86, RESERVE_MEM.since, "reserve_mem() in mm/memblock.c, 6.12"),
    KnownKind("hugetlb_cma", _BOTH, None, "hugetlb_cma_reserve() in setup_arch() of x86, mm/init.c of arm64"),
    KnownKind("bad", _BOTH | X86, None, "memmap=nn$ss of x86, 4.17 and 6.1; elsewhere what kernel.bad_memory has"),
)
"""All but crash kernels, whose rows are those of :data:`pfnscope.kernel.crashkernel.SEARCHES`."""


def placeable(arch: str | None, version: Version | None) -> tuple[PlacedKind, ...]:
    """What a kernel knows; of a release that is not known, all that some have."""
    known: list[PlacedKind] = [
        row.kind
        for row in KINDS
        if arch in row.arches and (row.since is None or row.since.reached(version, unknown=True))
    ]
    if crash_search(arch, version) is not None:
        known.insert(1 if "memmap" in known else 0, "crashkernel")
    return tuple(known)
