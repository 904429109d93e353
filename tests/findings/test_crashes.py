"""Crashes: what a person who pasted one reads in the first five lines, of a whole log, a mail, or the crash alone."""

from typing import NamedTuple

import pytest

from pfnscope.formats import text
from tests.support.crashes import (
    ASSERTED,
    BACKTRACE,
    BAD_PAGE,
    CHECK,
    COMPACTING,
    DRGN,
    DRIVER,
    FAILURE,
    HEALTHY,
    HOLE,
    KMEM_P,
    KMEM_P_FINE,
    NO_NODE,
    ONES,
    POISONED,
    READER,
    SEED,
    STRUCT_PAGE,
    VMEMMAP,
    first_five,
    judged,
    oops,
    quoted,
)

SHOWN = "of the 41 struct pages [0xbffd7, 0xc0000) - 164 KiB - 0xbffd7000 that nothing wrote."
IN_MEMORY = "pfn 0x81234 - 0x81234000, memory of node 0, DMA32."
SOMEWHERE = "pfn 0x81234 - 0x81234000, whose flags say node 0 and zone number 1"
DIED_ON = (
    "The kernel died on a struct page that nothing ever wrote (line {0}): the text does not tell of which page frame."
)
WALKED = (
    "The kernel died in isolate_migratepages_block() while compacting memory, or looking for large free blocks"
    " (line {0}); the text does not tell at which page frame."
)
NOT_ONLINE = "The kernel died in __alloc_pages_nodemask() (line {0}): it asked for memory of a node that is not online."
CHECKED = "The kernel died in move_something() at a check of its own (kernel BUG at mm/page_alloc.c:2431) (line {0});"
MET = "The text shows a struct page that nothing ever wrote"
RELEASED = "The kernel died in release_something() on a bad struct page"
DRIVEN = "An oops in frobnicate_probe() (line {0}): not about memory layout."
READ = "The kernel died in {} while reading {} on a struct page that nothing ever wrote (line 1)"


class Case(NamedTuple):
    """A crash, the log that it stands behind, what is said of it there, and what where the text has nothing else.

    {0} is the line that the sentence names, ``offset`` behind the first of the crash.
    """

    crash: str
    log: str
    sentence: str
    alone: str
    offset: int = 0


CASES = {
    "a reader in a hole": Case(
        READER, SEED, f"This is your panic: the oops in line {{0}} hit one {SHOWN}",
        READ.format("kpagecount_read()", "/proc/kpagecount"),
    ),
    "bt of crash": Case(
        BACKTRACE, SEED, f"This is your panic: the oops in line {{0}} hit one {SHOWN}",
        READ.format("stable_page_flags()", "/proc/kpageflags"),
    ),
    "kmem -p": Case(KMEM_P, SEED, f"Line {{0}} shows one {SHOWN}", MET, 2),
    "struct page": Case(STRUCT_PAGE, SEED, f"Line {{0}} shows one {SHOWN}", MET),
    "drgn": Case(DRGN, SEED, f"Lines from {{0}} on show 2 {SHOWN}", MET, 1),
    "a bad page": Case(
        BAD_PAGE, HEALTHY, f"The kernel found a bad struct page (line {{0}}): that of {IN_MEMORY}",
        f"The kernel found a bad struct page (line {{0}}): that of {SOMEWHERE.partition(',')[0]}",
    ),
    "an assertion on a page": Case(
        ASSERTED, HEALTHY, f"{RELEASED} (line {{0}}): that of {IN_MEMORY}",
        f"{RELEASED} (line {{0}}): that of {SOMEWHERE}",
    ),
    "a poisoned page": Case(POISONED, HEALTHY, DIED_ON, DIED_ON),
    "a walker": Case(COMPACTING, HEALTHY, WALKED, WALKED),
    "a node that is not there": Case(NO_NODE, HEALTHY, NOT_ONLINE, NOT_ONLINE),
    "a check of the page allocator": Case(CHECK, HEALTHY, CHECKED, CHECKED),
    "an oops in a driver": Case(DRIVER, HEALTHY, DRIVEN, DRIVEN),
}  # fmt: skip


