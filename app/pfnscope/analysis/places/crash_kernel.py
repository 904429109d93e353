"""Where the memory of a crash kernel lies, or why there is none."""

from pfnscope.analysis.analyze import Analysis
from pfnscope.model.answers import Placements
from pfnscope.simulation import NotSimulated


def crash_kernel(analysis: Analysis, value: str) -> Placements:
    """The memory for what stands behind ``crashkernel=``.

    Raises NotSimulated where nothing can be said, and ValueError for a value that cannot be read.
    """
    raise NotSimulated("this is not placed")
