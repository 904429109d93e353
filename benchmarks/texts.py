"""Texts to measure with: a real boot among ordinary chatter, and layouts of many ranges."""

from itertools import count
from pathlib import Path

from pfnscope.bootlog.candidates import lines_with_triggers

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


def console_log(size: int, sample: str = "fixed-1g-4g") -> bytes:
    """A recorded boot and then, up to ``size`` bytes, its lines that say nothing of memory, over and over."""
    boot = (SAMPLES / sample / "dmesg.txt").read_bytes()
    messages = [line.partition(b"] ")[2] for line in boot.splitlines()]
    chatter = [message for message in messages if message and not any(lines_with_triggers(message))]
    out, length = [boot], len(boot)
    for second in count(100):
        block = b"".join(b"[%5d.%06d] %b\n" % (second, i, message) for i, message in enumerate(chatter))
        out.append(block)
        length += len(block)
        if length >= size:
            return b"".join(out)[:size]
    raise AssertionError


def many_ranges(ranges: int) -> bytes:
    """A boot with ``ranges`` early node ranges of 1 MiB on two nodes, a hole of one frame after each."""
    top = ranges * (MIB + 4096) + 4096
    head = (
        "[    0.000000] Linux version 6.1.90 (b@h) #1 SMP\n[    0.000000] BIOS-provided physical RAM map:\n"
        f"[    0.000000] BIOS-e820: [mem {0:#018x}-{top - 1:#018x}] usable\n[    0.000000] Zone ranges:\n"
    )
    zones = ((0x1000, 0x1000000, "DMA"), (0x1000000, 1 << 32, "DMA32"), (1 << 32, max(top, (1 << 32) + MIB), "Normal"))
    lines = [f"[    0.000000]   {zone:<8} [mem {start:#018x}-{end - 1:#018x}]\n" for start, end, zone in zones]
    lines.append("[    0.000000] Early memory node ranges\n")
    for at in range(ranges):
        start = 0x1000 + at * (MIB + 4096)
        lines.append(f"[    0.000000]   node {at * 2 // ranges:3d}: [mem {start:#018x}-{start + MIB - 1:#018x}]\n")
    return (head + "".join(lines)).encode()


def memblock_debug(reservations: int) -> bytes:
    """A boot with ``reservations`` lines of memblock=debug, each about another page."""
    head = (
        b"[    0.000000] Linux version 6.1.90 (b@h) #1 SMP\n"
        b"[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000ffffffffff] usable\n"
    )
    line = b"[    0.%06d] memblock_reserve: [0x%016x-0x%016x] memblock_alloc_range_nid+0xd2/0x130\n"
    starts = ((at, MIB + at * 0x3000) for at in range(reservations))
    return head + b"".join(line % (at, start, start + 0xFFF) for at, start in starts)


def firmware_map(entries: int) -> bytes:
    """A boot whose firmware map has ``entries`` entries, RAM and reserved in turn, and its node ranges."""
    step = 4 * MIB
    head = "[    0.000000] Linux version 6.1.90 (b@h) #1 SMP\n[    0.000000] Command line: quiet\n"
    kinds = ("usable", "reserved")
    maps = [
        f"[    0.000000] BIOS-e820: [mem {at * step:#018x}-{(at + 1) * step - 1:#018x}] {kinds[at % 2]}\n"
        for at in range(entries)
    ]
    nodes = [
        f"[    0.000000]   node   0: [mem {max(at * step, MIB):#018x}-{(at + 1) * step - 1:#018x}]\n"
        for at in range(0, entries, 2)
    ]
    header = "[    0.000000] BIOS-provided physical RAM map:\n", "[    0.000000] Early memory node ranges\n"
    return (head + header[0] + "".join(maps) + header[1] + "".join(nodes)).encode()


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
