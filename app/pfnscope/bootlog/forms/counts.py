"""Page counts that the kernel prints, in pages or KiB, and where it keeps its struct pages."""

from pfnscope.bootlog.effects import Effect, MemoryLine, Remark, Tally
from pfnscope.bootlog.forms.base import HEX, NUMBER, ZONE, Form, Groups, hexadecimal, number
from pfnscope.kernel import spellings
from pfnscope.model.counts import Count, FlagWidths, WalkedZone, Zonelist
from pfnscope.model.log import StructPages
from pfnscope.model.ranges import FrameRange, Lines
from pfnscope.patterns import compiled

_WRAPPED = r"(?:-[0-9]{1,19}|[0-9]{19,20})(?:\b|[kK])"


def _on_node_zone(groups: Groups, lines: Lines) -> Effect:
    node, zone, pages = groups
    return Tally("unavailable", Count(number(pages), lines, number(node), zone))


_ZONE_COUNTS = ("zone_pages", "zone_memmap", "zone_reserved", "zone_exceeding")


def _zone_pages(groups: Groups, lines: Lines) -> Effect:
    zone, *numbers = groups
    at = next(index for index, text in enumerate(numbers) if text is not None)
    return Tally(_ZONE_COUNTS[at], Count(number(numbers[at]), lines, None, zone))


_PART = rf"{NUMBER}[kK] ([a-z]+ code|[a-z][a-z-]*)"
_PARTS = r"(?:[ ,(]+[0-9]{1,18}[kK] [a-z][a-z-]*(?: code)?)*"


def _memory_line(groups: Groups, _lines: Lines) -> Effect:
    free, unit, total, inside = groups
    pieces = (match.groups() for match in compiled(_PART).finditer((inside or "").encode()))
    parts = tuple((name or "", number(kib)) for kib, name in pieces)
    named = dict(parts)
    return MemoryLine(
        number(free),
        None if total is None else number(total),
        unit == "K",
        named.get("absent"),
        named.get("reserved"),
        named.get("cma-reserved"),
        parts,
    )


def _zonelists(groups: Groups, lines: Lines) -> Effect:
    pages = None if groups[1] is None else number(groups[1])
    return Tally("zonelists", Count(number(groups[0]), lines, pages=pages))


def _deferred(groups: Groups, lines: Lines) -> Effect:
    node, pages = groups
    return Tally("deferred", Count(number(node), lines, pages=None if pages is None else number(pages)))


def _zonelist(groups: Groups, lines: Lines) -> Effect:
    members = (member.partition(":") for member in (groups[2] or "").split())
    zones = tuple((number(node), zone) for node, _, zone in members)
    return Tally("zonelist_members", Zonelist(number(groups[0]), groups[1] or "", zones, lines))


_WIDE = r"(f[0-9a-f]{15})"


