"""What transports put around a kernel message: quotes, host names, levels, time stamps, callers.

One anchored pattern peels all of it, in any order and number. Blanks are never counted.
"""

import msgspec

from app.bootlog.patterns import compiled

_MONTH = "[A-Z][a-z]{2}"
_HOST = r"(?:[\w.\-]+ +)?"
_KERNEL = rf"(?:{_HOST}(?:INFO +)?kernel(?:\[[0-9]+\])?: ?)"
_DELTA = "(?: +<[ 0-9.+]*>)?"
_STAMP = rf"\[ *([0-9]{{1,12}})\.([0-9]{{1,9}})(?:[@,][0-9]+| #[0-9]+)?{_DELTA}\](?:- )?"
_TASK = r"[\w/.:\-]+"
_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_PREFIXES = (
    r"<[0-9]{1,3}>",
    rf"(?:[0-9]{{1,7}}[:\-])?{_STAMP}",
    rf"\[{_MONTH} {_MONTH} +[0-9]+ [0-9:]{{8}} [0-9]{{4}}{_DELTA}\]",
    rf"\[{_MONTH} ?[0-9]+ [0-9]{{2}}:[0-9]{{2}}\]",
    r"\[ *(?:\+ *[0-9]+\.[0-9]+)?\]",
    r"\[ *[TC][0-9]+\]",
    rf"[A-Z]?\[[0-9]+: *{_TASK}: *[0-9]+\]",
    rf"-?(?:\([0-9]+\))?\[[0-9]+: *[a-z]{_TASK}\]",
    rf"c[0-9]+ +(?:[0-9]+ +)?(?:\({_TASK}\) )?",
    r"\(early\) ",
    r"[0-9]{2}-[0-9]{2} [0-9:.]{12} +(?:root +)?[0-9]+ +[0-9]+ [A-Z] *: ",
    rf"{_MONTH} +[0-9]{{1,2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]+)? +{_KERNEL}",
    rf"{_ISO} +{_KERNEL}",
    rf"\[?{_ISO}\]?",
    r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)? ",
    rf"{_KERNEL}",
    r"(?:kern|user|daemon|syslog) *: *[a-z]+ *: ?",
    r"(?:[0-9]+\.[\w.+\-]+,)?[0-9]{1,3},[0-9]+,[0-9]+,[c+\-][^;\n]{0,40};",
    "data: ",
    "MESSAGE=(?:3D)?",
)
# What people and their programs put in front of a line that they quote.
_MARKS = r"(?:[ \t>|+\-*`]|[<#;:%] |// |=+> |[A-Z][A-Za-z]{0,3}> )*"
_PEEL = _MARKS + r"((?:(?:" + "|".join(_PREFIXES) + r")[ \t>|]*)+)?"
_QUOTES = r"[ \t>|]*"
_INNER = r"\[ *[0-9]{1,12}\.[0-9]{6}\]"
_JSON = r'[{ \t]*(?:.*?[,{] *)?"(?:MESSAGE|msg)" *: *("(?:[^"\\]|\\.)*")'
_QUOTED_BYTE = "=([0-9A-F]{2})"
_ESCAPED_BYTE = r"\\x([0-9a-f]{2})"
# What a record of a journal or of /dev/kmsg, or JSON, has beside the message.
_FURNITURE = (
    r'[\[\]{}, ]*$|[{, ]*"\w+" *: *(?:"[^"]*"|[0-9. ]+|\[)?[\[{}\], ]*$'
    r"|(?:__?[A-Z][A-Z_]+|PRIORITY|SUBSYSTEM|DEVICE|SYSLOG_[A-Z]+)=|.{0,60}\[s=(?:3D)?[0-9a-f]+;"
)
_ANYWHERE = r"\[ *[0-9]{1,12}\.[0-9]{6}\]|kernel(?:\[[0-9]+\])?: "
_FRAMES = (*(sign.encode() for sign in "`'|\""), b"',", b'",')
_FAR = 240  # bytes; what is farther behind the beginning of a line is in a sentence


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


def peel(line: bytes, *, kernel: bool = False) -> Peeled:
    """Take one line, or one of several records glued on a line, out of its envelope.

    ``kernel`` says that what stood in front of it shows already that it is the kernel's.
    """
    if line[-1:] in _FRAMES or line[-2:] in _FRAMES:
        line = _unframed(line)
    match = compiled(_PEEL).match(line)
    if match is None:  # the pattern matches the empty string; only the type needs this
        return Peeled(line, 0, kernel, None)
    kernel = kernel or match.start(1) >= 0
    stamp = None
    if match.start(2) >= 0:
        stamp = int((match.group(2) or b"") + (match.group(3) or b"")[:6].ljust(6, b"0"))
    message = line[match.end() :].rstrip()
    if message[:1] in (b"{", b'"') and stamp is None:
        told = _from_json(message)
        if told is not None:
            again = peel(told)
            return Peeled(again.message, match.end(), True, again.stamp, quoted=True)
    if not kernel:
        known = compiled(_ANYWHERE).search(line[:_FAR])
        if known is not None:  # in an envelope that is not known
            at = known.start() if line[known.start() : known.start() + 1] == b"[" else known.end()
            peeled = peel(line[at:], kernel=True)
            return msgspec.structs.replace(peeled, column=at + peeled.column)
        if compiled(_FURNITURE).match(message):
            message = b""
    return Peeled(_plain(message), match.end(), kernel, stamp)


def _unframed(line: bytes) -> bytes:
    """Without the sign at the end of a line that begins with the same."""
    whole = line.rstrip(b" ,")
    begin = whole.lstrip(b" >+#-")
    framed = begin[:1] == whole[-1:] and (begin[:1] != b'"' or begin[1:2] == b"[")  # JSON has quotes of its own
    return whole[:-1] if framed and len(begin) > 1 else line


def peel_continuation(line: bytes) -> Peeled:
    """Take only quotes from a line that may be the rest of the line before it; no line with a time stamp is."""
    peeled = peel(line)
    if peeled.kernel or not peeled.message:
        return peeled
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
    if b"=" not in message and b"\\" not in message:
        return message
    if b"=3D" in message or message.endswith(b"=20"):
        message = _bytes(message, _QUOTED_BYTE).rstrip()
    if b"\\x" in message:
        message = _bytes(message, _ESCAPED_BYTE).replace(b"\t", b" ")
    return message


def _bytes(message: bytes, pattern: str) -> bytes:
    """Put the byte itself where a pattern finds two hexadecimal digits."""
    kept, at = [], 0
    for match in compiled(pattern).finditer(message):
        kept += [message[at : match.start()], bytes([int(match.group(1) or b"0", 16)])]
        at = match.end()
    return b"".join([*kept, message[at:]])
