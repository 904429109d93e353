"""How each release initialises struct pages: one row a mechanism, with releases, passes and sources.

A row lists the passes of that mechanism in the order in which the kernel runs them; analysis replays them on a layout.
Each row begins with one commit and ends with the next, so together they cover every release once, on x86 and elsewhere.
Releases from :data:`UNREAD` on are taken for the last one that was read.
"""

from enum import Enum
from functools import lru_cache

from msgspec import Struct

from pfnscope.kernel.architectures import X86
from pfnscope.kernel.release import (
    EVERY_RELEASE,
    NEVER,
    OLDEST,
    Bounds,
    Release,
    Releases,
    Since,
    Version,
    between,
    parse_version,
    short,
    since,
    until,
)


class Pass(str, Enum):
    """One step of struct page initialisation, named after what it does to which frames."""

    ALLOCATE_ZEROED = "allocate zeroed"
    ALLOCATE_RAW = "allocate without zeroing"
    WALK_SPANS_RESERVED = "initialise every frame of each zone span, Reserved"
    WALK_SPANS = "initialise every frame of each zone span"
    WALK_REGIONS = "initialise the memory of each zone"
    ZERO_RESERVED = "zero what is in memblock.reserved but not in memory"
    ZERO_RESERVED_AND_E820 = "zero what is in memblock.reserved or not RAM in e820, and not in memory"
    ZERO_UP_TO_MAX_PFN = "zero what is not in memory, up to max_pfn"
    ZERO_UP_TO_SECTION = "zero what is not in memory, up to the end of the last section"
    INIT_AS_NODE_0 = "initialise what is not in memory as node 0, first zone, Reserved"
    HOLES_PER_ZONE = "initialise memory and the holes below it zone by zone"
    HOLES_BY_ADDRESS = "initialise memory and the holes below it in address order"
    HOLES_BY_ADDRESS_SPLIT = "the same, and count a hole across a zone's start in two parts"
    RESERVE = "set PageReserved on what is in memblock.reserved"


class CountWording(str, Enum):
    """The line in which a mechanism prints how many struct pages have no memory."""

    NONE = "none"
    RESERVED_BUT_UNAVAILABLE = "Reserved but unavailable: N pages"
    ZEROED = "Zeroed struct page in unavailable ranges: N pages"
    ZONE_UNAVAILABLE = "Z zone: N pages in unavailable ranges"
    NODE_ZONE_UNAVAILABLE = "On node N, zone Z: N pages in unavailable ranges"


