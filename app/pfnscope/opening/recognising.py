"""What wraps a log, by its first bytes: light, since every log goes through it."""

import binascii
from collections.abc import Iterator
from typing import Literal

from pfnscope.bootlog.text.plain import as_utf8
from pfnscope.opening.packing import packing_of

Format = Literal["tar", "zip", "7z"]
Wrapping = Literal["docx", "pdf", "mails", "mail", "apport", "base64", "json"]

_HEAD = 4096
_TAR = slice(257, 262)
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_BREAKS = b" \t\r\n"
_SHORTEST = 100  # characters of base64; in fewer there is no log
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\x1b\b\f")
_RARE = 50  # times as many other bytes as control characters in a text
_APPORT = b"ProblemType: "
_MAIL_HEAD = 1 << 16
_KNOWN = frozenset(
    (b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"received", b"mime-version", b"content-type",
     b"content-transfer-encoding", b"return-path", b"delivered-to", b"reply-to", b"in-reply-to", b"list-id", b"sender")
)  # fmt: skip
_LEAST_KNOWN = 2
ENCODINGS = (b"base64", b"uuencode")
"""Of parts of mails that the reader cannot read as they stand."""
SEPARATOR = b"From "
"""Begins the line in front of each mail of an mbox."""


def format_of(data: bytes) -> Format | None:
    """Which archive begins with these bytes; at least 512 of them, of a packed tar those after unpacking."""
    if data[_TAR] == b"ustar":
        return "tar"
    if data.startswith((b"PK\3\4", b"PK\5\6")):
        return "zip"
    return "7z" if data.startswith(b"7z\xbc\xaf\x27\x1c") else None


def wrapping_of(data: bytes) -> Wrapping | None:
    """What else than an archive or a packed text this is; None for a log as it is."""
    match begun_wrapping(data):
        case "docx" if b"word/document.xml" not in data:
            return None
        case "mail" if any(_starts(data)):
            return "mails"
        case "mail" if not is_encoded(data):
            return None
        case "apport" if b": base64\n" not in data:
            return None
        case "base64" if decoded(data) is None:
            return None
        case begun:
            return begun


def begun_wrapping(data: bytes) -> Wrapping | None:
    """What :func:`wrapping_of` may say, by the first and last bytes alone: it takes no time, however long the text."""
    if data.startswith(b"PK\3\4"):
        return "docx"
    if data.startswith(b"%PDF-"):
        return "pdf"
    head = data[:_HEAD]
    if head.lstrip(_BREAKS).startswith(b"["):  # a time stamp, as most logs have: none of what follows
        return None
    if _begins(data):
        return "mail"
    if head.startswith(_APPORT) or b"\n" + _APPORT in head:
        return "apport"
    head = head.strip(_BREAKS)
    if head.startswith(b"{") and data[-_HEAD:].rstrip(_BREAKS).endswith(b"}"):
        return "json"
    return "base64" if len(head) >= _SHORTEST and not head.translate(None, _ALPHABET + b"\r\n") else None


def is_text(data: bytes) -> bool:
    """Whether bytes look like a text in some encoding, by the first of them."""
    head = as_utf8(data[:_HEAD])
    return (len(head) - len(head.translate(None, _CONTROLS))) * _RARE <= len(head)


def decoded(data: bytes) -> bytes | None:
    """The text or packed text that base64 stands for; None where it is no base64, or that of something else."""
    if len(data) < _SHORTEST or data.translate(None, _ALPHABET + _BREAKS):
        return None
    try:
        plain = binascii.a2b_base64(data)
    except binascii.Error:
        return None
    if not plain or not (packing_of(plain) or format_of(plain) or is_text(plain)):
        return None
    return plain


def is_encoded(mail: bytes) -> bool:
    """Whether a part of a mail may be encoded in a way that the reader does not read."""
    lower = mail.lower()
    return any(encoding in lower for encoding in ENCODINGS)


def messages(data: bytes) -> list[bytes]:
    """The mails of an mbox, or the only one."""
    starts = [0, *sorted(_starts(data))]
    return [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]


def _starts(data: bytes) -> Iterator[int]:
    """Where the second mail of an mbox and all others begin: behind an empty line, with ``From `` and then headers."""
    for sign in (b"\n\nFrom ", b"\n\r\nFrom "):
        at = data.find(sign)
        while at >= 0:
            start = at + len(sign) - len(SEPARATOR)
            if _begins(data, start):
                yield start
            at = data.find(sign, start)


def _begins(data: bytes, at: int = 0) -> bool:
    """Whether a mail begins here: its headers, maybe below the line that stands before each mail of an mbox."""
    head = data[at : at + _MAIL_HEAD]
    at += len(head) - len(head.lstrip(b"\r\n"))
    if data.startswith(SEPARATOR, at):
        at = data.find(b"\n", at) + 1
    known, first, most = 0, at, at + _MAIL_HEAD
    while at < most:
        end = data.find(b"\n", at, most)
        line = data[at : end if end >= 0 else most]
        name, colon, _ = line.partition(b":")
        if not (at > first and line.startswith((b" ", b"\t"))):
            if not colon or not name or name.translate(None, b" \t\r") != name:
                return known >= _LEAST_KNOWN and not line.strip()
            known += name.lower() in _KNOWN
        if end < 0:
            break
        at = end + 1
    return known >= _LEAST_KNOWN
