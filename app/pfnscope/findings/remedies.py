"""What helps against dangerous holes, tried by the simulator: other arguments, other releases."""

from collections.abc import Sequence

from pfnscope.analysis import Analysis
from pfnscope.model.analysis import Hole
from pfnscope.model.findings import Remedy


def of_holes(analysis: Analysis, holes: Sequence[Hole]) -> Remedy | None:
    """What helps against holes of one severity; None where nothing has to be done."""
    if analysis.release is None or holes[0].severity != "danger":
        return None
    return Remedy("Until then do not read /proc/kpageflags, /proc/kpagecount or /proc/kpagecgroup.")