class Commit(Struct, frozen=True):
    """A kernel commit: 12 hex digits, its subject, and the first releases that have it.

    ``vendors`` are builds of distributions. ``unread`` are point releases that were not read, with the words for
    readers: a question mark stands where the first one is not known.
    """

    id: str
    subject: str
    since: Since
    vendors: tuple[str, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()

    @property
    def mainline(self) -> str:
        """The first mainline release, for readers."""
        return short(self.since.mainline)

    @property
    def stable(self) -> tuple[str, ...]:
        """The first release of each stable branch, for readers."""
        words = dict(self.unread)
        return tuple(words.get(point, point) for point in map(short, self.since.stable))


X86_PASSES = frozenset({Pass.ZERO_RESERVED_AND_E820})
"""Passes that arch/x86 alone has."""


class StructPageRule(Struct, frozen=True):
    """One mechanism, on ``releases``; ``elsewhere`` are those of architectures other than x86 where they are others.

    ``doubt`` says what of its history is not certain, ``limits`` what a log does not tell of it.
    """

    id: str
    title: str
    releases: Releases
    passes: tuple[Pass, ...]
    wording: CountWording
    summary: str
    commits: tuple[Commit, ...]
    source: str
    doubt: str = ""
    limits: str = ""
    elsewhere: Releases | None = None

    def releases_on(self, arch: str | None) -> Releases:
        """The releases of the row on an architecture; of one that is not known, those of x86."""
        return self.releases if self.elsewhere is None or arch is None or arch in X86 else self.elsewhere

    def doubt_on(self, arch: str | None) -> str:
        """What is not certain of the row on an architecture: a history of x86 alone is none of the others'."""
        return self.doubt if self.releases_on(arch) == self.releases else ""

    def covers(self, version: Version, arch: str | None) -> bool:
        """Whether this row holds for the release, or for the last one that was read where it is a later one."""
        return as_read(version) in self.releases_on(arch)


ONLY_RESERVED_BY_MEMBLOCK = Commit(
    "92923ca3aace", "mm: meminit: only set page reserved in the memblock region", since("4.2"), ("RHEL 7 3.10.0-408",)
)
RAW_MEMMAP = Commit("f7f99100d8d9", "mm: stop zeroing memory during allocation in vmemmap", since("4.15"))
ZERO_RESERVED = Commit("a4a3ede2132a", "mm: zero reserved and unavailable struct pages", RAW_MEMMAP.since)
E820_RESERVED = Commit(
    "124049decbb1", "x86/e820: put !E820_TYPE_RAM regions into memblock.reserved", since("4.18", "4.17.4")
)
ZERO_FIRST = Commit(
    "e181ae0c5db9", "mm: zero unavailable pages before memmap init", since("4.18", "4.17.7"),
    unread=(("4.17.7", "4.17.y?"),),
)  # fmt: skip
NO_FLATMEM = Commit(
    "d1b47a7c9efc", "mm: don't do zero_resv_unavail if memmap is not allocated", ZERO_FIRST.since,
    unread=ZERO_FIRST.unread,
)  # fmt: skip
E820_REVERT = Commit(
    "9fd61bc95130", "Revert x86/e820: put !E820_TYPE_RAM regions into memblock.reserved", since("4.20", "4.19.9"),
    ("RHEL 8 4.18.0-147",), unread=(("4.19.9", "4.19.9 to 4.19.13?"),),
)  # fmt: skip
ZERO_GAPS = Commit(
    "907ec5fca3dc", "mm: zero remaining unavailable struct pages", since("4.20", "4.19.103"),
    ("RHEL 8 4.18.0-147", "XCP-ng 8 4.19.19"),
)  # fmt: skip
ZERO_TAIL = Commit(
    "e822969cab48", "mm/page_alloc.c: fix uninitialized memmaps on a partially populated last section",
    since("5.6", "5.5.3", "5.4.19", "4.19.103"), ("RHEL 8 4.18.0-240", "XCP-ng 8 4.19.19"),
    unread=(("5.5.3", "5.5.3?"),),
)  # fmt: skip
INIT_GAPS = Commit(
    "4b094b7851bf", "mm/page_alloc.c: initialize memmap of unavailable memory directly", since("5.6"),
    ("RHEL 8 4.18.0-240",),
)  # fmt: skip
WALK_MEMORY = Commit(
    "73a6e474cb37", "mm: memmap_init: iterate over memblock regions rather that check each PFN", since("5.8"),
    ("RHEL 8 4.18.0-348",),
)  # fmt: skip
HOLES_BY_ZONE = Commit(
    "0740a50b9baa", "mm/page_alloc.c: refactor initialization of struct page for holes in memory layout",
    since("5.12", "5.11.7", "5.10.24"),
)  # fmt: skip
ONE_PASS = Commit(
    "122e093c1734", "mm/page_alloc: fix memory map initialization for descending nodes",
    since("5.14", "5.13.2", "5.12.17", "5.10.53"),
)  # fmt: skip

UNREAD = since("7.4")
"""The first release of which nothing was read; boots of 7.3.4 are recorded, mm/mm_init.c was read in 7.1.5."""

_LAST_READ = parse_version("7.3")

DEFERRED = (
    "with CONFIG_DEFERRED_STRUCT_PAGE_INIT the walk over the last zone of a node stops early, and a hole of that zone"
    " further up stays as the other passes leave it; a log tells so in a late line only"
)
"""update_defer_init() and deferred_init_memmap(), 4.17; defer_init(), 5.4 and 5.7; kernel/deferral.py."""

NOT_ALL_MEMORY = (
    "the printed count has memory of NOMAP regions in it, and hotpluggable memory with movable_node: neither is told"
    " in the node ranges"
)
"""should_skip_region() in mm/memblock.c, 5.4 and 5.11; an arm64 boot of 5.1 that counts 416 pages."""

RULES = (
    StructPageRule(
        id="zeroed-memmap-reserved",
        title="allocated zeroed, Reserved in zone spans",
        releases=until(ONLY_RESERVED_BY_MEMBLOCK.since),
        passes=(Pass.ALLOCATE_ZEROED, Pass.WALK_SPANS_RESERVED),
        wording=CountWording.NONE,
        summary="Struct pages are allocated zeroed; each zone walk sets PageReserved, which only freed memory loses. A"
        " frame that no zone spans stays all zero and can be read safely.",
        commits=(),
        source="mm/sparse-vmemmap.c, memmap_init_zone() in mm/page_alloc.c, 2.6.39.4, 3.4, 3.14, 3.19 and 4.1.5",
    ),
    StructPageRule(
        id="zeroed-memmap",
        title="allocated zeroed",
        releases=between(ONLY_RESERVED_BY_MEMBLOCK.since, RAW_MEMMAP.since),
        passes=(Pass.ALLOCATE_ZEROED, Pass.WALK_SPANS, Pass.RESERVE),
        wording=CountWording.NONE,
        summary="Struct pages are allocated zeroed; a frame that no zone spans stays all zero and can be read safely."
        " PageReserved is set only on what memblock.reserved has.",
        commits=(ONLY_RESERVED_BY_MEMBLOCK,),
        source="mm/sparse-vmemmap.c, memmap_init_zone() and reserve_bootmem_region() in mm/page_alloc.c, 4.2.8,"
        " 4.4.155, 4.13 and 4.14.67",
    ),
    StructPageRule(
        id="raw-memmap",
        title="never written outside zone spans",
        releases=between(RAW_MEMMAP.since, E820_RESERVED.since),
        elsewhere=between(RAW_MEMMAP.since, ZERO_FIRST.since),
        passes=(Pass.ALLOCATE_RAW, Pass.WALK_SPANS, Pass.ZERO_RESERVED, Pass.RESERVE),
        wording=CountWording.RESERVED_BUT_UNAVAILABLE,
        summary="Struct pages are allocated raw; outside zone spans only what memblock.reserved has is written.",
        commits=(RAW_MEMMAP, ZERO_RESERVED),
        source="zero_resv_unavail() and free_area_init_nodes() in mm/page_alloc.c, 4.15.1, 4.16.13 and 4.17",
        limits=DEFERRED,
    ),
    StructPageRule(
        id="e820-reserved-late",
        title="zeroed last where e820 is not RAM",
        releases=between(E820_RESERVED.since, ZERO_FIRST.since),
        elsewhere=NEVER,
        passes=(Pass.ALLOCATE_RAW, Pass.WALK_SPANS, Pass.ZERO_RESERVED_AND_E820, Pass.RESERVE),
        wording=CountWording.RESERVED_BUT_UNAVAILABLE,
        summary="x86 reserves what e820 does not call RAM, so it is zeroed after the zone walks: also inside zone"
        " spans, where the links are lost.",
        commits=(E820_RESERVED,),
        source="a bisection from 4.17.3 to 4.17.4 names 124049decbb1; order of passes of 4.17",
        doubt="the mending e181ae0c5db9 is of 14 July 2018; the first 4.17.y that has it has not been read, 4.17.7 is"
        " the first that can",
        limits=DEFERRED,
    ),
    StructPageRule(
        id="e820-reserved",
        title="zeroed where e820 is not RAM",
        releases=between(ZERO_FIRST.since, E820_REVERT.since),
        elsewhere=NEVER,
        passes=(Pass.ALLOCATE_RAW, Pass.ZERO_RESERVED_AND_E820, Pass.WALK_SPANS, Pass.RESERVE),
        wording=CountWording.RESERVED_BUT_UNAVAILABLE,
        summary="x86 reserves what e820 does not call RAM, so it is zeroed; after the last entry nothing is written.",
        commits=(E820_RESERVED, ZERO_FIRST, NO_FLATMEM),
        source="e820__memblock_setup() in arch/x86/kernel/e820.c and zero_resv_unavail(), 4.18, 4.19 and 4.19.1",
        doubt="of 4.17.y only the dates of the commits are known: it may begin later than 4.17.7; of 4.19.y it may end"
        " as late as 4.19.12",
        limits=DEFERRED,
    ),
    StructPageRule(
        id="raw-memmap-4.19",
        title="never written outside zone spans",
        releases=between(E820_REVERT.since, ZERO_GAPS.since),
        elsewhere=between(ZERO_FIRST.since, ZERO_GAPS.since),
        passes=(Pass.ALLOCATE_RAW, Pass.ZERO_RESERVED, Pass.WALK_SPANS, Pass.RESERVE),
        wording=CountWording.RESERVED_BUT_UNAVAILABLE,
        summary="x86 no longer reserves what e820 does not call RAM, which no other architecture did; outside zone"
        " spans only what else is in memblock.reserved is written.",
        commits=(E820_REVERT, ZERO_FIRST, NO_FLATMEM),
        source="e820__memblock_setup() and zero_resv_unavail(), 4.19.13 and 4.19.78",
        doubt="the revert came after 4.19.1, was asked for when 4.19.8 was the newest, and is in 4.19.13: 4.19.9 to"
        " 4.19.12 have not been read",
        limits=DEFERRED,
    ),
    StructPageRule(
        id="zeroed-gaps-4.19",
        title="zeroed to the end of the section",
        releases=between(ZERO_TAIL.since, INIT_GAPS.since, major=4),
        passes=(Pass.ALLOCATE_RAW, Pass.ZERO_UP_TO_SECTION, Pass.WALK_SPANS, Pass.RESERVE),
        wording=CountWording.ZEROED,
        summary="Every frame without memory is zeroed before the zones are walked, to the end of the last section.",
        commits=(ZERO_GAPS, ZERO_TAIL),
        source="review of 4.19.103; zero_resv_unavail() and e820__memblock_setup(), 4.19.108",
        limits=f"{DEFERRED}; {NOT_ALL_MEMORY}",
    ),
    StructPageRule(
        id="zeroed-gaps",
        title="zeroed up to max_pfn",
        releases=between(ZERO_GAPS.since, ZERO_TAIL.since),
        passes=(Pass.ALLOCATE_RAW, Pass.ZERO_UP_TO_MAX_PFN, Pass.WALK_SPANS, Pass.RESERVE),
        wording=CountWording.ZEROED,
        summary="Every frame without memory is zeroed up to max_pfn; the rest of the last section is never written.",
        commits=(ZERO_GAPS, E820_REVERT),
        source="zero_resv_unavail() in mm/page_alloc.c, 5.0 and 5.4.18",
        limits=f"{DEFERRED}; {NOT_ALL_MEMORY}",
    ),
    StructPageRule(
        id="zeroed-gaps-and-tail",
        title="zeroed to the end of the section",
        releases=between(ZERO_TAIL.since, INIT_GAPS.since, major=5),
        passes=(Pass.ALLOCATE_RAW, Pass.ZERO_UP_TO_SECTION, Pass.WALK_SPANS, Pass.RESERVE),
        wording=CountWording.ZEROED,
        summary="Every frame without memory is zeroed, to the end of the last section.",
        commits=(ZERO_TAIL,),
        source="announcement of 5.4.19; zero_resv_unavail() in mm/page_alloc.c, 5.4.195",
        doubt="of 5.5.y nothing has been read: 5.5.3 is of the same day as 5.4.19",
        limits=f"{DEFERRED}; {NOT_ALL_MEMORY}",
    ),
    StructPageRule(
        id="fake-links-outside",
        title="node 0, first zone, outside zone spans",
        releases=between(INIT_GAPS.since, WALK_MEMORY.since),
        passes=(Pass.ALLOCATE_RAW, Pass.INIT_AS_NODE_0, Pass.WALK_SPANS, Pass.RESERVE),
        wording=CountWording.ZEROED,
        summary="Every frame without memory is initialised as node 0, first zone; zone walks then mend those inside.",
        commits=(INIT_GAPS,),
        source="init_unavailable_mem() in mm/page_alloc.c, 5.6.4 and 5.7.6",
        limits=f"{DEFERRED}; {NOT_ALL_MEMORY}",
    ),
    StructPageRule(
        id="fake-links",
        title="node 0, first zone, everywhere",
        releases=between(WALK_MEMORY.since, HOLES_BY_ZONE.since),
        passes=(Pass.ALLOCATE_RAW, Pass.INIT_AS_NODE_0, Pass.WALK_REGIONS, Pass.RESERVE),
        wording=CountWording.ZEROED,
        summary="Every frame without memory is initialised as node 0 and its first zone, also inside other zones.",
        commits=(WALK_MEMORY,),
        source="init_unavailable_mem() and memmap_init() in mm/page_alloc.c, 5.8 and 5.11.5",
        limits=NOT_ALL_MEMORY,
    ),
    StructPageRule(
        id="holes-per-zone",
        title="the next zone walked",
        releases=between(HOLES_BY_ZONE.since, ONE_PASS.since),
        passes=(Pass.ALLOCATE_RAW, Pass.HOLES_PER_ZONE, Pass.RESERVE),
        wording=CountWording.ZONE_UNAVAILABLE,
        summary="Each zone initialises the holes below its memory and the rest of its last section as its own.",
        commits=(HOLES_BY_ZONE,),
        source="memmap_init_zone() in mm/page_alloc.c, 5.11.14 and 5.12.9; review of 5.11.7",
    ),
    StructPageRule(
        id="holes-by-address",
        title="the zone of the next memory above",
        releases=between(ONE_PASS.since, UNREAD),
        passes=(Pass.ALLOCATE_RAW, Pass.HOLES_BY_ADDRESS, Pass.RESERVE),
        wording=CountWording.NODE_ZONE_UNAVAILABLE,
        summary="One pass by address: a hole is linked to the zone of the next memory above, a tail to the last zone.",
        commits=(ONE_PASS,),
        source="memmap_init() in mm/page_alloc.c, 5.14 and 6.1.20; mm/mm_init.c, 6.6 to 7.1; reviews of 5.12.17 and"
        " 5.13.2; recorded boots of 7.2.13 and 7.3.4. Later releases are taken for these, unchecked",
    ),
    StructPageRule(
        id="holes-by-address-split",
        title="the zone of the next memory above, counted in two parts",
        releases=NEVER,
        passes=(Pass.ALLOCATE_RAW, Pass.HOLES_BY_ADDRESS_SPLIT, Pass.RESERVE),
        wording=CountWording.NODE_ZONE_UNAVAILABLE,
        summary="The same links as before; a hole that a zone begins in is counted in two lines, below and above the"
        " zone's start.",
        commits=(),
        source="memmap_init_zone_range() in mm/mm_init.c of linux-mm at 7.3-rc5; 7.3.4 prints one line, and the first"
        " release with two is not known, so that only a log that has them shows this row",
    ),
)


def as_read(version: Version) -> Version:
    """The release itself, or the last one that was read where nothing of it was."""
    return _LAST_READ if UNREAD.reached(version) else version


def unchecked(version: Version) -> str:
    """What is to be said of a release that nothing was read of; empty where it was."""
    if not UNREAD.reached(version):
        return ""
    return f"{short(version)} has not been read: it is taken to be as {short(_LAST_READ)}, the last that was"


@lru_cache(64)
def rules_on(arch: str | None, within: Bounds = EVERY_RELEASE) -> tuple[StructPageRule, ...]:
    """The rows that hold for some release ``within`` bounds, oldest first; where ``arch`` is None, those of x86."""
    return tuple(rule for rule in RULES if (Bounds.of(rule.releases_on(arch)) & within).intervals)


def rules_for(release: Release, arch: str | None) -> tuple[StructPageRule, ...]:
    """The rows that the release may follow, best first: several of its branch where the stable level is unknown."""
    if release.stable_known:
        return tuple(rule for rule in RULES if rule.covers(release.acts_like, arch))
    branch = as_read(release.stable)
    return tuple(rule for rule in reversed(RULES) if rule.releases_on(arch).on_branch(branch))


@lru_cache(256)
def typical(rule: StructPageRule, arch: str | None = None, within: Bounds = EVERY_RELEASE) -> Version:
    """A release that stands for the row: its first one, for the last row one of its long-lived branches.

    The last row begins on branches on which other things, such as readers, are older. ``within``: bounds to prefer.
    """
    releases = rule.releases_on(arch)
    late = releases in (NEVER, RULES[-2].releases)
    version = parse_version("6.12") if late else max(releases.intervals[0][0], OLDEST)
    common = (Bounds.of(releases) & within).intervals
    return version if version in within or not common else common[0][0]


def describe_releases(rule: StructPageRule, arch: str | None = None) -> str:
    """The releases of a row for readers: ``4.15 to 4.17.3``; of no certain architecture, those of all."""
    if rule.elsewhere is None or arch is not None:
        return str(rule.releases_on(arch)) or "no release that was read"
    return f"{rule.releases} on x86" + (f", {rule.elsewhere} elsewhere" if rule.elsewhere != NEVER else "")
