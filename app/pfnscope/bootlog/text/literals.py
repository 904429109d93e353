"""Undo what programs do to a log that they hold in strings: JSON records, lists, tables, one text with escapes.

The number of newlines stays; where a string ends another line, :data:`ADDED` stands.
"""

import re
from io import BytesIO

from pfnscope.bootlog.text.plain import ADDED, in_blocks

_QUOTED = bytes.maketrans(b",>|+", b"    ")
_BYTES = rb'("MESSAGE"\s*+:\s*+)\[([0-9,\s>|+]*+)\]'
_NEXT_OBJECT = (b'},{"', b'}, {"', b'}{"', b'} {"')
_LEAST_ESCAPED = 2  # newlines in the string of one line; a single one at its end is the line's own
_KEYED = rb'"[\w.@ -]{1,64}" ?: ?"(?=.)|"[\w.@ -]{1,64}" ?: ?\[ ?"(?=.)'
_OPENED = rb"\A([^\"'\n]{0,60})[\"']"
_NEXT_STRING = rb'(["\']) ?[,;] ?(?=b?["\'])'
_CHARACTERS = {b"n": ADDED, b"r": b"", b"t": b" ", b"b": b"", b"f": b"", b"a": b"", b"v": b"", b"0": b"", b"e": b""}
_ESCAPED = rb"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))"
_SHORT = 1 << 16  # bytes of a line that are changed at once
_ROUNDS = 2  # strings in strings


def without_quotes(raw: bytes) -> bytes:
    """A decoded text whose strings that hold several lines are these lines."""
    if b'"MESSAGE"' in raw or b'"msg"' in raw:
        raw = in_blocks(lambda block: re.sub(_BYTES, _text, block), raw)
        for joint in _NEXT_OBJECT:
            raw = raw.replace(joint, b"}," + ADDED + b'{"')
    if b"\\n" not in raw and b'":' not in raw and b'" :' not in raw:
        return in_blocks(_parted, raw)  # no line needs a look of its own
    out, view, at = BytesIO(), memoryview(raw), 0
    for found in re.finditer(rb'\\n|["\'] ?[,;] ?b?["\']', raw):
        if found.start() < at:
            continue
        start = max(raw.rfind(b"\n", at, found.start()) + 1, at)
        end = raw.find(b"\n", found.end())
        end = len(raw) if end < 0 else end
        out.write(view[at:start])
        out.write(_line(raw[start:end]))
        at = end
    out.write(view[at:])
    return out.getvalue()


def _line(line: bytes) -> bytes:
    for _ in range(_ROUNDS):
        if line.count(b"\\n") < _LEAST_ESCAPED:
            break
        keyed = in_blocks(lambda block: re.sub(_KEYED, ADDED, block), line)
        line = re.sub(_OPENED, rb"\1" + ADDED, line, count=1) if keyed == line else keyed
        line = in_blocks(lambda block: re.sub(_ESCAPED, _character, block), line)
    if b'":' in line or b'" :' in line:
        return line  # the keys of a record, which is read as one
    return _parted(line) if len(line) < _SHORT else in_blocks(_parted, line)


def _parted(line: bytes) -> bytes:
    return re.sub(_NEXT_STRING, rb"\1" + ADDED, line)


def _character(found: re.Match[bytes]) -> bytes:
    if found[3]:
        return _CHARACTERS.get(found[3], found[3])
    code = int(found[1] or found[2], 16)
    if code == 10:
        return ADDED
    return b"" if code < 32 or 0xD800 <= code < 0xE000 else chr(code).encode()


def _text(found: re.Match[bytes]) -> bytes:
    """The journal's other way to write a message, byte by byte; the newlines in it go behind it."""
    values = [int(value) for value in found[2].translate(_QUOTED).split() if len(value) <= 3]
    text = bytes(value for value in values if 32 <= value < 256 and value not in b'"\\')
    return found[1] + b'"' + text + b'"' + b"\n" * found[2].count(b"\n")
