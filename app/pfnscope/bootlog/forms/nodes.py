"""NUMA nodes and their zones: what firmware and memblock give to which node, and the limits of zones."""

from pfnscope.bootlog.effects import Effect, Header, NodeMemory, PfnInitmem, PfnMovable, PfnNode, PfnZone
from pfnscope.bootlog.forms.base import (
    BARE,
    HEX,
    MEM,
    NUMBER,
    ZONE,
    Form,
    Groups,
    exclusive,
    hexadecimal,
    inclusive,
    number,
    same_width,
)
from pfnscope.kernel import spellings
from pfnscope.model.log import EmulatedNode, Initmem, MovableStart, NodeRange, SratEntry, WindowNode, ZoneRange
from pfnscope.model.ranges import Address, ByteRange, Lines, borders

_LAST = 0xFFF
_WIDE = r"\[mem 0x0{8}[0-9a-f]{8}-"
_NARROW = r"\[mem 0x[0-9a-f]{8,9}-"
_NARROW_INITMEM = rf"^Initmem .*{_NARROW}"


def _srat(groups: Groups, lines: Lines) -> Effect:
    node, start, end, hotplug, non_volatile = groups
    return SratEntry(number(node), *inclusive(start, end), bool(hotplug), bool(non_volatile), lines)


def _emulated(groups: Groups, lines: Lines) -> Effect:
    node, first, last, start, end = groups
    return EmulatedNode(number(node), *(inclusive(first, last) if first else exclusive(start, end)), lines)


def _node_frames(groups: Groups, _lines: Lines) -> Effect:
    node, start, end = groups
    same_width(start, end)
    return PfnNode(number(node), hexadecimal(start), hexadecimal(end))


def _initmem(groups: Groups, lines: Lines) -> Effect:
    node, start, end = groups
    memory = inclusive(start, end)
    return Initmem(number(node), *borders(memory if memory.size > 1 else None), lines)


def _by_last_bits(start: str | None, end: str | None) -> ByteRange:
    """2.6.9 printed the last byte, 2.6.18 the end: memory has whole pages, so a last byte shows."""
    return inclusive(start, end) if hexadecimal(end) & _LAST == _LAST else exclusive(start, end)


def _node_memory(groups: Groups, lines: Lines) -> Effect:
    node = number(groups[0])
    pairs = (pair.replace("0x", "").split("-") for pair in (groups[1] or "").split())
    return NodeMemory(tuple(NodeRange(node, *exclusive(start, end), lines) for start, end in pairs))


def _frames(groups: Groups, _lines: Lines) -> Effect:
    zone, start, end = groups
    same_width(start, end)
    return PfnZone(zone or "", hexadecimal(start), hexadecimal(end))


