r"""Colours and patterns of the bars: one table for the page, the standalone SVG and the figure; letters for the text.

Categories differ in lightness and pattern as well as in hue, so that they stay apart for every kind of
colour vision and in print. Patterns are Plotly's names: ``/ \ x . - |``.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from pfnscope.model.analysis import Severity


class Paint(msgspec.Struct, frozen=True):
    """Fill and pattern line of one kind of bar, for light and dark pages. ``name`` is its word in the legend."""

    name: str
    light: str
    dark: str
    pattern: str = ""
    light_line: str = "#a9a397"
    dark_line: str = "#716c63"


PAINTS: dict[str, Paint] = {
    "ram": Paint("usable", "#c3d3e4", "#33475c"),
    "reserved": Paint("reserved", "#eae7e1", "#302f2c", "/"),
    "acpi": Paint("ACPI data", "#eee4cf", "#3d362a", "-", "#b79f6d", "#7d6c48"),
    "nvs": Paint("ACPI NVS", "#eee4cf", "#3d362a", "|", "#b79f6d", "#7d6c48"),
    "unusable": Paint("unusable", "#dcd9d6", "#2a2a2a", "x", "#8a8580", "#5c5956"),
    "pmem": Paint("persistent", "#cfe6df", "#214439", ".", "#4d8f7d", "#66b39d"),
    "soft-reserved": Paint("soft reserved", "#e2e8dd", "#2f352c", ".", "#7e8d74", "#75826c"),
    "other": Paint("other", "#dde1e4", "#3a4047"),
    "taken": Paint("memblock.reserved", "#d3dae0", "#3a434b", "/", "#9aa7b2", "#5f6c77"),
    "crash-kernel": Paint("crash kernel", "#e6cbea", "#553061", "/", "#a56bb3", "#a878b8"),
    "cma": Paint("CMA", "#cfe3f2", "#254457", "|", "#6c9fc4", "#5f93b8"),
    "initrd": Paint("initrd", "#f2e3b8", "#574a1e", "-", "#b89b45", "#a48c42"),
    "kernel-image": Paint("kernel image", "#d9d4cb", "#47423a"),
    "kernel-data": Paint("kernel data", "#e4ebd2", "#3a4427", "\\", "#94a866", "#7f9155"),
    "struct-pages": Paint("memory of struct pages", "#c9e3d3", "#244a36", "|", "#63a283", "#5e9a7c"),
    "device-memory": Paint("device memory", "#e8dcd3", "#46372c", ".", "#9c7f69", "#9a7d66"),
    "node-0": Paint("node 0", "#d8cfe9", "#463a5f"),
    "node-1": Paint("node 1", "#f0dcc0", "#5b4526"),
    "node-2": Paint("node 2", "#cbe3e6", "#24484e"),
    "node-3": Paint("node 3", "#ecd3dc", "#582f3f"),
    "zone-dma": Paint("DMA", "#bcd3ea", "#2b4a68"),
    "zone-dma32": Paint("DMA32", "#cfe0c8", "#35502d"),
    "zone-normal": Paint("Normal", "#efd9a9", "#5e4b1b"),
    "zone-movable": Paint("Movable", "#e3cfe0", "#513a4e"),
    "zone-other": Paint("other zone", "#d5dbdf", "#3a4248"),
    "initialised": Paint("struct page initialised", "#dbe7d6", "#2c4226"),
    "zeroed": Paint("struct page zeroed", "#e9f0e5", "#24301f", "-", "#a9bd9f", "#4a5f41"),
    "uninitialised": Paint("struct page never written", "#fdece9", "#3a1d1b", "x", "#c0433b", "#e0776c"),
    "poisoned": Paint("struct page poisoned", "#f6e3c4", "#4a3717", "x", "#a97a1d", "#c89a43"),
    "unknown": Paint("state unknown", "#eeeae4", "#302e2b", "\\", "#b5aea3", "#645f58"),
    "danger": Paint("dangerous hole", "#fdece9", "#3a1d1b", "x", "#c0433b", "#e0776c"),
    "caution": Paint("hole to be careful with", "#f7e6c2", "#4a3a14", "\\", "#b98a25", "#b58a35"),
    "info": Paint("hole", "#d3c8a4", "#5c5439", ".", "#8f8152", "#9c9066"),
    "none": Paint("harmless hole", "#dfdacb", "#403d33"),
    "event": Paint("oops or bad page", "#f3c6e0", "#6d2550", ".", "#8e1c62", "#f29bd0"),
    "safe": Paint("safe start", "#cfe5c6", "#2c4a24"),
    "unsafe": Paint("start that adds a danger", "#fdece9", "#3a1d1b", "/", "#c0433b", "#e0776c"),
    "lands": Paint("memory of the reservation", "#bfe0d8", "#1f4a40", "", "#3f8a77", "#5fb39d"),
    "may-land": Paint("one of several places", "#e3efdc", "#2a3a24", "\\", "#7ba168", "#7f9f6c"),
    "no-room": Paint("no room", "#f1e9e4", "#352c28", "/", "#b58f7d", "#8d6d5d"),
    "obstacle": Paint("in the way", "#f3dccb", "#4f3524", "x", "#b06f42", "#c98a5c"),
    "differs": Paint("differs", "#d6e6f7", "#1f3a55", "\\", "#4a86c5", "#6fa8de"),
    "several": Paint("several ranges, closer than a pixel", "#b9b4ab", "#57534d", "|", "#6f6a62", "#8d877e"),
}


class Letters(NamedTuple):
    """One kind of bar in a text: its letter in ASCII and in Unicode, its colour, its word in the legend.

    The colour is a role of :class:`pfnscope.report.plain.Look`; the word is empty where the lane says it.
    """

    plain: str = "-"
    fine: str = "─"
    role: str | None = None
    name: str = ""


LETTERS: dict[str, Letters] = {
    "ram": Letters("=", "═", None, "usable"),
    "reserved": Letters(":", "░", "dim", "reserved"),
    "acpi": Letters("a", "▒", "dim", "ACPI"),
    "nvs": Letters("n", "▒", "dim", "ACPI NVS"),
    "unusable": Letters("x", "x", "dim", "unusable"),
    "pmem": Letters("%", "▓", "pmem", "persistent"),
    "soft-reserved": Letters("s", "▓", "pmem", "soft reserved"),
    "initialised": Letters("=", "═", None, ""),
    "zeroed": Letters("z", "·", "dim", "zeroed"),
    "uninitialised": Letters("!", "!", "danger", "never written"),
    "poisoned": Letters("p", "p", "caution", "poisoned"),
    "unknown": Letters("?", "?", "caution", "state not known"),
    "danger": Letters("!", "!", "danger", "danger"),
    "caution": Letters("?", "?", "caution", "caution"),
    "info": Letters("~", "~", "info", "linked elsewhere"),
    "none": Letters(".", "·", "dim", "harmless"),
    "safe": Letters("+", "+", "good", "safe start"),
    "unsafe": Letters("!", "!", "danger", "start that adds a danger"),
    "lands": Letters("#", "█", "good", "memory of the reservation"),
    "may-land": Letters("+", "+", "good", "one of several places"),
    "no-room": Letters("-", "─", "dim", "no room"),
    "obstacle": Letters("x", "x", "caution", "in the way"),
    "differs": Letters("^", "^", "caution", "differs"),
}
OTHER = Letters()
"""Of all other kinds, which their labels name."""

INK = ("#1d2125", "#e6e3de")
DIM = ("#5b646d", "#9ba4ac")
LINE = ("#e2dfda", "#30363c")
CARD = ("#ffffff", "#1b1f23")
ALARM = ("#b3261e", "#ff8b7e")


class Tone(NamedTuple):
    """Colours of a verdict on a light page: of its words, and of what they stand on."""

    ink: str
    ground: str


TONES: dict[Severity, Tone] = {
    "danger": Tone("#b3261e", "#fdeeeb"),
    "caution": Tone("#7a5600", "#fcf4e0"),
    "info": Tone("#3d566e", "#eef2f6"),
    "none": Tone("#35632a", "#eff5ec"),
}
"""By severity, as in static/page.css."""


def legend(kinds: Iterable[str]) -> list[tuple[str, str]]:
    """Kind and name of each paint among these kinds but nodes and zones, which bars name; of those alike the first."""
    used = set(kinds)
    named = {kind: paint for kind, paint in PAINTS.items() if kind in used and not kind.startswith(("node-", "zone-"))}
    looks = {
        (paint.light, paint.pattern, paint.light_line): (kind, paint.name) for kind, paint in reversed(named.items())
    }
    return list(reversed(looks.values()))


def _block(dark: bool) -> str:
    pick = 1 if dark else 0
    chrome = {"ink": INK, "dim": DIM, "line": LINE, "card": CARD, "alarm": ALARM}
    rules = [f"--{name}:{pair[pick]}" for name, pair in chrome.items()]
    for kind, paint in PAINTS.items():
        rules.append(f"--k-{kind}:{paint.dark if dark else paint.light}")
        if paint.pattern:
            rules.append(f"--p-{kind}:{paint.dark_line if dark else paint.light_line}")
    return ";\n  ".join(rules)


def variables() -> str:
    """The colours as CSS custom properties ``--k-KIND`` (fill) and ``--p-KIND`` (pattern), light and dark."""
    return (
        f":root {{\n  {_block(dark=False)}\n}}\n"
        f"@media (prefers-color-scheme: dark) {{\n:root {{\n  {_block(dark=True)}\n}}\n}}\n"
    )


def fills() -> str:
    """CSS rules that fill ``.k-KIND`` and paint the patterns ``#pat-KIND``."""
    rules = []
    for kind, paint in PAINTS.items():
        if paint.pattern:
            rules.append(f".k-{kind} {{ fill: url(#pat-{kind}) }}")
            rules.append(f"#pat-{kind} rect {{ fill: var(--k-{kind}) }}")
            if paint.pattern == ".":
                rules.append(f"#pat-{kind} circle {{ fill: var(--p-{kind}) }}")
            else:
                rules.append(f"#pat-{kind} path {{ stroke: var(--p-{kind}) }}")
        else:
            rules.append(f".k-{kind} {{ fill: var(--k-{kind}) }}")
        rules.append(f".sw-{kind} {{ background-color: var(--{'p' if paint.pattern else 'k'}-{kind}) }}")
    rules += [".k-broken { fill: url(#pat-broken) }", "#pat-broken path { fill: none; stroke: var(--dim) }"]
    return "\n".join(rules) + "\n"


def style_sheet() -> str:
    """The whole of ``static/palette.css``."""
    return variables() + fills()
