"""Who looks at struct pages, and how far: the readers that can meet one that nothing initialised."""

from enum import Enum

from msgspec import Struct

from app.kernel.release import Version
from app.kernel.rules import NEWEST, OLDEST


class Bound(str, Enum):
    """The frames that a reader visits, out of those that have a struct page."""

    MAX_PFN = "below max_pfn"
    SECTION_END = "to the end of the last section"
    ONLINE_SUBSECTIONS = "in 2 MiB sub-sections that hold memory"


class Reader(Struct, frozen=True):
    """A reader on releases [first, before). ``ordinary``: any user or monitoring tool may trigger it."""

    name: str
    first: Version
    before: Version
    bound: Bound
    ordinary: bool
    source: str


READERS = (
    *(
        Reader(name, first, before, bound, ordinary=True, source=source)
        for name in ("/proc/kpageflags", "/proc/kpagecount")
        for first, before, bound, source in (
            (OLDEST, (5, 6, 0), Bound.MAX_PFN, "fs/proc/page.c, 4.13 to 5.4"),
            ((5, 6, 0), (5, 12, 0), Bound.SECTION_END, "fs/proc/page.c, 5.7"),
            ((5, 12, 0), NEWEST, Bound.ONLINE_SUBSECTIONS, "fs/proc/page.c and pfn_to_online_page(), 5.14 to 7.1"),
        )
    ),
    Reader("memory offlining", OLDEST, NEWEST, Bound.SECTION_END, ordinary=False, source="mm/memory_hotplug.c"),
    Reader("section walkers", OLDEST, NEWEST, Bound.SECTION_END, ordinary=False, source="crash, drgn, page_owner"),
)

SUBSECTION_BYTES = 2 << 20


def readers_for(version: Version) -> tuple[Reader, ...]:
    """The readers of a release."""
    return tuple(reader for reader in READERS if reader.first <= max(version, OLDEST) < reader.before)
