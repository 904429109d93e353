"""Undo what programs do to a log that they hold in strings: JSON records, lists, tables, one text with escapes.

The number of newlines stays; where a string ends another line, :data:`ADDED` stands.
"""

from io import BytesIO

from pfnscope.bootlog.text.plain import ADDED
from pfnscope.patterns import Match, compiled

SIGNS = r'\\n|"MESSAGE"|"msg"|, ?["\']|\', ?[\'"]|";"'
"""A pattern that every text with such strings matches."""

_QUOTED = bytes.maketrans(b",>|+", b"    ")
_BYTES = r'("MESSAGE"\s*:\s*)\[([0-9,\s>|+]*)\]'
_NEXT_OBJECT = (b'},{"', b'}, {"', b'}{"', b'} {"')
_LEAST_ESCAPED = 2  # newlines in the string of one line; a single one at its end is the line's own
_KEYED = r'"[\w.@ -]{1,64}" ?: ?(?:\[ ?)?"($)?'  # group 1 matches where no value follows
_OPENED = r"([^\"'\n]{0,60})[\"']"
_NEXT_STRING = r'["\']( ?[,;] ?)b?["\']'
_JOINT = r'\\n|["\'] ?[,;] ?b?["\']'
_CHARACTERS = {b"n": ADDED, b"r": b"", b"t": b" ", b"b": b"", b"f": b"", b"a": b"", b"v": b"", b"0": b"", b"e": b""}
_ESCAPED = r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))"
_ROUNDS = 2  # strings in strings


def without_quotes(raw: bytes) -> bytes:
    """A decoded text whose strings that hold several lines are these lines."""
    if b'"MESSAGE"' in raw or b'"msg"' in raw:
        raw = compiled(_BYTES).sub(_text, raw)
        for joint in _NEXT_OBJECT:
            raw = raw.replace(joint, b"}," + ADDED + b'{"')
    if b"\\n" not in raw and b'":' not in raw and b'" :' not in raw:
        return _parted(raw)  # no line has to be parsed by itself
    out, view, at = BytesIO(), memoryview(raw), 0
    while (joint_at := compiled(_JOINT).find(raw, at)) >= 0:
        start = max(raw.rfind(b"\n", at, joint_at) + 1, at)
        end = raw.find(b"\n", joint_at)
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
        keyed = compiled(_KEYED).sub(_key, line)
        line = _behind_quote(line) if keyed == line else keyed
        line = compiled(_ESCAPED).sub(_character, line)
    return line if b'":' in line or b'" :' in line else _parted(line)  # a record with keys is read as one


def _key(match: Match) -> bytes:
    return ADDED if match.start(1) < 0 else match.group() or b""


def _behind_quote(line: bytes) -> bytes:
    opened = compiled(_OPENED).match(line)
    return line if opened is None else line[: opened.end(1)] + ADDED + line[opened.end() :]


def _parted(line: bytes) -> bytes:
    return compiled(_NEXT_STRING).sub(ADDED, line, group=1)


def _character(match: Match) -> bytes:
    letter = match.group(3)
    if letter:
        return _CHARACTERS.get(letter, letter)
    code = int(match.group(1) or match.group(2) or b"0", 16)
    if code == 10:
        return ADDED
    return b"" if code < 32 or 0xD800 <= code < 0xE000 else chr(code).encode()


def _text(match: Match) -> bytes:
    """A message that the journal writes as a list of bytes; newlines in the list go after the message."""
    key, numbers = match.group(1) or b"", match.group(2) or b""
    values = [int(value) for value in numbers.translate(_QUOTED).split() if len(value) <= 3]
    text = bytes(value for value in values if 32 <= value < 256 and value not in b'"\\')
    return key + b'"' + text + b'"' + b"\n" * numbers.count(b"\n")
