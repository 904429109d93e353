"""One memory line taken out of a log makes no false alarm and hides no danger: a sample of what acceptance tries."""

import random
from pathlib import Path

import pytest

from pfnscope.bootlog import read
from pfnscope.service.analyzing import chosen
from tests.support.samples import FOLDER
from tools.lost_lines import Outcome, deletions, fault, memory_lines, outcome

LOGS = sorted((*FOLDER.glob("*/dmesg.txt"), *Path(__file__).parent.glob("recorded/*/dmesg.txt")))
TRIED = 14


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.parent.name)
def test_a_lost_line_makes_no_false_alarm_and_hides_no_danger(log: Path) -> None:
    text = log.read_bytes()
    lines = memory_lines(chosen(read(text)))
    sample = random.Random(log.parent.name).sample(lines, min(TRIED, len(lines)))
    assert [item for item in deletions(text, sorted(sample)) if item.fault] == []


@pytest.mark.parametrize("words", [b"DMA32 ", b"node   0: [mem 0x0000000000100000", b"Zone ranges:"])
@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.parent.name)
def test_neither_does_one_of_the_lists_that_everything_hangs_on(log: Path, words: bytes) -> None:
    text = log.read_bytes()
    lines = [number for number, line in enumerate(text.split(b"\n"), 1) if words in line and b"pages" not in line]
    assert [item for item in deletions(text, lines) if item.fault] == []


def test_the_comparison_notices_both_faults() -> None:
    whole = outcome((FOLDER / "seed-1g-4g" / "dmesg.txt").read_bytes())
    nothing = Outcome(type(whole.dangers)(), "none", warned=False)
    assert whole.dangers.pages
    assert fault(whole, nothing) == "hidden danger"
    assert fault(nothing, whole) == "false alarm"
    assert not fault(whole, whole)
