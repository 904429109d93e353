"""Texts to measure with: a real boot among ordinary chatter, and layouts of many ranges."""

from itertools import count
from pathlib import Path

import re2

from app.bootlog.forms import FORMS

SAMPLES = Path(__file__).parent.parent / "sample_logs"
MIB = 1 << 20


def family_pattern() -> str:
    """The line families as one extended regular expression, for grep."""
    return "|".join(sorted({trigger for form in FORMS for trigger in form.triggers})).replace("(?:", "(")


def console_log(size: int, sample: str = "fixed-1g-4g") -> bytes:
    """A recorded boot and then, up to ``size`` bytes, its lines that say nothing of memory, over and over."""
    boot = (SAMPLES / sample / "dmesg.txt").read_bytes()
    told = re2.compile(family_pattern().encode())
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
