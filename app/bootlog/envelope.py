"""What transports put around a kernel message: quotes, host names, levels, time stamps, callers.

One anchored pattern peels all of it, in any order and number. Blanks are never counted.
"""

import msgspec

from app.bootlog.patterns import compiled

_MONTH = "[A-Z][a-z]{2}"
_HOST = r"(?:[\w.\-]+ +)?"
_KERNEL = rf"(?:{_HOST}(?:INFO +)?kernel(?:\[[0-9]+\])?: ?)"
_STAMP = r"\[ *([0-9]{1,12})\.([0-9]{1,6})(?: +<[ 0-9.+]*>)?\]"
_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_PREFIXES = (
    r"<[0-9]{1,3}>",
    rf"(?:[0-9]{{1,7}}[:\-])?{_STAMP}",
    rf"\[{_MONTH} {_MONTH} +[0-9]+ [0-9:]{{8}} [0-9]{{4}}\]",
    rf"\[{_MONTH} ?[0-9]+ [0-9]{{2}}:[0-9]{{2}}\]",
    r"\[ *(?:\+ *[0-9]+\.[0-9]+)?\]",
    r"\[ *[TC][0-9]+\]",
    r"\[[0-9]+: *[\w/.:\-]+: *[0-9]+\]",
    rf"{_MONTH} +[0-9]{{1,2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]+)? +{_KERNEL}",
    rf"{_ISO} +{_KERNEL}",
    rf"\[?{_ISO}\]?",
    r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)? ",
    rf"{_KERNEL}",
    r"(?:kern|user|daemon|syslog) *: *[a-z]+ *: ?",
    r"[0-9]{1,3},[0-9]+,[0-9]+,[c+\-][^;\n]{0,40};",
    "MESSAGE=",
)
_PEEL = r"[ \t>|+\-*]*((?:(?:" + "|".join(_PREFIXES) + r")[ \t>|]*)+)?"
_QUOTES = r"[ \t>|]*"
_INNER = r"\[ *[0-9]{1,12}\.[0-9]{6}\]"
_JSON = r'[{ \t]*(?:.*?[,{] *)?"(?:MESSAGE|msg)" *: *("(?:[^"\\]|\\.)*")'
_ESCAPE = r"=[0-9A-F]{2}"


class Peeled(msgspec.Struct, frozen=True):
    """A message without its envelope.

    ``column`` is the 0-based byte offset of the message in its line. ``kernel`` says whether a prefix of
    the kernel's or of a log daemon's was there; ``stamp`` is the kernel's time in microseconds. ``quoted``
    where the message was a JSON string, so that it is no part of the line.
    """

    message: bytes
    column: int
    kernel: bool
    stamp: int | None
    quoted: bool = False


def peel(line: bytes) -> Peeled:
    """Take one line, or one of several records glued on a line, out of its envelope."""
    match = compiled(_PEEL).match(line)
    if match is None:  # the pattern matches the empty string; only the type needs this
        return Peeled(line, 0, False, None)
    kernel = match.group(1) is not None
    stamp = None
    if match.group(2) is not None:
        stamp = int(match.group(2) or b"0") * 1_000_000 + int((match.group(3) or b"0").ljust(6, b"0"))
    message = line[match.end() :].rstrip()
    if message[:1] in (b"{", b'"') and not kernel:
        inner = _from_json(message)
        if inner is not None:
            again = peel(inner)
            return Peeled(again.message, match.end(), True, again.stamp, quoted=True)
    return Peeled(_plain(message), match.end(), kernel, stamp)


def peel_continuation(line: bytes) -> Peeled:
    """Take only quotes from a line that may be the rest of the line before it; no line with a time stamp is."""
    peeled = peel(line)
    if peeled.kernel:
        return peeled
    if inner_records(line, peeled):  # in an envelope that is not known
        return msgspec.structs.replace(peeled, kernel=True)
    quotes = compiled(_QUOTES).match(line)
    message = line[quotes.end() if quotes else 0 :].rstrip()
    return Peeled(_plain(message), peeled.column, False, None)


def inner_records(line: bytes, peeled: Peeled) -> list[int]:
    """Offsets at which further records begin behind the first message, on a line that holds several."""
    if peeled.quoted or line.find(b".", peeled.column) < 0:  # no time stamp, which is nearly every line
        return []
    return [match.start() for match in compiled(_INNER).finditer(line, peeled.column)]


def _from_json(message: bytes) -> bytes | None:
    match = compiled(_JSON).match(message)
    if match is None:
        return None
    try:
        text = msgspec.json.decode(match.group(1) or b'""', type=str)
    except msgspec.DecodeError:
        return None
    return text.encode("utf-8", "replace")


def _plain(message: bytes) -> bytes:
    """Undo what mailers and devices do to a message; most messages come through untouched."""
    if b"=3D" in message or message.endswith(b"=20"):
        found = compiled(_ESCAPE).finditer(message)
        kept, at = [], 0
        for match in found:
            kept += [message[at : match.start()], bytes([int(message[match.start() + 1 : match.end()], 16)])]
            at = match.end()
        message = b"".join([*kept, message[at:]]).rstrip()
    if b"\\x09" in message:
        message = message.replace(b"\\x09", b" ")
    return message
