"""What the words of a log's own lines tell of the release that printed them."""

import pytest

from pfnscope.bootlog import read
from pfnscope.model.ranges import Lines
from tests.support.bounds import OLD, boots


def bounds(*lines: str) -> tuple[str, Lines] | None:
    (log,) = boots(*lines)
    return (str(log.printed_by.releases), log.printed_by.lines) if log.printed_by else None


def test_lines_bound_the_release_from_both_sides_and_are_named() -> None:
    assert bounds(*OLD) == ("3.5 to 4.3", (1, 3))


@pytest.mark.parametrize(
    ("more", "releases", "named"),
    [
        ("Reserved but unavailable: 98 pages", "4.15 to 4.19", (4,)),
        ("BIOS-provided physical RAM map:", "4.17 and later", (3, 4)),
        ("BUG: unable to handle kernel paging request at ffffea0002fff5c0", "3.19 to 5.1", (3, 4)),
        ("software IO TLB: mapped [mem 0x00000000bbfe0000-0x00000000bffe0000] (64MB)", "4.18 and later", (4,)),
    ],
)
def test_lines_that_others_make_needless_are_not_named(more: str, releases: str, named: Lines) -> None:
    nodes = ("Early memory node ranges", "  node   0: [mem 0x0000000000001000-0x000000003fffffff]")
    assert bounds("Zone ranges:", *nodes, more) == (releases, named)


def test_lines_of_no_single_release_tell_nothing() -> None:
    assert bounds(*OLD, "Fallback order for Node 0: 0 1") is None


def test_a_line_that_all_releases_print_tells_nothing() -> None:
    assert (
        bounds("MEMBLOCK configuration:", " memory[0x0]\t[0x0000000000001000-0x000000003fffffff], 0x3ffff000 bytes")
        is None
    )


def test_each_boot_of_a_text_has_its_own_bounds_and_one_with_a_banner_needs_none() -> None:
    new = ("Early memory node ranges", "  node   0: [mem 0x0000000000001000-0x000000007fffffff]")
    both = [log.printed_by and str(log.printed_by.releases) for log in boots(*OLD, *new)]
    assert both == ["3.5 to 4.3", "3.19 and later"]
    assert [log.printed_by for log in boots("Linux version 6.12.9 (a@b)", *new)] == [None]


def test_lines_outside_their_section_count_no_more_than_they_are_read() -> None:
    (log,) = read(
        b"[    0.000000] 0: 0x00000010 -> 0x0000009b\n[    0.000000] Early memory node ranges\n"
        b"[    0.000000]   node   0: [mem 0x0000000000001000-0x000000003fffffff]\n"
    ).boots
    assert log.printed_by is not None
    assert str(log.printed_by.releases) == "3.19 and later"
