"""The words of the pages, each in one line: shown where a term has focus or pointer, listed on the rules page."""

import msgspec


class Word(msgspec.Struct, frozen=True):
    """A term of the kernel or of a page. ``id`` is its anchor; ``lanes`` are the lane families it explains."""

    id: str
    term: str
    line: str
    lanes: tuple[str, ...] = ()


WORDS = (
    Word("page-frame", "page frame", "A piece of the physical address space of one page; its number is the pfn."),
    Word(
        "firmware-map",
        "firmware map",
        "What the firmware told the kernel about the address space, such as e820, before any argument changed it.",
        ("firmware", "firmware-memmap"),
    ),
    Word("user-map", "user map", "The map after mem= and memmap= of the command line took their parts.", ("user",)),
    Word("extended-map", "extended map", "The map with what boot loaders passed on in setup_data.", ("extended",)),
    Word("modified-map", "modified map", "The map as the kernel finally used it.", ("modified",)),
    Word("resources", "resources", "The memory among the resources that /proc/iomem lists.", ("iomem",)),
    Word("efi-map", "EFI map", "The memory descriptors of EFI firmware, touching ones of one fate as one.", ("efi",)),
    Word(
        "memblock-reserved",
        "memblock.reserved",
        "Memory taken before the page allocator exists; it stays out of the free lists.",
        ("reserved", "debugfs-reserved"),
    ),
    Word(
        "memblock-memory",
        "memblock.memory",
        "All memory that the early allocator knows; what is not in it counts as a hole.",
        ("debugfs-memory",),
    ),
    Word("node", "node", "Memory that is near to the same processors; the kernel keeps zones for each.", ("nodes",)),
    Word(
        "zone-span",
        "zone span",
        "From the first to the last page frame of a zone, with the holes between them.",
        ("zones", "zoneinfo"),
    ),
    Word("memory-block", "memory block", "What goes on and off line at once: one section or several.", ("blocks",)),
    Word(
        "struct-page",
        "struct page",
        "The kernel's record of one page frame; made section by section, so some have no memory behind.",
        ("pages",),
    ),
    Word("hole", "hole", "Page frames that have a struct page but no memory behind.", ("holes",)),
    Word("trouble", "trouble", "Oopses, bad pages and page dumps of this log, at the frames they name.", ("events",)),
    Word("differences", "differences", "Where lanes of both layouts say different things.", ("differences",)),
    Word("possible-starts", "possible starts", "Where a region of this size can begin, safe or not.", ("places",)),
    Word("owner", "owner", "The entry of the memory map that covers a hole."),
    Word("placement", "placement", "Whether a zone spans a hole: if none does, most passes over struct pages miss it."),
    Word("reader", "reader", "Kernel code or a file of /proc that looks at struct pages without asking for memory."),
)

BY_ID = {word.id: word for word in WORDS}
BY_LANE = {lane: word for word in WORDS for lane in word.lanes}


def of_lane(key: str) -> Word | None:
    """The word that explains a lane, by its key; lanes of one node each share theirs."""
    head, _, number = key.rpartition("-")
    return BY_LANE.get(key) or (BY_LANE.get(head) if number.isdigit() else None)
