"""What firmware and architecture code say of nodes, apart from the lists that all kernels print."""

from pfnscope.bootlog.effects import Effect, NodeMemory, PfnInitmem, Remark
from pfnscope.bootlog.forms.base import BARE, HEX, MEM, NUMBER, Form, Groups, exclusive, hexadecimal, number
from pfnscope.model.log import Initmem, Lines, NodeRange


def _node_memory(groups: Groups, lines: Lines) -> Effect:
    node = number(groups[0])
    pairs = (pair.replace("0x", "").split("-") for pair in (groups[1] or "").split())
    return NodeMemory(tuple(NodeRange(node, *exclusive(start, end), lines) for start, end in pairs))


FORMS = (
    Form(
        name="node-memory-powerpc",
        family="node memory",
        triggers=("Node [0-9]+« Memory:»",),
        pattern=rf"(?:numa: +)?Node {NUMBER} Memory:((?: +0x[0-9a-f]{{1,16}}-0x[0-9a-f]{{1,16}})+)",
        make=_node_memory,
        samples=("Node 0 Memory: 0x0-0x40000000 0x80000000-0xc0000000", "Node 1 Memory: 0x40000000-0x80000000"),
        source="arch/powerpc/mm/numa.c, 2.6.18-4.4; bytes, end exclusive, all ranges of a node on one line",
        tail=r"(?:0x[0-9a-f]{1,16}-0x[0-9a-f]{1,16}\s*)+",
    ),
    Form(
        name="node-pfn-loongarch",
        family="Initmem setup",
        triggers=(": start_pfn=",),
        pattern=rf"Node{NUMBER}: start_pfn={HEX}, end_pfn={HEX}\b",
        make=lambda g, _lines: PfnInitmem(number(g[0]), hexadecimal(g[1]), hexadecimal(g[2])),
        samples=("Node0: start_pfn=0x80, end_pfn=0x3c00",),
        source="arch/loongarch/kernel/numa.c, 6.1-7.1; page frames, end exclusive",
    ),
    Form(
        name="node-pfn-i386",
        family="Initmem setup",
        triggers=(", start_pfn: ",),
        pattern=rf"Node: {NUMBER}, start_pfn: {BARE}, end_pfn: {BARE}\b",
        make=lambda g, _lines: PfnInitmem(number(g[0]), hexadecimal(g[1]), hexadecimal(g[2])),
        samples=("Node: 0, start_pfn: 0, end_pfn: 80000",),
        source="arch/x86/mm/numa_32.c, 2.6.18-3.14; page frames in hexadecimal, end exclusive",
    ),
    Form(
        name="node-empty",
        family="Initmem setup",
        triggers=("Could not find start_pfn for node",),
        pattern=rf"Could not find start_pfn for node {NUMBER}",
        make=lambda g, lines: Initmem(number(g[0]), None, None, lines),
        samples=("Could not find start_pfn for node 1",),
        source="mm/page_alloc.c, 2.6.24-5.7; a node without memory",
    ),
    Form(
        name="node-merged",
        family="NUMA",
        triggers=("NUMA: Node ",),
        pattern=rf"NUMA: Node {NUMBER} \[(?:mem 0x)?[0-9a-f]+[,-][0-9a-fx]+[\])] \+ ",
        samples=(
            "NUMA: Node 0 [0,a0000) + [100000,80000000) -> [0,80000000)",
            "NUMA: Node 0 [mem 0x00000000-0x0009ffff] + [mem 0x00100000-0x7fffffff] -> [mem 0x00000000-0x7fffffff]",
        ),
        source="arch/x86/mm/numa.c, mm/numa_memblks.c, 3.4-7.1; two SRAT entries put together",
    ),
    Form(
        name="node-faked",
        family="NUMA",
        triggers=("Faking ",),
        pattern=rf"(?:NUMA: )?Faking (?:a node at|node {NUMBER} at) (?:{MEM}|{BARE}-{BARE})",
        samples=(
            "Faking a node at 0000000000000000-0000000080000000",
            "Faking a node at [mem 0x0000000000000000-0x00000001bfffffff]",
            "NUMA: Faking a node at [mem 0x0000000080000000-0x00000000ffffffff]",
            "Faking node 0 at [mem 0x0000000000000000-0x000000003fffffff] (1024MB)",
        ),
        source="arch/x86/mm/numa.c, drivers/base/arch_numa.c, 2.6.18-7.1; one node for all memory, or numa=fake",
    ),
    Form(
        name="node-adding",
        family="NUMA",
        triggers=("Adding memblock",),
        pattern=rf"NUMA: Adding memblock \[{HEX} - {HEX}\] on node {NUMBER}",
        samples=("NUMA: Adding memblock [0x80000000 - 0xbfffffff] on node 0",),
        source="arch/arm64/mm/numa.c, 4.9-4.12; what the firmware says, RAM or not",
    ),
    Form(
        name="node-northbridge",
        family="NUMA",
        triggers=("MemBase ",),
        pattern=rf"Node {NUMBER} MemBase {BARE} Limit {BARE}",
        samples=("Node 0 MemBase 0000000000000000 Limit 0000000080000000",),
        source="arch/x86/mm/amdtopology.c, 2.6.24-7.1; the memory controller's windows, RAM or not",
    ),
    Form(
        name="numa-overlap",
        family="contradictions",
        triggers=(r"NUMA: (?:Warning: )?node [0-9]+ \[[^\]\n]*\]« overlaps with»",),
        pattern=rf"NUMA: (?:Warning: )?node {NUMBER} \[[^\]]*\] overlaps with (itself|node [0-9]+) \[",
        make=lambda g, _lines: Remark(
            "warning", "overlapping-firmware-nodes", f"The firmware's memory of node {g[0]} overlaps {g[1]}."
        ),
        samples=(
            "NUMA: Warning: node 0 [mem 0x00000000-0x7fffffff] overlaps with itself [mem 0x40000000-0xbfffffff]",
            "NUMA: node 0 [mem 0x00000000-0x7fffffff] overlaps with node 1 [mem 0x40000000-0xbfffffff]",
        ),
        source="arch/x86/mm/numa.c, mm/numa_memblks.c, 3.6-7.1",
    ),
    Form(
        name="numa-rejected",
        family="contradictions",
        triggers=("MB of your", "rejecting NUMA config"),
        pattern=r"((?:SRAT: PXMs|NUMA: nodes) only cover [0-9]+MB of your [0-9]+MB e820 RAM\. Not used\."
        r"|Node alignment [0-9]+MB < min [0-9]+MB, rejecting NUMA config)",
        make=lambda g, _lines: Remark("warning", "numa-rejected", f"The kernel rejected the firmware's nodes: {g[0]}"),
        samples=(
            "SRAT: PXMs only cover 4000MB of your 4096MB e820 RAM. Not used.",
            "NUMA: nodes only cover 2047MB of your 4095MB e820 RAM. Not used.",
            "Node alignment 2MB < min 128MB, rejecting NUMA config",
        ),
        source="arch/x86/mm/srat_64.c, arch/x86/mm/numa.c, 2.6.18-7.1",
    ),
)