FORMS = (
    Form(
        name="srat",
        family="SRAT",
        triggers=("SRAT: Node",),
        pattern=rf"(?:ACPI: )?SRAT: Node {NUMBER} PXM [0-9]+ {MEM}(\s*hotplug)?(\s*non-volatile)?",
        make=_srat,
        samples=(
            "SRAT: Node 0 PXM 0 [mem 0x00000000-0x0009ffff]",
            "ACPI: SRAT: Node 1 PXM 1 [mem 0x140000000-0x23fffffff]",
            "ACPI: SRAT: Node 2 PXM 4 [mem 0x2000000000-0x3fffffffff] hotplug non-volatile",
        ),
        source="arch/x86/mm/srat.c 3.6-4.4, drivers/acpi/numa/srat.c 4.9-7.1; end inclusive",
        releases=(
            ("^SRAT", spellings.SRAT_UNNAMED),
            ("^ACPI: ", spellings.SRAT_OF_ACPI),
        ),
        tail=r"(?:hotplug\s*)?(?:non-volatile)?",
        anchor=r"(?:ACPI: )?SRAT: Node [0-9]",
        damaged=r"(?:ACPI: )?SRAT: Node [0-9]+ PXM [0-9]+ \[",
    ),
    Form(
        name="srat-old",
        family="SRAT",
        triggers=("SRAT: Node",),
        pattern=rf"SRAT: Node {NUMBER} PXM [0-9]+ {BARE}\s*-\s*{BARE}\b",
        make=lambda g, lines: SratEntry(number(g[0]), *_by_last_bits(g[1], g[2]), False, False, lines),
        samples=("SRAT: Node 1 PXM 1 40000000-80000000", "SRAT: Node 1 PXM 1 80000000-bfffffff"),
        source="arch/x86_64/mm/srat.c, arch/x86/mm/srat_64.c, 2.6.9-3.4; end exclusive, inclusive before 2.6.18",
    ),
    Form(
        name="nodes-header",
        family="node ranges",
        triggers=("Early memory ", "early_node_map["),
        pattern=r"(?:Early memory (?:node|PFN) ranges|early_node_map\[[0-9]+\] active PFN ranges)",
        make=lambda _groups, _lines: Header("nodes"),
        samples=(
            "Early memory node ranges",
            "Early memory PFN ranges",
            "early_node_map[3] active PFN ranges",
        ),
        source="mm/page_alloc.c, later mm/mm_init.c, 2.6.24-7.1",
        releases=(
            ("node ranges", spellings.RANGES),
            ("PFN ranges", spellings.RANGES_OLD),
        ),
        anchor=r"Early memory (?:node|PFN) ranges|early_node_map\[[0-9]",
    ),
    Form(
        name="node-range",
        family="node ranges",
        triggers=(r"«node » *[0-9]+:\s*\[mem",),
        pattern=rf"node\s+{NUMBER}:\s*{MEM}",
        make=lambda g, lines: NodeRange(number(g[0]), *inclusive(g[1], g[2]), lines),
        samples=(
            "  node   0: [mem 0x0000000000001000-0x000000000009afff]".strip(),
            "node 1: [mem 0x00100000-0x3fffffff]",
        ),
        source="mm/page_alloc.c, later mm/mm_init.c, 3.6-7.1; end inclusive",
        releases=(
            ("", spellings.RANGES),
            (_NARROW, spellings.NARROW),
            (_WIDE, spellings.WIDE),
        ),
        anchor=r"node +[0-9]+: +\[mem 0x",
        damaged=r"node\s+[0-9]+:\s*\[mem",
    ),
    Form(
        name="node-range-hex-pfn",
        family="node ranges",
        triggers=("[0-9]: *0x[0-9a-fA-F]+ *«->» *0x",),
        pattern=rf"{NUMBER}:\s*{HEX}\s*->\s*{HEX}\b",
        make=_node_frames,
        samples=("0: 0x00000010 -> 0x0000009b",),
        source="mm/page_alloc.c, 2.6.32-3.4; page frames, end exclusive",
        releases=(("", spellings.RANGES_OLD),),
        needs=("nodes",),
    ),
    Form(
        name="node-range-decimal-pfn",
        family="node ranges",
        triggers=("[0-9]: *[0-9]+ *«->» *[0-9]",),
        pattern=rf"{NUMBER}:\s*{NUMBER}\s*->\s*{NUMBER}\b",
        make=lambda g, _lines: PfnNode(number(g[0]), number(g[1]), number(g[2])),
        samples=("0:      256 ->   524208",),
        source="mm/page_alloc.c, 2.6.24; decimal page frames, end exclusive",
        releases=(("", spellings.RANGES_OLD),),
        needs=("nodes",),
    ),
    Form(
        name="movable-header",
        family="Movable start",
        triggers=("Movable zone start",),
        pattern=r"Movable zone start (?:PFN )?for each node",
        make=lambda _groups, _lines: Header("movable"),
        samples=("Movable zone start for each node", "Movable zone start PFN for each node"),
        source="mm/page_alloc.c, later mm/mm_init.c, 2.6.24-7.1; printed even with nothing below",
        releases=(
            ("PFN", spellings.RANGES_OLD),
            ("start for", spellings.RANGES),
        ),
        anchor=r"Movable zone start ",
    ),
    Form(
        name="movable-start",
        family="Movable start",
        triggers=(r"«Node » *[0-9]+:\s*0x",),
        pattern=rf"Node\s+{NUMBER}:\s*0x([0-9a-f]{{8,16}})\b",
        make=lambda g, lines: MovableStart(number(g[0]), Address(hexadecimal(g[1])), lines),
        samples=("Node 1: 0x0000000180000000",),
        source="mm/page_alloc.c, later mm/mm_init.c, 3.6-7.1; bytes",
        needs=("movable",),
    ),
    Form(
        name="movable-start-pfn",
        family="Movable start",
        triggers=("«Node » *[0-9]+: *[0-9]",),
        pattern=rf"Node\s+{NUMBER}:\s*([0-9]{{2,18}})\b",
        make=lambda g, _lines: PfnMovable(number(g[0]), number(g[1])),
        samples=("Node 0: 262144",),
        source="mm/page_alloc.c, 2.6.24-3.4; decimal page frame",
        needs=("movable",),
    ),
    Form(
        name="initmem",
        family="Initmem setup",
        triggers=("nitmem setup node",),
        pattern=rf"(?:numa:\s+|NUMA:\s+)?Initmem setup node {NUMBER} {MEM}",
        make=_initmem,
        samples=(
            "Initmem setup node 0 [mem 0x0000000000001000-0x00000000bfff0fff]",
            "Initmem setup node 1 [mem 0x0000000000000000-0x0000000000000000]",
        ),
        source="arch/x86/mm/numa.c 3.6-3.16, mm/page_alloc.c and mm/mm_init.c 4.4-7.1; end inclusive",
        releases=(
            ("", spellings.RANGES),
            (_NARROW_INITMEM, spellings.NARROW),
            (_WIDE, spellings.WIDE),
        ),
        anchor=r"Initmem setup node [0-9]",
        damaged=r"Initmem setup node [0-9]+ [\[0-9]",
    ),
    Form(
        name="initmem-memoryless",
        family="Initmem setup",
        triggers=("nitmem setup node",),
        pattern=rf"(?:numa:\s+|NUMA:\s+)?Initmem setup node {NUMBER} (?:as memoryless|\[<memory-less node>\])",
        make=lambda g, lines: Initmem(number(g[0]), None, None, lines),
        samples=("Initmem setup node 1 as memoryless", "NUMA: Initmem setup node 2 [<memory-less node>]"),
        source="mm/mm_init.c, 6.1-7.1; arch/arm64/mm/numa.c, 4.9",
        releases=(("as memoryless", spellings.MEMORYLESS),),
    ),
    Form(
        name="initmem-old",
        family="Initmem setup",
        triggers=("nitmem setup node", "ootmem setup node"),
        pattern=rf"(?:Initmem|Bootmem) setup node {NUMBER} {BARE}\s*-\s*{BARE}\b",
        make=lambda g, lines: Initmem(number(g[0]), *_by_last_bits(g[1], g[2]), lines),
        samples=(
            "Initmem setup node 0 0000000000000000-0000000080000000",
            "Bootmem setup node 0 0000000000000000-000000007ffb0000",
            "Bootmem setup node 1 0000000180000000-000000019fffffff",
        ),
        source="arch/x86/mm/numa_64.c, 2.6.9-3.4; end exclusive, inclusive before 2.6.18",
        releases=(("", spellings.RANGES_OLD),),
        damaged=r"Bootmem setup node [0-9]+ [\[0-9]",
    ),
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
        triggers=("Faking a node at",),
        pattern=rf"(?:NUMA: )?Faking a node at (?:{MEM}|{BARE}-{BARE})",
        samples=(
            "Faking a node at 0000000000000000-0000000080000000",
            "Faking a node at [mem 0x0000000000000000-0x00000001bfffffff]",
            "NUMA: Faking a node at [mem 0x0000000080000000-0x00000000ffffffff]",
        ),
        source="arch/x86/mm/numa.c, drivers/base/arch_numa.c, 2.6.18-7.1; one node for all memory",
    ),
    Form(
        name="node-emulated",
        family="NUMA",
        triggers=("«Faking node »[0-9]",),
        pattern=rf"Faking node {NUMBER} at (?:{MEM}|{BARE}-{BARE})",
        make=_emulated,
        samples=(
            "Faking node 0 at [mem 0x0000000000001000-0x0000000056000fff] (1376MB)",
            "Faking node 1 at 0000000040000000-0000000080000000 (1024MB)",
        ),
        source="arch/x86/mm/numa_emulation.c, 2.6.39-6.11, mm/numa_emulation.c, 6.12-7.3; end exclusive to 3.4",
    ),
    Form(
        name="cxl-window-node",
        family="SRAT",
        triggers=("CEDT: Node ",),
        pattern=rf"(?:ACPI: )?CEDT: Node {NUMBER} PXM [0-9]+ {MEM}",
        make=lambda g, lines: WindowNode(number(g[0]), *inclusive(g[1], g[2]), lines),
        samples=("ACPI: CEDT: Node 2 PXM 2 [mem 0x490000000-0x88fffffff]",),
        source="acpi_parse_cfmws() in drivers/acpi/numa/srat.c, 6.10-7.1; posted on 30 April 2024; end inclusive",
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
        name="zones-header",
        family="zone ranges",
        triggers=("«Zone »(?:PFN )?ranges",),
        pattern=r"Zone (?:PFN )?ranges:",
        make=lambda _groups, _lines: Header("zones"),
        samples=("Zone ranges:", "Zone PFN ranges:"),
        source="mm/page_alloc.c, later mm/mm_init.c, 2.6.24-7.1",
        releases=(
            ("Zone ranges", spellings.RANGES),
            ("PFN", spellings.RANGES_OLD),
        ),
        anchor=r"Zone (?:PFN )?ranges:",
    ),
    Form(
        name="zone-range",
        family="zone ranges",
        triggers=(r"(?:«DMA »|«DMA32 »|«Normal »|«HighMem »|«Movable »|«Device ») *\[mem",),
        pattern=rf"{ZONE}\s+{MEM}",
        make=lambda g, lines: ZoneRange(g[0] or "", *inclusive(g[1], g[2]), lines),
        samples=(
            "DMA      [mem 0x0000000000001000-0x0000000000ffffff]",
            "Normal   [mem 0x01000000-0x375fdfff]",
        ),
        source="mm/page_alloc.c, later mm/mm_init.c, 3.6-7.1; end inclusive",
        releases=(
            ("", spellings.RANGES),
            (_NARROW, spellings.NARROW),
            (_WIDE, spellings.WIDE),
        ),
        needs=("zones",),
        damaged=r"(?:DMA|DMA32|Normal|HighMem|Movable|Device)\s+\[mem",
    ),
    Form(
        name="zone-empty",
        family="zone ranges",
        triggers=("(?:DMA|DMA32|Normal|HighMem|Movable|Device) +«empty»",),
        pattern=rf"{ZONE}\s+empty",
        make=lambda g, lines: ZoneRange(g[0] or "", None, None, lines),
        samples=("Device   empty", "HighMem empty"),
        source="mm/page_alloc.c, later mm/mm_init.c, 2.6.34-7.1",
        needs=("zones",),
    ),
    Form(
        name="zone-range-hex-pfn",
        family="zone ranges",
        triggers=("(?:DMA|DMA32|Normal|HighMem|Movable|Device) +0x[0-9a-fA-F]+ *«->»",),
        pattern=rf"{ZONE}\s+{HEX}\s*->\s*{HEX}\b",
        make=_frames,
        samples=("DMA32    0x00001000 -> 0x00100000",),
        source="mm/page_alloc.c, 2.6.32-3.4; page frames, end exclusive",
        releases=(("", spellings.RANGES_OLD),),
        needs=("zones",),
    ),
    Form(
        name="zone-range-decimal-pfn",
        family="zone ranges",
        triggers=("(?:DMA|DMA32|Normal|HighMem|Movable|Device) +[0-9]+ *«->»",),
        pattern=rf"{ZONE}\s+{NUMBER}\s*->\s*{NUMBER}\b",
        make=lambda g, _lines: PfnZone(g[0] or "", number(g[1]), number(g[2])),
        samples=("Normal    1048576 ->  1048576",),
        source="mm/page_alloc.c, 2.6.24; decimal page frames, end exclusive",
        releases=(("", spellings.RANGES_OLD),),
        needs=("zones",),
    ),
)
