"""From the bytes as given to plain ones: encodings, colours, typography, web pages, marked changes, packed JSON.

Every step looks for its first sign before it does anything, and takes time linear in the text: the expressions
are possessive, so that none can backtrack; they are compiled when a text first needs them. The number of newlines
stays.
"""

import re
from collections.abc import Callable
from io import BytesIO

from app.bootlog.patterns import compiled

ADDED = b"\r"
"""Where a line ends that has no newline there in the text as given; no other carriage return is left."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CONTROLS = bytes({*range(32)} - {*b"\n\r\t\x1b"})
_QUOTED = bytes.maketrans(b",>|+", b"    ")
_BLANKS = bytes.maketrans(b"\t", b" ")
_ESCAPES = (
    rb"(?:\x1b|\^\[|\\x1b|\\033|\\e|#033)\[[0-9;?]*+[A-Za-z]"
    rb"|\[[0-9]{1,2}(?:;[0-9]{1,2})*+m"  # the escape character itself got lost
    rb"|\x1b\][^\x07\x1b\n]*+\x07?|\x1b[()][0-9A-Za-z]|\x1b[78=>cDEHM\\]"
)
_TYPOGRAPHY = (
    *((blank.encode(), b" ") for blank in "\xa0\u2002\u2003\u2007\u2008\u2009\u202f\u3000"),
    *((dash.encode(), b"-") for dash in "\u2010\u2011\u2012\u2013\u2014\u2212"),
    *((nothing.encode(), b"") for nothing in "\xad\u200b\u200c\u200d\u200e\u2060\ufeff"),
    *((arrow.encode(), b">") for arrow in "\u2192\u21d2\u25b6\u2502"),
    *((mark.encode(), b"*") for mark in "\u2022\u00b7"),
    *((separator.encode(), ADDED) for separator in "\u2028\u2029"),
)
_LATIN = ((b"\xa0", b" "), (b"\x96", b"-"), (b"\x97", b"-"), (b"\xad", b""))
_ENTITY = "&(?:amp|apos|gt|lt|nbsp|ndash|quot|#[0-9]{2,4}|#[xX][0-9a-fA-F]{2,4});"
_NUMBERED = rb"&#(?:([0-9]{2,4})|[xX]([0-9a-fA-F]{2,4}));"
_ENTITIES = (
    (b"&nbsp;", b" "),
    (b"&ndash;", b"-"),
    (b"&lt;", b"<"),
    (b"&gt;", b">"),
    (b"&quot;", b'"'),
    (b"&apos;", b"'"),
    (b"&amp;", b"&"),
)
_BLOCK = 1 << 17
_MOST_ESCAPED = 3  # times, one after another, by pages that show pages
_BREAK = rb"<(?:br|BR) *+/?>(\n)?"
_TAGS = "a|b|blockquote|body|code|div|em|font|html|i|li|mark|ol|p|pre|samp|span|strong|t[dhrt]|table|tbody|u|ul"
_MARKS = rf"\[0m|{_ENTITY}|</(?i:{_TAGS})>|<br|<BR|\{{\+|\"MESSAGE\"|\"msg\"|\\n"
_TAG = rf"(?i)</?(?:{_TAGS})(?: [^<>\n]*+)?>".encode()
_DELETED = r"\[-[^\n]*?-\]"  # for RE2: what it begins with may be repeated in it
_BYTES = rb'("MESSAGE"\s*+:\s*+)\[([0-9,\s>|+]*+)\]'
_NEXT_OBJECT = (b'},{"', b'}, {"', b'}{"', b'} {"')


def decode(raw: bytes) -> bytes:
    """UTF-8-like bytes without byte order mark, control characters, colours, and marks of web pages and diffs.

    The number of newlines stays, except that carriage returns are newlines in a text that has no others.
    """
    raw = _as_utf8(raw)
    if b"\r" in raw:
        raw = raw.replace(b"\r", b"" if b"\n" in raw else b"\n")
    if b"\x1b" in raw:
        raw = _in_blocks(_replacing(_ESCAPES, b""), raw)
    raw = raw.translate(_BLANKS, _CONTROLS)
    if not raw.isascii():
        raw = _plain_signs(raw)
    # One pass for the first sign of all of them: a log as the kernel printed it has none.
    return _without_marks(raw) if compiled(_MARKS).search(raw) else raw


def _without_marks(raw: bytes) -> bytes:
    if b"[0m" in raw:
        raw = _in_blocks(_replacing(_ESCAPES, b""), raw)
    for _ in range(_MOST_ESCAPED):
        if not compiled(_ENTITY).search(raw):
            break
        raw = _in_blocks(_replacing(_NUMBERED, _character), raw)
        for entity, plain in _ENTITIES:
            raw = raw.replace(entity, plain)
    if b"</" in raw:
        raw = _in_blocks(_replacing(_TAG, b""), raw)
    if b"<br" in raw or b"<BR" in raw:
        raw = _in_blocks(_replacing(_BREAK, lambda found: found[1] or ADDED), raw)
    if b"{+" in raw:
        raw = _in_blocks(_without_deleted, raw).replace(b"{+", b"").replace(b"+}", b"")
    if b'"MESSAGE"' in raw or b'"msg"' in raw:
        raw = _in_blocks(_replacing(_BYTES, _text), raw)
        for joint in _NEXT_OBJECT:
            raw = raw.replace(joint, b"}," + ADDED + b'{"')
    elif raw.count(b"\\n") > raw.count(b"\n"):  # a log as a string of some programming language
        raw = raw.replace(b"\\r", b"").replace(b"\\n", ADDED)
    return raw


def _replacing(pattern: bytes, by: bytes | Callable[[re.Match[bytes]], bytes]) -> Callable[[bytes], bytes]:
    return lambda raw: re.sub(pattern, by, raw)


def _in_blocks(change: Callable[[bytes], bytes], raw: bytes) -> bytes:
    """Change a text block by block: a substitution keeps all its pieces, each many times as large as its text."""
    out, at = BytesIO(), 0
    while at < len(raw):
        end = at + _BLOCK
        if end < len(raw):
            cut = raw.rfind(b"\n", at, end)
            cut = cut if cut >= 0 else raw.rfind(b" ", at, end)
            end = cut + 1 if cut >= 0 else end
        out.write(change(raw[at:end]))
        at = end
    return out.getvalue()


def _as_utf8(raw: bytes) -> bytes:
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return raw[len(mark) :] if encoding == "utf-8" else _from_utf16(raw[len(mark) :], encoding)
    head = raw[:64]
    if len(head) >= 4 and not any(head[1::2]) and all(head[::2]):
        return _from_utf16(raw, "utf-16-le")
    if len(head) >= 4 and not any(head[::2]) and all(head[1::2]):
        return _from_utf16(raw, "utf-16-be")
    return raw


def _from_utf16(raw: bytes, encoding: str) -> bytes:
    return raw.decode(encoding, "replace").encode("utf-8", "replace")


def _plain_signs(raw: bytes) -> bytes:
    for odd, plain in _TYPOGRAPHY:
        raw = raw.replace(odd, plain)
    try:
        raw.decode()
    except UnicodeDecodeError:
        for odd, plain in _LATIN:
            raw = raw.replace(odd, plain)
    return raw


def _without_deleted(raw: bytes) -> bytes:
    kept, at = [], 0
    for match in compiled(_DELETED).finditer(raw):
        kept.append(raw[at : match.start()])
        at = match.end()
    return b"".join([*kept, raw[at:]])


def _character(found: re.Match[bytes]) -> bytes:
    code = int(found[1]) if found[1] else int(found[2], 16)
    return b" " if code == 0xA0 else bytes([code]) if 32 <= code < 127 else found[0]


def _text(found: re.Match[bytes]) -> bytes:
    """The journal's other way to write a message, byte by byte; the newlines in it go behind it."""
    values = [int(value) for value in found[2].translate(_QUOTED).split() if len(value) <= 3]
    text = bytes(value for value in values if 32 <= value < 256 and value not in b'"\\')
    return found[1] + b'"' + text + b'"' + b"\n" * found[2].count(b"\n")
