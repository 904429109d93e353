"""Texts of large machines, as their kernels print them."""

from pathlib import Path

SAMPLES = Path(__file__).parent.parent / "sample_logs"
MIB = 1 << 20


FAMILIES = (
    "Linux version|ommand line: |BIOS-e820|user: \\[mem|physical RAM map|e820: (update|remove)|last_pfn|SRAT: Node|"
    "NUMA: Node|NODE_DATA|Initmem setup node|Zone (PFN )?ranges|(DMA|DMA32|Normal|HighMem|Device) +(\\[mem|empty)|"
    "Movable zone start|Early memory|node +[0-9]+: \\[mem|MEMBLOCK configuration|(memory|reserved)\\[0x|"
    "memblock_[a-z_]+: |efi: mem|RAMDISK|crashkernel|cma: Reserved|OF: reserved mem|table memory at|nosave memory|"
    "software IO TLB|Memory: [0-9]+K|totalpages|in unavailable ranges|Reserved but unavailable|Zeroed struct page|"
    "cache hash table|BUG: |Bad page|RIP: |uninitialized and poisoned|page dumped"
)
"""The line families in the words that somebody would give to ``grep -E``."""


def large_machine(tebibytes: int, nodes: int) -> bytes:
    """A machine of ``nodes`` nodes that share ``tebibytes`` TiB, with the usual hole below 4 GiB."""
    top = tebibytes << 40
    low, hole = 0x6C7F2000, 4 << 30
    edges = [0, *(top * node // nodes for node in range(1, nodes)), top]
    ram = [(0x1000, 0x9F000), (MIB, low), (hole, top)]
    lines = [
        "Linux version 4.17.0 (b@h) #1 SMP",
        "Command line: quiet",
        "BIOS-provided physical RAM map:",
        "BIOS-e820: [mem 0x0000000000000000-0x000000000009efff] usable",
        f"BIOS-e820: [mem 0x0000000000100000-{low - 1:#018x}] usable",
        f"BIOS-e820: [mem {low:#018x}-0x000000008fffffff] reserved",
        f"BIOS-e820: [mem {hole:#018x}-{top - 1:#018x}] usable",
        *(f"SRAT: Node {n} PXM {n} [mem {edges[n]:#010x}-{edges[n + 1] - 1:#010x}]" for n in range(nodes)),
        "Zone ranges:",
        "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]",
        "  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]",
        f"  Normal   [mem {hole:#018x}-{top - 1:#018x}]",
        "Early memory node ranges",
    ]
    for node in range(nodes):
        for start, end in ram:
            first, last = max(start, edges[node]), min(end, edges[node + 1])
            if first < last:
                lines.append(f"  node {node:3d}: [mem {first:#018x}-{last - 1:#018x}]")
    return "".join(f"[    0.000000] {line}\n" for line in lines).encode()


def memblock_dump(reserved: int) -> bytes:
    """A server's boot with memblock=debug: one table of ``reserved`` reserved ranges of few pages, 8 MiB apart."""
    low, high, step = 2 << 30, 4 << 30, 8 * MIB
    top = high + reserved * step
    memory = ((0x1000, 0x9F000), (MIB, low), (high, top))
    lines = [
        "Linux version 6.1.90 (b@h) #1 SMP",
        "Command line: memblock=debug",
        "BIOS-provided physical RAM map:",
        *(f"BIOS-e820: [mem {start:#018x}-{end - 1:#018x}] usable" for start, end in memory),
        "MEMBLOCK configuration:",
        f" memory size = {2 << 30:#x} reserved size = {reserved * 0x3000:#x}",
        " memory.cnt  = 0x3",
    ]
    for at, (start, end) in enumerate(memory):
        lines.append(
            f" memory[{at:#x}]\t[{start:#018x}-{end - 1:#018x}], {end - start:#018x} bytes on node 0 flags: 0x0"
        )
    lines.append(f" reserved.cnt  = {reserved:#x}")
    for at in range(reserved):
        start, size = high + at * step + at * 7919 % 1000 * 4096, (1, 1, 2, 3, 16, 100)[at % 6] * 4096
        lines.append(f" reserved[{at:#x}]\t[{start:#018x}-{start + size - 1:#018x}], {size:#018x} bytes flags: 0x0")
    lines += [
        "Zone ranges:",
        "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]",
        "  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]",
        f"  Normal   [mem {high:#018x}-{top - 1:#018x}]",
        "Early memory node ranges",
        *(f"  node   0: [mem {start:#018x}-{end - 1:#018x}]" for start, end in memory),
        f"Initmem setup node 0 [mem 0x0000000000001000-{top - 1:#018x}]",
    ]
    return "".join(f"[    0.000000] {line}\n" for line in lines).encode()
