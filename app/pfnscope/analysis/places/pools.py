"""Where areas of CMA, of hugetlb_cma= and of reserve_mem= lie, or why they do not fit."""

from pfnscope.analysis.analyze import Analysis
from pfnscope.model.answers import Placements
from pfnscope.simulation import NotSimulated


def cma(analysis: Analysis, value: str) -> Placements:
    """The memory for what stands behind ``cma=``. Raises as :func:`~pfnscope.analysis.places.crash_kernel.crash_kernel`."""
    raise NotSimulated("this is not placed")


def hugetlb_cma(analysis: Analysis, value: str) -> Placements:
    """The memory for what stands behind ``hugetlb_cma=``. Raises as :func:`~pfnscope.analysis.places.crash_kernel.crash_kernel`."""
    raise NotSimulated("this is not placed")


def reserve_mem(analysis: Analysis, value: str) -> Placements:
    """The memory for what stands behind ``reserve_mem=``. Raises as :func:`~pfnscope.analysis.places.crash_kernel.crash_kernel`."""
    raise NotSimulated("this is not placed")
