"""The answer to "what is at this place"."""

from msgspec import Struct

from pfnscope.model.analysis import Hole
from pfnscope.model.log import Lines, MapEntry
from pfnscope.model.ranges import Address


class Lookup(Struct, frozen=True):
    """What the document says about one page frame. ``assumed`` names what the answer took for granted."""

    pfn: int
    address: Address
    struct_page: Address | None
    section: int | None
    has_struct_page: bool
    in_memory: bool
    node: int | None
    zone: str | None
    map_entry: MapEntry | None
    hole: Hole | None
    reserved_by: str | None
    assumed: tuple[str, ...]
    lines: Lines
