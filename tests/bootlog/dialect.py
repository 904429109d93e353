"""Random layouts, printed as kernels of several ages print them, in the wrappings in which people paste them."""

import html
import json
import random
import re
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


WRAPPINGS: dict[str, Callable[[str], str]] = {
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
    "delta": lambda m: f"[    0.000000 <    0.000000>] {m}",
    "wall-clock-delta": lambda m: f"[Tue Jan 20 10:17:44 2026 <    0.000000>] {m}",
    "relative": lambda m: f"[  +0.000123] {m}",
    "time-iso": lambda m: f"2026-01-20T10:17:44,123456+00:00 {m}",
    "vendor-task": lambda m: f"[    0.000000]  [0:        swapper:    0] {m}",
    "vendor-cpu": lambda m: f"[    0.000000] (0)[1:swapper/0]{m}",
    "vendor-dash": lambda m: f"<6>[    0.000000]-(0)[0:swapper] {m}",
    "vendor-letter": lambda m: f"[    0.000000] I[0:      swapper/0:    1] {m}",
    "vendor-c0": lambda m: f"<6>[    0.000000] c0      1 (swapper/0) {m}",
    "clock-cpu": lambda m: f"[    0.000000@0] {m}",
    "doubled-syslog": lambda m: f"Sep 24 08:20:26 host kernel: Sep 24 08:20:26 host kernel: {_stamp(m)}",
    "doubled-stamp": lambda m: f"[    0.000000] [    0.000000] {m}",
    "facility": lambda m: f"Jan  1 00:00:10 host kern.notice kernel: {m}",
    "journal-full": lambda m: f"Tue 2026-01-20 10:17:44 UTC host kernel: {m}",
    "netconsole": lambda m: f"6.4.0,6,12,456,-,caller=T1;{m}",
    "kmsg-pairs": lambda m: f"6,12,456,-;{m}\n SUBSYSTEM=acpi\n DEVICE=+acpi:PNP0A08:00",
    "export": lambda m: f"__CURSOR=s=1;i=2\n_TRANSPORT=kernel\nMESSAGE={m}\nPRIORITY=6\n",
    "verbose": lambda m: f"Tue 2026-01-20 10:17:44.123456 UTC [s=ab;i=1;b=2;m=3;t=4;x=5]\n    MESSAGE={m}",
    "json-bytes": lambda m: json.dumps({"MESSAGE": list(m.encode()), "_TRANSPORT": "kernel"}),
    "json-pretty": lambda m: json.dumps({"PRIORITY": "6", "MESSAGE": m, "_HOSTNAME": "h"}, indent=1),
    "json-pretty-bytes": lambda m: json.dumps({"MESSAGE": list(m.encode())}, indent="\t"),
    "word-added": lambda m: f"{{+{_stamp(m)}+}}",
    "word-changed": lambda m: f"[-{_stamp(m)}-]{{+{_stamp(m)}+}}",
    "comment": lambda m: f"# {_stamp(m)}",
    "arrow": lambda m: f"===> {_stamp(m)}",
    "named-quote": lambda m: f"JD> {_stamp(m)}",
    "grep": lambda m: f"/var/log/dmesg.1:12:{_stamp(m)}",
    "lost-escape": lambda m: f"[32m[    0.000000] [0m[33m{m}[0m",
    "syslog-escape": lambda m: f"#033[32m[    0.000000] #033[0m{m}",
    "table-cell": lambda m: f'<tr><td id="L3">3</td><td class="code">{html.escape(_stamp(m))}</td></tr>',
    "span": lambda m: f'<span class="t">[    0.000000]</span> <span>{html.escape(m)}</span>',
    "numbered-entities": lambda m: _stamp(m).replace("[", "&#91;").replace(" ", "&#160;").replace("-", "&#x2d;"),
    "thin-space": lambda m: _stamp(m).replace("  ", " \N{NARROW NO-BREAK SPACE}"),
    "dash": lambda m: _stamp(m).replace("-0x", "\N{EM DASH}0x"),
    "framed": lambda m: f"`{_stamp(m)}`",
}
STAMPS: dict[str, str] = {
    "script": "[2024-01-02 03:04:05.123] ",
    "script-round": "(2024-01-02 03:04:05) ",
    "slashes": "2024/01/02 03:04:05 ",
    "no-dashes": "20240102-03:04:05 ",
    "month-name": "jan/02/2024 03:04:05 ",
    "ts": "Jan 02 03:04:05 ",
    "ts-incremental": "00:00:00.123456 ",
    "seconds": "1704164645.123456 ",
    "grabserial": "[4.123456 0.000012] ",
    "teraterm": "[Tue Jan 02 03:04:05.123 2024] ",
    "dmesg-Russian": "[Вт янв  2 03:04:05 2024] ",
    "LAVA": "2024-01-02T03:04:05.123456  ",
    "logcat": "01-02 03:04:05.123     0     0 I         : ",
    "logcat-named": "2024-01-02 03:04:05.123 +0000     0     0 I kernel : ",
    "logcat-time": "01-02 03:04:05.123 I/KERNEL(    0): ",
    "kubernetes": "2024-01-02T03:04:05.123456789Z stdout F ",
    "gitlab": "2024-01-02T03:04:05.123456Z 01O ",
    "azure": "2024-01-02T03:04:05.1234567Z ##[debug]",
    "jenkins": "[2024-01-02T03:04:05.123Z] ",
    "vmware": "2024-01-02T03:04:05.123Z cpu0:1234)Guest: ",
    "syslog-5424": "<6>1 2024-01-02T03:04:05.123Z host kernel - - - ",
    "syslog-klogd": "Jan  2 03:04:05 host kernel: klogd: ",
    "syslog-address": "Jan  2 03:04:05 10.0.0.1 ",
    "openwrt": "Tue Jan  2 03:04:05 2024 kern.info kernel: ",
    "metalog": "Jan  2 03:04:05 [kernel] ",
    "French": "janv. 02 03:04:05 host kernel: ",
    "pointer-caller": "[    0.000000] [0x1] ",
    "hisilicon": "[    0.000000s][2024:01:02 03:04:05][pid:0,cpu0,swapper]",
    "lge": "[    0.000000 / 01-02 03:04:05.123] ",
    "xen": "(XEN) [2024-01-02 03:04:05] (d1) ",
    "unit": "[  OK  ] ",
    "cat -n": "    12\t",
    "grep -n": "12:",
    "grep -nC": "12-",
    "grep -nH": "var/log/file.log:12:",
    "grep -H": "dmesg.txt:",
    "nl -s": "  12. ",
    "less -N": "     12 ",
    "box": "  12 \N{BOX DRAWINGS LIGHT VERTICAL} ",
    "docker": "vm-boot-1    | ",
    "stern": "pod-abc container ",
    "actions": "build\tRun qemu\t2024-01-02T03:04:05.1234567Z ",
    "vagrant": "==> default: ",
    "python-log": "DEBUG:root:",
    "avocado": "2024-01-02 03:04:05,123 __init__         L0153 DEBUG| ",
    "labelled": "[x86] ",
    "network": "10.0.0.1:6665 ",
    "chat": "[03:04] <some-one> ",
    "read-by-machine": "[    O.OOOOOO] ",
    "opening-lost": "    0.000000] ",
    "emoji": "\N{WHITE RIGHT POINTING BACKHAND INDEX} ",
    "NULs": "\0\0\0\0\0\0\0\0",
    "combined-diff": "++",
    "cursor": "\x1b[12;1H",
}
"""What stands in front of each line."""

