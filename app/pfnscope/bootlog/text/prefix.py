"""What transports put in front of a kernel message and around it: quotes, host names, levels, time stamps, callers.

One anchored pattern matches all of it, in any order and number. Blanks are never counted.
"""

from collections.abc import Callable
from functools import lru_cache

import msgspec

from pfnscope.bootlog.file_names import FILE_NAME, names_file
from pfnscope.bootlog.forms import ANCHORS
from pfnscope.bootlog.forms.files import LSMEM_FIELD
from pfnscope.patterns import Pattern, compiled, escape

_MONTH = "[A-Z][a-z]{2}"
_HOST = r"(?:[\w.\-]+ +)?"
_KERNEL = rf"(?:{_HOST}(?:INFO +|[a-z]+[0-9]?\.[a-z]+ +)?kernel(?:\[[0-9]+\])?: ?(?:klogd: )?)"
_DELTA = "(?: +<[ 0-9.+]*>)?"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,:][0-9]{1,9})?"
_ZONE = r"(?:Z| ?[+-][0-9]{2}:?[0-9]{2}| UTC)?"
_DATE = (
    r"(?:[0-9]{4}[\-/.][0-9]{1,2}[\-/.][0-9]{1,2}|[0-9]{8}|[0-9]{1,2}[\-/.][0-9]{1,2}[\-/.](?:[0-9]{2}){1,2}"
    r"|[A-Za-z]{3}/[0-9]{2}/[0-9]{4})"
)
_WHEN = rf"{_DATE}[T _\-]+{_CLOCK}{_ZONE}"
_SYSLOG = rf"(?:{_MONTH} +[0-9]{{1,2}} {_CLOCK}|{_DATE}T{_CLOCK}{_ZONE})"
_LOGCAT = r"(?:[0-9]{4}-)?[0-9]{2}-[0-9]{2} [0-9:.]{12}(?: [+\-][0-9]{4})?"
_STAMP = (
    rf"\[ *([0-9]{{1,12}})[.,]([0-9]{{1,9}})s?(?:[@,][0-9]+| #[0-9]+| / [0-9: .\-]+| [0-9.]+)?{_DELTA}\](?:[.\-] )?"
)
_EVENT = (  # of node-problem-detector
    r"[IWEF][0-9]{4} [0-9:.]+ +[0-9]+ \w+\.go:[0-9]+\] New status generated: &\{Source:[\w\-]+ "
    r"Events:\[\{Severity:\w+ Timestamp:[^{}\n]{0,80} Reason:\w+ Message:"
)
_EVENT_ENDS = b"}] Conditions:["
_TASK = r"[\w/.:\-]+"
_PREFIXES = (
    r"<[0-9]{1,3}>",
    rf"(?:{_SYSLOG} +[\w.:\-]+ +)?(?:[0-9]{{1,7}}[:\-])?{_STAMP}",
    r"\[[^\[\]\n]{0,40}[0-9]:[0-9]{2}[^\[\]\n]{0,30}\](?: cpu[0-9]+\)| DEBUG\||)",
    r"\[ *(?:\+ *[0-9]+\.[0-9]+)?\]",
    r"\[ *(?:[TC][0-9]+|0x[0-9a-f]{1,8}|pid:[^\[\]\n]+|kernel)\]",
    rf"[A-Z]?\[[0-9]+: *{_TASK}: *[0-9]+\]",
    rf"[.\-]?(?:\([0-9]+\))?\[[0-9]+: *[a-z]{_TASK}\]",
    rf"c[0-9]+ +(?:[0-9]+ +)?(?:\({_TASK}\) )?",
    r"\((?:early|XEN|d[0-9]+|[0-9]{4}-[0-9:. \-]{10,22})\) ",
    r"\[(?: *(?:OK|FAILED|DEPEND|TIME|INFO|SKIP|WARN|DONE)|[ *]{4,8}) *\] ",
    rf"{_LOGCAT} +(?:[a-z]\w* +)?[0-9]+ +[0-9]+ [VDIWEF] +(?:[\w.]+ *)?: ",
    rf"(?:{_LOGCAT} +)?[VDIWEF]/[\w.]+ *\( *[0-9]+\): ",
    rf"{_MONTH} +[0-9]{{1,2}}(?: [0-9]{{4}})? {_CLOCK}{_ZONE} +{_KERNEL}?",
    rf"{_WHEN} +(?:std(?:out|err) [FP] |[0-9]{{2}}[OE]\+? ?|##\[\w+\]|- [A-Z]+ - )?{_KERNEL}?",
    rf"{_WHEN}(?:[,;\t|]|$)",
    rf"1 {_WHEN} {_HOST}kernel(?: [\w\-]+){{2}} (?:-|\[[^\[\]\n]*\]) ",
    rf"{_CLOCK} +",
    r"[0-9]{1,12}\.[0-9]{6}(?:\]| )",
    r"[\[{(|][ 0-9OoQlI.,]{5,16}[\]})|] |(?:\[ {0,5}|\S {2,5})[^\s\[]{0,8}00[^\s\[]{0,6}[\]})] ",  # damaged time stamps
    r"\[ *[0-9]+\.[0-9]{6} ",
    rf"{_KERNEL}",
    r"(?:kern|user|daemon|syslog) *: *[a-z]+ *: ?",
    r"(?:[0-9]+\.[\w.+\-]+,)?[0-9]{1,3},[0-9]+,[0-9]+,[c+\-][^;\n]*;",
    r"[0-9]{1,7} *\| *",
    _EVENT,
    "data: ",
    "MESSAGE=(?:3D)?",
)
# What people and their programs put in front of a line that they quote.
_MARKS = (
    r"(?:[ \t>|+\-*`]|[<#;:%]{1,3} |// |=+> |[A-Z][A-Za-z]{0,3}> |<[@+%&~ ]?[A-Za-z_][\w\-]*> "
    r"|[\x80-\xff]{1,16} +)*"
)
_PEEL = _MARKS + r"((?:(?:" + "|".join(_PREFIXES) + r")(?:[ \t>|]|<[@+%&~ ]?[A-Za-z_][\w\-]*> )*)+)?"
_QUOTES = r"[ \t>|]*"
_ARROWS = r"[ \t>]*"
_INNER = r"\[ *[0-9]{1,12}\.[0-9]{6}\]"
_KEYS = "MESSAGE|msg|_?message|log|line|text|textPayload|body|event|content|output|data"
_JSON = rf'[{{ \t]*(?:.*?[,{{] *)?"(?:{_KEYS})" *: *("(?:[^"\\]|\\.)*")'
_PAIRS = r"""(?:.*[,{ \t])?(?:msg|message|vmconsole)(?:=|: *)(?:("(?:[^"\\]|\\.)*")|'((?:[^']|'')*)')"""
# A comment behind a message, or the other column of a comparison.
_REMARK = r" {2,}(?:<[\-=]+ |<[\-=]{2}|// |/\* )| {8,}(?:<$|\|(?: +[^ |]|$))"
_QUOTED_BYTE = "=([0-9A-F]{2})"
_ESCAPED_BYTE = r"\\x([0-9a-f]{2})"
# Lines of a record of a journal, of /dev/kmsg or of JSON that are not its message.
_OTHER_FIELDS = (
    r'[\[\]{}, ]*$|[{, ]*"\w+" *: *(?:"[^"]*"|[0-9. ]+|\[)?[\[{}\], ]*$'
    r"|(?:__?[A-Z][A-Z_]+|PRIORITY|SUBSYSTEM|DEVICE|SYSLOG_[A-Z]+)=|.{0,60}\[s=(?:3D)?[0-9a-f]+;"
)
_ANYWHERE = r"\[ *[0-9]{1,12}\.[0-9]{6}\]|\bkernel(?:\[[0-9]+\])?: "
_STRINGS = (b'"', b"'")
_FRAMES = b"`'\"*|,;)]}"
_CLOSED = b" \t,;)]}"
_SIGNS = b"`'\"*|"
_MOST_FRAMES = 3
_FACILITIES = (b"kern", b"user", b"daem", b"sysl")
_OTHER_PREFIXES = (b"data", b"MESS")
_RECORDS = (b"{", b'"')  # what a record with named fields begins with
_FAR = 240  # bytes; a prefix does not begin farther from the beginning of a line
_LEAST = 3  # lines with the same shape in front that are not so by chance
_FARTHEST = 160  # bytes in front of a message
_MOST_SHAPES = 16  # shapes in one text
_LONGEST = 1024  # bytes of a line that show where its message begins
# A line number or file name: one such line is enough.
_USUAL = (
    r"[ \t>]*(?:[\w./~+@\-]*[:\-])?[0-9]+ ?[:\-.)>]?[ \t]*"
    r"|[\w./~+@\-]*(?:dmesg|log|messages|kern|boot|txt|console|serial)[\w./+\-]*[:\-][ \t]*"
)
_VARYING = r"[0-9A-Za-z]*[0-9][0-9A-Za-z]*|[ \t]+|[^0-9A-Za-z \t]+|[A-Za-z]+"


