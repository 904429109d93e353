"""Which reservations a kernel knows: what a layout can be asked about."""

from collections.abc import Mapping
from typing import Literal

from pfnscope.kernel.architectures import X86
from pfnscope.kernel.bad_memory import DEVICE_TREE, has_early_test
from pfnscope.kernel.crashkernel import crash_search
from pfnscope.kernel.pools import HUGETLB_CMA, cma_search, gigantic_pages
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import RESERVE_MEM

PlacedKind = Literal["memmap", "crashkernel", "gigantic", "cma", "reserve_mem", "hugetlb_cma", "bad"]
"""What is placed: a memmap= region, memory for a crash kernel, 1 GiB pages, CMA areas, or frames that are bad."""


def placeable(arch: str | None, version: Version | None, page_size: int) -> tuple[PlacedKind, ...]:
    """The kinds that a kernel knows, by the rows of each; of a release that is not known, all that some have."""
    gigantic = gigantic_pages(arch, page_size) is not None
    cma = cma_search(arch, version) is not None
    known: Mapping[PlacedKind, bool] = {
        "memmap": arch in X86,
        "crashkernel": crash_search(arch, version) is not None,
        "gigantic": gigantic,
        "cma": cma,
        "reserve_mem": cma and RESERVE_MEM.reached(version, unknown=True),
        "hugetlb_cma": gigantic and HUGETLB_CMA.reached(version, unknown=True),
        "bad": arch in X86 or arch in DEVICE_TREE or has_early_test(arch, version),
    }
    return tuple(kind for kind, is_known in known.items() if is_known)
