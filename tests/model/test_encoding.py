"""Addresses are integers that only the encoder writes in hexadecimal, wherever a value of the model has one."""

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from pfnscope.bootlog.forms import FORMS
from pfnscope.model.analysis import Hole
from pfnscope.model.answers import Lookup, Placements
from pfnscope.model.document import Document
from pfnscope.model.encoding import builtins, dec_hook, decode, encode, schemas
from pfnscope.model.ranges import Address, ByteRange, FrameRange
from pfnscope.patterns import compiled
from pfnscope.service import analyze
from pfnscope.service.lookup import lookup
from pfnscope.service.places import Reservation, place
from pfnscope.service.whatif import Change, simulate
from tests.support.samples import SLUGS, text

PLACES = {"start", "end", "address", "struct_page"}
"""What a field with an address is called. In page frames it says so: start_pfn."""


def parts(hint: Any) -> Iterator[Any]:
    """A type and all that it is made of."""
    yield hint
    for part in get_args(hint):
        yield from parts(part)


def structs(kind: Any, known: set[type]) -> set[type]:
    """The structs that a value of this type is made of."""
    for part in parts(kind):
        if isinstance(part, type) and issubclass(part, msgspec.Struct) and part not in known:
            known.add(part)
            for hint in get_type_hints(part).values():
                structs(hint, known)
    return known


def values(value: Any, where: str = "") -> Iterator[tuple[str, type[msgspec.Struct], str, Any]]:
    """Each field of each struct in a value, with where it stands, its struct and its name."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            field = getattr(value, name)
            yield f"{where}.{name}", type(value), name, field
            yield from values(field, f"{where}.{name}")
    elif isinstance(value, tuple):
        for at, item in enumerate(value):
            yield from values(item, f"{where}[{at}]")


def documents(slug: str) -> Iterator[Any]:
    """Everything that can be said of an example."""
    document = analyze(text(slug)).document
    yield document
    yield lookup(document, "pfn:0x100")
    if document.firmware_map:
        yield simulate(text(slug), Change(append="memmap=64M!1G"))
    if document.node_ranges:
        yield place(text(slug), Reservation("256M"))


@pytest.mark.parametrize("kind", [Document, Lookup, Placements], ids=lambda kind: kind.__name__)
def test_a_field_with_an_address_has_the_type_of_one(kind: type) -> None:
    for struct in structs(kind, set()) - {FrameRange}:
        for name, hint in get_type_hints(struct).items():
            if name in PLACES:
                assert Address in parts(hint), f"{struct.__name__}.{name}"
                assert int not in parts(hint), f"{struct.__name__}.{name}"


@pytest.mark.parametrize("slug", SLUGS)
def test_no_address_of_an_example_is_a_plain_integer(slug: str) -> None:
    """Arithmetic on addresses gives plain integers, and what is read from tables has no type that a checker knows."""
    plain = [
        where
        for document in documents(slug)
        for where, struct, name, value in values(document)
        if Address in parts(get_type_hints(struct)[name]) and value is not None and type(value) is not Address
    ]
    assert plain == []


def test_no_address_of_a_line_is_a_plain_integer() -> None:
    matches = ((form, compiled(form.pattern).match(sample.encode())) for form in FORMS for sample in form.samples)
    plain = [
        f"{form.name}: {struct.__name__}.{name}"
        for form, match in matches
        if match is not None
        for _, struct, name, value in values(form.make(match.groups(), (1,)))
        if Address in parts(get_type_hints(struct)[name]) and value is not None and type(value) is not Address
    ]
    assert plain == []


@pytest.mark.parametrize("slug", SLUGS)
def test_what_is_encoded_is_decoded_to_equal_values(slug: str) -> None:
    for document in documents(slug):
        again = decode(encode(document), type(document))
        assert again == document
        assert encode(again) == encode(document)


def test_an_address_prints_in_hexadecimal_and_counts_as_the_integer_that_it_is() -> None:
    address = Address(0x1000)
    assert (str(address), f"{address}", f"{address:#010x}", address + 1) == ("0x1000", "0x1000", "0x00001000", 4097)
    assert type(address + 1) is int


def test_borders_of_a_range_are_addresses_whatever_they_are_made_of() -> None:
    memory = ByteRange.base_size(0x1000, 0x2000)
    assert [type(border) for border in memory] == [Address, Address]
    assert (str(memory), str(FrameRange(1, 3))) == ("[0x1000, 0x3000)", "[0x1, 0x3)")
    assert builtins(FrameRange(1, 3)) == {"start_pfn": 1, "end_pfn": 3}


def test_the_end_of_the_address_space_is_encoded_too() -> None:
    assert decode(encode(Address(1 << 64)), Address) == 1 << 64


@pytest.mark.parametrize("value", [object(), 1j, {1: object()}])
def test_what_is_not_of_the_model_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)


def test_a_text_that_is_no_address_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(b'"later"', Address)
    with pytest.raises(NotImplementedError):
        dec_hook(complex, "1")


def test_the_schema_says_of_an_address_that_it_is_a_string() -> None:
    described = schemas((Hole,), "#/{name}")
    assert described["Hole"]["properties"]["start"] == {"type": "string"}
    assert described["Hole"]["properties"]["type"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert "MemoryType" not in described