STAMP_ENDS = 40
"""Bytes in which a time stamp has ended."""


class Stripped(msgspec.Struct, frozen=True):
    """A message without its prefix.

    ``column`` is the 0-based byte offset of the message in its line. ``kernel`` says whether a prefix of
    the kernel's or of a log daemon's was there; ``stamp`` is the kernel's time in microseconds. ``quoted``
    where the message was a JSON string, so that it is no part of the line.
    """

    message: bytes
    column: int
    kernel: bool
    stamp: int | None
    quoted: bool = False


def strip_prefix(line: bytes, *, kernel: bool = False) -> Stripped:
    """The message of one line, or of one of several records glued on a line, and what its prefix says.

    ``kernel``: what stood in front of it already shows that it is the kernel's.
    """
    if line.startswith(FILE_NAME) and names_file(line):
        return Stripped(line.rstrip(), 0, kernel, None)
    if line[-1:] in _FRAMES and line.rstrip(_CLOSED)[-1:] in _SIGNS:
        line = _unframed(line)
    return after_plain_stamp(line) or _peel(line, kernel=kernel)


def _peel(line: bytes, *, kernel: bool) -> Stripped:
    match = compiled(_PEEL).match(line)
    if match is None:  # for the type checker: the pattern matches the empty string
        return Stripped(line, 0, kernel, None)
    kernel = kernel or match.start(1) >= 0
    stamp = None
    if match.start(2) >= 0:
        stamp = int((match.group(2) or b"") + (match.group(3) or b"")[:6].ljust(6, b"0"))
    message = line[match.end() :].rstrip()
    if stamp is None and (message[:1] in _RECORDS or b"msg=" in message):
        field = _from_record(message)
        if field is not None:
            again = strip_prefix(field)
            return Stripped(again.message, match.end(), True, again.stamp, quoted=True)
    if not kernel:
        known = compiled(_ANYWHERE).search(line[:_FAR])
        if known is not None:  # behind a prefix that is not known
            at = known.start() if line[known.start() : known.start() + 1] == b"[" else known.end()
            return after_unknown_prefix(at, line)
        if compiled(_OTHER_FIELDS).match(message) and not compiled(LSMEM_FIELD).match(message):
            message = b""
    return Stripped(_plain(message), match.end(), kernel, stamp)


