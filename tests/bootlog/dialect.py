"""Random layouts, printed as kernels of several ages print them, in the envelopes that people paste."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hypothesis import strategies as st

PAGE = 0x1000
TYPES = {
    "old": {
        "ram": "usable",
        "reserved": "reserved",
        "acpi": "ACPI data",
        "nvs": "ACPI NVS",
        "pram": "persistent (type 12)",
    },
    "7.0": {
        "ram": "System RAM",
        "reserved": "device reserved",
        "acpi": "ACPI data",
        "nvs": "ACPI NVS",
        "pram": "persistent RAM (type 12)",
    },
}


@dataclass
class Printed:
    """A layout and the log that says it."""

    dialect: str
    firmware: list[tuple[int, int, str]] = field(default_factory=list)
    user: list[tuple[int, int, str]] = field(default_factory=list)
    nodes: list[tuple[int, int, int]] = field(default_factory=list)
    zones: list[tuple[str, int, int]] = field(default_factory=list)

    def label(self, kind: str) -> str:
        return TYPES["7.0" if self.dialect == "7.0" else "old"][kind]

    def lines(self) -> Iterator[str]:
        prefix = "e820: " if self.dialect == "3.6" else ""
        gap = "  " if self.dialect == "7.0" else " "
        yield f"Linux version {self.dialect}.1 (a@b) (gcc 9) #1 SMP"
        yield "Command line: root=/dev/vda1 ro"
        yield f"{prefix}BIOS-provided physical RAM map:"
        yield from (f"BIOS-e820: [mem {a:#018x}-{b - 1:#018x}]{gap}{self.label(k)}" for a, b, k in self.firmware)
        if self.user:
            yield f"{prefix}user-defined physical RAM map:"
            yield from (f"user: [mem {a:#018x}-{b - 1:#018x}]{gap}{self.label(k)}" for a, b, k in self.user)
        yield "NX (Execute Disable) protection: active"
        yield "Zone ranges:"
        width = 10 if self.dialect == "3.6" else 18
        for name, a, b in self.zones:
            yield f"  {name:8} " + (f"[mem {a:#0{width}x}-{b - 1:#0{width}x}]" if a < b else "empty")
        yield "Movable zone start for each node"
        yield "Early memory node ranges"
        yield from (f"  node {n:3d}: [mem {a:#018x}-{b - 1:#018x}]" for n, a, b in self.nodes)
        yield "Dentry cache hash table entries: 1048576 (order: 11, 8388608 bytes, linear)"


@st.composite
def layouts(draw: st.DrawFn) -> Printed:
    """Sorted, disjoint maps of up to a dozen entries, on up to three nodes."""
    printed = Printed(draw(st.sampled_from(["3.6", "4.15", "5.10", "6.12", "7.0"])))

    def ranges() -> list[tuple[int, int, str]]:
        points = sorted(draw(st.sets(st.integers(1, 1 << 34), min_size=2, max_size=12)))
        kinds = st.sampled_from(["ram", "reserved", "acpi", "nvs", "pram"])
        return [(a * 16, b * 16, draw(kinds)) for a, b in zip(points[::2], points[1::2], strict=False)]

    printed.firmware = ranges()
    printed.user = draw(st.just([]) | st.builds(ranges))
    points = sorted(draw(st.sets(st.integers(1, 1 << 26), min_size=2, max_size=10)))
    for a, b in zip(points[::2], points[1::2], strict=False):
        printed.nodes.append((draw(st.integers(0, 2)), a * PAGE, b * PAGE))
    top = printed.nodes[-1][2]
    printed.zones = [
        ("DMA", PAGE, 1 << 24),
        ("DMA32", 1 << 24, 1 << 32),
        ("Normal", 1 << 32, max(top, 1 << 32)),
        ("Device", 0, 0),
    ]
    return printed


def _stamp(message: str) -> str:
    return f"[    0.000000] {message}"


ENVELOPES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "stamped": _stamp,
    "collapsed": lambda m: f"[ 0.000000] {' '.join(m.split())}",
    "level": lambda m: f"<6>{_stamp(m)}",
    "caller": lambda m: f"[    0.000000] [    T0] {m}",
    "glued-caller": lambda m: f"[    0.000000][    T0] {m}",
    "wall-clock": lambda m: f"[Tue Jan 20 10:17:44 2026] {m}",
    "syslog": lambda m: f"Sep 24 08:20:26 some-host kernel: {_stamp(m)}",
    "journal": lambda m: f"Sep 24 08:20:26 some-host kernel: {m}",
    "iso": lambda m: f"2026-05-22T03:19:10.398439+02:00 some-host kernel: {_stamp(m)}",
    "short-monotonic": lambda m: f"[    0.000000] some-host kernel: {m}",
    "decoded": lambda m: f"kern  :info  : {_stamp(m)}",
    "kmsg": lambda m: f"6,123,456,-;{m}",
    "json": lambda m: json.dumps({"PRIORITY": "6", "MESSAGE": m, "_HOSTNAME": "h"}),
    "coloured": lambda m: f"\x1b[32m[    0.000000] \x1b[0m\x1b[33m{m}\x1b[0m",
    "quoted": lambda m: f"> > > {_stamp(m)}",
    "quoted-plain": lambda m: f"> {m}",
    "indented": lambda m: f"\t    {_stamp(m)}",
    "patch": lambda m: f"+{_stamp(m)}",
    "carriage-return": lambda m: f"{_stamp(m)}\r",
    "html": lambda m: f"&gt; {_stamp(m).replace('>', '&gt;')}<br />",
    "no-break": lambda m: _stamp(m).replace("  ", " \N{NO-BREAK SPACE}"),
}


def quoted_printable(text: str, width: int = 72) -> str:
    """As a mailer encodes it: = escaped, lines longer than ``width`` broken softly."""
    out = []
    for whole in text.replace("=", "=3D").split("\n"):
        line = whole
        while len(line) > width:
            cut = width
            while "=" in line[cut - 2 : cut]:
                cut -= 1
            out.append(line[:cut] + "=")
            line = line[cut:]
        out.append(line)
    return "\n".join(out)


def mutated(text: bytes, seed: int) -> bytes:
    """A few random injuries: bytes changed, cut out, doubled."""
    random_ = random.Random(seed)
    data = bytearray(text)
    for _ in range(random_.randrange(1, 12)):
        at = random_.randrange(len(data))
        kind = random_.randrange(3)
        if kind == 0:
            data[at] = random_.randrange(256)
        elif kind == 1:
            del data[at : at + random_.randrange(60)]
        else:
            data[at:at] = data[at : at + random_.randrange(200)]
        if not data:
            break
    return bytes(data)
