"""Texts that programs encoded with base64: consoles of machines in clouds, fields of apport's reports, and JSON."""

import binascii
from collections.abc import Iterator
from itertools import islice

import msgspec

from pfnscope.opening.errors import TooMuch
from pfnscope.opening.pieces import Piece
from pfnscope.opening.recognising import decoded

_DEEP, _MOST_FIELDS = 4, 1000
_BASE64 = b": base64\n"


def of_base64(data: bytes) -> Iterator[Piece]:
    """What a text of nothing but base64 says, as ``get-console-output`` and ``base64`` print it."""
    plain = decoded(data)
    if plain is not None:
        yield Piece(name="", data=plain)


def of_json(data: bytes) -> Iterator[Piece]:
    """The fields of a JSON object that are base64, and the one that is nearly all of it: consoles of clouds."""
    try:
        whole = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return
    fields = ((name, _text(text, len(data) // 2)) for name, text in _fields(whole, "", _DEEP))
    for name, plain in islice(((name, plain) for name, plain in fields if plain is not None), _MOST_FIELDS):
        yield Piece(name=name, data=plain)


def _text(field: str, least: int) -> bytes | None:
    """What a field stands for where it is base64, or lines with at least so many characters."""
    plain = decoded(field.encode()) if field.isascii() else None
    if plain is None and len(field) >= least and field.count("\n") > 1:
        return field.encode("utf-8", "replace")
    return plain


def _fields(value: object, name: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif depth and isinstance(value, dict):
        for key, item in value.items():
            yield from _fields(item, f"{name}.{key}" if name else str(key), depth - 1)
    elif depth and isinstance(value, list):
        for at, item in enumerate(value, 1):
            yield from _fields(item, f"{name}[{at}]", depth - 1)


def of_apport(data: bytes) -> Iterator[Piece]:
    """The fields of a report of apport in clear as one text, then those in base64, of which each line is by itself."""
    clear: list[bytes] = []
    encoded: list[Piece] = []
    at = 0
    while (sign := data.find(_BASE64, at)) >= 0:
        start = data.rfind(b"\n", 0, sign) + 1
        clear.append(data[at:start])
        at = sign + len(_BASE64)
        lines: list[bytes] = []
        while data.startswith(b" ", at):
            end = data.find(b"\n", at)
            end = len(data) if end < 0 else end
            lines.append(data[at:end])
            at = end + 1
        if len(encoded) == _MOST_FIELDS:
            raise TooMuch(f"more than {_MOST_FIELDS:,} fields in base64")
        encoded.append(_field(data[start:sign].decode("utf-8", "replace"), lines))
    clear.append(data[at:])
    yield Piece(name="fields in clear", data=b"".join(clear), encoded=False)
    yield from encoded


def _field(name: str, lines: list[bytes]) -> Piece:
    try:
        return Piece(name=name, data=b"".join(map(binascii.a2b_base64, lines)))
    except binascii.Error:
        return Piece(name=name, reason="its base64 is damaged")
