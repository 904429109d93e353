"""The end of RAM as the kernel prints it, once or several times."""

import pytest

from pfnscope.layout import build_layout
from pfnscope.model.log import Count, PrintedCounts
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
    assert build_layout(seed_log("none", page_counts=counts), None).max_pfn == max_pfn