def after_plain_stamp(line: bytes) -> Stripped | None:
    """What :func:`strip_prefix` gives for a line with a time stamp alone in front of words, and None for any other.

    Most lines of most logs are, and matching the full prefix pattern is slow.
    """
    closed = line.find(b"]", 0, STAMP_ENDS)
    if closed < 0 or line[:1] != b"[" or (stamp := _stamp(line[1:closed])) is None:
        return None
    message = line[closed + 1 :].lstrip(b" ")
    at = len(line) - len(message)
    if at == closed + 1 or not _is_message(message):
        return None
    return Stripped(_plain(message.rstrip()), at, True, stamp)


def _is_message(text: bytes) -> bool:
    """Whether a text behind a time stamp is certainly the message, for none of the prefixes begins as it does."""
    if b"kernel" in text and (b"kernel:" in text or b"kernel[" in text):
        return False
    begin = text[:4]
    if begin.isalpha():
        if begin in _FACILITIES:
            return not text.partition(b":")[2].lstrip(b" ")[:1].islower()
        return begin not in _OTHER_PREFIXES and text[4:5] != b">"
    if begin == b"[mem":
        return b":" not in text[:STAMP_ENDS]
    if not (text[:1].isalpha() and text[1:2].isalnum()) or (text[:1] == b"c" and text[1:2].isdigit()):
        return False
    date = text[:3].isalpha() and (text[3:4] == b"/" or (text[3:4] == b" " and text[4:].lstrip(b" ")[:1].isdigit()))
    return not date and b">" not in begin


_ADDRESS = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){2,7}"
_NAME = r"[\w\-]*[A-Za-z_\-][\w.\-]*|[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
SENDER = (
    rf"(?:^|[ \t>])({_NAME}) +(?:INFO +|[a-z]+[0-9]?\.[a-z]+ +)?"
    r"kernel(?:(?:\[[0-9]+\])?: |(?: [\w\-]+){2} (?:-|\[[^\[\]\n]*\]) )"
)
"""The host that a log daemon names in front of a message of the kernel, as the first group."""
STAMPED_SENDER = rf"{_SYSLOG} +({_NAME}) +\[ *[0-9]"
"""The same where the kernel's time stamp follows, as daemons write what netconsole sends them."""
_SENDER = (
    rf"{SENDER}|(?:^|[ \t>])(?:<?({_ADDRESS})>?(?:[:,]| +(?:\[|<|[0-9]{{1,3}},)))"
    rf"|{STAMPED_SENDER}"
)
_SHORTEST = 17  # bytes of a prefix with a host name; a time stamp alone has fewer


