"""How many gigantic pages each node can give at boot, and what forbids one more."""

from pfnscope.analysis.analyze import Analysis
from pfnscope.model.answers import Placements
from pfnscope.simulation import NotSimulated


def gigantic(analysis: Analysis, node: int | None) -> Placements:
    """The 1 GiB pages of a node, or of all.

    Raises NotSimulated where nothing can be said, and ValueError for a node that there is not.
    """
    raise NotSimulated("this is not placed")
