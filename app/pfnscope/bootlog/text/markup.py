"""Undo the marks of mails, web pages, forums, trackers and word diffs; the number of newlines stays."""

import html
import re

from pfnscope.bootlog.text.decoding import ADDED, TAGS, in_blocks
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
_ESCAPED = rb"\\([\[\]_*#<>.!(){}|~`+-])"
_DELETED = r"\[-[^\n]*?-\]"  # for RE2: what it begins with may be repeated in it


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
        raw = in_blocks(lambda block: re.sub(_ESCAPED, rb"\1", block), raw)
    return raw


def _named(block: bytes) -> bytes:
    return re.sub(_ENTITY.encode(), _character, block)


def _character(found: re.Match[bytes]) -> bytes:
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
