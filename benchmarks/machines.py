"""Boots to measure with: the ordinary one, and machines of any node ranges, maps and other lines."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import count

from benchmarks.texts import MIB, SAMPLES
from pfnscope.bootlog.candidates import lines_with_triggers

GIB, PAGE = 1 << 30, 4096
BANNER = "Linux version 6.1.90 (b@h) #1 SMP"
MAP = "BIOS-provided physical RAM map:"
KINDS = ("usable", "reserved", "ACPI data", "type 20")
FEW = [(0, 0x1000, 0xA0000), (0, MIB, 3 * GIB), (0, 4 * GIB, 256 * GIB)]
"""The node ranges of a machine that has nothing of which there are many."""

Shape = Callable[[int], bytes]
"""A text of about so many bytes."""
Range = tuple[int, int, int]
"""A node with the first byte of its memory, and the one behind it."""

_ZONES = (
    "Zone ranges:",
    "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]",
    "  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]",
)
_RANGES = "Early memory node ranges"
_NUMBERS = re.compile(r"(?<![\w.])(0x)?([0-9a-f]{5,16})(?![\w.])")
_DECIMALS = re.compile(r"(?<![\w.])\d+(?![\w.])")


def ordinary(size: int, sample: str = "efi-nodes") -> bytes:
    """The console of a machine that has been up for long: a recorded boot, then its lines that tell no memory again.

    The boot is the longest of the samples. A console that has seen the whole boot again and again is an ordinary text
    too, and costs six times as much: this is the stricter yardstick.
    """
    boot = (SAMPLES / sample / "dmesg.txt").read_bytes()
    messages = [line.partition(b"] ")[2] for line in boot.splitlines()]
    chatter = [message for message in messages if message and not any(lines_with_triggers(message))]
    out, length = [boot], len(boot)
    for second in count(100):
        if length >= size:
            break
        out.append(b"".join(b"[%5d.%06d] %b\n" % (second, at, message) for at, message in enumerate(chatter)))
        length += len(out[-1])
    return b"".join(out)[:size]


def stamped(lines: Iterable[str]) -> bytes:
    """Lines with time stamps."""
    return "".join(f"[{at // 10**6:5d}.{at % 10**6:06d}] {line}\n" for at, line in enumerate(lines)).encode()


def entry(start: int, end: int, kind: str = "usable") -> str:
    """A line of a firmware's map."""
    return f"BIOS-e820: [mem {start:#018x}-{end - 1:#018x}] {kind}"


def affinity(node: int, start: int, end: int) -> str:
    """A line of an SRAT."""
    return f"SRAT: Node {node} PXM {node} [mem {start:#010x}-{end - 1:#010x}]"


def zones_and(ranges: Sequence[Range]) -> list[str]:
    """What a kernel prints of its zones, its node ranges and its nodes."""
    spans: dict[int, tuple[int, int]] = {}
    for node, start, end in ranges:
        low, high = spans.get(node, (start, end))
        spans[node] = min(low, start), max(high, end)
    top = max(4 * GIB + MIB, *(end for _, _, end in ranges))
    return [
        *_ZONES,
        f"  Normal   [mem 0x0000000100000000-{top - 1:#018x}]",
        _RANGES,
        *(f"  node {node:3d}: [mem {start:#018x}-{end - 1:#018x}]" for node, start, end in ranges),
        *(f"Initmem setup node {node} [mem {low:#018x}-{high - 1:#018x}]" for node, (low, high) in spans.items()),
    ]


def machine(
    ranges: Sequence[Range] = FEW,
    *,
    firmware: Sequence[str] | None = None,
    srat: Sequence[str] | None = None,
    arguments: str = "quiet",
    early: Iterable[str] = (),
    late: Iterable[str] = (),
) -> bytes:
    """A boot with these node ranges; its map and its SRAT have an entry for each where they are not given."""
    firmware = firmware if firmware is not None else [entry(start, end) for _, start, end in ranges]
    srat = srat if srat is not None else [affinity(*item) for item in ranges if len(ranges) > len(FEW)]
    head = [BANNER, f"Command line: {arguments}", MAP, *firmware, *srat]
    return stamped([*head, *early, *zones_and(ranges), *late])


def by_size(make: Callable[[int], bytes]) -> Shape:
    """A shape of a function that takes a number of items."""

    def shape(size: int) -> bytes:
        first = max(size * 16 // len(make(16)), 1)
        return make(max(first * size // len(make(first)), 1))

    shape.__name__, shape.__doc__ = make.__name__, make.__doc__
    return shape


def numbered(sample: str, at: int) -> str:
    """The sample with its addresses moved up, alike all of them, so that no line is like another."""

    def moved(match: re.Match[str]) -> str:
        value, width = int(match[2], 16), len(match[2])
        return f"{match[1] or ''}{(value + at * 0x3000) % 16**width:0{width}x}"

    line = _NUMBERS.sub(moved, sample)
    return line if line != sample or not at else _DECIMALS.sub(lambda number: str(int(number[0]) + at), sample)


def of_samples(samples: Sequence[str], *, early: bool = False) -> Shape:
    """Lines like these samples in turn, each with other numbers, behind a boot or before its node ranges."""

    def lines(items: int) -> bytes:
        texts = [numbered(samples[n % len(samples)], n) for n in range(items)]
        return machine(early=texts) if early else machine(late=texts)

    return by_size(lines)
