"""Mails with attachments, and threads of them in an mbox, by the standard library's parser within bounds.

Mails that the reader can read as they stand, plain or quoted-printable, are left to it.
"""

from collections.abc import Iterator
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import collapse_rfc2231_value, parseaddr
from itertools import islice
from typing import Any

from pfnscope.bootlog import read
from pfnscope.opening.errors import Damaged, TooMuch
from pfnscope.opening.pieces import Piece
from pfnscope.opening.recognising import ENCODINGS, is_encoded, messages
from pfnscope.patterns import compiled

_HEAD = 1 << 16
_MOST_FIELD = 4096  # bytes of a header with parameters: parsing one takes time by the square of its length
_HEADER = r"(?m)^[!-9;-~]+:"
_MOST_HEADERS = 300_000
_MOST_MAILS, _MOST_PARTS = 5000, 1000
_MOST_STEPS = 20_000_000  # lines times boundaries, each of which the parser may look for in each line
_TITLE = 1000  # characters of a subject or an author that are looked at

# compat32, not the default policy: that one parses every header by calling itself for each comment in a comment.
_PARSER = BytesParser(policy=compat32)


def of_mails(data: bytes) -> Iterator[Piece]:
    """The parts of a mail, or the mails of an mbox with their parts: named by subject and author, or by file.

    Raises TooMuch, Damaged.
    """
    mails = messages(data)
    if len(mails) > _MOST_MAILS:
        raise TooMuch(f"more than {_MOST_MAILS:,} mails")
    for raw in mails:
        if not is_encoded(raw):
            title = _title(_PARSER.parsebytes(raw[:_HEAD].lstrip(b"\r\n"), headersonly=True))
            yield Piece(name=title, data=raw, encoded=False)
            continue
        _check(raw)
        try:
            message = _PARSER.parsebytes(raw.lstrip(b"\r\n"))
            yield from _Parts(message, alone=len(mails) == 1).pieces(message)
        except RecursionError:
            raise TooMuch("parts of a mail within each other") from None
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise Damaged("a mail") from error


def _check(raw: bytes) -> None:
    """Raise TooMuch for a mail that the parser would take too long for."""
    lower = raw.lower().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for name in (b"content-type:", b"content-disposition:"):
        at = lower.find(name)
        while at >= 0:
            end = lower.find(b"\n", at)
            while end >= 0 and end - at <= _MOST_FIELD and lower[end + 1 : end + 2] in (b" ", b"\t"):
                end = lower.find(b"\n", end + 1)
            if (len(lower) if end < 0 else end) - at > _MOST_FIELD:
                raise TooMuch(f"a header of a mail of more than {_MOST_FIELD:,} bytes")
            at = lower.find(name, at + 1)
    if sum(1 for _ in islice(compiled(_HEADER).finditer(lower), _MOST_HEADERS)) == _MOST_HEADERS:
        raise TooMuch(f"more than {_MOST_HEADERS:,} headers of a mail")
    if lower.count(b"\n") * (1 + lower.count(b"boundary")) > _MOST_STEPS:
        raise TooMuch("more parts of a mail than its length allows")


class _Parts:
    """One mail, taken apart."""

    def __init__(self, message: Message, *, alone: bool) -> None:
        self._title = _title(message)
        self._folder = "" if alone else f"{self._title}/"
        self._count = self._unnamed = 0

    def pieces(self, part: Message) -> Iterator[Piece]:
        """The text, attachments and mails in a part."""
        self._step()
        inside: Any = part.get_payload()
        if not isinstance(inside, list):
            yield self._leaf(part)
        elif part.get_content_type() == "message/rfc822":
            for message in inside:
                outer = self._title, self._folder
                self._title = _title(message)
                self._folder = f"{self._folder}{self._title}/"
                yield from self.pieces(message)
                self._title, self._folder = outer
        else:
            chosen = _readable(inside) if part.get_content_type() == "multipart/alternative" else None
            for item in inside:
                if chosen is None or item is chosen:
                    yield from self.pieces(item)
                else:
                    yield from self._other_form(item)

    def _step(self) -> None:
        self._count += 1
        if self._count > _MOST_PARTS:
            raise TooMuch(f"more than {_MOST_PARTS:,} parts of a mail")

    def _other_form(self, part: Message) -> Iterator[Piece]:
        """What is in the other form of a text that is read: its attachments, which some programs put only there."""
        self._step()
        inside: Any = part.get_payload()
        if part.get_filename() or part.get_content_type() == "message/rfc822":
            yield from self.pieces(part)
        elif isinstance(inside, list):
            for item in inside:
                yield from self._other_form(item)
        else:
            yield Piece(name=self._name(part), encoded=False, reason="the same text in another form")

    def _leaf(self, part: Message) -> Piece:
        encoding = str(part.get("content-transfer-encoding", ""))[:_TITLE].lower().encode("ascii", "replace")
        data = part.get_payload(decode=True)
        return Piece(
            name=self._name(part),
            data=data if isinstance(data, bytes) else b"",
            encoded=any(name in encoding for name in ENCODINGS),
        )

    def _name(self, part: Message) -> str:
        name = part.get_filename()
        if name:
            return self._folder + _decoded(collapse_rfc2231_value(name))
        if part.get_content_type() == "text/html":
            return f"{self._title} (HTML)"
        self._unnamed += 1
        return self._title if self._unnamed == 1 else f"{self._folder}part {self._unnamed}"


def _readable(parts: list[Message]) -> Message | None:
    """The plain one of several forms of a text, where the reader recognises something in it."""
    for part in parts:
        if part.get_content_type() == "text/plain" and isinstance(data := part.get_payload(decode=True), bytes):
            return part if read(data).seen else None
    return None


def _title(message: Message) -> str:
    """Subject and author of a mail."""
    author, address = parseaddr(_field(message, "from"))
    return ", ".join(filter(None, (_field(message, "subject"), author or address))) or "mail"


def _field(message: Message, name: str) -> str:
    raw = next((value for key, value in message.raw_items() if key.lower() == name), "")
    return _decoded(str(raw)[:_TITLE])


def _decoded(words: str) -> str:
    """A name without the encoding of characters beyond ASCII, on one line."""
    words = words[:_TITLE].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    with suppress(HeaderParseError, ValueError, LookupError):
        words = str(make_header(decode_header(words)))
    return " ".join(words.split())
