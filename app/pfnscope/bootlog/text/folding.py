"""Texts that a terminal broke at its right edge, wherever that was: inside words and numbers.

A mailer breaks at blanks, and what it cut off is found by what lacks it. A number that lost its last digits at an edge
looks whole, so such a text is closed up before anything is read: a soft line break of a mail takes the place of the
edge, and everything after that knows what these are.
"""

import re
from itertools import pairwise

from pfnscope.bootlog.text.prefix import is_kernel
from pfnscope.patterns import compiled

_HEAD = 1 << 16  # bytes that show how a text is broken
_NARROWEST, _WIDEST = 40, 300
_LEAST = 3  # lines that end at the edge
_RARE = 4  # times as many of these as of lines that go on although they are shorter
# What nothing leaves that breaks at blanks: the rest begins with one, or with a sign that closes, or in a number.
_PARTED = r"[^\n]*(?:\n[ \])},.;:=]|0x[0-9a-f]{0,15}\n[0-9a-f]+[\]) \-]|0\nx[0-9a-f])"
_CUT = 2  # blanks at an edge that copying may have cut off


def without_edges(raw: bytes) -> bytes:
    """A decoded text, with a soft line break where a line ends at the edge and goes on in the next."""
    width = _edge(raw[:_HEAD])
    if not width:
        return raw
    kept, at = [], 0
    for found in re.finditer(rb"(?<![^\n])[^\n]{%d}(?=\n[^\n])" % width, raw):
        end = found.end()
        following = raw.find(b"\n", end + 1)
        if is_kernel(raw[end + 1 : following if following >= 0 else len(raw)]):
            continue
        if raw.endswith(b"=", at, end):  # a sign that would be lost in its break goes to the next line
            kept += [raw[at:end], b"\n="]
        else:
            kept += [raw[at:end], b"=\n"]
        at = end + 1
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
