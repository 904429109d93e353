"""What a change does, in one sentence: better, worse, another danger, or nothing."""

import pytest

from pfnscope.report.outcome import outcome
from pfnscope.service import Options
from pfnscope.service.whatif import Change, simulated_beside
from tests.page.test_first_screen import eight_nodes
from tests.support.samples import text

HOLE = "[0xbffd7, 0xc0000) · 164 KiB · 0xbffd7000"
FIRST = "[0x7ffe00, 0x800000) · 2 MiB · 0x7ffe00000"
SEED, NONE, NODES = text("seed-1g-4g"), text("seed-no-memmap"), eight_nodes().encode()


@pytest.mark.parametrize(
    ("log", "change", "kernel", "sentence"),
    [
        (
            SEED,
            Change(remove=("memmap=1G!4G",)),
            None,
            f"Without memmap=1G!4G the 41 pages {HOLE} are inside zone DMA32 again: no danger.",
        ),
        (
            SEED,
            Change(remove=("memmap",), append="memmap=1G!5G"),
            None,
            f"With memmap=1G!5G instead of memmap=1G!4G the 41 pages {HOLE} are inside zone DMA32: no danger.",
        ),
        (SEED, Change(), "6.12", f"On 6.12 the 41 struct pages {HOLE} are initialised: no danger."),
        (
            SEED,
            Change(append="mem=2G"),
            None,
            f"With mem=2G the 41 pages {HOLE} have no struct page: no danger.",
        ),
        (
            SEED,
            Change(append="mem=4G"),
            None,
            f"With mem=4G the 41 struct pages {HOLE} are never written: caution in place of danger.",
        ),
        (
            NONE,
            Change(append="memmap=1G!4G"),
            None,
            f"With memmap=1G!4G nothing writes the struct pages of {HOLE}: danger.",
        ),
        (
            NONE,
            Change(append="memmap=1G!4G"),
            "4.17.4",
            "On 4.17.4, with memmap=1G!4G no struct page is left unwritten.",
        ),
        (NONE, Change(append="memmap=1G!5G"), None, "With memmap=1G!5G no struct page is left unwritten."),
        (
            NONE,
            Change(append="quiet"),
            None,
            "With quiet nothing changes in nodes, zones and struct pages: no danger.",
        ),
        (
            SEED,
            Change(append="memmap=1M$2G"),
            None,
            f"With memmap=1M$2G nothing writes the struct pages of {HOLE}, as today: the danger stays.",
        ),
        (
            NODES,
            Change(append="mem=64G"),
            None,
            f"With mem=64G the danger is gone in 6 of 7 holes, but nothing writes the struct pages of {FIRST}.",
        ),
        (
            NODES,
            Change(),
            "5.10",
            f"On 5.10 the 3,584 struct pages in 7 holes, the first {FIRST}, are initialised: no danger.",
        ),
    ],
    ids=lambda value: value.append or "-" if isinstance(value, Change) else "",
)
def test_a_change_is_told_by_what_becomes_of_struct_pages(
    log: bytes, change: Change, kernel: str | None, sentence: str
) -> None:
    today, changed = simulated_beside(log, change, Options(kernel=kernel))
    assert outcome(today, changed, today.kernel.command_line or "").sentence == sentence


def test_what_has_to_be_written_and_left_out() -> None:
    """As written, and counted against a line that the log itself does not have."""
    today, changed = simulated_beside(SEED, Change(remove=("memmap",), append="memmap=1G!5G quiet"))
    known = outcome(today, changed, today.kernel.command_line or "")
    assert (known.added, known.dropped) == (("memmap=1G!5G", "quiet"), ("memmap=1G!4G",))
    assert outcome(today, changed, "memmap=1G!7G").dropped == ("memmap=1G!7G",)