WRAPPINGS |= {name: lambda m, before=before: before + m for name, before in STAMPS.items()}  # type: ignore[misc]
WRAPPINGS |= {
    "literal": lambda m: repr(f"{_stamp(m)}\r\n".encode()),
    "repr": lambda m: f"    {m!r},",
    "C-string": lambda m: f'    "{m}\\n"',
    "csv": lambda m: f'"2024-01-02 03:04:05","host","kernel","{m}"',
    "csv-behind": lambda m: f'1,"{_stamp(m)}"',
    "csv-quoted-last": lambda m: f'2024-01-02T03:04:05Z,kernel,info,"{_stamp(m).replace(chr(34), chr(34) * 2)}"',
    "escaped-brackets": lambda m: _stamp(m).replace("[", "\\[").replace("]", "\\]"),
    "markdown-escaped": lambda m: re.sub(r"([\[\]_*#()-])", r"\\\1", _stamp(m)),
    "table-row": lambda m: f"| 12 | {m} |",
    "table-code": lambda m: f"| `{m}` |",
    "list-code": lambda m: f"* `{m}`",
    "bold": lambda m: f"**{m}**",
    "fenced": lambda m: f"```{m}```",
    "erased": lambda m: f"\x1b[K{m}\x1b[0K\r",
    "carets": lambda m: f"^[[1m{_stamp(m)}^[[0m^[[K",
    "charset": lambda m: f"\x1b(B\x1b[m{m}\x1b(B\x1b[m",
    "written-over": lambda m: f"[  OK  ] Started it.\r\r{_stamp(m)}\r",
    "LAVA-JSON": lambda m: f'- {{"dt": "2024-01-02T03:04:05.123456", "lvl": "target", "msg": {json.dumps(m)}}}',
    "LAVA-YAML": lambda m: f"- {{dt: '2024-01-02T03:04:05.123456', lvl: target, msg: '{m}'}}",
    "docker-JSON": lambda m: json.dumps({"log": f"{m}\r\n", "stream": "stdout", "time": "2024-01-02T03:04:05.1Z"}),
    "elastic": lambda m: json.dumps({"_source": {"message": m}, "sort": [1]}),
    "logfmt": lambda m: f"ts=2024-01-02T03:04:05Z level=info msg={json.dumps(m)}",
    "forum": lambda m: f"[CODE]{_stamp(m)}[/CODE]",
    "coloured-forum": lambda m: f"[COLOR=red]{m}[/COLOR]",
    "curly-quotes": lambda m: f"\N{LEFT DOUBLE QUOTATION MARK}{m}\N{RIGHT DOUBLE QUOTATION MARK}",
    "wide": lambda m: m.translate({i: i + 0xFEE0 for i in map(ord, "[]:-,")}),
    "all-wide": lambda m: m.translate({**{i: i + 0xFEE0 for i in range(33, 127)}, 32: 0x3000}),
    "cdata": lambda m: f"<![CDATA[{m}]]>",
    "split-tags": lambda m: f'<a href="http://x"\n   target=y>{html.escape(m)}</a\n>',
    "arrow-behind": lambda m: f"{_stamp(m)}   <-- look here",
    "both-columns": lambda m: f"{m:<130} | {m}",
    "left-column": lambda m: f"{m:<130} <",
}
ON_ONE_LINE: dict[str, Callable[[list[str]], str]] = {
    "dmesg-json": lambda ms: json.dumps({"dmesg": [{"pri": 6, "time": 0.0, "msg": m} for m in ms]}),
    "html-breaks": lambda ms: "<br>".join(_stamp(m) for m in ms),
    "string": lambda ms: "\\n".join(_stamp(m) for m in ms),
    "json-body": lambda ms: json.dumps({"id": 1, "body": "Hello\r\n```\r\n" + "\r\n".join(ms) + "\r\n```\r\n"}),
    "json-colours": lambda ms: json.dumps({"log": "\n".join(f"\x1b[32m[    0.000000] \x1b[0m{m}" for m in ms)}),
    "json-list": json.dumps,
    "repr": lambda ms: repr("\n".join(ms)),
    "bytes": lambda ms: repr("\r\n".join(ms).encode()),
    "paragraphs": lambda ms: "".join(f"<p>{html.escape(m)}</p>" for m in ms),
    "rows": lambda ms: "".join(f"<tr><td>{n}</td><td>{html.escape(m)}</td></tr>" for n, m in enumerate(ms)),
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


TRANSPORTS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "quoted": lambda text: re.sub("(?m)^", "> ", text),
    "CR LF": lambda text: text.replace("\n", "\r\n"),
    "page": lambda text: f"<html><body><pre>{html.escape(text)}</pre></body></html>",
    "breaks": lambda text: re.sub("(\r?\n)", r"<br/>\1", text),
    "indented": lambda text: re.sub("(?m)^", "    ", text),
    "patch": lambda text: re.sub("(?m)^", "+", text),
    "fence": lambda text: f"See:\n```\n{text}\n```\n",
    "tracker": lambda text: f"{{noformat:title=dmesg}}\n{text}\n{{noformat}}",
    "code": lambda text: f"[code]{text}[/code]",
    "ends shown": lambda text: text.replace("\r", "^M").replace("\t", "^I").replace("\n", "$\n") + "$",
    "hunk": lambda text: "--- a/x\n+++ b/x\n@@ -1,5 +1,6 @@\n" + re.sub("(?m)^", " ", text),
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")


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