FORMS = (
    Form(
        name="total-pages",
        family="page counts",
        triggers=(" totalpages",),
        pattern=rf"On node {NUMBER} totalpages: {NUMBER}\b",
        make=lambda g, lines: Tally("node_total_pages", Count(number(g[1]), lines, number(g[0]))),
        samples=("On node 0 totalpages: 1048431",),
        source="mm/page_alloc.c, 2.6.11-5.11",
        anchor=r"On node [0-9]+ totalpages",
        damaged=r"On node [0-9]+ totalpages",
    ),
    Form(
        name="unavailable-node-zone",
        family="page counts",
        triggers=("On node [0-9]+«, zone»",),
        pattern=rf"On node {NUMBER}, zone {ZONE}: {NUMBER} pages in unavailable ranges",
        make=_on_node_zone,
        samples=("On node 0, zone DMA32: 41 pages in unavailable ranges",),
        source="mm/page_alloc.c, later mm/mm_init.c, 5.12-7.1; one line per hole, they add up",
        releases=(("", spellings.NODE_UNAVAILABLE),),
        anchor=r"On node [0-9]+, zone",
        damaged=r"On node [0-9]+, zone",
    ),
    Form(
        name="unavailable-zone",
        family="page counts",
        triggers=(" pages in unavailable",),
        pattern=rf"{ZONE} zone: {NUMBER} pages in unavailable ranges",
        make=lambda g, lines: Tally("unavailable", Count(number(g[1]), lines, None, g[0])),
        samples=("DMA zone: 28 pages in unavailable ranges",),
        source="mm/page_alloc.c, stable releases of 5.10 and 5.11",
        releases=(("", spellings.ZONE_UNAVAILABLE),),
    ),
    Form(
        name="zeroed-unavailable-zone",
        family="page counts",
        triggers=("Zeroed struct page in",),
        pattern=rf"{ZONE}: Zeroed struct page in unavailable ranges: {NUMBER}\b",
        make=lambda g, lines: Tally("unavailable", Count(number(g[1]), lines, None, g[0])),
        samples=("DMA: Zeroed struct page in unavailable ranges: 97",),
        source="mm/page_alloc.c, linux-next of December 2020; a line a zone, without its node",
    ),
    Form(
        name="zeroed-unavailable",
        family="page counts",
        triggers=("Zeroed struct page in",),
        pattern=rf"Zeroed struct page in unavailable ranges: {NUMBER} pages",
        make=lambda g, lines: Tally("zeroed_unavailable", Count(number(g[0]), lines)),
        samples=("Zeroed struct page in unavailable ranges: 139 pages",),
        source="mm/page_alloc.c, 5.0-5.11; whole system",
        releases=(("", spellings.ZEROED_UNAVAILABLE),),
        damaged=r"(?:in unavailable ranges|unavailable ranges:|Reserved but unavailable: [0-9])",
    ),
    Form(
        name="reserved-unavailable",
        family="page counts",
        triggers=("Reserved but unavailable",),
        pattern=rf"Reserved but unavailable: {NUMBER} pages",
        make=lambda g, lines: Tally("reserved_unavailable", Count(number(g[0]), lines)),
        samples=("Reserved but unavailable: 98 pages",),
        source="mm/page_alloc.c, 4.15-4.19; whole system",
        releases=(("", spellings.RESERVED_UNAVAILABLE),),
    ),
    Form(
        name="memory-line",
        family="Memory: line",
        triggers=("Memory: ",),
        pattern=rf"Memory: {NUMBER}([kK])B?/{NUMBER}[kK]B? available({_PARTS})",
        make=_memory_line,
        samples=(
            "Memory: 8069828K/8388084K available (14339K kernel code, 2400K rwdata, 318256K reserved)",
            "Memory: 3989124k/5242880k available (4096k kernel code, 1049000k absent, 204464k reserved)",
        ),
        source="mm/page_alloc.c and arch code before 3.10, 2.6.11-7.1; KiB",
        releases=(
            ("[0-9]K/", spellings.MEMORY_GENERIC),
            ("cma-reserved", spellings.CMA_RESERVED),
        ),
        tail=r"[\w ,)(-]+",
        anchor=r"Memory: [0-9]+[kK]/[0-9]+[kK] available",
    ),
    Form(
        name="memory-line-single",
        family="Memory: line",
        triggers=("Memory: [0-9]+(?:«KB available»|«k available»)",),
        pattern=rf"Memory: {NUMBER}(?:KB|k) available({_PARTS})",
        make=lambda g, lines: _memory_line((g[0], "k", None, g[1]), lines),
        samples=(
            "Memory: 60000KB available (3000K code, 400K data, 120K init)",
            "Memory: 1023456k available (2536k kernel code, 1328k data, 144k init) [fffff80000000000,000000003ff44000]",
        ),
        source="arch/arm/mm/init.c, 2.6.11-2.6.32, arch/sparc64/mm/init.c, 2.6.11-2.6.39; KiB, free only",
    ),
    Form(
        name="memory-banks",
        family="Memory: line",
        triggers=("«Memory: »[0-9]+MB ",),
        pattern=r"Memory: [0-9]+MB(?: [0-9]+MB)* = [0-9]+MB total",
        samples=("Memory: 512MB 512MB = 1024MB total", "Memory: 64MB = 64MB total"),
        source="arch/arm/mm/init.c, 2.6.11-3.10; one size a bank, no places",
    ),
    Form(
        name="zone-pages",
        family="page counts",
        triggers=(r"«zone: »[0-9]+ (?:memmap )?pages(?:,|\s(?:used|reserved|exceed))",),
        pattern=rf"{ZONE} zone: (?:{NUMBER} pages, LIFO batch:|{NUMBER} pages used for memmap|{NUMBER} pages reserved"
        rf"|{NUMBER} (?:memmap )?pages exceeds? (?:freesize|realsize))",
        make=_zone_pages,
        samples=(
            "DMA zone: 3995 pages, LIFO batch:0",
            "DMA zone: 64 pages used for memmap",
            "DMA zone: 21 pages reserved",
            "DMA32 zone: 12 pages exceeds freesize 5",
        ),
        source="mm/page_alloc.c, 2.6.11-6.8; the node is that of the lines around",
    ),
    Form(
        name="zonelists",
        family="page counts",
        triggers=(" zonelists",),
        pattern=rf"Built {NUMBER} zonelists(?:.*Total pages: {NUMBER})?",
        make=_zonelists,
        samples=(
            "Built 1 zonelists",
            "Built 2 zonelists in Node order, mobility grouping on.  Total pages: 1031941",
            "Built 2 zonelists, mobility grouping on.  Total pages: 2064261",
        ),
        source="mm/page_alloc.c, 2.6.11-7.1; the total leaves struct pages out up to 6.9",
        releases=(
            ("zonelists in (?:Node|Zone) order", spellings.ZONELISTS_ORDERED),
            ("zonelists, mobility", spellings.ZONELISTS),
        ),
        tail=r"[A-Za-z ,.]*(?:pages:)?(?: *[0-9]{1,18})?",
    ),
    Form(
        name="deferred-struct-pages",
        family="page counts",
        triggers=("node [0-9]+ (?:«initialised, »|«deferred pages»)",),
        pattern=rf"node {NUMBER} (?:initialised, {NUMBER} pages in|deferred pages initialised in) [0-9]+ms",
        make=_deferred,
        samples=("node 0 initialised, 1234 pages in 10ms", "node 0 deferred pages initialised in 10ms"),
        source="mm/page_alloc.c, later mm/mm_init.c, 4.4-7.1",
        releases=(
            (" initialised, ", spellings.DEFERRED_PAGES),
            ("deferred pages", spellings.DEFERRED),
        ),
    ),
    Form(
        name="mminit-memmap",
        family="page counts",
        triggers=("mminit::memmap_init Init",),
        pattern=rf"mminit::memmap_init Initialising map node {NUMBER} zone {NUMBER} pfns {NUMBER} -> {NUMBER}\b",
        make=lambda g, lines: Tally(
            "walked", WalkedZone(number(g[0]), number(g[1]), FrameRange(number(g[2]), number(g[3])), lines)
        ),
        samples=("mminit::memmap_init Initialising map node 0 zone 1 pfns 4096 -> 786391",),
        source="memmap_init of mm/page_alloc.c, later mm/mm_init.c, 2.6.32-7.1; decimal page frames, end exclusive",
    ),
    Form(
        name="mminit-widths",
        family="page counts",
        triggers=("mminit::pageflags_layout_widths",),
        pattern=rf"mminit::pageflags_layout_widths Section {NUMBER} Node {NUMBER} Zone {NUMBER}\b",
        make=lambda g, lines: Tally("flag_widths", FlagWidths(number(g[0]), number(g[1]), number(g[2]), lines)),
        samples=(
            "mminit::pageflags_layout_widths Section 0 Node 10 Zone 3 Lastcpupid 21 Kasantag 0 Gen 3 Tier 2 Flags 26",
        ),
        source="mm/mm_init.c with mminit_loglevel, 2.6.32-7.1; bits",
    ),
    Form(
        name="configured-cpus",
        family="page counts",
        triggers=("NR_CPUS=", "NR_CPUS:"),
        pattern=rf"(?:rcu: |setup_percpu: |PERCPU: )?(?:\s*RCU restricting CPUs from )?NR_CPUS[=:]{NUMBER}\b",
        make=lambda g, lines: Tally("configured_cpus", Count(number(g[0]), lines)),
        samples=(
            "rcu: \tRCU restricting CPUs from NR_CPUS=8192 to nr_cpu_ids=2.",
            "setup_percpu: NR_CPUS:8192 nr_cpumask_bits:2 nr_cpu_ids:2 nr_node_ids:2",
            "RCU restricting CPUs from NR_CPUS=64 to nr_cpu_ids=1.",
        ),
        source="kernel/rcu/tree_plugin.h 3.9-7.1, arch/x86/kernel/setup_percpu.c 2.6.27-7.1; width of page flags' CPU",
    ),
    Form(
        name="mminit-zonelist",
        family="page counts",
        triggers=("mminit::zonelist general",),
        pattern=rf"mminit::zonelist general {NUMBER}:([A-Za-z0-9]+) = ((?:[0-9]{{1,9}}:[A-Za-z0-9]+ ?)*)",
        make=_zonelist,
        samples=("mminit::zonelist general 0:DMA = 0:DMA ", "mminit::zonelist general 1:Normal = 1:Normal 0:Normal "),
        source="mm/mm_init.c with mminit_loglevel, 2.6.32-7.1",
    ),
    Form(
        name="mminit",
        family="page counts",
        triggers=("«mminit::»(?:zonelist thisnode|pageflags_layout_[npsu]|[a-lnoq-y])",),
        pattern=r"mminit::(?:zonelist thisnode|pageflags_layout_[npsu]|[a-lnoq-y][a-z_]+ )",
        samples=(
            "mminit::zonelist thisnode 0:DMA = 0:DMA ",
            "mminit::pageflags_layout_shifts Section 20 Node 6 Zone 1 Lastcpupid 0",
        ),
        source="mm/mm_init.c with mminit_loglevel, 2.6.32-7.1; the kernel's own checks",
    ),
    Form(
        name="count-wrapped",
        family="contradictions",
        triggers=(
            "(?:«totalpages»|«zone»(?: [A-Za-z0-9]+)?|«ranges»|«unavailable»): (?:-[0-9]|[0-9]{19})",
            "«Memory: »(?:[0-9]+[kK]B?/)?(?:-[0-9]|[0-9]{19})",
        ),
        pattern=rf"(?:On node [0-9]+ totalpages: |On node [0-9]+, zone {ZONE}: |{ZONE} zone: "
        r"|Zeroed struct page in unavailable ranges: |Reserved but unavailable: |Memory: (?:[0-9]{1,18}[kK]B?/)?)"
        rf"{_WRAPPED}",
        make=lambda _groups, _lines: Remark(
            "warning", "wrapped-count", "This count is below zero or wraps around 2^64: it is left out."
        ),
        samples=(
            "On node 0 totalpages: 18446744073709551615",
            "On node 0, zone DMA32: -41 pages in unavailable ranges",
            "Memory: 8069828K/18446744073709551612K available (14339K kernel code)",
            "DMA zone: 18446744073709551612 pages used for memmap",
        ),
        source="mm/page_alloc.c, 2.6.11-7.1; what a kernel prints that misjudged its memory",
    ),
    Form(
        name="vmemmap-start",
        family="struct pages",
        triggers=("vmemmap start",),
        pattern=rf"vmemmap start\s+= {HEX}\b",
        make=lambda g, lines: StructPages("start", hexadecimal(g[0]), None, lines),
        samples=("vmemmap start     = 0xc00c000000000000", "vmemmap start     = 0xf000000000000000"),
        source="arch/powerpc/kernel/setup-common.c, 4.17-7.1; struct page of page frame 0",
    ),
    Form(
        name="vmemmap-sparc",
        family="struct pages",
        triggers=("MM: VMEMMAP [0x",),
        pattern=rf"MM: VMEMMAP \[{HEX} --> {HEX}\]",
        make=lambda g, lines: StructPages("start", hexadecimal(g[0]), None, lines),
        samples=("MM: VMEMMAP [0x0000000800000000 --> 0x0000001000000000]",),
        source="arch/sparc/mm/init_64.c, 3.18-7.1; struct page of page frame 0",
    ),
    Form(
        name="vmemmap-window",
        family="struct pages",
        triggers=("vmemmap : 0x",),
        pattern=rf"vmemmap : {HEX} - {HEX}\s+\(\s*{NUMBER} ?(?:[KMGT]i?B)(?: maximum)?\)",
        make=lambda g, lines: StructPages("window", hexadecimal(g[0]), None, lines),
        samples=(
            "vmemmap : 0xffff7e0000000000 - 0xffff800000000000   (  2048 GB maximum)",
            "vmemmap : 0xffff7dffbf000000 - 0xffff7dffc1000000   (    32 MB)",
            "vmemmap : 0xffffffce00000000 - 0xffffffcf00000000   (4096 MB)",
        ),
        source="arch/arm64/mm/init.c 3.10-4.15, arch/riscv/mm/init.c 5.7-7.1; virtual",
    ),
    Form(
        name="vmemmap-actual",
        family="struct pages",
        triggers=("MB actual",),
        pattern=rf"{HEX} - {HEX}\s+\(\s*[0-9]+ MB actual\)",
        make=lambda g, lines: StructPages("actual", hexadecimal(g[0]), None, lines),
        samples=("0xffff7e0000000000 - 0xffff7e0004000000   (    64 MB actual)",),
        source="arch/arm64/mm/init.c, 4.1-4.15; from the struct page of the first frame of the linear map",
    ),
    Form(
        name="vmemmap-populated",
        family="struct pages",
        triggers=(r"«[f»[0-9a-f]{15}-f[0-9a-f]{15}\] P[MTU][DE] -> ",),
        pattern=rf"\[{_WIDE}-{_WIDE}\] P(?:MD|TE|UD) -> \[",
        make=lambda g, lines: StructPages("populated", hexadecimal(g[0]), None, lines),
        samples=("[ffffea0000000000-ffffea0002ffffff] PMD -> [ffff88013d600000-ffff88013fffffff] on node 0",),
        source="vmemmap_populate() in arch/x86/mm/init_64.c, 2.6.24-3.16; the lowest is of the first section",
    ),
    Form(
        name="vmemmap-elsewhere",
        family="struct pages",
        triggers=("potential offnode page_structs",),
        pattern=r"\[[0-9a-f]{8,16}-[0-9a-f]{8,16}\] potential offnode page_structs",
        samples=("[ffffea0002e00000-ffffea0002ffffff] potential offnode page_structs",),
        source="mm/sparse-vmemmap.c, 2.6.24-7.1; virtual",
    ),
    Form(
        name="vmemmap-unmoved",
        family="struct pages",
        triggers=("Kernel Offset: disabled", "KASLR disabled"),
        pattern=r"(?:Kernel Offset: disabled|KASLR disabled(?: |$))",
        make=lambda _groups, lines: StructPages("unmoved", None, None, lines),
        samples=("Kernel Offset: disabled", "KASLR disabled due to lack of seed", "KASLR disabled on command line"),
        source="dump_kernel_offset() in arch/x86/kernel/setup.c and arch/arm64/kernel/setup.c, 3.18-7.1;"
        " arch/arm64/kernel/kaslr.c, 5.7-7.1; KASLR is off",
    ),
    Form(
        name="vmemmap-kasan",
        family="struct pages",
        triggers=("KernelAddressSanitizer initialized", "BUG: KASAN: "),
        pattern=r"(?:kasan: )?(?:KernelAddressSanitizer initialized|BUG: KASAN: )",
        make=lambda _groups, lines: StructPages("kasan", None, None, lines),
        samples=(
            "kasan: KernelAddressSanitizer initialized",
            "BUG: KASAN: use-after-free in stable_page_flags+0x25/0x2f0",
        ),
        source="arch/x86/mm/kasan_init_64.c, arch/arm64/mm/kasan_init.c, mm/kasan/report.c, 4.0-7.1",
    ),
    Form(
        name="flat-memmap",
        family="struct pages",
        triggers=("free_area_init_node: node",),
        pattern=rf"free_area_init_node: node {NUMBER}, pgdat [0-9a-f]+, node_mem_map ([0-9a-f]*[1-9a-f][0-9a-f]*)\b",
        make=lambda g, lines: StructPages("flat", hexadecimal(g[1]), number(g[0]), lines),
        samples=("free_area_init_node: node 0, pgdat c0612d80, node_mem_map c1000000",),
        source="mm/page_alloc.c, 2.6.32-4.12; struct page of the first frame of the node, without SPARSEMEM",
    ),
    Form(
        name="node-descriptor",
        family="struct pages",
        triggers=("free_area_init_node: node",),
        pattern=rf"free_area_init_node: node {NUMBER}, pgdat [0-9a-f]+(?:$|, node_mem_map 0+$)",
        samples=("free_area_init_node: node 0, pgdat 80a3c1c0",),
        source="mm/page_alloc.c, 2.6.32-4.12; virtual",
    ),
)
