"""Texts to measure with: a real boot among ordinary chatter, and layouts of many ranges."""

from itertools import count
from pathlib import Path

import re2

from app.bootlog.forms import FORMS

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
    told = re2.compile("|".join({trigger for form in FORMS for trigger in form.triggers}).encode())
    messages = [line.partition(b"] ")[2] for line in boot.splitlines()]
    chatter = [message for message in messages if message and not told.search(message)]
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