def line_of(crash: str, lines: str) -> int:
    """Where a crash begins in a text."""
    first = crash.splitlines()[0]
    return next(at for at, line in enumerate(lines.splitlines(), 1) if line.endswith(first))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_whole_log_begins_with_what_happened(case: Case) -> None:
    lines = case.log + case.crash
    assert case.sentence.format(line_of(case.crash, lines) + case.offset) in first_five(lines)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_so_does_a_mail_that_quotes_it(case: Case) -> None:
    lines = quoted(case.log, case.crash)
    assert case.sentence.format(line_of(case.crash, lines) + case.offset) in first_five(lines)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_so_does_the_crash_alone(case: Case) -> None:
    assert case.alone.format(1 + case.offset) in first_five(case.crash)
    assert {finding.subject for finding in judged(case.crash).findings} == {"crashes"}


@pytest.mark.parametrize("log", [SEED, HEALTHY], ids=["dangerous", "healthy"])
def test_a_log_without_a_crash_says_nothing_of_one(log: str) -> None:
    assert not [finding for finding in judged(log).findings if finding.subject == "crashes"]


@pytest.mark.parametrize("log", [SEED, HEALTHY, ""], ids=["dangerous", "healthy", "crash alone"])
@pytest.mark.parametrize("crash", [DRIVER, FAILURE, KMEM_P_FINE], ids=["driver", "memory failure", "kmem -p"])
def test_what_is_not_about_struct_pages_is_no_alarm(log: str, crash: str) -> None:
    ours = [finding for finding in judged(log + crash).findings if finding.subject == "crashes"]
    assert {finding.severity for finding in ours} <= {"info"}
    if log == HEALTHY:
        assert judged(log + crash).verdict.severity in ("info", "none")


@pytest.mark.parametrize("crash", [READER, POISONED, COMPACTING, CHECK], ids=["reader", "poison", "walker", "check"])
def test_a_crash_alone_says_what_to_paste_next(crash: str) -> None:
    remedy = judged(crash).findings[0].remedy
    assert remedy is not None
    assert remedy.text == "Now paste the boot part as well: journalctl -k -b -1 | head -300."


def test_a_kernel_that_died_while_booting_has_no_other_boot_part() -> None:
    remedy = judged("[    0.000000] Linux version 6.1.0 (a@b) #1 SMP\n" + CHECK).findings[0].remedy
    assert remedy is not None
    assert "from “Linux version” to the crash" in remedy.text


def test_the_headline_of_a_crash_has_two_lines_and_one_number_system() -> None:
    lines = text.render(judged(SEED + READER)).splitlines()
    assert lines[0].startswith("DANGER: This is your panic")
    assert lines[1].endswith("that nothing wrote.")
    finding = judged(SEED + READER).findings[0]
    assert [(span.start, span.end) for span in finding.ranges] == [(0xBFFD7000, 0xC0000000)]


def test_below_stand_who_why_and_the_known_fix() -> None:
    finding = judged(SEED + READER).findings[0]
    assert finding.cause is not None
    assert finding.cause.startswith("“memmap=1G!4G” takes")
    assert finding.details[0] == (
        "The kernel died in kpagecount_read() while reading /proc/kpagecount, at pfn 0xbffe9 (line 43): the fault"
        " address 0xfffffffffffffffe comes from a struct page full of 0xff, PAGE_POISON_PATTERN."
    )
    assert finding.details[1].startswith("Known fix: 907ec5fca3dc (“mm: zero remaining unavailable struct pages”)")
    assert "from 4.20, 4.19.103" in finding.details[1]


def test_a_release_that_has_the_fix_is_told_of_none() -> None:
    finding = judged(SEED.replace("4.17.0", "5.6.0") + READER).findings[0]
    assert finding.code == "crash-in-hole"
    assert not [text for text in finding.details if text.startswith("Known fix")]


