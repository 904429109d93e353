"""The end of RAM as the kernel prints it, once or several times."""

import pytest
from msgspec import structs

from pfnscope.layout import build_layout
from pfnscope.model.counts import Count, PrintedCounts
from pfnscope.model.log import BootLog, NodeRange
from pfnscope.model.ranges import Address
from tests.support.seed import seed_log


@pytest.mark.parametrize(
    ("printed", "max_pfn"),
    [
        ((0x240000, 0xBFFD7), 0x240000),
        ((0x240000, 0x220000, 0xBFFD7), 0x220000),
        ((0xC0000, 0xBFFD7), 0xBFFD7),
        ((), 0x240000),
    ],
    ids=["with the end of RAM below 4 GiB", "after MTRRs cut RAM", "cut, all below 4 GiB", "not printed"],
)
def test_the_last_word_on_all_of_ram_counts(printed: tuple[int, ...], max_pfn: int) -> None:
    counts = PrintedCounts(last_pfn=tuple(Count(pfn, (line,)) for line, pfn in enumerate(printed, 1)))
    assert build_layout(_log_below(max_pfn, counts), None).max_pfn == max_pfn


def test_ram_reaches_as_far_as_the_node_ranges_where_only_the_lower_of_two_lines_is_left() -> None:
    counts = PrintedCounts(last_pfn=(Count(0xBFFD7, (1,)),))
    assert build_layout(_log_below(0x240000, counts), None).max_pfn == 0x240000


def _log_below(max_pfn: int, counts: PrintedCounts) -> BootLog:
    whole = seed_log("none", page_counts=counts)
    ends = ((item, min(item.end, max_pfn << 12)) for item in whole.node_ranges)
    ranges = tuple(NodeRange(item.node, item.start, Address(end), ()) for item, end in ends if item.start < end)
    return structs.replace(whole, node_ranges=ranges)
