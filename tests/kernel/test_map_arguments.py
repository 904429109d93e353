"""What mem= and memmap= ask for, and what the kernel makes of mistakes."""

import pytest

from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.map_arguments import Action, map_operations
from pfnscope.kernel.region_kinds import PLACEABLE, REGION_FORMS, SIGN_OF, TYPE_OF

GIB, MIB = 1 << 30, 1 << 20
ALL = 1 << 64


def operations(
    text: str, version: tuple[int, int, int] | None = (6, 1, 0)
) -> list[tuple[str, int, int, int | None, int | None]]:
    operations, _ = map_operations(arguments(text), version)
    return [(o.action.value, o.start, o.end, o.old, o.new) for o in operations]


def problems(text: str, version: tuple[int, int, int] | None = (6, 1, 0)) -> list[tuple[str, str]]:
    """Each problem with the text that it points at."""
    _, notes = map_operations(arguments(text), version)
    return [(problem.message, text[problem.column : problem.column + problem.width]) for problem in notes]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("memmap=1G@4G", [("add", 4 * GIB, 5 * GIB, None, 1)]),
        ("memmap=64K#0x18690000", [("add", 0x18690000, 0x186A0000, None, 3)]),
        ("memmap=0x10000$0x18690000", [("add", 0x18690000, 0x186A0000, None, 2)]),
        ("memmap=1G!4G", [("add", 4 * GIB, 5 * GIB, None, 12)]),
        ("memmap=1G%4G-2+1", [("update", 4 * GIB, 5 * GIB, 2, 1)]),
        ("memmap=1G%4G+2", [("add", 4 * GIB, 5 * GIB, None, 2)]),
        ("memmap=1G%4G-1", [("remove", 4 * GIB, 5 * GIB, 1, None)]),
        ("memmap=1G%4G", [("remove", 4 * GIB, 5 * GIB, None, None)]),
        ("memmap=1G%4G-0xefffffff+2", [("update", 4 * GIB, 5 * GIB, 0xEFFFFFFF, 2)]),
        ("memmap=3G", [("remove", 3 * GIB, ALL, 1, None)]),
        ("mem=3G", [("remove", 3 * GIB, ALL, 1, None)]),
        ("memmap=exactmap", [("empty", 0, ALL, None, None)]),
        ("memmap=1M@0,1M@1M", [("add", 0, MIB, None, 1), ("add", MIB, 2 * MIB, None, 1)]),
        ('"memmap=1G!4G"', [("add", 4 * GIB, 5 * GIB, None, 12)]),
        ("memmap=1G!0xfffffffffffff000", [("add", ALL - 4096, ALL, None, 12)]),
        ("mem mem=nopentium memmap memmap= memmap=foo", []),
        ("mem=0", [("keep", 0, 0, None, None)]),
        ("mem=foo", [("keep", 0, 0, None, None)]),
        ("mem=", [("keep", 0, 0, None, None)]),
        ("memmap=64M%4G-1x", [("keep", 0, 0, None, None)]),
        ("memmap=64M%4G-1+2x,1M@1M", [("keep", 0, 0, None, None), ("add", MIB, 2 * MIB, None, 1)]),
        ("quiet memmap_x=1G!4G", []),
    ],
)
def test_what_is_asked_for(text: str, expected: list[object]) -> None:
    assert operations(text) == expected


@pytest.mark.parametrize(
    ("text", "word", "piece"),
    [
        ("a mem=", "without a value", "mem="),
        ("a mem=x", "without a size", "x"),
        ("a mem=10x", "takes no notice of “x”", "x"),
        ("memmap=1M@0,foo", "has to begin with a size", "foo"),
        ("memmap=1G?4G", "rejects “?4G”", "?4G"),
        ("memmap=1G!", "the kernel reads 0", "!"),
        ("memmap=1G!4Gx", "rejects the rest “x”", "x"),
        ("memmap=1G%4G-2+1x", "rejects all of it", "x"),
        ('b="c d" memmap=zz', "has to begin with a size", "zz"),
    ],
)
def test_a_mistake_is_pointed_at(text: str, word: str, piece: str) -> None:
    [(message, pointed)] = problems(text)
    assert word in message
    assert pointed == piece


@pytest.mark.parametrize(
    ("text", "code", "instead"),
    [
        ("memmap=5G4G", "dollar-lost", "5G$4G"),
        ("memmap=1M@0,64M0x18690000", "dollar-lost", "64M$0x18690000"),
        ("memmap=64Kx18690000", "dollar-lost", "64K$0x18690000"),
        ("memmap=1GG", "dollar-lost", ""),
        ("memmap=1Gm", "dollar-lost", ""),
        (r"memmap=64K\$2G", "sign-escaped", "64K$2G"),
        (r"memmap=64K\\\$2G", "sign-escaped", "64K$2G"),
        (r"memmap=1G\!4G", "sign-escaped", "1G!4G"),
        ("memmap=1Gx", "memmap-without-sign", ""),
        ("memmap=1G?4G", "memmap-without-sign", ""),
        ("mem=4GB", "argument-rest-ignored", ""),
        ("memmap=1G!4Gx", "argument-rest-ignored", ""),
        ("memmap=foo", "argument-malformed", ""),
    ],
)
def test_a_mistake_has_the_code_of_its_finding_and_what_was_meant(text: str, code: str, instead: str) -> None:
    [note] = map_operations(arguments(text), (6, 1, 0))[1]
    assert (note.code, note.instead) == (code, instead)


def test_an_operator_that_the_release_does_not_know_limits_memory() -> None:
    """parse_memmap_one() of 4.0 goes to its last branch at an unknown sign."""
    assert operations("memmap=1G!4G", (4, 0, 0)) == [("remove", GIB, ALL, 1, None)]
    assert operations("memmap=1G%4G-1", (4, 15, 0)) == [("remove", GIB, ALL, 1, None)]
    [(message, piece)] = problems("memmap=1G!4G", (4, 0, 0))
    assert "known since 4.1" in message
    assert piece == "!4G"


def test_an_operation_knows_where_it_was_written() -> None:
    text = "quiet memmap=1M@0,2M@1M"
    operations, _ = map_operations(arguments(text), None)
    assert [text[o.column : o.column + len(o.text)] for o in operations] == ["1M@0", "2M@1M"]
    assert {o.action for o in operations} == {Action.ADD}


def test_every_kind_of_region_that_can_be_placed_has_a_form_and_no_sign_or_type_has_two() -> None:
    signs = [form.sign for form in REGION_FORMS]
    assert set(PLACEABLE) <= set(signs)
    assert len(TYPE_OF) == len(SIGN_OF) == len(signs)
