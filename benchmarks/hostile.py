"""Prints what texts made to be slow cost, in seconds of processor, and by what that grows when the text doubles.

``python benchmarks/hostile.py`` measures the shapes, ``… forms`` every line form repeated with other numbers each time,
``… NAME`` one shape or form under cProfile. From text to the encoded document, as a server does it.
"""

import cProfile
import gc
import pstats
import re
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.texts import MIB, SAMPLES, firmware_map, many_ranges, memblock_debug, memblock_dump
from pfnscope.bootlog import forms
from pfnscope.bootlog.forms import FORMS
from pfnscope.service import analyze, encode

GOAL = 2.4
MB = 10**6
_PAGE = 4096
_NUMBERS = re.compile(r"(?<![\w.])(0x)?([0-9a-f]{5,16})(?![\w.])")
_HEAD = (
    "Linux version 6.1.90 (b@h) #1 SMP",
    "Command line: quiet crashkernel=256M",
    "BIOS-provided physical RAM map:",
    "BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable",
    "BIOS-e820: [mem 0x0000000000100000-0x00000000bfffffff] usable",
    "BIOS-e820: [mem 0x00000000c0000000-0x00000000ffffffff] reserved",
    "BIOS-e820: [mem 0x0000000100000000-0x0000003fffffffff] usable",
)
_NODES = (
    "Zone ranges:",
    "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]",
    "  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]",
    "  Normal   [mem 0x0000000100000000-0x0000003fffffffff]",
    "Early memory node ranges",
    "  node   0: [mem 0x0000000000001000-0x000000000009ffff]",
    "  node   0: [mem 0x0000000000100000-0x00000000bfffffff]",
    "  node   0: [mem 0x0000000100000000-0x0000003fffffffff]",
    "Initmem setup node 0 [mem 0x0000000000001000-0x0000003fffffffff]",
)


def text(lines: list[str] | tuple[str, ...], step: int = 1) -> bytes:
    """The lines with time stamps."""
    return "".join(f"[{at * step // MB:5d}.{at * step % MB:06d}] {line}\n" for at, line in enumerate(lines)).encode()


def boot(early: list[str] | tuple[str, ...] = (), late: list[str] | tuple[str, ...] = ()) -> bytes:
    """A boot with lines before its node ranges and behind them."""
    return text([*_HEAD, *early, *_NODES, *late])


def numbered(sample: str, at: int) -> str:
    """The sample with its addresses moved up, alike all of them, so that no line is like another."""

    def moved(match: re.Match[str]) -> str:
        value, width = int(match[2], 16), len(match[2])
        return f"{match[1] or ''}{(value + at * 0x3000) % 16**width:0{width}x}"

    line = _NUMBERS.sub(moved, sample)
    return (
        line if line != sample or not at else re.sub(r"(?<![\w.])\d+(?![\w.])", lambda m: str(int(m[0]) + at), sample)
    )


def nodes(count: int) -> bytes:
    """Each entry of an SRAT is another node, and each node has a range."""
    srat = [
        f"SRAT: Node {n} PXM {n} [mem {n * MIB * 16:#010x}-{(n + 1) * MIB * 16 - 1:#010x}]" for n in range(1, count)
    ]
    ranges = [f"  node {n:3d}: [mem {n * MIB * 16:#018x}-{(n + 1) * MIB * 16 - 1:#018x}]" for n in range(1, count)]
    setup = [
        f"Initmem setup node {n} [mem {n * MIB * 16:#018x}-{(n + 1) * MIB * 16 - 1:#018x}]" for n in range(1, count)
    ]
    data = [f"NODE_DATA({n}) allocated [mem {n * MIB * 16:#x}-{n * MIB * 16 + 0x4FFF:#x}]" for n in range(1, count)]
    top = count * MIB * 16
    head = [
        *_HEAD[:3],
        f"BIOS-e820: [mem 0x0000000000001000-{top - 1:#018x}] usable",
        *srat,
        *data,
        *_NODES[:3],
        f"  Normal   [mem 0x0000000100000000-{max(top, (4 << 30) + MIB) - 1:#018x}]",
        _NODES[4],
    ]
    return text([*head, *ranges, *setup])


def interleaved(count: int, *, broken: bool = False) -> bytes:
    """Nodes by turns, every 16 MiB another of sixteen; ``broken``: inside of sections too, with holes of one page."""
    step = MIB if broken else 16 * MIB
    less = _PAGE if broken else 0
    top = MIB + count * step
    srat = [
        f"SRAT: Node {n % 16} PXM {n % 16} [mem {MIB + n * step:#010x}-{MIB + (n + 1) * step - 1:#010x}]"
        for n in range(count)
    ]
    ranges = [
        f"  node {n % 16:3d}: [mem {MIB + n * step:#018x}-{MIB + (n + 1) * step - less - 1:#018x}]"
        for n in range(count)
    ]
    setup = [
        f"Initmem setup node {n} [mem {MIB + n * step:#018x}-{top - (16 - n) * step - 1:#018x}]" for n in range(16)
    ]
    head = [
        *_HEAD[:3],
        f"BIOS-e820: [mem 0x0000000000100000-{top - 1:#018x}] usable",
        *srat,
        *_NODES[:3],
        f"  Normal   [mem 0x0000000100000000-{max(top, (4 << 30) + MIB) - 1:#018x}]",
        _NODES[4],
    ]
    return text([*head, *ranges, *setup])


