"""How values of the model become JSON and come back: addresses are hex strings there and integers everywhere else."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import Address, FrameRange

T = TypeVar("T")

SCHEMA_NAMES: dict[type, str] = {FrameRange: "PfnRange"}
"""What the schema calls a type that has another name here."""


enc_hook = hex
"""What msgspec makes of a value that it does not know: an address. It raises TypeError for all that is no integer."""


def dec_hook(kind: type, value: Any) -> Any:
    """An address from what :func:`enc_hook` made of it. Raises ValueError where it is none."""
    if kind is Address and isinstance(value, str):
        return Address(value, 16)
    raise NotImplementedError(f"{kind.__name__} is not part of the model")


def schema_hook(kind: type) -> dict[str, Any]:
    """The JSON schema of an address. Raises NotImplementedError for everything else."""
    if kind is Address:
        return {"type": "string"}
    raise NotImplementedError(f"{kind.__name__} is not part of the model")


_ENCODER = msgspec.json.Encoder(enc_hook=enc_hook)
_PACKER = msgspec.msgpack.Encoder(enc_hook=enc_hook)


def encode(value: Any) -> bytes:
    """The JSON of a value, without a line break."""
    return _ENCODER.encode(value)


def decode(data: bytes, kind: type[T]) -> T:
    """A value from its JSON. Raises msgspec.ValidationError where it is none of the type."""
    return msgspec.json.decode(data, type=kind, dec_hook=dec_hook)


def pack(value: Any) -> bytes:
    """A value in MessagePack, for another process of the same release."""
    return _PACKER.encode(value)


def unpacker(kind: type[T]) -> Callable[[bytes], T]:
    """What makes a value of that type of what :func:`pack` made of it.

    To be called while a module is imported: msgspec gathers what a type consists of at its first use, and two threads
    that use it first at the same time end the process.
    """
    return msgspec.msgpack.Decoder(kind, dec_hook=dec_hook).decode


def builtins(value: Any) -> Any:
    """The same as dictionaries, lists, strings and numbers."""
    return msgspec.to_builtins(value, enc_hook=enc_hook)


def schemas(kinds: tuple[type, ...], ref_template: str) -> dict[str, Any]:
    """JSON schemas of types and of all that they are made of, by name. Types of memory maps are plain strings there."""
    _, components = msgspec.json.schema_components(kinds, schema_hook=schema_hook, ref_template=ref_template)
    inlined = {MemoryType.__name__: components.pop(MemoryType.__name__, None) and {"type": "string"}}
    renamed = {kind.__name__: name for kind, name in SCHEMA_NAMES.items()}
    references = {ref_template.format(name=name): schema for name, schema in inlined.items()} | {
        ref_template.format(name=name): {"$ref": ref_template.format(name=new)} for name, new in renamed.items()
    }
    named = {}
    for name, schema in components.items():
        new = renamed.get(name, name)
        named[new] = _resolved({**schema, "title": new}, references)
    return named


def _resolved(schema: Any, references: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        known = references.get(schema.get("$ref", ""))
        return known or {key: _resolved(value, references) for key, value in schema.items()}
    return [_resolved(item, references) for item in schema] if isinstance(schema, list) else schema
