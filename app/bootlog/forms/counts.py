"""Page counts that the kernel prints, in pages or KiB."""

from app.bootlog.effects import Effect, MemoryLine, Noted, Tally
from app.bootlog.forms.base import NUMBER, Form, Groups, number
from app.bootlog.model import Count, Lines

_ZONE = "(DMA|DMA32|Normal|HighMem|Movable|Device)"


def _on_node_zone(groups: Groups, lines: Lines) -> Effect:
    node, zone, pages = groups
    return Tally("unavailable", Count(number(pages), lines, number(node), zone))


FORMS = (
    Form(
        name="total-pages",
        family="page counts",
        triggers=("On node [0-9]+ totalpages",),
        pattern=rf"On node {NUMBER} totalpages: {NUMBER}\b",
        make=lambda g, lines: Tally("node_total_pages", Count(number(g[1]), lines, number(g[0]))),
        samples=("On node 0 totalpages: 1048431",),
        source="mm/page_alloc.c, 2.6.11-5.11",
    ),
    Form(
        name="unavailable-node-zone",
        family="page counts",
        triggers=("On node [0-9]+, zone",),
        pattern=rf"On node {NUMBER}, zone {_ZONE}: {NUMBER} pages in unavailable ranges",
        make=_on_node_zone,
        samples=("On node 0, zone DMA32: 41 pages in unavailable ranges",),
        source="mm/page_alloc.c, later mm/mm_init.c, 5.12-7.1; one line per hole, they add up",
    ),
    Form(
        name="unavailable-zone",
        family="page counts",
        triggers=("zone: [0-9]+ pages in unavailable",),
        pattern=rf"{_ZONE} zone: {NUMBER} pages in unavailable ranges",
        make=lambda g, lines: Tally("unavailable", Count(number(g[1]), lines, None, g[0])),
        samples=("DMA zone: 28 pages in unavailable ranges",),
        source="mm/page_alloc.c, stable releases of 5.10 and 5.11",
    ),
    Form(
        name="zeroed-unavailable",
        family="page counts",
        triggers=("Zeroed struct page in",),
        pattern=rf"Zeroed struct page in unavailable ranges: {NUMBER} pages",
        make=lambda g, lines: Tally("zeroed_unavailable", Count(number(g[0]), lines)),
        samples=("Zeroed struct page in unavailable ranges: 139 pages",),
        source="mm/page_alloc.c, 5.0-5.11; whole system",
    ),
    Form(
        name="reserved-unavailable",
        family="page counts",
        triggers=("Reserved but unavailable",),
        pattern=rf"Reserved but unavailable: {NUMBER} pages",
        make=lambda g, lines: Tally("reserved_unavailable", Count(number(g[0]), lines)),
        samples=("Reserved but unavailable: 98 pages",),
        source="mm/page_alloc.c, 4.15-4.19; whole system",
    ),
    Form(
        name="memory-line",
        family="Memory: line",
        triggers=("Memory: [0-9]+[kK]",),
        pattern=rf"Memory: {NUMBER}[kK]B?/{NUMBER}[kK]B? available",
        make=lambda g, _lines: MemoryLine(number(g[0]), number(g[1])),
        samples=(
            "Memory: 8069828K/8388084K available (14339K kernel code, 2400K rwdata, 318256K reserved)",
            "Memory: 3989124k/5242880k available (4096k kernel code, 1049000k absent, 204464k reserved)",
        ),
        source="mm/page_alloc.c and arch code before 3.10, 2.6.11-7.1; KiB",
    ),
    Form(
        name="memory-line-single",
        family="Memory: line",
        triggers=("Memory: [0-9]+KB available",),
        pattern=rf"Memory: {NUMBER}KB available",
        make=lambda g, _lines: MemoryLine(number(g[0]), None),
        samples=("Memory: 60000KB available (3000K code, 400K data, 120K init)",),
        source="arch/arm/mm/init.c, 2.6.11-2.6.32; KiB, free only",
    ),
    Form(
        name="memory-banks",
        family="Memory: line",
        triggers=("Memory: [0-9]+MB ",),
        pattern=r"Memory: [0-9]+MB(?: [0-9]+MB)* = [0-9]+MB total",
        make=lambda _groups, _lines: Noted(),
        samples=("Memory: 512MB 512MB = 1024MB total", "Memory: 64MB = 64MB total"),
        source="arch/arm/mm/init.c, 2.6.11-3.10; one size a bank, no places",
    ),
    Form(
        name="zone-pages",
        family="page counts",
        triggers=("zone: [0-9]+ (?:memmap )?pages(?:,| used| reserved| exceed)",),
        pattern=rf"{_ZONE} zone: {NUMBER} (?:pages, LIFO batch:|pages used for memmap|pages reserved"
        r"|(?:memmap )?pages exceeds? freesize)",
        make=lambda _groups, _lines: Noted(),
        samples=(
            "DMA zone: 3995 pages, LIFO batch:0",
            "DMA zone: 64 pages used for memmap",
            "DMA zone: 21 pages reserved",
            "DMA32 zone: 12 pages exceeds freesize 5",
        ),
        source="mm/page_alloc.c, 2.6.11-6.8; the zone spans give the same numbers",
    ),
    Form(
        name="zonelists",
        family="page counts",
        triggers=("Built [0-9]+ zonelists",),
        pattern=r"Built [0-9]+ zonelists",
        make=lambda _groups, _lines: Noted(),
        samples=(
            "Built 1 zonelists",
            "Built 2 zonelists in Node order, mobility grouping on.  Total pages: 1031941",
            "Built 2 zonelists, mobility grouping on.  Total pages: 2064261",
        ),
        source="mm/page_alloc.c, 2.6.11-7.1; total without struct pages, a size of nothing",
    ),
    Form(
        name="deferred-struct-pages",
        family="page counts",
        triggers=("node [0-9]+ (?:initialised, |deferred pages)",),
        pattern=r"node [0-9]+ (?:initialised, [0-9]+ pages in|deferred pages initialised in) [0-9]+ms",
        make=lambda _groups, _lines: Noted(),
        samples=("node 0 initialised, 1234 pages in 10ms", "node 0 deferred pages initialised in 10ms"),
        source="mm/page_alloc.c, later mm/mm_init.c, 4.4-7.1",
    ),
    Form(
        name="mminit",
        family="page counts",
        triggers=("mminit::",),
        pattern=r"mminit::[a-z_]+ ",
        make=lambda _groups, _lines: Noted(),
        samples=(
            "mminit::zonelist general 0:DMA = 0:DMA ",
            "mminit::pageflags_layout_widths Section 0 Node 10 Zone 3 Lastcpupid 21 Kasantag 0 Gen 3 Tier 2 Flags 26",
        ),
        source="mm/mm_init.c with mminit_loglevel, 2.6.32-7.1; the kernel's own checks",
    ),
    Form(
        name="flat-memmap",
        family="page counts",
        triggers=("free_area_init_node: node",),
        pattern=rf"free_area_init_node: node {NUMBER}, pgdat",
        make=lambda _groups, _lines: Noted(),
        samples=("free_area_init_node: node 0, pgdat c0612d80, node_mem_map c1000000",),
        source="mm/page_alloc.c, 2.6.32-4.12; virtual addresses",
    ),
)