def gaps(count: int, arguments: str = "quiet") -> bytes:
    """Nodes of 16 MiB without their last half MiB, so that each has a hole that no zone spans, inside a section."""
    step, top = 16 * MIB, count * 16 * MIB
    ranges = [(n, n * step, (n + 1) * step - MIB // 2) for n in range(1, count)]
    return text(
        [
            "Linux version 4.17.0 (b@h) #1 SMP",
            f"Command line: {arguments}",
            _HEAD[2],
            *(f"BIOS-e820: [mem {start:#018x}-{end - 1:#018x}] usable" for _, start, end in ranges),
            *(f"SRAT: Node {n} PXM {n} [mem {start:#010x}-{start + step - 1:#010x}]" for n, start, _ in ranges),
            *_NODES[:3],
            f"  Normal   [mem 0x0000000100000000-{max(top, (4 << 30) + MIB) - 1:#018x}]",
            _NODES[4],
            *(f"  node {n:3d}: [mem {start:#018x}-{end - 1:#018x}]" for n, start, end in ranges),
            *(f"Initmem setup node {n} [mem {start:#018x}-{end - 1:#018x}]" for n, start, end in ranges),
        ]
    )


def one_node(count: int) -> bytes:
    """Each MiB of one node is another entry of the SRAT, and half of them ranges."""
    lines = [f"SRAT: Node 0 PXM 0 [mem {n * MIB:#010x}-{(n + 1) * MIB - 1:#010x}]" for n in range(1, count)]
    ranges = [f"  node   0: [mem {n * MIB:#018x}-{(n + 1) * MIB - 1:#018x}]" for n in range(2, count, 2)]
    return text([*_HEAD, *lines, *_NODES[:5], *ranges])


def failures(count: int) -> bytes:
    """All sentences in which a kernel says that something failed, in turn and each with other numbers."""
    samples = [sample for form in FORMS for sample in form.samples if form.name in _FAILURES]
    return boot((), [numbered(samples[n % len(samples)], n) for n in range(count)])


_FAILURES = {form.name for form in forms.failures.FORMS + forms.pools.FORMS + forms.hotadd.FORMS + forms.panics.FORMS}


def every_form(count: int) -> bytes:
    """The samples of all forms, in turn and each with other numbers, behind a boot."""
    samples = [sample for form in FORMS for sample in form.samples if form.name != "banner"]
    return boot((), [numbered(samples[n % len(samples)], n) for n in range(count)])


def continued(count: int) -> bytes:
    """A command line of many arguments that shape memory, in pieces as 6.19 prints it."""
    head = [
        _HEAD[0],
        "Command line: quiet \\",
        *(f"Command line: memmap=64K$0x{n * MIB * 2:x} \\" for n in range(count)),
    ]
    return text([*head, "Command line: ro", *_HEAD[2:], *_NODES])


def updates(count: int) -> bytes:
    """``e820: update`` and ``remove`` by turns, each of another page."""
    lines = [
        f"e820: update [mem {MIB + n * 0x3000:#010x}-{MIB + n * 0x3000 + 0xFFF:#010x}] usable ==> reserved"
        if n % 2
        else f"e820: remove [mem {MIB + n * 0x3000:#010x}-{MIB + n * 0x3000 + 0xFFF:#010x}] usable"
        for n in range(count)
    ]
    return boot(lines)


def overlapping(count: int, arguments: str = "quiet") -> bytes:
    """A firmware map whose entries all overlap, as its first and last pages are inside each other."""
    kinds = ("usable", "reserved", "ACPI data", "type 20")
    lines = [
        f"BIOS-e820: [mem {n * 0x2000:#018x}-{(1 << 38) - n * 0x2000 - 1:#018x}] {kinds[n % 4]}" for n in range(count)
    ]
    return text([_HEAD[0], f"Command line: {arguments}", _HEAD[2], *lines, *_NODES])


def boots(count: int, entries: int, *, banner: bool = True) -> bytes:
    """Boots whose firmware's maps differ in where each entry is; without a banner, excerpts."""
    kinds = ("usable", "reserved")
    out = []
    for k in range(count):
        lines = [*_HEAD[:2]] if banner else []
        lines.append(_HEAD[2])
        for n in range(entries):
            start, end = n * MIB + (n % 7) * k * _PAGE, (n + 1) * MIB - 1
            lines.append(f"BIOS-e820: [mem {start:#018x}-{end:#018x}] {kinds[n % 2]}")
        lines += _NODES[4:]
        out.append(text(lines))
    return b"".join(out)


def excerpts(count: int) -> bytes:
    """Node ranges alone, again and again."""
    return b"".join(text([*_NODES[:4], *_NODES[4:]]) for _ in range(count))


def oopses(count: int) -> bytes:
    """An oops each with other addresses."""
    lines = []
    for n in range(count):
        lines += [
            f"BUG: unable to handle page fault for address: ffffea{n * 64:010x}",
            "#PF: supervisor read access in kernel mode",
            f"CPU: 0 PID: {n} Comm: cat Not tainted 6.1.90 #1",
            f"RIP: 0010:stable_page_flags+0x{n % 256:x}/0x3b0",
            f"RAX: 0000000000000000 RBX: ffffea{n * 64:010x} RCX: 0000000000000000",
            f"CR2: ffffea{n * 64:010x} CR3: 0000000100000000 CR4: 00000000000006f0",
            f"---[ end trace {n:016x} ]---",
        ]
    return boot((), lines)


def many_arguments(count: int) -> bytes:
    """Two hundred memmap= arguments on a map of many entries."""
    signs = "@#$!%"
    line = " ".join(
        f"memmap=64K{signs[n % 4]}{(n * 37 + 17) * MIB:#x}" if n % 5 else f"memmap=64K%{(n * 37 + 17) * MIB:#x}-1+2"
        for n in range(200)
    )
    return firmware_map(count).replace(b"Command line: quiet", f"Command line: quiet {line}".encode())


def shaped(sample: str, *, early: bool = False) -> Callable[[int], bytes]:
    """Lines like this sample, each with other numbers."""

    def make(count: int) -> bytes:
        lines = [numbered(sample, n) for n in range(count)]
        return boot(lines) if early else boot((), lines)

    return make


SHAPES: dict[str, tuple[int, Callable[[int], bytes]]] = {
    "many nodes": (3_000, nodes),
    "interleaved nodes": (7_000, interleaved),
    "broken sections": (7_000, lambda n: interleaved(n, broken=True)),
    "gaps behind nodes": (3_200, gaps),
    "gaps behind nodes, arguments": (3_200, lambda n: gaps(n, "numa=fake=1000 mem=100G movablecore=1G")),
    "one node in many pieces": (8_000, one_node),
    "failures": (12_000, failures),
    "every form": (12_000, every_form),
    "command line in pieces": (14_000, continued),
    "nosave lines": (16_000, shaped("PM: hibernation: Registered nosave memory: [mem 0x100200000-0x100200fff]")),
    "e820 updates": (12_000, updates),
    "overlapping map entries": (12_000, overlapping),
    "overlapping entries, exactmap": (12_000, lambda n: overlapping(n, "memmap=exactmap memmap=8G@0 mem=4G")),
    "boots of 2,000 entries": (60, lambda n: boots(n, 2_000)),
    "tiny boots": (800, lambda n: boots(n, 8)),
    "excerpts with maps": (800, lambda n: boots(n, 8, banner=False)),
    "excerpts of 1,000 entries": (32, lambda n: boots(n, 1_000, banner=False)),
    "excerpts of ranges": (1_800, excerpts),
    "oopses": (10_000, oopses),
    "200 memmap= arguments": (10_000, many_arguments),
    "map of entries": (10_000, firmware_map),
    "holes": (100_000, many_ranges),
    "memblock reservations": (10_000, memblock_debug),
    "memblock dump": (10_000, memblock_dump),
}


def spent(raw: bytes) -> float:
    """Seconds of processor from text to encoded document."""
    gc.collect()
    gc.disable()
    start = process_time()
    encode(analyze(raw).document)
    seconds = process_time() - start
    gc.enable()
    return seconds


def show(name: str, size: int, make: Callable[[int], bytes]) -> None:
    """One line: the cost of the text of this size, of half of it, and the growth."""
    half, whole = make(size // 2), make(size)
    one, two = min(spent(half), spent(half)), spent(whole)
    verdict = "" if two < GOAL * one or two < 0.5 else "  <<<"
    print(
        f"{two / one:6.2f}  (goal {GOAL})  {name}: {two:.2f} s / {one:.2f} s, {len(whole) / MB:.1f} MB{verdict}",
        flush=True,
    )


def form_shapes(size: int = 8_000) -> dict[str, tuple[int, Callable[[int], bytes]]]:
    """Each sample of each form, repeated with other numbers, before the node ranges and behind them."""
    return {
        f"{form.name} {k} {'early' if early else 'late'}": (size, shaped(sample, early=early))
        for form in FORMS
        for k, sample in enumerate(form.samples)
        for early in (True, False)
    }


def main() -> None:
    """Measure what the arguments name."""
    spent((SAMPLES / "fixed-1g-4g" / "dmesg.txt").read_bytes())
    which = sys.argv[1:]
    if which and which != ["forms"]:
        size, make = (SHAPES | form_shapes())[which[0]]
        raw, profile = make(int(which[1]) if len(which) > 1 else size), cProfile.Profile()
        profile.runcall(lambda: encode(analyze(raw).document))
        pstats.Stats(profile).sort_stats("cumulative").print_stats(60)
        return
    for name, (size, make) in (form_shapes() if which else SHAPES).items():
        show(name, size, make)


if __name__ == "__main__":
    main()
