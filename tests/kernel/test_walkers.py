"""Where a kernel dies on struct pages: functions, checks, the zone lists of a node that is not there; and the fix."""

import pytest

from pfnscope.kernel.regressions import mending
from pfnscope.kernel.release import parse_version
from pfnscope.kernel.rules import ZERO_GAPS, ZERO_TAIL, Commit
from pfnscope.kernel.walkers import checks_layout, takes_offline_node, walker_in


@pytest.mark.parametrize(
    ("function", "reader"),
    [
        ("get_kpage_count", "/proc/kpagecount"),
        ("set_zone_contiguous", "zone contiguity at boot"),
        ("damon_get_folio", "DAMON"),
        ("pfn_range_valid_contig", None),
        ("paging_init", None),
    ],
)
def test_a_function_tells_what_the_kernel_was_doing(function: str, reader: str | None) -> None:
    walker = walker_in(function)
    assert walker is not None
    assert walker.reader == reader


@pytest.mark.parametrize(
    ("text", "checks"),
    [
        ("kernel BUG at mm/page_alloc.c:2042!", True),
        ("kernel BUG at include/linux/mm.h:1020!", True),
        ("kernel BUG at arch/x86/mm/init_64.c:1350!", True),
        ("kernel BUG at mm/slub.c:305!", False),
        ("kernel BUG at drivers/mm/page_alloc.c:12!", False),
        ("BUG: unable to handle page fault in page_alloc", False),
    ],
)
def test_checks_of_struct_pages_are_known_by_their_files(text: str, checks: bool) -> None:
    assert checks_layout(text) is checks


@pytest.mark.parametrize(
    ("function", "address", "offline"),
    [
        ("__alloc_pages_nodemask", 0x1CC8, True),
        ("__alloc_pages_noprof", 0x3F88, True),
        ("__alloc_pages", 0x8, False),  # a null pointer to something small
        ("__alloc_pages", 0xFFFFC90000000000, False),
        ("alloc_skb", 0x1CC8, False),
        ("__alloc_pages", None, False),
    ],
)
def test_an_allocation_behind_a_null_node_asks_for_one_that_is_not_online(
    function: str, address: int | None, offline: bool
) -> None:
    assert takes_offline_node(function, address) is offline


@pytest.mark.parametrize(
    ("release", "behind_max_pfn", "commit"),
    [
        ("4.17.0", False, ZERO_GAPS),
        ("4.19.102", False, ZERO_GAPS),
        ("4.19.103", False, None),
        ("4.20.0", False, None),
        ("5.4.18", True, ZERO_TAIL),
        ("5.4.19", True, None),
        ("5.5.2", True, ZERO_TAIL),
        ("5.6.0", True, None),
        (None, True, ZERO_TAIL),
    ],
)
def test_the_fix_is_told_up_to_the_release_that_has_it(
    release: str | None, behind_max_pfn: bool, commit: Commit | None
) -> None:
    assert mending(parse_version(release) if release else None, behind_max_pfn=behind_max_pfn) == commit
