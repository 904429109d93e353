"""Which memmap= arguments keep the kernel from frames that are bad."""

from pfnscope.analysis.analyze import Analysis
from pfnscope.model.answers import Placements
from pfnscope.simulation import NotSimulated


def bad_ram(analysis: Analysis, addresses: tuple[str, ...]) -> Placements:
    """The shortest safe arguments that cover all addresses.

    Raises NotSimulated where nothing can be simulated, and ValueError for an address that cannot be read.
    """
    raise NotSimulated("this is not placed")
