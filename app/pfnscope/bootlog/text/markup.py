"""Undo markup: RTF of word processors, forms of web pages, HTML, forums, trackers and word diffs.

The number of newlines stays.
"""

import html
import re

from pfnscope.bootlog.text.plain import ADDED, TAGS, in_blocks
from pfnscope.patterns import compiled

_MOST_ESCAPED = 3  # times, one after another, by pages that show pages
_ENTITY = r"&(?:[A-Za-z]{2,8}|#[0-9]{1,6}|#[xX][0-9a-fA-F]{1,5});"
_BREAK = rb"<(?i:br|hr)(?: [^<>\n]*+)? *+/?>(\n)?"
_BLOCKS = rb"</(?i:article|blockquote|div|dd|dt|li|ol|p|pre|section|tr|ul)\s*+>(\n)?"
_NUMBER_CELL = rb"<(?i:td|th)(?: [^<>]*+)?>\s*+[0-9]*+\s*+</(?i:td|th)\s*+>"
_TAG = rb"(?i)</?(?:" + TAGS.encode() + rb")(?:\s[^<>]*+)?+/?>"
_TAGGED = r"(?i)<[a-z!/]"
_CDATA = rb"<!\[CDATA\[|\]\]>"
_FORUM = (
    rb"\[/?(?i:b|center|i|indent|left|pre|s|tt|u|(?:code|color|font|list|quote|size|spoiler)(?:=[^\[\]\n]{0,60})?)\]"
    rb"|\{(?:code|noformat|quote|color|panel)(?::[^{}\n]{0,120})?\}"
)
_BACKSLASHES = rb"\\([\[\]_*#<>.!(){}|~`+-])"
_DELETED = r"\[-[^\n]*?-\]"  # for RE2: what it begins with may be repeated in it
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


def without_marks(raw: bytes) -> bytes:
    """A decoded text without marks; where a page begins another line, :data:`ADDED` stands."""
    for _ in range(_MOST_ESCAPED):
        if compiled(_ENTITY).find(raw) < 0:
            break
        raw = in_blocks(_named, raw)
    if compiled(_TAGGED).find(raw) >= 0:
        raw = in_blocks(_without_tags, raw)
    if b"[/" in raw or b"{code" in raw or b"{noformat" in raw or b"{quote" in raw or b"{color" in raw:
        raw = in_blocks(lambda block: re.sub(_FORUM, b"", block), raw)
    if b"{+" in raw:
        raw = in_blocks(_without_deleted, raw).replace(b"{+", b"").replace(b"+}", b"")
    if b"\\[" in raw or b"\\]" in raw or b"\\_" in raw:
        raw = in_blocks(lambda block: re.sub(_BACKSLASHES, rb"\1", block), raw)
    return raw


def _named(block: bytes) -> bytes:
    return re.sub(_ENTITY.encode(), _named_character, block)


def _named_character(found: re.Match[bytes]) -> bytes:
    sign = html.unescape(found[0].decode())
    if sign in ("\n", "\x0b", "\x0c"):
        return ADDED
    return b" " if sign in ("\t", "\xa0") else b"" if sign < " " else sign.encode("utf-8", "replace")


def _without_tags(block: bytes) -> bytes:
    block = re.sub(_NUMBER_CELL, _newlines, block)
    block = re.sub(_BREAK, _line_end, block)
    block = re.sub(_BLOCKS, _line_end, block)
    return re.sub(_CDATA, b"", re.sub(_TAG, _newlines, block))


def _line_end(found: re.Match[bytes]) -> bytes:
    return _newlines(found) if found[1] else ADDED + _newlines(found)


def _newlines(found: re.Match[bytes]) -> bytes:
    return b"\n" * found[0].count(b"\n")


def _without_deleted(raw: bytes) -> bytes:
    kept, at = [], 0
    for match in compiled(_DELETED).finditer(raw):
        kept.append(raw[at : match.start()])
        at = match.end()
    return b"".join([*kept, raw[at:]])


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
