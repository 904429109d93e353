"""Texts as word processors (RTF) and forms of web pages write them; the number of newlines stays."""

import re

_RTF = b"{\\rtf"
_HEAD = 4096  # bytes that show what a text is
_TABLES = rb"\{\\(?:fonttbl|colortbl|stylesheet|info|\*)(?:[^{}]|\{[^{}]*+\})*+\}"
_CONTROL = (
    rb"\\(?:'([0-9a-fA-F]{2})|u(-?[0-9]{1,5}) ?\??|(par|line|row)\b ?(\n?)|(tab|cell)\b ?"
    rb"|[a-z]{1,32}(?:-?[0-9]{1,10})? ?|(\n)|([^a-z\n]))|[{}]"
)
_OCTET = rb"%([0-9A-Fa-f]{2})"
_FIELD = rb"(?:\A|[&?])[\w.\-\[\]]{1,40}="
_BLANK = rb"[ \t\n]"


def is_packed(raw: bytes) -> bool:
    """Whether a text begins as a document of a word processor, or is a form without any blank."""
    head = raw[:_HEAD]
    return head.lstrip().startswith(_RTF) or (b"%0A" in head.upper() and re.search(_BLANK, head.rstrip()) is None)


def unpacked(raw: bytes, added: bytes) -> bytes:
    """The text alone; ``added`` stands where a line ends that has no newline there."""
    if raw[:_HEAD].lstrip().startswith(_RTF):
        raw = re.sub(_TABLES, lambda found: added + b"\n" * found[0].count(b"\n"), raw)
        return re.sub(_CONTROL, lambda found: _character(found, added), raw)
    raw = re.sub(_FIELD, added, raw)
    raw = raw if b"%20" in raw[:_HEAD] else raw.replace(b"+", b" ")
    return re.sub(_OCTET, lambda found: _octet(int(found[1], 16), added), raw)


def _octet(value: int, added: bytes) -> bytes:
    return added if value == 10 else b" " if value == 9 else b"" if value < 32 else bytes([value])


def _character(found: re.Match[bytes], added: bytes) -> bytes:
    octet, point, ends, newline, cell, broken, sign = found.groups()
    if octet:
        return _octet(int(octet, 16), added)
    if point:
        return chr(int(point) % 0x10000).encode("utf-8", "replace") if int(point) % 0x10000 > 31 else b""
    if ends:
        return newline or added
    return broken or (b" " if cell else sign if sign in (b"\\", b"{", b"}") else b" " if sign == b"~" else b"")
