"""From the bytes as given to plain ones: encodings, what terminals leave behind, typography.

Marks of web pages and mails, and texts as strings of programs, are undone by rooms of their own that are loaded when
a text has any. Every step looks for its first sign before it does anything, and takes time linear in the text: the
expressions are possessive, so that none can backtrack. The number of newlines stays.
"""

import re
from collections.abc import Callable, Iterator
from io import BytesIO

from pfnscope.bootlog.text.folding import without_edges
from pfnscope.bootlog.text.markup import is_packed, unpacked
from pfnscope.bootlog.text.plain import ADDED, TAGS, in_blocks
from pfnscope.patterns import compiled

DECODED = b"\x0b\x0c"
"""What a text ends with that was decoded before; both are blanks to whoever shows it."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HEAD = 4096  # bytes that show whether every second one is NUL
_CONTROLS = bytes({*range(32)} - {*b"\n\r\t\v\f"})
_QUOTED_BYTE = rb"=([0-9A-F]{2})"
_QUOTE = rb"[ \t]{0,8}(?:>[ \t]?){1,64}"
_PLAIN = bytes.maketrans(b"\t\v\f", b" \r\r")
_MOVES = rb"(?:\x1b|\^\[)\[[0-9;]*+[ABEFHf]"  # the cursor goes to another line, or to another place of the screen
_ESCAPES = (
    rb"(?:\x1b|\^\[|\\x1b|\\033|\\e|#033|\\u001[bB])\[[0-9;:?>=!]*+ ?[A-Za-z@`{|~]"
    rb"|\[[0-9]{1,2}(?:;[0-9]{1,2})*+m"  # the escape character itself got lost
    rb"|\x1b[\]PX^_][^\x07\x1b\n]*+\x07?|\x1b[()*+#%][0-9A-Za-z]|\x1b[78=>cDEHMNOZ\\]"
)
_TYPOGRAPHY = (
    *((blank, " ") for blank in "\xa0\u2002\u2003\u2007\u2008\u2009\u200a\u202f\u3000"),
    *((dash, "-") for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"),
    *((nothing, "") for nothing in "\xad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"),
    *((arrow, ">") for arrow in "\u2192\u21d2\u25b6\u2502\u2503\u00bb\u203a"),
    *((mark, "*") for mark in "\u2022\u00b7"),
    *((quote, '"') for quote in "\u201c\u201d\u201e\u201f\u2033"),
    *((quote, "'") for quote in "\u2018\u2019\u201a\u201b\u2032"),
    *((separator, ADDED.decode()) for separator in "\u2028\u2029\x85"),
)
_LATIN = ((b"\xa0", b" "), (b"\x96", b"-"), (b"\x97", b"-"), (b"\xad", b""))
_WIDE = rb"\xef\xbc([\x81-\xbf])|\xef\xbd([\x80-\x9e])"  # U+FF01 to U+FF5E: ASCII as wide as Chinese signs
_MOST_RETURNS = 2  # at the end of a line
_LOST = r"\^\[\[|\[0m|#033\[|\\033\[|\\e\[|\\x1b\[|\\u001[bB]"  # escape characters as somebody writes them
_MARKS = (
    rf"&(?:[A-Za-z]{{2,8}}|#[0-9]{{1,6}}|#[xX][0-9a-fA-F]{{1,5}});|</?(?i:{TAGS})(?:[ />]|$)|<!\[CDATA\[|\{{\+"
    r"|\[/(?i:b|code|color|font|i|list|pre|quote|size|spoiler|tt|u|url)\]|\{(?:code|noformat|quote|color)[:}]"
    r"|\\[\[\]_]"
)
_STRINGS = r'\\n|"MESSAGE"|"msg"|", ?["\']|\', ?[\'"]|";"'


def decode(raw: bytes) -> bytes:
    """UTF-8-like bytes without byte order mark, control characters, colours, and marks of pages, mails and strings.

    The number of newlines stays, except that carriage returns are newlines in a text that has no others.
    """
    return searched(raw)[0]


def searched(raw: bytes) -> tuple[bytes, bool]:
    """What :func:`decode` gives, and whether it may have soft line breaks: a pass over the text that is made anyway."""
    if raw.endswith(DECODED):
        return raw[: -len(DECODED)], True
    raw = as_utf8(raw)
    if b"\r" in raw:
        raw = _without_returns(raw)
    if b"\x1b" in raw:
        raw = _without_escapes(raw)
    raw = raw.translate(_PLAIN, _CONTROLS)
    if is_packed(raw):
        raw = unpacked(raw, ADDED)
    raw = plain_signs(raw)
    raw = _without_ends(raw)
    # One pass for the first sign of all that follows: a log as the kernel printed it has none.
    first = compiled(f"(?m)=\n|{_LOST}|{_MARKS}|{_STRINGS}").find(raw)
    if first >= 0 and compiled(f"(?m){_LOST}|{_MARKS}|{_STRINGS}").find(raw, first) >= 0:
        raw = _unpacked(raw)
    closed = without_edges(raw)
    return closed, first >= 0 or closed is not raw


def _unpacked(raw: bytes) -> bytes:
    if b"=\n" in raw:
        raw = _mended(raw)
    if compiled(_LOST).find(raw) >= 0:
        raw = _without_escapes(raw)
    if compiled(f"(?m){_MARKS}").find(raw) >= 0:
        from pfnscope.bootlog.text.markup import without_marks

        raw = _without_ends(plain_signs(without_marks(raw)))
    if compiled(_STRINGS).find(raw) >= 0:
        from pfnscope.bootlog.text.literals import without_quotes

        raw = without_quotes(raw)
    return raw


def soft_breaks(raw: bytes) -> Iterator[tuple[int, int]]:
    """Where a mailer broke lines: a single ``=`` before the newline; ``==`` is no soft break but somebody's ruler.

    Each is the offset of the sign and that of the rest of the line, behind quote marks that both lines have.
    """
    rest, found = 0, raw.find(b"=\n")
    while found >= 0:
        if found > rest and raw[found - 1] not in b"=\n":
            start = raw.rfind(b"\n", 0, found) + 1
            quote = re.compile(_QUOTE).match(raw, start, found)
            rest = found + 2
            if quote and raw.startswith(quote[0], rest):
                rest += len(quote[0])
            yield found, rest
        found = raw.find(b"=\n", found + 2)


def _replacing(pattern: bytes, by: bytes | Callable[[re.Match[bytes]], bytes]) -> Callable[[bytes], bytes]:
    return lambda raw: re.sub(pattern, by, raw)


def _mended(raw: bytes) -> bytes:
    """Close up the soft breaks of a mail that fall into marks; the newlines go behind the line."""
    view, out, at, owed = memoryview(raw), BytesIO(), 0, 0
    for found, after in soft_breaks(raw):
        end = raw.find(b"\n", at, found) if owed else -1
        if end >= 0:
            out.write(view[at:end])
            out.write(b"\n" * owed)
            at, owed = end, 0
        out.write(view[at:found])
        at, owed = after, owed + 1
    end = raw.find(b"\n", at)
    end = len(raw) if end < 0 else end
    out.write(view[at:end])
    out.write(b"\n" * owed)
    out.write(view[end:])
    mended = out.getvalue()
    return in_blocks(_replacing(_QUOTED_BYTE, _byte), mended) if b"=3D" in mended else mended


def _byte(found: re.Match[bytes]) -> bytes:
    value = int(found[1], 16)
    return b" " if value < 32 else bytes([value])


def _without_escapes(raw: bytes) -> bytes:
    return in_blocks(_replacing(_ESCAPES, b""), in_blocks(_replacing(_MOVES, ADDED), raw))


def as_utf8(raw: bytes) -> bytes:
    """The bytes of a text in UTF-16 as those of UTF-8, and any other without the mark of its encoding."""
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return raw[len(mark) :] if encoding == "utf-8" else _from_utf16(raw[len(mark) :], encoding)
    head = raw[: min(_HEAD, len(raw) & ~1)]
    even, odd, half = head[::2].count(0), head[1::2].count(0), len(head) // 2
    if half >= 2 and odd * 4 >= half * 3 and even * 20 <= half:
        return _from_utf16(raw, "utf-16-le")
    if half >= 2 and even * 4 >= half * 3 and odd * 20 <= half:
        return _from_utf16(raw, "utf-16-be")
    return raw


def _from_utf16(raw: bytes, encoding: str) -> bytes:
    return raw.decode(encoding, "replace").encode("utf-8", "replace")


def _without_returns(raw: bytes) -> bytes:
    """Only those carriage returns are left, as ends of lines, behind which a terminal wrote over the line."""
    if b"\n" not in raw:
        return raw.replace(b"\r", b"\n")
    raw = raw.replace(b"\r\n", b"\n")
    return in_blocks(_replacing(rb"\r++(?=\n|\Z)|(?<![^\n])\r++", b""), raw) if b"\r" in raw else raw


def _without_ends(raw: bytes) -> bytes:
    """Undo ``cat -A``, which puts a dollar sign at the end of each line."""
    head = raw[:_HEAD]
    ends = head.count(b"$\n") + head.count(b"$" + ADDED)
    if ends * 2 <= head.count(b"\n") - head.count(b"=\n") or not ends:
        return raw
    for _ in range(_MOST_RETURNS):
        raw = raw.replace(b"^M$", b"$")
    for end in (b"$\n", b"$" + ADDED):
        raw = raw.replace(end, end[-1:])
    return raw.replace(b"^I", b" ")


def plain_signs(raw: bytes) -> bytes:
    """ASCII for what word processors, web pages and other alphabets put in its place."""
    if raw.isascii():
        return raw
    raw = in_blocks(_without_typography, raw)
    if b"\xef\xbc" in raw or b"\xef\xbd" in raw:
        raw = in_blocks(_replacing(_WIDE, _narrow), raw)
    try:
        raw.decode()
    except UnicodeDecodeError:
        for odd, plain in _LATIN:
            raw = raw.replace(odd, plain)
    return raw


def _without_typography(block: bytes) -> bytes:
    """Sign by sign: to look for one in a string takes a fraction of the time that its bytes take."""
    text = block.decode("utf-8", "surrogateescape")
    for odd, plain in _TYPOGRAPHY:
        if odd in text:
            text = text.replace(odd, plain)
    return text.encode("utf-8", "surrogateescape")


def _narrow(found: re.Match[bytes]) -> bytes:
    return bytes([found[1][0] - 0x60]) if found[1] else bytes([found[2][0] - 0x20])
