"""From the bytes as given to plain ones, in the order in which the steps build on each other.

Each step first searches for a sign that it is needed; a log as the kernel printed it has none. The number of
newlines stays, except that carriage returns are newlines in a text that has no others.
"""

from itertools import pairwise

from pfnscope.bootlog.text import literals, markup
from pfnscope.bootlog.text.plain import (
    LOST_ESCAPE,
    as_utf8,
    plain_signs,
    without_controls,
    without_escapes,
    without_shown_ends,
    without_soft_breaks,
)
from pfnscope.bootlog.text.prefix import is_kernel
from pfnscope.patterns import compiled

DECODED = b"\x0b\x0c"
"""The end of a text that was decoded before; both characters are shown as blanks."""

_WRAPPED = f"{LOST_ESCAPE}|{markup.SIGNS}|{literals.SIGNS}"
_HEAD = 1 << 16  # bytes that show how a text is broken
_NARROWEST, _WIDEST = 40, 300  # columns
_LEAST = 3  # lines that end at the edge
_RARE = 4  # times as many of these as of lines that go on although they are shorter
# What a program that breaks at blanks does not print: a rest that begins with a blank, a closing sign or digits.
_PARTED = r"[^\n]*(?:\n[ \])},.;:=]|0x[0-9a-f]{0,15}\n[0-9a-f]+[\]) \-]|0\nx[0-9a-f])"
_CUT = 2  # blanks at an edge that copying may have cut off


def decode(raw: bytes) -> bytes:
    """UTF-8-like bytes without byte order mark, control characters, colours, and marks of pages, mails and strings."""
    return searched(raw)[0]


def searched(raw: bytes) -> tuple[bytes, bool]:
    """What :func:`decode` gives, and whether it may have soft line breaks, which the same pass over the text shows."""
    if raw.endswith(DECODED):
        return raw[: -len(DECODED)], True
    raw = without_controls(as_utf8(raw))
    if markup.is_document(raw):
        raw = markup.text_of_document(raw)
    raw = without_shown_ends(plain_signs(raw))
    first = compiled(f"(?m)=\n|{_WRAPPED}").find(raw)  # one pass for the first sign of all that follows
    if first >= 0 and compiled(f"(?m){_WRAPPED}").find(raw, first) >= 0:
        raw = _unwrapped(raw)
    closed = with_soft_breaks(raw)
    return closed, first >= 0 or closed is not raw


def _unwrapped(raw: bytes) -> bytes:
    """A text without what mailers, terminals, pages and programs wrapped it in."""
    if b"=\n" in raw:
        raw = without_soft_breaks(raw)
    if compiled(LOST_ESCAPE).find(raw) >= 0:
        raw = without_escapes(raw)
    if compiled(f"(?m){markup.SIGNS}").find(raw) >= 0:
        raw = without_shown_ends(plain_signs(markup.without_marks(raw)))
    if compiled(literals.SIGNS).find(raw) >= 0:
        raw = literals.without_quotes(raw)
    return raw


def with_soft_breaks(raw: bytes) -> bytes:
    """A decoded text that a terminal broke at its right edge, with a soft line break at each edge.

    A mailer breaks at blanks, which shows where a message is incomplete. A number cut at an edge looks complete, so
    these lines are joined before anything is read: a soft break, as in quoted-printable mail, replaces each edge.
    """
    width = _edge(raw[:_HEAD])
    if not width:
        return raw
    kept, at, start = [], 0, 0
    while (end := raw.find(b"\n", start)) >= 0:
        if end - start == width and raw[end + 1 : end + 2] not in (b"", b"\n"):
            following = raw.find(b"\n", end + 1)
            if not is_kernel(raw[end + 1 : following if following >= 0 else len(raw)]):
                # an equals sign at the edge goes to the next line, since == is no soft break
                kept += [raw[at:end], b"\n=" if raw.endswith(b"=", at, end) else b"=\n"]
                at = end + 1
        start = end + 1
    return b"".join([*kept, raw[at:]])


def _edge(head: bytes) -> int:
    """How wide the terminal was, or 0 where lines end as they were printed, or at blanks."""
    lines = head.split(b"\n")[:-1]
    width = max(map(len, lines), default=0)
    if not _NARROWEST <= width <= _WIDEST or [len(line) for line in lines].count(width) < _LEAST:
        return 0
    broken = [
        (line, following)
        for line, following in pairwise(lines)
        if len(line) == width and _goes_on(line, following)  # few, before all are looked at
    ]
    if len(broken) < _LEAST or not any(compiled(_PARTED).match(b"\n".join(pair)) for pair in broken):
        return 0
    shorter = (pair for pair in pairwise(lines) if len(pair[0]) < width - _CUT)
    elsewhere = head.count(b"=\n") + sum(_goes_on(*pair) for pair in shorter)
    return width if len(broken) >= _RARE * elsewhere else 0


def _goes_on(line: bytes, following: bytes) -> bool:
    return bool(following) and is_kernel(line) and not is_kernel(following)