def host_of(prefix: bytes) -> str | None:
    """The host name or address in a prefix: that of a log daemon, or of a program that collects logs."""
    if len(prefix) < _SHORTEST or not (b"kernel" in prefix or prefix.count(b".") > 2 or prefix.count(b":") > 1):
        return None  # neither a name in front of "kernel:" nor an address, as in front of nearly all messages
    match = compiled(_SENDER).search(prefix[-_FARTHEST:])
    name = (match.group(1) or match.group(2) or match.group(3)) if match else None
    return None if name is None or compiled(_NO_HOST).fullmatch(name) else name.decode("ascii", "replace")


_NO_HOST = r"[a-z]+[0-9]?\.(?:emerg|alert|crit|err|error|warn|warning|notice|info|debug)|INFO|UTC|[AP]M"


def is_kernel(line: bytes) -> bool:
    """Whether :func:`strip_prefix` takes a line for the kernel's; most begin with a time stamp, which is enough."""
    return has_stamp(line) or strip_prefix(line).kernel


def has_stamp(line: bytes) -> bool:
    """Whether a line begins with a time stamp of the kernel's, which its first few bytes show."""
    stamp, closed, _ = line[:STAMP_ENDS].partition(b"]")
    return stamp[:1] == b"[" and bool(closed) and _stamp(stamp[1:]) is not None


@lru_cache(64)
def _stamp(text: bytes) -> int | None:
    """The microseconds of ``    0.000000``, or None for other texts; most lines about memory have the same."""
    seconds, _, fraction = text.lstrip(b" ").partition(b".")
    if not (seconds.isdigit() and fraction.isdigit() and len(seconds) <= 12 and len(fraction) <= 9):
        return None
    return int(seconds + fraction[:6].ljust(6, b"0"))


def _unframed(line: bytes) -> bytes:
    """Blanks for the signs that a line begins and ends with, such as quotes of strings and bars of tables."""
    for _ in range(_MOST_FRAMES):
        whole = line.rstrip(_CLOSED)
        sign = whole[-1:]
        if not sign or sign not in _SIGNS:
            break
        begin = line.lstrip(b" \t>+#-" if sign == b"*" else b" \t>+#*-")
        begin = begin.lstrip(b"*|bur[(" if sign in _STRINGS else b"" if begin[:1] == sign else b"*")
        rest = begin.lstrip(sign)
        if len(rest) == len(begin) or not rest or (sign == b'"' and b'":' in rest):  # JSON is parsed with its quotes
            break
        line = b" " * (len(line) - len(rest)) + _without_escape(rest[: len(whole.rstrip(sign)) - len(line)])
    return line


def _without_escape(text: bytes) -> bytes:
    while text.endswith((b"\\n", b"\\r")):
        text = text[:-2]
    return text


def strip_quotes(line: bytes, learned_prefix: Callable[[bytes], int], *, bars: bool = False) -> Stripped:
    """The message of a line that may be the rest of the line before it, without quote marks alone.

    A line with a prefix of the kernel or a learned one is no such rest. ``bars`` says that a bar is of the message, and
    no quote mark.
    """
    stripped = strip_prefix(line)
    if stripped.kernel or not stripped.message:
        return stripped
    learned = learned_prefix(line)
    if learned:
        return after_unknown_prefix(learned, line)
    quotes = compiled(_ARROWS if bars else _QUOTES).match(line)
    message = line[quotes.end() if quotes else 0 :].rstrip()
    return Stripped(_plain(message), stripped.column, False, None)


def after_unknown_prefix(offset: int, line: bytes) -> Stripped:
    """The message behind ``offset`` bytes of a prefix of no known kind."""
    sign = line[offset - 1 : offset]
    end = line.find(sign, offset) if sign in _STRINGS else -1
    message = line[offset : end if end >= 0 else None]
    if end < 0 and line.count(b'"', 0, offset) % 2:  # in a field of a table, which writes a quote twice
        field = message.rstrip(_CLOSED)
        if field.endswith(b'"') and field.count(b'"') % 2:
            message = field[:-1].replace(b'""', b'"')
    stripped = strip_prefix(message, kernel=True)
    return msgspec.structs.replace(stripped, column=offset + stripped.column)