def test_oopses_are_counted_with_the_frames_that_they_hit() -> None:
    second = oops("stable_page_flags", ONES, VMEMMAP + (HOLE + 1) * 64, HOLE + 1).replace("71.25", "72.25")
    assert judged(SEED + READER + second).findings[0].text == (
        "This is your panic: 2 oopses, from line 43 on, hit 2 of the 41 struct pages"
        " [0xbffd7, 0xc0000) · 164 KiB · 0xbffd7000 that nothing wrote."
    )


def test_of_two_boots_the_one_that_crashed_is_named() -> None:
    document = judged(HEALTHY + SEED + READER)
    assert document.findings[0].code == "crash-in-hole"
    assert any(f"of boot {document.boot.index} of 2 in this text" in item for item in document.findings[0].details)


@pytest.mark.parametrize(
    ("crash", "reason"), [(BAD_PAGE, "nonzero mapcount"), (ASSERTED, "VM_BUG_ON_PAGE(page_ref_count(page) == 0)")]
)
def test_what_the_kernel_says_is_wrong_with_a_page_is_the_cause(crash: str, reason: str) -> None:
    assert judged(HEALTHY + crash).findings[0].cause == f"The kernel says why: {reason}."


def test_a_shown_page_that_is_as_it_should_be_is_no_verdict() -> None:
    (finding,) = judged(KMEM_P_FINE).findings
    assert (finding.code, finding.severity) == ("no-verdict", "none")


def test_page_flags_are_told_where_they_contradict_the_layout() -> None:
    (finding,) = [
        item for item in judged(HEALTHY + BAD_PAGE.replace("zone=1", "zone=2")).findings if item.subject == "crashes"
    ]
    assert finding.text.endswith("memory of node 0, DMA32, whose flags say node 0 and zone Normal.")


def test_a_page_that_is_in_use_is_no_bad_page() -> None:
    dump = BAD_PAGE.splitlines(keepends=True)[1:]
    dump[-1] = dump[-1].replace("nonzero mapcount", "migration failure")
    (finding,) = [item for item in judged(HEALTHY + "".join(dump)).findings if item.subject == "crashes"]
    assert (finding.code, finding.severity) == ("page-in-use", "info")


@pytest.mark.parametrize("address", [0xFFFFC90000000008, 0xFFFFC90000003000, 0xFFFFB4D2C0003FC0])
def test_a_kernel_stack_that_an_ordinary_oops_points_to_is_no_struct_page(address: int) -> None:
    """Frames [0x9f, 0x100) are a hole, and struct pages are as aligned as the area that kernel stacks lie in."""
    for crash in (oops("frobnicate", address), oops("frobnicate", 0x10, address & ~0x3F)):
        ours = [item for item in judged(HEALTHY.replace("nokaslr", "") + crash).findings if item.subject == "crashes"]
        assert [item.code for item in ours] == ["crash-elsewhere"]


def test_a_fault_elsewhere_is_not_on_the_array() -> None:
    for address in (0xFFFFC90000003008, 0xFFFFFFFFA0123450, 0xFFFF888012345678):
        assert judged(OLD + oops("frobnicate", address)).findings[0].code == "crash-elsewhere"


OLD = "[    0.000000] Linux version 4.4.0 (a@b) (gcc) #1 SMP x86_64\n"


@pytest.mark.parametrize("log", [HEALTHY.replace("console=", "nokaslr console=", 1), OLD], ids=["nokaslr", "4.4"])
def test_a_fault_on_the_array_of_struct_pages_is_about_a_frame_that_has_none(log: str) -> None:
    """Where KASLR does not move it: no frame between 3 GiB and 4 GiB has one here."""
    crash = oops("frobnicate_page", VMEMMAP + (0xD1000 << 6) + 8)
    finding = judged(log + crash).findings[0]
    assert (finding.code, finding.severity) == ("crash", "caution")
    assert "The kernel died in frobnicate_page() (line " in finding.text
    assert finding.text.endswith(": nothing is mapped where the struct page of pfn 0xd1000 would be.")
