"""Which boot of a text is shown, and what its document says of the others."""

from pathlib import Path

import pytest

from pfnscope.model.document import Document
from pfnscope.service.analyzing import Options, analyze
from tests.bootlog.test_boots import lines

DANGEROUS = (
    "Linux version 4.17.0 (a@b)",
    "Command line: ro memmap=1G!4G",
    "Zone ranges:",
    "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]",
    "  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]",
    "  Normal   [mem 0x0000000100000000-0x000000023fffffff]",
    "Early memory node ranges",
    "  node   0: [mem 0x0000000000001000-0x000000000009efff]",
    "  node   0: [mem 0x0000000000100000-0x00000000bffd6fff]",
    "  node   1: [mem 0x0000000140000000-0x000000023fffffff]",
)
SAFE = ("Linux version 6.12.9 (a@b)", "Command line: ro", *DANGEROUS[2:])
PANIC = lines(("Kernel panic - not syncing: Fatal exception",), stamp=99)


def document(*parts: list[str], boot: int | None = None) -> Document:
    text = "".join(f"{line}\n" for part in parts for line in part)
    return analyze(text.encode(), Options(boot=boot)).document


@pytest.mark.parametrize(
    "mark",
    [
        "Command line: ro elfcorehdr=0x2f000000 irqpoll",
        "Reserving 2KB of memory at 0x5fdff000 for elfcorehdr",
        "fadump: Firmware-assisted dump is active.",
    ],
)
def test_the_kernel_that_crashed_is_shown_and_not_the_one_that_saves_its_memory(mark: str) -> None:
    shown = document(lines(DANGEROUS), PANIC, lines((SAFE[0], mark, *SAFE[2:])))
    assert (shown.boot.index, shown.verdict.severity) == (1, "danger")
    assert [(row.index, row.severity, row.capture_kernel) for row in shown.boots] == [
        (1, "danger", False),
        (2, "info", True),
    ]


def test_a_capture_kernel_alone_is_shown() -> None:
    assert document(lines((SAFE[0], "Command line: elfcorehdr=0x2f000000", *SAFE[2:]))).boot.index == 1


def test_the_last_boot_is_shown_and_a_worse_one_is_named_first() -> None:
    shown = document(lines(DANGEROUS), lines(SAFE))
    assert shown.boot.index == 2
    assert shown.verdict.details[0] == "Boot 1 of this text is worse: danger (Linux 4.17.0)."
    assert shown.boots[0].differs == ("release", "command_line")
    assert document(lines(DANGEROUS), lines(SAFE), boot=1).verdict.details[0] != shown.verdict.details[0]


def test_of_excerpts_without_a_banner_the_worst_is_shown() -> None:
    other = (*SAFE[2:-1], "  node   1: [mem 0x0000000140000000-0x000000033fffffff]")
    count = "Reserved but unavailable: 98 pages"
    shown = document(lines((*DANGEROUS[2:], count)), ["and the other:"], lines(other))
    assert [row.severity for row in shown.boots] == ["danger", "caution"]
    assert shown.boot.index == 1


def test_the_boot_that_files_of_proc_belong_to_is_shown() -> None:
    files = Path("tests/recorded/fixed-1g-4g/zoneinfo.txt").read_text().splitlines()
    shown = document(lines(DANGEROUS), files, lines(SAFE))
    assert (shown.boot.index, bool(shown.zoneinfo)) == (1, True)
