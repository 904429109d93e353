"""Other forms of arguments that take memory, as they are written."""

import pytest

from pfnscope.analysis.moving import in_whole_sections, kind_of, limits_at_sections, rewritten, safe_starts
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.map_arguments import MapOperation, map_operations
from pfnscope.model.answers import Placement
from pfnscope.model.ranges import Address

GIB, MIB = 1 << 30, 1 << 20
SECTION = 128 * MIB


def operations(command_line: str) -> tuple[MapOperation, ...]:
    return map_operations(arguments(command_line), None)[0]


@pytest.mark.parametrize(
    ("line", "at", "text", "argument", "whole"),
    [
        ("ro memmap=1G!4G quiet", 0, "1G!5G", "memmap=1G!5G", "ro memmap=1G!5G quiet"),
        ("ro memmap=1G!4G quiet", 0, "", "", "ro quiet"),
        ("memmap=1G!4G", 0, "", "", ""),
        ("memmap=16M!1G,1G!4G ro", 1, "1G!5G", "memmap=16M!1G,1G!5G", "memmap=16M!1G,1G!5G ro"),
        ("memmap=16M!1G,1G!4G ro", 1, "", "memmap=16M!1G", "memmap=16M!1G ro"),
        ("memmap=16M!1G,1G!4G ro", 0, "", "memmap=1G!4G", "memmap=1G!4G ro"),
        ("ro mem=5000M", 0, "5G", "mem=5G", "ro mem=5G"),
        ('memmap="1G!4G" ro', 0, "1G!5G", 'memmap="1G!5G"', 'memmap="1G!5G" ro'),
    ],
)
def test_one_region_is_rewritten_and_the_rest_stays(line: str, at: int, text: str, argument: str, whole: str) -> None:
    new = rewritten(line, operations(line)[at], text)
    assert (new.argument, new.command_line, new.instead) == (argument, whole, operations(line)[at].argument.text)


@pytest.mark.parametrize(
    ("line", "kind"),
    [("memmap=1G!4G", "!"), ("memmap=1G$4G", "$"), ("memmap=1G#4G", None), ("memmap=1G@4G", None), ("mem=4G", None)],
)
def test_regions_of_two_forms_can_stand_elsewhere(line: str, kind: str | None) -> None:
    assert kind_of(operations(line)[0]) == kind


@pytest.mark.parametrize(
    ("line", "wide"),
    [
        ("memmap=64M!3008M", ["128M!2944M"]),
        ("memmap=130M!3008M", ["256M!2944M"]),
        ("memmap=128M!3G", []),
    ],
)
def test_a_region_is_widened_to_whole_sections(line: str, wide: list[str]) -> None:
    assert list(in_whole_sections(operations(line)[0], "!", SECTION)) == wide


@pytest.mark.parametrize(
    ("line", "limits"),
    [("mem=5000M", [4992, 5120]), ("mem=5100M", [5120, 4992]), ("mem=5G", []), ("mem=100M", [128])],
)
def test_a_limit_goes_to_the_nearer_end_of_its_section(line: str, limits: list[int]) -> None:
    assert [limit >> 20 for limit in limits_at_sections(operations(line)[0], SECTION)] == limits


def places(*rows: tuple[int, int, bool, tuple[str, ...]]) -> tuple[Placement, ...]:
    return tuple(
        Placement(Address(start * MIB), Address(end * MIB), safe, (), dangerous) for start, end, safe, dangerous in rows
    )


@pytest.mark.parametrize(
    ("rows", "present", "first"),
    [
        ([(128, 2048, True, ()), (4096, 4224, False, ()), (4224, 8192, True, ())], 4096, 5120),  # a round one
        ([(4096, 4224, False, ()), (4224, 4992, True, ())], 4096, 4224),  # no round one is safe
        ([(128, 3200, True, ()), (4096, 4224, False, ())], 4096, 3072),
        ([(1024, 9216, True, ())], 4096, 4096),  # it can stay
        ([(1024, 4224, True, ("4.15 to 4.17.3",)), (8192, 8320, True, ())], 4096, 8192),  # safe everywhere goes first
        ([(1024, 1152, True, ("4.15 to 4.17.3",)), (4096, 4224, False, ())], 4096, 1024),
        ([(3072, 3200, True, ()), (5120, 5248, True, ())], 4096, 5120),  # of two as near the higher
    ],
)
def test_the_most_fitting_start_is_first(
    rows: list[tuple[int, int, bool, tuple[str, ...]]], present: int, first: int
) -> None:
    assert safe_starts(places(*rows), present * MIB, SECTION)[0] == first * MIB


def test_there_is_no_start_where_none_is_safe() -> None:
    assert safe_starts(places((4096, 8192, False, ())), 4 * GIB, SECTION) == []
