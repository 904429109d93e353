"""The words of the pages, each in one line: shown where a term has focus or pointer, listed on the rules page."""

import msgspec


class Word(msgspec.Struct, frozen=True):
    """A term of the kernel or of a page. ``id`` is its anchor.

    ``lanes`` are the lane families that it explains, ``kinds`` those of bars, ``changes`` those of differences.
    """

    id: str
    term: str
    line: str
    lanes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


WORDS = (
    Word("page-frame", "page frame", "A piece of the physical address space of one page; its number is the pfn."),
    Word(
        "firmware-map",
        "firmware map",
        "What the firmware told the kernel about the address space, such as e820, before any argument changed it.",
        ("firmware", "firmware-memmap"),
        changes=("firmware_map",),
    ),
    Word("user-map", "user map", "The map after mem= and memmap= of the command line took their parts.", ("user",)),
    Word("extended-map", "extended map", "The map with what boot loaders passed on in setup_data.", ("extended",)),
    Word(
        "modified-map",
        "modified map",
        "The map as the kernel finally used it: the last one printed is in force.",
        ("modified",),
        changes=("map_in_force",),
    ),
    Word("resources", "resources", "The memory among the resources that /proc/iomem lists.", ("iomem",)),
    Word("efi-map", "EFI map", "The memory descriptors of EFI firmware, touching ones of one fate as one.", ("efi",)),
    Word(
        "reservations",
        "reservations",
        "Memory that the kernel has and sets aside by name, such as the crash kernel's.",
        ("reservations",),
    ),
    Word(
        "crash-kernel",
        "crash kernel",
        "Memory for a second kernel, which saves this one's memory after a crash (crashkernel=).",
        kinds=("crash-kernel",),
    ),
    Word(
        "cma",
        "CMA",
        "Memory for large buffers of devices; until one wants it, movable pages lie there.",
        kinds=("cma",),
    ),
    Word("initrd", "initrd", "The initial RAM disk; its memory is given back once it is unpacked.", kinds=("initrd",)),
    Word("kernel-image", "kernel image", "Code and data of the kernel itself.", kinds=("kernel-image",)),
    Word(
        "kernel-data",
        "kernel data",
        "What the kernel takes before it has a page allocator: page tables, node data, bounce buffers.",
        kinds=("kernel-data",),
    ),
    Word(
        "struct-page-memory",
        "memory of struct pages",
        "Where the kernel put the struct pages themselves, as memblock=debug prints it.",
        kinds=("struct-pages",),
    ),
    Word(
        "device-memory",
        "device memory",
        "RAM that a device, the firmware or the device tree keeps.",
        kinds=("device-memory",),
    ),
    Word(
        "memblock-reserved",
        "memblock.reserved",
        "Memory taken before the page allocator exists; it stays out of the free lists.",
        ("reserved", "debugfs-reserved"),
        ("taken",),
    ),
    Word(
        "memblock-memory",
        "memblock.memory",
        "All memory that the early allocator knows; what is not in it counts as a hole.",
        ("debugfs-memory",),
    ),
    Word(
        "node",
        "node",
        "Memory that is near to the same processors; the kernel keeps zones for each.",
        ("nodes",),
        changes=("node_ranges",),
    ),
    Word(
        "zone-span",
        "zone span",
        "From the first to the last page frame of a zone, with the holes between them.",
        ("zones", "zoneinfo"),
        changes=("zone_spans",),
    ),
    Word(
        "zone-range",
        "zone range",
        "The addresses that the kernel lets a zone have, printed before it looks where memory is.",
        changes=("zone_ranges",),
    ),
    Word(
        "zone-movable",
        "ZONE_MOVABLE",
        "A zone of pages that can be moved away, asked for by kernelcore=, movablecore= or movable_node.",
        changes=("movable_start",),
    ),
    Word("memory-block", "memory block", "What goes on and off line at once: one section or several.", ("blocks",)),
    Word(
        "struct-page",
        "struct page",
        "The kernel's record of one page frame; made section by section, so some have no memory behind.",
        ("pages",),
    ),
    Word("hole", "hole", "Page frames that have a struct page but no memory behind.", ("holes",), changes=("holes",)),
    Word(
        "trouble",
        "trouble",
        "Oopses, bad pages and page dumps of this log, at the frames they name.",
        ("events",),
        ("event",),
    ),
    Word(
        "differences",
        "differences",
        "Tinted: where lanes of both layouts say different things.",
        kinds=("differs",),
    ),
    Word("possible-starts", "possible starts", "Where a region of this size can begin, safe or not.", ("places",)),
    Word(
        "lands",
        "where it lands",
        "The memory that the kernel takes for a reservation of the command line, by its own search.",
        ("lands", "gigantic", "bad"),
        ("lands",),
    ),
    Word(
        "may-land",
        "one of several places",
        "What decides is not in the log, such as where KASLR puts the kernel: one of these places is taken.",
        ("may-land", "free-starts"),
        ("may-land",),
    ),
    Word(
        "in-the-way",
        "in the way",
        "What keeps a reservation from a place: memory that something else has, or no RAM.",
        ("obstacles", "obstacles-too"),
        ("obstacle", "no-room"),
    ),
    Word("safe", "safe start", "A region that begins here adds no dangerous hole on any release.", kinds=("safe",)),
    Word(
        "unsafe",
        "unsafe start",
        "A region that begins here leaves a dangerous hole on some release.",
        kinds=("unsafe",),
    ),
    Word("owner", "owner", "The entry of the memory map that covers a hole."),
    Word("placement", "placement", "Whether a zone spans a hole: if none does, most passes over struct pages miss it."),
    Word("reader", "reader", "Kernel code or a file of /proc that looks at struct pages without asking for memory."),
    Word("severity", "severity", "How bad a hole is: danger, caution, worth knowing, or harmless."),
    Word(
        "danger",
        "danger",
        "Nothing wrote these struct pages and an ordinary reader gets to them, or the kernel crashed on one.",
        kinds=("danger",),
    ),
    Word(
        "caution",
        "caution",
        "Only rare readers get to unwritten struct pages, it depends on the release, or printed counts contradict.",
        kinds=("caution",),
    ),
    Word(
        "worth-knowing",
        "worth knowing",
        "Out of reach, or safe to read but linked to a zone that does not span them.",
        kinds=("info",),
    ),
    Word("harmless", "harmless", "Reserved, or linked to a zone that spans them: nobody is misled.", kinds=("none",)),
    Word("not-decided", "not decided", "The text lacks what a verdict needs; what it has is drawn."),
    Word(
        "initialised",
        "initialised",
        "The kernel wrote the struct page: it has a zone, a node and a count.",
        kinds=("initialised",),
    ),
    Word(
        "zeroed",
        "zeroed",
        "All bytes of the struct page are zero, which reads as node 0 and its first zone.",
        kinds=("zeroed",),
    ),
    Word(
        "never-written",
        "never written",
        "The struct page holds whatever was in that memory before; looking at it can panic.",
        kinds=("uninitialised",),
    ),
    Word(
        "poisoned",
        "poisoned",
        "All bits of the struct page are one: a debug build stops whoever looks.",
        kinds=("poisoned",),
    ),
    Word("unknown", "state unknown", "The text does not tell what the kernel left there.", kinds=("unknown",)),
    Word("usable", "usable", "RAM that the firmware leaves to the kernel.", kinds=("ram",)),
    Word(
        "reserved",
        "reserved",
        "What the firmware keeps, memory or not; the kernel leaves it alone.",
        kinds=("reserved",),
    ),
    Word(
        "acpi",
        "ACPI data",
        "Tables of the firmware, which the kernel may use as RAM once it has read them.",
        kinds=("acpi",),
    ),
    Word("nvs", "ACPI NVS", "Memory of the firmware that has to survive sleep.", kinds=("nvs",)),
    Word("unusable", "unusable", "Memory with errors, or blocks that are off line.", kinds=("unusable",)),
    Word(
        "persistent",
        "persistent",
        "Memory that keeps its contents; memmap=SIZE!START makes some of RAM.",
        kinds=("pmem",),
    ),
    Word(
        "soft-reserved",
        "soft reserved",
        "Memory that the firmware wants for a special purpose.",
        kinds=("soft-reserved",),
    ),
    Word("other", "other", "An entry of a type that has no name here.", kinds=("other",)),
    Word("several", "several ranges", "More than a pixel can show: zoom in.", kinds=("several",)),
    Word(
        "section",
        "section",
        "The unit in which SPARSEMEM makes struct pages: a section with any memory has all of them.",
        changes=("sections",),
    ),
    Word("flatmem", "FLATMEM", "One array of struct pages for each node, from its first to its last page frame."),
    Word("srat", "SRAT", "The firmware's table of which addresses belong to which node.", changes=("srat",)),
    Word("printed-facts", "printed facts", "Counts and maps that the kernel printed itself, held against ours."),
    Word("assumed", "assumed", "The log does not say it: what is usual was taken."),
    Word(
        "schematic",
        "schematic",
        "An axis that gives every interval a readable width; a zigzag marks what is stretched a lot.",
    ),
    Word("to-scale", "to scale", "An axis on which every page frame is equally wide."),
)

BY_ID = {word.id: word for word in WORDS}
BY_LANE = {lane: word for word in WORDS for lane in word.lanes}
BY_KIND = {kind: word for word in WORDS for kind in word.kinds}
BY_CHANGE = {change: word for word in WORDS for change in word.changes}


def of_lane(key: str) -> Word | None:
    """The word that explains a lane, by its key; lanes of one node each share theirs."""
    head, _, number = key.rpartition("-")
    return BY_LANE.get(key) or (BY_LANE.get(head) if number.isdigit() else None)
