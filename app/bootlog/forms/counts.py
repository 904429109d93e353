"""Page counts that the kernel prints, in pages or KiB."""

from app.bootlog.effects import Effect, MemoryLine, Tally
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
)
