"""Undo markup: RTF of word processors, forms of web pages, HTML, forums, trackers and word diffs.

The number of newlines stays; where markup begins another line, :data:`ADDED` stands.
"""

from functools import lru_cache

from pfnscope.bootlog.text.plain import ADDED
from pfnscope.patterns import Match, compiled

_TAGS = (
    "a|article|b|big|blockquote|body|br|center|code|dd|details|div|dl|dt|em|font|h[1-6]|head|hr|html|i|img|kbd|label|li"
    "|link|log|main|mark|meta|ol|p|pre|samp|section|small|span|strong|style|sub|summary|sup|system-err|system-out"
    "|t[dhrt]|table|tbody|text|thead|title|u|ul|var|wbr"
)
SIGNS = (
    rf"&(?:[A-Za-z]{{2,8}}|#[0-9]{{1,6}}|#[xX][0-9a-fA-F]{{1,5}});|</?(?i:{_TAGS})(?:[ />]|$)|<!\[CDATA\[|\{{\+"
    r"|\[/(?i:b|code|color|font|i|list|pre|quote|size|spoiler|tt|u|url)\]|\{(?:code|noformat|quote|color)[:}]"
    r"|\\[\[\]_]"
)
"""A pattern, in multi-line mode, that every text with marks matches."""

_MOST_ESCAPED = 3  # levels of entities of entities
_ENTITY = r"&(?:[A-Za-z]{2,8}|#[0-9]{1,6}|#[xX][0-9a-fA-F]{1,5});"
_BREAK = r"<(?i:br|hr)(?: [^<>\n]*)? */?>(\n)?"
_BLOCKS = r"</(?i:article|blockquote|div|dd|dt|li|ol|p|pre|section|tr|ul)\s*>(\n)?"
_NUMBER_CELL = r"<(?i:td|th)(?: [^<>]*)?>\s*[0-9]*\s*</(?i:td|th)\s*>"
_TAG = rf"(?i)</?(?:{_TAGS})(?:\s[^<>]*)?/?>"
_TAGGED = r"(?i)<[a-z!/]"
_CDATA = r"<!\[CDATA\[|\]\]>"
_FORUM = (
    r"\[/?(?i:b|center|i|indent|left|pre|s|tt|u|(?:code|color|font|list|quote|size|spoiler)(?:=[^\[\]\n]{0,60})?)\]"
    r"|\{(?:code|noformat|quote|color|panel)(?::[^{}\n]{0,120})?\}"
)
_BACKSLASH = r"(\\)[\[\]_*#<>.!(){}|~`+-]"
_DELETED = r"\[-[^\n]*?-\]"
_RTF = b"{\\rtf"
_HEAD = 4096  # bytes that show what a text is
_TABLES = r"\{\\(?:fonttbl|colortbl|stylesheet|info|\*)(?:[^{}]|\{[^{}]*\})*\}"
_CONTROL = (
    r"\\(?:'([0-9a-fA-F]{2})|u(-?[0-9]{1,5}) ?\??|(par|line|row)\b ?(\n?)|(tab|cell)\b ?"
    r"|[a-z]{1,32}(?:-?[0-9]{1,10})? ?|(\n)|([^a-z\n]))|[{}]"
)
_OCTET = "%([0-9A-Fa-f]{2})"
_FIELD = r"(?:\A|[&?])[\w.\-\[\]]{1,40}="


def is_document(raw: bytes) -> bool:
    """Whether a text begins as RTF, or is a form of a web page: percent-encoded, without any blank."""
    head = raw[:_HEAD]
    if head.lstrip().startswith(_RTF):
        return True
    return b"%0A" in head.upper() and not any(blank in head.rstrip() for blank in (b" ", b"\t", b"\n"))


def text_of_document(raw: bytes) -> bytes:
    """The text alone of RTF, or of the fields of a form."""
    if raw[:_HEAD].lstrip().startswith(_RTF):
        raw = compiled(_TABLES).sub(lambda match: ADDED + _newlines(match), raw)
        return compiled(_CONTROL).sub(_rtf_character, raw)
    raw = compiled(_FIELD).sub(ADDED, raw)
    raw = raw if b"%20" in raw[:_HEAD] else raw.replace(b"+", b" ")
    return compiled(_OCTET).sub(lambda match: _octet(match.group(1)), raw)


def _octet(digits: bytes | None) -> bytes:
    value = int(digits or b"0", 16)
    return ADDED if value == 10 else b" " if value == 9 else b"" if value < 32 else bytes([value])


def _rtf_character(match: Match) -> bytes:
    octet, point, ends, newline, cell, broken, sign = map(match.group, range(1, 8))
    if octet:
        return _octet(octet)
    if point:
        return chr(int(point) % 0x10000).encode("utf-8", "replace") if int(point) % 0x10000 > 31 else b""
    if ends:
        return newline or ADDED
    return broken or (b" " if cell else sign if sign in (b"\\", b"{", b"}") else b" " if sign == b"~" else b"")


def without_marks(raw: bytes) -> bytes:
    """A decoded text without the marks of pages, forums, trackers and word diffs."""
    for _ in range(_MOST_ESCAPED):
        if compiled(_ENTITY).find(raw) < 0:
            break
        raw = compiled(_ENTITY).sub(lambda match: _named_character(match.group() or b""), raw)
    if compiled(_TAGGED).find(raw) >= 0:
        raw = _without_tags(raw)
    if b"[/" in raw or b"{code" in raw or b"{noformat" in raw or b"{quote" in raw or b"{color" in raw:
        raw = compiled(_FORUM).sub(b"", raw)
    if b"{+" in raw:
        raw = compiled(_DELETED).sub(b"", raw).replace(b"{+", b"").replace(b"+}", b"")
    if b"\\[" in raw or b"\\]" in raw or b"\\_" in raw:
        raw = _without_backslashes(raw)
    return raw


@lru_cache(256)
def _named_character(entity: bytes) -> bytes:
    import html  # loads a table of two thousand names, which few texts need

    sign = html.unescape(entity.decode())
    if sign in ("\n", "\x0b", "\x0c"):
        return ADDED
    return b" " if sign in ("\t", "\xa0") else b"" if sign < " " else sign.encode("utf-8", "replace")


def _without_tags(raw: bytes) -> bytes:
    raw = compiled(_NUMBER_CELL).sub(_newlines, raw)
    raw = compiled(_BREAK).sub(_line_end, raw)
    raw = compiled(_BLOCKS).sub(_line_end, raw)
    return compiled(_CDATA).sub(b"", compiled(_TAG).sub(_newlines, raw))


def _line_end(match: Match) -> bytes:
    return _newlines(match) if match.group(1) else ADDED + _newlines(match)


def _newlines(match: Match) -> bytes:
    return b"\n" * (match.group() or b"").count(b"\n")


def _without_backslashes(raw: bytes) -> bytes:
    return compiled(_BACKSLASH).sub(lambda match: (match.group() or b"")[1:], raw)
