"""Single steps from the bytes as given to plain ones: encodings, line ends, what terminals leave behind, typography.

Every step takes time linear in the text, and the number of newlines stays.
"""

from collections.abc import Iterator
from io import BytesIO

from pfnscope.patterns import Match, compiled

ADDED = b"\r"
"""Where a line ends that has no newline there in the text as given; no other carriage return is left."""
LOST_ESCAPE = r"\^\[\[|\[0m|#033\[|\\033\[|\\e\[|\\x1b\[|\\u001[bB]"
"""Escape characters as people and programs write them in ASCII."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HEAD = 4096  # bytes that show whether every second one is NUL
_CONTROLS = bytes({*range(32)} - {*b"\n\r\t\v\f"})
_PLAIN = bytes.maketrans(b"\t\v\f", b" \r\r")
_QUOTED_BYTE = "=([0-9A-F]{2})"
_QUOTE = r"[ \t]{0,8}(?:>[ \t]?){1,64}"
_LONGEST_QUOTE = 8 + 2 * 64
_RETURNS = r"(?m)\r+$|(?m:^)\r+"
_MOVES = r"(?:\x1b|\^\[)\[[0-9;]*[ABEFHf]"  # the cursor goes to another line, or to another place of the screen
_ESCAPES = (
    r"(?:(?:\x1b|\^\[|\\x1b|\\033|\\e|#033|\\u001[bB])\[[0-9;:?>=!]* ?[A-Za-z@`{|~]"
    r"|\[[0-9]{1,2}(?:;[0-9]{1,2})*m"  # the escape character itself got lost
    r"|\x1b[\]PX^_][^\x07\x1b\n]*\x07?|\x1b[()*+#%][0-9A-Za-z]|\x1b[78=>cDEHMNOZ\\])+"
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
_WIDE = r"\xef\xbc([\x81-\xbf])|\xef\xbd([\x80-\x9e])"  # U+FF01 to U+FF5E: ASCII as wide as Chinese signs
_BLOCK = 1 << 17  # bytes that are decoded to a string at once
_MOST_RETURNS = 2  # at the end of a line


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


def without_controls(raw: bytes) -> bytes:
    """A text without control characters and escape sequences; blanks for tabs, :data:`ADDED` for other line ends."""
    if b"\r" in raw:
        raw = _without_returns(raw)
    if b"\x1b" in raw:
        raw = without_escapes(raw)
    return raw.translate(_PLAIN, _CONTROLS)


def _without_returns(raw: bytes) -> bytes:
    """Only those carriage returns are left, as ends of lines, behind which a terminal wrote over the line."""
    if b"\n" not in raw:
        return raw.replace(b"\r", b"\n")
    raw = raw.replace(b"\r\n", b"\n")
    return compiled(_RETURNS).sub(b"", raw) if b"\r" in raw else raw


def without_escapes(raw: bytes) -> bytes:
    """A text without the escape sequences of a terminal; :data:`ADDED` where one moves the cursor."""
    return compiled(_ESCAPES).sub(b"", compiled(_MOVES).sub(ADDED, raw))


def without_shown_ends(raw: bytes) -> bytes:
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
    raw = b"".join(map(_without_typography, _blocks(raw)))
    if b"\xef\xbc" in raw or b"\xef\xbd" in raw:
        raw = compiled(_WIDE).sub(_narrow, raw)
    try:
        raw.decode()
    except UnicodeDecodeError:
        for odd, plain in _LATIN:
            raw = raw.replace(odd, plain)
    return raw


def _blocks(raw: bytes) -> Iterator[bytes]:
    """Parts of a text that end at a newline, or else at a blank: a string takes up to four times the bytes."""
    at = 0
    while at < len(raw):
        end = at + _BLOCK
        if end < len(raw):
            cut = raw.rfind(b"\n", at, end)
            cut = cut if cut >= 0 else raw.rfind(b" ", at, end)
            end = cut + 1 if cut >= 0 else end
        yield raw[at:end]
        at = end


def _without_typography(block: bytes) -> bytes:
    """Character by character: searching a string for one is several times faster than searching bytes."""
    text = block.decode("utf-8", "surrogateescape")
    for odd, plain in _TYPOGRAPHY:
        if odd in text:
            text = text.replace(odd, plain)
    return text.encode("utf-8", "surrogateescape")


def _narrow(match: Match) -> bytes:
    first, second = match.group(1), match.group(2)
    return bytes([first[0] - 0x60]) if first else bytes([(second or b"?")[0] - 0x20])


def soft_breaks(raw: bytes) -> Iterator[tuple[int, int]]:
    """Where a mailer broke lines: a single ``=`` before the newline; ``==`` is a ruler and no soft break.

    Each is the offset of the sign and that of the rest of the line, behind quote marks that both lines have.
    """
    rest, sign = 0, raw.find(b"=\n")
    while sign >= 0:
        if sign > rest and raw[sign - 1] not in b"=\n":
            start = raw.rfind(b"\n", 0, sign) + 1
            quote = compiled(_QUOTE).match(raw[start : min(sign, start + _LONGEST_QUOTE)])
            rest = sign + 2
            if quote is not None and raw.startswith(raw[start : start + quote.end()], rest):
                rest += quote.end()
            yield sign, rest
        sign = raw.find(b"=\n", sign + 2)


def without_soft_breaks(raw: bytes) -> bytes:
    """Close up the soft breaks of a mail, which may fall into marks; their newlines go behind the line."""
    view, out, at, newlines = memoryview(raw), BytesIO(), 0, 0
    for sign, after in soft_breaks(raw):
        end = raw.find(b"\n", at, sign) if newlines else -1
        if end >= 0:
            out.write(view[at:end])
            out.write(b"\n" * newlines)
            at, newlines = end, 0
        out.write(view[at:sign])
        at, newlines = after, newlines + 1
    end = raw.find(b"\n", at)
    end = len(raw) if end < 0 else end
    out.write(view[at:end])
    out.write(b"\n" * newlines)
    out.write(view[end:])
    closed = out.getvalue()
    return compiled(_QUOTED_BYTE).sub(_byte, closed) if b"=3D" in closed else closed


def _byte(match: Match) -> bytes:
    value = int(match.group(1) or b"0", 16)
    return b" " if value < 32 else bytes([value])
