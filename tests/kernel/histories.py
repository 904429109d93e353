"""What turns at a release, by example.

Each history has the outcome on the oldest release, and from each of some releases on. Releases stand here a second time
on purpose: a row that is moved by one release disagrees with its history (``make mutants``).
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from pfnscope.findings.corrections import stub_is_blind
from pfnscope.kernel import pools
from pfnscope.kernel.architectures import asks_memblock, takes_blocks
from pfnscope.kernel.bad_memory import has_early_test
from pfnscope.kernel.crashkernel import ZONES_LAST, reserves_cma
from pfnscope.kernel.regressions import ARGUMENTS_TOO_EARLY
from pfnscope.kernel.release import Version, parse_version
from pfnscope.layout.evidence import configured_buddy
from pfnscope.layout.owners import x86_low_memory
from pfnscope.model.log import BootLog, ConfigOption, WindowNode
from pfnscope.model.ranges import ByteRange
from tests.kernel.hibernating import hashed_map, resume_hash, shared_page_is_blamed
from tests.kernel.ledger_outcomes import log_buffer, mem_total_with_efi, returned_boot_services
from tests.kernel.limiting import gaps_counted, image_above_a_limit, limited_memory
from tests.kernel.outcomes import (
    FLATMEM,
    HANDED_OVER,
    WITH_HOLES,
    acts_like,
    arm64_starts,
    assumed_holes_are_avoided,
    base_is_fixed,
    bound,
    can_print,
    debian_fakes,
    deferred,
    end_of_dma32,
    end_of_ram,
    first_action,
    first_fake_node,
    flagless,
    gap_is_avoided,
    image_is_known,
    is_unchecked,
    knows_mirror,
    last_pfn_agrees,
    lifo,
    limits,
    max_pfn,
    memmap_pages_of,
    mirrored_start,
    model,
    movable,
    movable_percent,
    nodes_without_a_mib,
    noted,
    notes,
    one_zone,
    operations,
    page_sizes,
    pieces_of_soft_reserved,
    read_above_the_zones,
    regressions,
    reserve_pass,
    rule,
    sections,
    soft_reserved,
    spanned_nodes,
    total_pages,
    wide_initmem,
    window,
)
from tests.kernel.reserving import blocks_of, cma_aligned, cma_search_of, crash_search_of, gigantic_of, pool_aligned
from tests.support.seed import GIB

MIB = 1 << 20


class History(Struct, frozen=True):
    """An outcome by release: on the oldest one, and from each of some releases on."""

    outcome: Callable[[Version], object]
    oldest: object
    turns: dict[str, object]

    def stages(self) -> list[tuple[Version, object]]:
        """The first release of each outcome."""
        return [((0, 0, 0), self.oldest), *((parse_version(first), outcome) for first, outcome in self.turns.items())]


_BLIND_STUB = History(
    stub_is_blind,
    False,
    {
        "6.1.81": True,
        "6.1.93": False,
        "6.2": False,
        "6.6": True,
        "6.6.33": False,
        "6.7": True,
        "6.9.4": False,
        "6.10": False,
    },
)
_PER_ZONE, _BY_ADDRESS, _FAKE = ["holes-per-zone"], ["holes-by-address"], ["fake-links"]
_GAPS, _TAIL = ["zeroed-gaps"], ["zeroed-gaps-and-tail"]
_MAX, _END, _ONLINE = ["below max_pfn"], ["to the end of the last section"], ["in 2 MiB sub-sections that hold memory"]

_SPANS, _BLOCKS = ["inside zone spans"], ["first and last frame of page blocks inside zone spans"]
_BELOW, _BLOCK = "the node of the memory below", "the node of the SRAT block around it, or else the first node"

PRINTED: Mapping[str, tuple[str, ...]] = {
    "BIOS-provided physical RAM map:": ("", "3.5", "4.17"),
    "e820: BIOS-provided physical RAM map:": ("3.5", "4.19"),
    "BIOS-e820: 0000000000000000 - 000000000009bc00 (usable)": ("", "3.5"),
    "BIOS-e820: [mem 0x0000000000000000-0x000000000009abff] usable": ("3.5", "7.0"),
    "BIOS-e820: [mem 0x0000000000100000-0x00000000bfff0fff]  System RAM": ("7.0",),
    "BIOS-e820: [mem 0x00000000000f0000-0x00000000000fffff] reserved": ("3.5",),
    "SRAT: Node 0 PXM 0 [mem 0x00000000-0x0009ffff]": ("3.5", "4.9"),
    "ACPI: SRAT: Node 1 PXM 1 [mem 0x140000000-0x23fffffff]": ("4.5",),
    "node 0: [mem 0x00100000-0x3fffffff]": ("3.5", "4.4"),
    "node 0: [mem 0x0000000000001000-0x000000000009afff]": ("3.19",),
    "Initmem setup node 1 as memoryless": ("5.18",),
    "NODE_DATA [mem 0x3ffd8000-0x3fffefff]": ("3.5", "4.4"),
    "NODE_DATA(1) allocated [mem 0x23fbd0000-0x23fbfafff]": ("3.17",),
    "Fallback order for Node 0: 0 1": ("5.16",),
    "Reserved but unavailable: 98 pages": ("4.15", "4.20"),
    "Zeroed struct page in unavailable ranges: 139 pages": ("4.19.103", "5.12"),
    "DMA zone: 28 pages in unavailable ranges": (
        "5.10.24",
        "5.10.53",
        "5.11.7",
        "5.12.17",
        "5.13",
        "5.13.2",
    ),
    "On node 0, zone DMA32: 41 pages in unavailable ranges": ("5.10.53", "5.11", "5.12.17", "5.13", "5.13.2"),
    "Memory: 8069828K/8388084K available (14339K kernel code)": ("3.7",),
    "Memory: 8069828K/8388084K available (14339K kernel code, 318256K reserved, 0K cma-reserved)": ("3.17",),
    "Built 2 zonelists in Node order, mobility grouping on.  Total pages: 1031941": ("", "4.15"),
    "Built 2 zonelists, mobility grouping on.  Total pages: 2064261": ("4.13",),
    "node 0 initialised, 1234 pages in 10ms": ("3.17", "5.8"),
    "node 0 deferred pages initialised in 10ms": ("5.8",),
    "PM: Registered nosave memory: [mem 0x0009b000-0x0009bfff]": ("3.7", "5.7"),
    "PM: hibernation: Registered nosave memory: [mem 0x00000000-0x00000fff]": ("5.5",),
    "software IO TLB [mem 0xbbf00000-0xbff00000] (64MB) mapped at [ffff8800bbf00000-ffff8800bfefffff]": ("3.5", "4.19"),
    "software IO TLB: mapped [mem 0x00000000bbfe0000-0x00000000bffe0000] (64MB)": ("4.18",),
    "crashkernel reserved: 0x000000006f400000 - 0x000000007f400000 (256 MB)": ("4.10",),
    "cma: CMA: reserved 16 MiB at 1e000000": ("3.5", "4.4"),
    "cma: Reserved 64 MiB at 0x00000000fbe00000": ("3.17",),
    "cma: Reserved 96 MiB at 0x00000001f0000000 on node -1": ("6.2", "6.19"),
    "OF: reserved mem: 0x0000000043c00000..0x0000000043cfffff (1024 KiB) nomap non-reusable fw@43c00000": ("6.2",),
    "BUG: unable to handle kernel paging request at ffffea0002fff5c0": ("", "5.2"),
    "BUG: unable to handle page fault for address: ffffea0002fff5c0": ("4.20",),
    "general protection fault: 0000 [#1] SMP": ("",),
    "general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP PTI": ("5.5",),
    "RIP: 0010:[<ffffffff812a5e31>]  [<ffffffff812a5e31>] stable_page_flags+0x21/0x290": ("", "4.12"),
    "RIP: 0010:stable_page_flags+0x27/0x3c0": ("4.10",),
    "page:ffffea0002fff5c0 count:0 mapcount:0 mapping:0000000000000000 index:0x0": ("", "5.2"),
    "page:ffffea0002fff5c0 refcount:0 mapcount:0 mapping:0000000000000000 index:0x0": ("4.20",),
    "page:00000000abcd1234 refcount:0 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0xbffd7": ("5.9",),
    "page: refcount:0 mapcount:-128 mapping:0000000000000000 index:0x0 pfn:0x100000": ("6.9",),
    "flags: 0x17ffffc0000000(node=0|zone=2|lastcpupid=0x1fffff)": ("5.12",),
    "page:ffffea0001000000 is uninitialized and poisoned": ("4.18",),
}
"""Lines, with the releases from which on a kernel can print them and from which on it no longer can, in turn."""

HISTORIES: Mapping[str, History] = {
    "rules": History(
        rule("x86_64"),
        ["zeroed-memmap-reserved"],
        {
            "4.2": ["zeroed-memmap"],
            "4.15": ["raw-memmap"],
            "4.17.4": ["e820-reserved-late"],
            "4.17.7": ["e820-reserved"],
            "4.18": ["e820-reserved"],
            "4.19.9": ["raw-memmap-4.19"],
            "4.19.103": ["zeroed-gaps-4.19"],
            "4.20": _GAPS,
            "5.4.19": _TAIL,
            "5.5": _GAPS,
            "5.5.3": _TAIL,
            "5.6": ["fake-links-outside"],
            "5.8": _FAKE,
            "5.10.24": _PER_ZONE,
            "5.10.53": _BY_ADDRESS,
            "5.11": _FAKE,
            "5.11.7": _PER_ZONE,
            "5.12": _PER_ZONE,
            "5.12.17": _BY_ADDRESS,
            "5.13": _PER_ZONE,
            "5.13.2": _BY_ADDRESS,
            "5.14": _BY_ADDRESS,
        },
    ),
    "rules elsewhere": History(
        rule("arm64"),
        ["zeroed-memmap-reserved"],
        {
            "4.2": ["zeroed-memmap"],
            "4.15": ["raw-memmap"],
            "4.17.7": ["raw-memmap-4.19"],
            "4.18": ["raw-memmap-4.19"],
            "4.19.103": ["zeroed-gaps-4.19"],
            "4.20": _GAPS,
            "5.4.19": _TAIL,
            "5.5": _GAPS,
            "5.5.3": _TAIL,
            "5.6": ["fake-links-outside"],
            "5.8": _FAKE,
            "5.10.24": _PER_ZONE,
            "5.10.53": _BY_ADDRESS,
            "5.11": _FAKE,
            "5.11.7": _PER_ZONE,
            "5.12.17": _BY_ADDRESS,
            "5.13": _PER_ZONE,
            "5.13.2": _BY_ADDRESS,
        },
    ),
    "unread": History(is_unchecked, False, {"7.4": True}),
    "kpageflags": History(bound("/proc/kpageflags"), _MAX, {"5.6": _END, "5.12": _ONLINE}),
    "kpagecgroup": History(bound("/proc/kpagecgroup"), [], {"4.3": _MAX, "5.6": _END, "5.12": _ONLINE}),
    "idle bitmap": History(bound("idle page bitmap"), [], {"4.3": _MAX, "5.12": [f"{_MAX[0]}, {_ONLINE[0]}"]}),
    "contiguity": History(bound("zone contiguity at boot"), [], {"4.6": _BLOCKS, "7.2": []}),
    "page_ext": History(bound("page_ext at boot"), [], {"5.2": ["first frame of sections inside node spans"]}),
    "page_owner": History(bound("page_owner"), [], {"3.19": _MAX}),
    "memory failure": History(bound("memory failure"), _END, {"5.12": _ONLINE}),
    "DAMON": History(bound("DAMON"), [], {"5.16": _ONLINE}),
    "hibernation": History(bound("hibernation"), _SPANS, {"5.12": [f"{_SPANS[0]}, {_ONLINE[0]}"]}),
    "pagetypeinfo": History(bound("/proc/pagetypeinfo"), _SPANS, {"5.12": [f"{_SPANS[0]}, {_ONLINE[0]}"]}),
    "page isolation": History(bound("page isolation"), _SPANS, {"5.12": [f"{_SPANS[0]}, {_ONLINE[0]}"]}),
    "kcore": History(bound("/proc/kcore"), [], {"5.14": ["memory alone"]}),
    "seeks": History(bound("seeks in /proc/kpage*"), ["above max_pfn"], {"5.6": []}),
    "lsmem": History(bound("lsmem"), _END, {"4.19.78": _ONLINE, "4.20": _END, "5.0": _ONLINE, "5.7": []}),
    "reserve pass": History(
        reserve_pass,
        [("every frame of a", "nothing else")],
        {
            "4.2": [("frames of memblo", "empties the lru list, so")],
            "5.14": [("the same, and NO", "the same")],
            "6.6": [("the same", "the same, but beyond a d")],
            "6.12": [("the same, withou", "beyond a deferral point ")],
        },
    ),
    "unwritten struct pages for a while": History(
        regressions("uninitialised"), [], {"5.11": ["d3921cb8be29"], "5.11.1": []}
    ),
    "other links for a while": History(regressions("initialised"), [], {"5.0": ["2830bf6f05fb"], "5.0.1": []}),
    "deferral": History(
        deferred,
        None,
        {
            "4.2": (2 * GIB, "the first node"),
            "4.17": (0, "the first node"),
            "6.6": (0, _BELOW),
            "6.6.90": (0, _BLOCK),
            "6.7": (0, _BELOW),
            "6.12.28": (0, _BLOCK),
            "6.13": (0, _BELOW),
            "6.14.6": (0, _BLOCK),
            "6.15": (0, _BLOCK),
        },
    ),
    "nodes of reserved memory of arm64": History(lambda version: takes_blocks("arm64", version), False, {"6.12": True}),
    "BLOCK_HOLES_REFUSED": History(bound("memory offlining"), _END, {"5.5": []}),
    "BLOCKS_BY_END": History(blocks_of(66), None, {"4.17": 2 * GIB}),
    "BLOCKS_OF_BARE_METAL": History(blocks_of(65), None, {"4.17": GIB, "5.9": None}),
    "BLOCKS_ADVISED": History(
        blocks_of(66, WindowNode(1, *ByteRange(66 * GIB, 67 * GIB), ())), None, {"4.17": 2 * GIB, "6.15": None}
    ),
    "crash kernel of x86-64": History(
        crash_search_of("x86_64"),
        (896 * MIB, "before zones", False, False, (0, False), (16, 1)),
        {
            "3.9": (896 * MIB, "before zones", False, (16 * MIB, False), (72, True), (16, 1)),
            "4.3": (896 * MIB, "before zones", False, (16 * MIB, False), (256, True), (16, 1)),
            "5.2": (4 * GIB, "before zones", (16 * MIB,), (16 * MIB, False), (256, True), (16, 1)),
            "6.7": (4 * GIB, "before zones", (None,), (None, True), (256, False), (16, 16)),
        },
    ),
    "crash kernel of i386": History(
        crash_search_of("i386"),
        (512 * MIB, "before zones", False, (16 * MIB, False), (0, False), (16, 1)),
        {"6.7": (512 * MIB, "before zones", False, (None, True), (0, False), (16, 16))},
    ),
    "crash kernel of arm64": History(
        crash_search_of("arm64"),
        ("dma", "first", False, False, (0, False), (2, 2)),
        {
            "5.11": ("dma", "after zones", False, False, (0, False), (2, 2)),
            "5.19": ("dma", "after zones", False, (0, False), (0, False), (2, 2)),
            "6.2": ("dma", "after zones", (0,), (0, False), (128, False), (2, 2)),
            "6.5": ("dma", "after zones", (None,), (4 * GIB, True), (128, False), (2, 2)),
            "6.7": ("dma", "after zones", (None,), (None, True), (128, False), (2, 2)),
        },
    ),
    "crash kernel of riscv": History(
        crash_search_of("riscv64"),
        None,
        {
            "5.13": (4 * GIB, "after zones", (0,), False, (0, False), (2, 2)),
            "6.7": ("dma", "after zones", (None,), (None, True), (128, False), (2, 2)),
        },
    ),
    "crash kernel of loongarch": History(
        crash_search_of("loongarch64"),
        (4 * GIB, "first", False, False, (0, False), (0, 0)),
        {
            "6.3": (4 * GIB, "first", False, False, (0, False), (2, 0)),
            "6.8": (4 * GIB, "first", (None,), (None, True), (128, False), (2, 2)),
        },
    ),
    "crash kernel of arm": History(
        crash_search_of("arm"), None, {"4.10": ("lowmem", "after zones", False, False, (0, False), (128, 1))}
    ),
    "CMA area of arm64": History(cma_search_of("arm64"), (4 * GIB, "first"), {"5.11": ("zone", "after zones")}),
    "CMA area of riscv": History(cma_search_of("riscv64"), (4 * GIB, "first"), {"7.0": (4 * GIB, "before zones")}),
    "CMA areas from 4 GiB on": History(pools.CMA_FROM_4G.reached, False, {"5.12": True}),
    "alignment of CMA areas": History(cma_aligned, 4 * MIB, {"5.19": 2 * MIB}),
    "CMA areas at an address": History(pools.CMA_EXACT.reached, False, {"5.3": True}),
    "limit of cma=": History(pools.CMA_LIMIT_OF_USER.reached, False, {"6.17": True}),
    "CMA areas of nodes": History(pools.CMA_OF_NODES.reached, False, {"7.2": True}),
    "hugetlb_cma=": History(pools.HUGETLB_CMA.reached, False, {"5.7": True}),
    "hugetlb_cma= of nodes": History(pools.HUGETLB_CMA_OF_NODES.reached, False, {"5.16": True}),
    "alignment of hugetlb_cma=": History(pool_aligned, GIB, {"5.16": 2 * MIB, "6.10": GIB}),
    "hugetlb_cma= in whole pages": History(pools.HUGETLB_CMA_WHOLE.reached, False, {"7.0": True}),
    "areas of hugetlb_cma= in parts": History(pools.CMA_IN_PARTS.reached, False, {"6.15": True}),
    "gigantic pages of x86-64": History(
        gigantic_of("x86_64"), (None, False), {"6.15": ("before zones", False), "7.0": ("before zones", True)}
    ),
    "gigantic pages of arm64": History(gigantic_of("arm64"), (None, False), {"7.0": ("before zones", True)}),
    "gigantic pages of a node": History(pools.EXACT_NODE.reached, False, {"6.14": True}),
    "KASLR and gigantic pages": History(pools.IMAGE_SPARES_GIGANTIC.reached, False, {"4.19": True}),
    "CMA of a crash kernel": History(lambda version: reserves_cma("x86_64", version), False, {"6.17": True}),
    "CMA of a crash kernel of arm64": History(lambda version: reserves_cma("arm64", version), False, {"7.1": True}),
    "zones set up last": History(ZONES_LAST.reached, False, {"7.0": True}),
    "WHOLE_FIRST_MIB": History(lambda version: x86_low_memory(version, 4096).pages, 16 + 97, {"5.13": 256}),
    "SOFT_RESERVED": History(soft_reserved, False, {"5.5": True}),
    "NEEDS_MIRRORS": History(mirrored_start, {0: 0x200000}, {"6.6": {}}),
    "MOVABLE_PERCENT": History(movable_percent, 0, {"4.17": 30}),
    "MOVABLE_MIRROR": History(knows_mirror, False, {"4.6": True}),
    "MOVABLE_NODE": History(movable("movable_node"), False, {"3.14": True}),
    "PRAM_ARGUMENT": History(first_action("memmap=1G!4G"), "remove", {"4.1": "add"}),
    "MANIPULATION_ARGUMENT": History(first_action("memmap=1G%4G-1+2"), "remove", {"4.16": "update"}),
    "MEMMAP_LIST": History(operations("memmap=1G$4G,1G$6G"), 1, {"3.9": 2}),
    "memtest= on arm": History(lambda version: has_early_test("arm64", version), False, {"4.1": True}),
    "RESERVE_MEM": History(noted("reserve_mem=4M:4096:trace"), ["argument-too-new"], {"6.11": []}),
    "HUGE_PAGES_OF_NODES": History(noted("hugepages=0:2,1:2"), ["argument-too-new"], {"5.16": []}),
    "notes on kernelcore=mirror": History(
        noted("kernelcore=mirror"), ["argument-too-new"], {"4.6": ["argument-ignored"]}
    ),
    "notes on percentages": History(noted("movablecore=30%"), ["argument-too-new"], {"4.17": []}),
    "notes on movable_node": History(noted("movable_node"), ["argument-too-new"], {"3.14": []}),
    "STUB_PLACES_IMAGE": _BLIND_STUB,
    "STUB_SPARES_REGIONS": _BLIND_STUB,
    "arguments too early": History(
        lambda version: version in ARGUMENTS_TOO_EARLY.releases,
        False,
        {"5.15.5": True, "5.15.12": False, "5.16": True, "5.16.1": False},
    ),
    "SOFT_RESERVED_APART": History(pieces_of_soft_reserved, 2, {"5.10": 3}),
    "ENDS_WITH_RAM": History(last_pfn_agrees(10), True, {"2.6.27": False}),
    "ZONES_CUT": History(end_of_dma32, 4 * GIB, {"3.19": 64 * MIB}),
    "ACPI_IN_MAX_PFN": History(end_of_ram, 8, {"6.11": 9}),
    "last_pfn": History(last_pfn_agrees(9), False, {"6.11": True}),
    "max_pfn": History(max_pfn, MIB // 4096, {"6.11": 2 * GIB // 4096}),
    "MIB_WITHOUT_NODE": History(nodes_without_a_mib, 1, {"6.6.70": 2, "6.7": 1, "6.12.5": 2, "6.13": 2}),
    "CUT_TO_MEMORY": History(first_fake_node, GIB // 2, {"6.12": GIB // 2 + 4096}),
    "SMALL_NODES": History(
        spanned_nodes,
        {0},
        {
            "4.14.331": {0, 1},
            "4.15": {0},
            "4.19.300": {0, 1},
            "4.20": {0},
            "5.4.262": {0, 1},
            "5.5": {0},
            "5.10.202": {0, 1},
            "5.11": {0},
            "5.15.140": {0, 1},
            "5.16": {0},
            "6.1.64": {0, 1},
            "6.2": {0},
            "6.5.13": {0, 1},
            "6.6": {0},
            "6.6.3": {0, 1},
            "6.7": {0, 1},
        },
    ),
    "DEBIAN_FAKES": History(debian_fakes, False, {"6.18": True}),
    "LIMIT_SPARES_NOMAP": History(limited_memory, 64 * MIB, {"4.8": 408 * MIB}),
    "TREE_MARKS_NOMAP": History(gaps_counted, True, {"5.12": False}),
    "HEAD_LEFT_OUT": History(image_above_a_limit, 100 * MIB, {"5.11": 100 * MIB - (64 << 10)}),
    "IMAGE_MOVES": History(image_is_known, True, {"4.12": False}),
    "FLATMEM_FILLED": History(FLATMEM.fills_holes, False, {"5.15": True}),
    "FLATMEM_TAIL": History(FLATMEM.tail, 1, {"6.15": 1024}),
    "KHO_FIXED": History(notes(**HANDED_OVER), ["kho-deferred"], {"6.16.4": [], "6.17": []}),
    "SHARED_TAILS": History(
        notes(command_line="hugetlb_free_vmemmap=on hugepagesz=1G hugepages=4"), [], {"6.15": ["shared-struct-pages"]}
    ),
    "ORDER_INCLUSIVE": History(
        lambda version: configured_buddy(BootLog(config=(ConfigOption("ARCH_FORCE_MAX_ORDER", "11", ()),)), version),
        1024,
        {"6.4": 2048},
    ),
    "HOLES_IN_ZONE": History(
        lambda version: "memory alone" in bound("move_freepages", "arm64")(version),
        False,
        {"4.19": True, "5.14": False},
    ),
    "NO_FLAG": History(flagless, False, {"6.16": True}),
    "ONLINE_ONLY": History(
        gap_is_avoided,
        True,
        {"4.14.151": False, "4.15": True, "4.19.81": False, "4.20": True, "5.3.8": False, "5.4": False},
    ),
    "CUT_AT_END": History(read_above_the_zones, False, {"5.6": True}),
    "ALL_WRITTEN": History(assumed_holes_are_avoided, True, {"5.6": False}),
    "hash of x86_64": History(resume_hash("x86_64"), None, {"4.10": "md5", "5.12.4": "crc32", "5.13": "crc32"}),
    "hash of i386": History(resume_hash("i386"), None, {"4.20": "md5", "5.12.4": "crc32", "5.13": "crc32"}),
    "HASHED_AS_GIVEN": History(hashed_map, "extended", {"4.14": "firmware"}),
    "NOSAVE_BY_ADDRESS": History(
        shared_page_is_blamed,
        True,
        {
            "5.10.237": False,
            "5.11": True,
            "5.15.181": False,
            "5.16": True,
            "6.1.135": False,
            "6.2": True,
            "6.6.88": False,
            "6.7": True,
            "6.12.24": False,
            "6.13": True,
            "6.13.12": False,
            "6.14": True,
            "6.14.3": False,
            "6.15": False,
        },
    ),
    "ROUNDED_UP": History(memmap_pages_of(one_zone((0, 16, 17)), 56), 3, {"2.6.27": 4}),
    "ESTIMATED": History(memmap_pages_of(WITH_HOLES, 64), 384 * 4, {"3.8": 200 * 4}),
    "ALL_PRESENT": History(lifo, (False, True), {"3.8": (True, True), "3.10": (True, False)}),
    "HIGHMEM_WHOLE": History(total_pages("i386", "HighMem"), False, {"3.8": True}),
    "NOT_TAKEN_OFF": History(total_pages("x86_64", "DMA32"), False, {"6.10": True}),
    "GENERIC_INITMEM": History(wide_initmem, True, {"3.17": False}),
    "MEMORY_KASLR": History(base_is_fixed, True, {"4.8": False}),
    "STRUCT_PAGE_ALIGNED": History(page_sizes, (56,), {"3.1": (64, 56, 72, 80), "3.19": (64,)}),
    "arm64 linear map": History(
        arm64_starts,
        [],
        {
            "4.7": ["0xffff7e0000000000"],
            "5.4": ["0xfffffdffffe00000"],
            "5.11": ["0xfffffc0000000000"],
            "6.9": ["0xfffffdffc0000000"],
        },
    ),
    "STRUCT_PAGE_SIZED": History(page_sizes, (56,), {"3.1": (64, 56, 72, 80), "3.19": (64,)}),
    "ARM64_KASLR": History(window("arm64", "actual", 0x80080), 0x80000, {"4.6": 0x80080}),
    "RISCV_BEYOND_ZERO": History(window("riscv64", "window", 0x80000), 0, {"6.7": None, "6.12": 0x80000}),
    "RISCV_FROM_RAM": History(window("riscv64", "window", 0x90000), 0, {"6.7": None, "6.12": 0x90000}),
    "sections of arm64": History(sections("arm64"), 0, {"2.6.11": 1024, "5.12": 128}),
    "sections of arm64 with 64 KiB pages": History(sections("arm64", 65536), 0, {"2.6.11": 1024, "5.12": 512}),
    "sections of s390x": History(sections("s390x"), 0, {"2.6.11": 256, "6.13": 128}),
    "sections of parisc64": History(sections("parisc64"), 0, {"6.1": 128}),
    "model of parisc64": History(model("parisc64"), None, {"6.1": ("sparsemem", False)}),
    "sections of arm": History(sections("arm"), 0, {"4.9": 256}),
    "model of i386 with NUMA": History(
        model("i386", 2), None, {"2.6.11": ("flatmem", False), "5.14": ("sparsemem", False)}
    ),
    "model of arm64": History(
        model("arm64"), None, {"2.6.11": ("sparsemem", True), "4.19": ("sparsemem", False), "5.13": ("sparsemem", True)}
    ),
    "model of riscv64": History(model("riscv64"), None, {"2.6.11": ("flatmem", True), "5.4": ("sparsemem", False)}),
    "model of mips with NUMA": History(model("mips64", 2), None, {"5.3": ("sparsemem", False)}),
    "zones of arm64": History(
        limits("arm64", 33),
        [("DMA32", 36), ("Normal", None)],
        {
            "5.5": [("DMA", 34), ("DMA32", 36), ("Normal", None)],
            "5.11": [("DMA", None), ("DMA32", None), ("Normal", None)],
        },
    ),
    "zones of ppc64": History(limits("ppc64le", 0), [("DMA", None)], {"5.2": [("DMA", 2), ("Normal", None)]}),
    "pfn_valid() of arm64": History(lambda version: asks_memblock("arm64", version), True, {"5.14": False}),
    "builds of RHEL 7": History(
        acts_like("3.10.0-{}.el7.x86_64"), ("RHEL 7", (3, 10, 0)), {"408.0": ("RHEL 7", (4, 4, 0))}
    ),
    "builds of RHEL 8": History(
        acts_like("4.18.0-{}.el8.x86_64"),
        ("RHEL 8.0", (4, 18, 0)),
        {
            "147.0": ("RHEL 8.1 and 8.2", (5, 0, 0)),
            "240.0": ("RHEL 8.3 and 8.4", (5, 7, 0)),
            "348.0": ("RHEL 8.5 and later", (5, 11, 0)),
        },
    ),
    "RHEL 6": History(acts_like("2.6.32-{}.el6.x86_64"), ("RHEL 6", (2, 6, 39)), {}),
    "XenServer": History(acts_like("4.19.0+{}"), ("XenServer and XCP-ng 8", (4, 19, 103)), {}),
    "LOG_METADATA": History(log_buffer, [MIB], {"5.10": [MIB * 9 // 2]}),
    "BOOT_SERVICES_KEPT": History(returned_boot_services, [-MIB], {"5.7": []}),
    "LATE_MEMORY_LINE": History(mem_total_with_efi, "assumed", {"6.11": "evidence"}),
    **{
        line: History(can_print(line), not changes[0], {at: bool(n % 2 == 0) for n, at in enumerate(changes) if at})
        for line, changes in PRINTED.items()
    },
}
