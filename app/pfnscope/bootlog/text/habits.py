"""Envelopes that no table knows: whatever stands in front of several log lines in one shape belongs to none of them.

Line numbers, file names, columns of tables, names of hosts and tools: they are learned from lines that say by
themselves what they are, and then taken off those that do not.
"""

import re

from pfnscope.bootlog.text.prefix import peel
from pfnscope.patterns import Pattern, compiled

_LEAST = 3  # lines in which the same surroundings are no chance
_FARTHEST = 160  # bytes in front of a message
_MOST = 16  # shapes in one text
_LONGEST = 1024  # bytes of a line that show where its message begins
# Messages that are known wherever they stand, each read in any section.
_KNOWN = (
    r"Linux version [0-9]|(?:Kernel c|C)ommand line: |(?:e820: )?(?:BIOS-provided|user-defined) physical RAM map:"
    r"|(?:BIOS-(?:e820|88|e801)|Xen|user|modified|extended):\s+(?:\[(?:mem|gap) 0x|[0-9a-f]{16} - )"
    r"|Zone (?:PFN )?ranges:|Movable zone start |Early memory (?:node|PFN) ranges|early_node_map\[[0-9]"
    r"|node +[0-9]+: +\[mem 0x|Initmem setup node [0-9]|On node [0-9]+(?:, zone| totalpages)|MEMBLOCK configuration:"
    r"|(?:Dentry |Inode-)cache hash table entries: [0-9]|(?:ACPI: )?SRAT: Node [0-9]|efi: mem[0-9]+: \["
    r"|last_pfn = 0x|Memory: [0-9]+[kK]/[0-9]+[kK] available"
)
# What one line is enough for: its number, or the name of a file.
_USUAL = (
    r"[ \t>]*(?:[\w./~+@\-]*[:\-])?[0-9]+ ?[:\-.)>]?[ \t]*"
    r"|[\w./~+@\-]*(?:dmesg|log|messages|kern|boot|txt|console|serial)[\w./+\-]*[:\-][ \t]*"
)
_VARYING = rb"[0-9A-Za-z]*[0-9][0-9A-Za-z]*|[ \t]+|[^0-9A-Za-z \t]+|[A-Za-z]+"


class Habit:
    """What this text puts in front of its lines."""

    def __init__(self, data: bytes) -> None:
        counts: dict[bytes, int] = {}
        at, known = 0, compiled(_KNOWN)
        while (found := known.find(data, at)) >= 0:
            start = data.rfind(b"\n", 0, found) + 1
            at = data.find(b"\n", found)
            at = len(data) if at < 0 else at
            if start < found <= start + _FARTHEST:
                line = data[start : min(at, start + _LONGEST)]
                if not peel(line).message.startswith(data[found : min(at, found + 8)].rstrip()):
                    shape = _shape(line[: found - start])
                    usual = compiled(_USUAL).fullmatch(line[: found - start]) is not None
                    counts[shape] = counts.get(shape, 0) + (_LEAST if usual else 1)
        shapes = sorted((shape for shape, count in counts.items() if count >= _LEAST), key=len, reverse=True)
        self._shapes: Pattern | None = compiled(b"|".join(shapes[:_MOST]).decode("latin-1")) if shapes else None

    def offset(self, line: bytes) -> int:
        """Where the rest of a line begins, 0 where nothing is in front of it."""
        match = self._shapes.match(line) if self._shapes is not None else None
        return 0 if match is None else match.end()


def _shape(prefix: bytes) -> bytes:
    """A pattern for the same words with other numbers."""
    return b"".join(_part(found[0]) for found in re.finditer(_VARYING, prefix))


def _part(part: bytes) -> bytes:
    if part.isspace():
        return rb"[ \t]+"
    if any(sign in b"0123456789" for sign in part):
        return rb"[0-9]+" if part.isdigit() else rb"[0-9A-Za-z]+"
    return re.escape(part)
