"""Where the kernel keeps its struct pages, as some architectures and older releases print it."""

from pfnscope.bootlog.forms.base import HEX, NUMBER, Form, hexadecimal, number
from pfnscope.model.log import StructPages

_WIDE = r"(f[0-9a-f]{15})"


FORMS = (
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