def unknown_front(line: bytes, learned_prefix: Callable[[bytes], int]) -> int:
    """How many bytes in front of a message are no prefix of a known kind, with those of a known kind behind them."""
    if has_stamp(line):  # as most lines
        return 0
    known = compiled(_PEEL).match(line)
    stripped = strip_prefix(line)
    behind = stripped.column if known is not None and stripped.column > known.end() and not stripped.quoted else 0
    return max(behind, learned_prefix(line))


def inner_records(line: bytes, stripped: Stripped) -> list[int]:
    """Offsets at which further records begin behind the first message, on a line that holds several."""
    if stripped.quoted or line.find(b".", stripped.column) < 0:  # no time stamp, which is nearly every line
        return []
    return [match.start() for match in compiled(_INNER).finditer(line, stripped.column)]


def _from_record(message: bytes) -> bytes | None:
    """The message of a record of fields with names: JSON, YAML on one line, key=value."""
    match = compiled(_JSON).match(message)
    if match is None:
        match = compiled(_PAIRS).match(message)
        if match is None:
            return None
        if match.start(1) < 0:
            return (match.group(2) or b"").replace(b"''", b"'")
    try:
        text = msgspec.json.decode((match.group(1) or b'""').decode("utf-8", "replace"), type=str)
    except msgspec.DecodeError:
        return None
    return text.encode("utf-8", "replace")


def _plain(message: bytes) -> bytes:
    """Undo what mailers and devices do to a message; most messages need nothing."""
    if b"=" in message and (b"=3D" in message or message.endswith(b"=20")):
        message = _bytes(message, _QUOTED_BYTE).rstrip()
    if b"  " in message and (b"  <" in message or b"  |" in message or b"  /" in message):
        remark = compiled(_REMARK).search(message)
        message = message if remark is None else message[: remark.start()]
    if message.endswith(b"]}") and _EVENT_ENDS in message:
        message = message.partition(_EVENT_ENDS)[0]
    if b"\\" in message and b"\\x" in message:
        message = _bytes(message, _ESCAPED_BYTE).replace(b"\t", b" ")
    return message


def _bytes(message: bytes, pattern: str) -> bytes:
    """Put the byte itself where a pattern finds two hexadecimal digits."""
    kept, at = [], 0
    for match in compiled(pattern).finditer(message):
        kept += [message[at : match.start()], bytes([int(match.group(1) or b"0", 16)])]
        at = match.end()
    return b"".join([*kept, message[at:]])


class LearnedPrefixes:
    """Prefixes that no table knows: what stands in one shape in front of several lines that say what they are.

    Line numbers, file names, columns of tables, names of hosts and tools. They are learned from lines with an anchor of
    a form, and then taken off the lines that have none.
    """

    def __init__(self, data: bytes) -> None:
        counts: dict[str, int] = {}
        at, anchors = 0, compiled(ANCHORS)
        while (anchor := anchors.find(data, at)) >= 0:
            start = data.rfind(b"\n", 0, anchor) + 1
            at = data.find(b"\n", anchor)
            at = len(data) if at < 0 else at
            if start < anchor <= start + _FARTHEST:
                line = data[start : min(at, start + _LONGEST)]
                if not strip_prefix(line).message.startswith(data[anchor : min(at, anchor + 8)].rstrip()):
                    prefix = line[: anchor - start]
                    shape = _shape(prefix)
                    counts[shape] = counts.get(shape, 0) + (_LEAST if compiled(_USUAL).fullmatch(prefix) else 1)
        shapes = sorted((shape for shape, count in counts.items() if count >= _LEAST), key=len, reverse=True)
        self._shapes: Pattern | None = compiled("|".join(shapes[:_MOST_SHAPES])) if shapes else None

    def length(self, line: bytes) -> int:
        """How many bytes in front of a line are such a prefix."""
        match = self._shapes.match(line) if self._shapes is not None else None
        return 0 if match is None else match.end()


def _shape(prefix: bytes) -> str:
    """A pattern for the same words with other numbers."""
    return "".join(_part((match.group() or b"").decode("latin-1")) for match in compiled(_VARYING).finditer(prefix))


def _part(part: str) -> str:
    if not part.strip(" \t"):
        return r"[ \t]+"
    if any(sign in "0123456789" for sign in part):
        return "[0-9]+" if part.isascii() and part.isdigit() else "[0-9A-Za-z]+"
    return escape(part)
