"""Trouble is placed on a frame only where its lines prove the frame."""

import pytest

from app.analysis.analyze import analyze
from app.bootlog import read

LOG = """\
[    0.000000] Linux version 4.17.0 (a@b) #1 SMP
[    0.000000] e820: last_pfn = 0x140000 max_arch_pfn = 0x400000000
[    0.000000]   node   0: [mem 0x0000000000001000-0x00000000bffd6fff]
[    0.000000]   node   0: [mem 0x0000000100000000-0x000000013fffffff]
"""


@pytest.mark.parametrize(
    ("line", "pfn"),
    [
        ("BUG: Bad page map in process cat  pte:80000000bffd7067 pmd:b8380067", 0xBFFD7),
        ("BUG: Bad page map in process cat  pte:7fffff400289e pmd:b8380067", None),  # not present: may be inverted
        ("Memory failure: 0xbffd7: recovery action for reserved kernel page: Ignored", 0xBFFD7),
        ("page:ffffea0002fff5c0 is uninitialized and poisoned", None),  # memory KASLR moves the struct pages
    ],
)
def test_a_report_is_placed(line: str, pfn: int | None) -> None:
    (boot,) = read(f"{LOG}[    9.000000] {line}\n".encode()).boots
    (placed,) = analyze(boot).events
    assert placed.pfn == pfn


def test_a_page_table_entry_of_an_unknown_architecture_proves_nothing() -> None:
    text = "".join(line + "\n" for line in LOG.splitlines() if "last_pfn" not in line)
    line = "BUG: Bad page map in process cat  pte:80000000bffd7067 pmd:b8380067"
    (boot,) = read(f"{text}[    9.000000] {line}\n".encode()).boots
    assert [placed.pfn for placed in analyze(boot).events] == [None]
