"""The printed count line chooses the mechanism before the release does."""

import pytest

from pfnscope.analysis import analyze
from pfnscope.model.counts import Count, PrintedCounts
from pfnscope.model.log import BootLog, NodeRange
from pfnscope.model.ranges import ByteRange
from tests.support.seed import seed_log


def rule_of(log: BootLog, kernel: str | None = None) -> tuple[str | None, str]:
    choice = analyze(log, kernel=kernel).choice
    return (choice.rule.id if choice.rule else None), choice.basis


LINES = (Count(1, (), 0, "DMA"), Count(97, (), 0, "DMA"), Count(41, (), 1, "Normal"))
BY_NODE_AND_ZONE = PrintedCounts(unavailable=LINES)


def test_a_vendor_kernel_is_known_by_the_line_that_it_prints() -> None:
    log = seed_log("1G!4G", release="4.18.0-553.el8.x86_64", page_counts=BY_NODE_AND_ZONE)
    assert rule_of(log) == ("holes-by-address", "evidence")


def test_without_the_line_a_vendor_kernels_release_is_an_assumption() -> None:
    assert rule_of(seed_log("1G!4G", release="4.18.0-553.el8.x86_64")) == ("fake-links", "assumed")
    assert rule_of(seed_log("1G!4G", release="4.18.0-147.el8.x86_64")) == ("zeroed-gaps", "assumed")
    assert rule_of(seed_log("1G!4G", release="4.18.5")) == ("e820-reserved", "release")


def test_the_number_decides_between_rules_of_one_wording() -> None:
    """4096 frames of tail: counted only where the pass runs to the end of the section."""
    facts = seed_log("1G!4G").node_ranges
    short = (*facts[:-1], NodeRange(1, *ByteRange(5 << 30, (9 << 30) - (16 << 20)), ()))
    for pages, rule in ((139, "zeroed-gaps"), (139 + 4096, "zeroed-gaps-and-tail")):
        log = seed_log(
            "1G!4G",
            node_ranges=short,
            release="5.4.0-1051-azure",
            page_counts=PrintedCounts(zeroed_unavailable=Count(pages, ())),
        )
        assert rule_of(log) == (rule, "evidence")


def test_a_count_that_several_mechanisms_explain_is_no_evidence_without_a_release() -> None:
    counts = PrintedCounts(zeroed_unavailable=Count(139, ()))
    choice = analyze(seed_log("1G!4G", page_counts=counts)).choice
    assert (choice.basis, "5 mechanisms" in choice.why) == ("assumed", True)
    assert rule_of(seed_log("1G!4G", page_counts=counts, release="5.9.0")) == ("fake-links", "evidence")


def test_a_count_that_the_releases_own_rule_does_not_explain_takes_the_nearest_rule_that_does() -> None:
    """A 5.4.10 that zeroes the tail of the last section has the backport of 5.4.19, not that of 4.19.103."""
    facts = seed_log("1G!4G").node_ranges
    short = (*facts[:-1], NodeRange(1, *ByteRange(5 << 30, (9 << 30) - (16 << 20)), ()))
    counts = PrintedCounts(zeroed_unavailable=Count(139 + 4096, ()))
    log = seed_log("1G!4G", node_ranges=short, release="5.4.10", page_counts=counts)
    assert rule_of(log) == ("zeroed-gaps-and-tail", "evidence")


def test_what_is_not_certain_of_a_rules_history_goes_with_the_choice_unless_the_log_shows_it() -> None:
    assert "4.19.9 to 4.19.12" in analyze(seed_log("1G!4G", release="4.19.10")).choice.doubt
    assert "4.18.0-240 and -348" in analyze(seed_log("1G!4G", release="4.18.0-305.el8.x86_64")).choice.doubt
    shown = seed_log("1G!4G", release="5.5.4", page_counts=PrintedCounts(zeroed_unavailable=Count(139, ())))
    assert analyze(shown).choice.doubt == ""


def test_an_asked_for_release_beats_the_line_and_says_so() -> None:
    log = seed_log("1G!4G", release="6.1.0", page_counts=BY_NODE_AND_ZONE)
    analysis = analyze(log, kernel="4.17")
    assert (analysis.choice.rule and analysis.choice.rule.id, analysis.choice.basis) == ("raw-memmap", "assumed")
    assert ("release", "asked for") in analysis.assumed
    assert "count-line-of-another-release" in {item.code for item in analysis.diagnostics}


def test_printed_counts_are_explained_line_by_line() -> None:
    checks = analyze(seed_log("1G!4G", page_counts=BY_NODE_AND_ZONE)).checks
    assert [(check.printed, check.computed, check.agrees) for check in checks] == [
        ("1 pages", "1 pages", True),
        ("97 pages", "97 pages", True),
        ("41 pages", "41 pages", True),
    ]


def test_a_printed_count_that_differs_is_told_with_both_numbers() -> None:
    wrong = PrintedCounts(unavailable=(*LINES[:2], Count(42, (), 1, "Normal")))
    check = analyze(seed_log("1G!4G", page_counts=wrong)).checks[-1]
    assert (check.printed, check.computed, check.agrees) == ("42 pages", "41 pages", False)


@pytest.mark.parametrize("kernel", ["", "linux", "seven"])
def test_what_is_no_release_is_refused(kernel: str) -> None:
    if kernel:
        with pytest.raises(ValueError, match=kernel):
            analyze(seed_log("none"), kernel=kernel)
    else:
        assert analyze(seed_log("none"), kernel=kernel).choice.rule is None


def test_what_x86_reserves_is_not_taken_for_reserved_elsewhere() -> None:
    """ppc64le of RHEL 8.0 leaves the half section between two nodes unwritten, as 4.17.2 does."""
    for release in ("4.17.2", "4.17.5", "4.18.0", "4.18.0-80.el8.ppc64le", "4.19.8", "4.19.50"):
        ranges = ((0, 0, 0x100800000), (1, 0x301000000, 0x37F000000))
        nodes = tuple(NodeRange(node, *ByteRange(start, end), ()) for node, start, end in ranges)
        log = BootLog(release=release, arch="ppc64le", page_size=65536, node_ranges=nodes)
        (hole,) = analyze(log).holes
        assert (hole.severity, hole.state, hole.reserved) == ("danger", "uninitialised", None), release


def straddling(*lines: Count, release: str | None = "7.3.0") -> BootLog:
    """A hole of 800 struct pages from below a zone's start to above it."""
    ranges = ((0x1000, 0x9F000), (0x100000, 0x7FFE0000), (0x100300000, 0x140000000))
    nodes = tuple(NodeRange(0, *ByteRange(start, end), ()) for start, end in ranges)
    first = (Count(1, (), 0, "DMA"), Count(97, (), 0, "DMA"))
    counts = PrintedCounts(unavailable=(*first, *lines) if lines else ())
    return seed_log("none", node_ranges=nodes, release=release, page_counts=counts)


def test_a_hole_that_is_counted_in_two_lines_chooses_its_own_row_and_keeps_its_links() -> None:
    whole = analyze(straddling(Count(800, (), 0, "Normal")))
    split = analyze(straddling(Count(32, (), 0, "Normal"), Count(768, (), 0, "Normal")))
    chosen = [(item.choice.rule and item.choice.rule.id, item.choice.basis) for item in (whole, split)]
    assert chosen == [("holes-by-address", "evidence"), ("holes-by-address-split", "evidence")]
    assert all(check.agrees for item in (whole, split) for check in item.checks)
    assert [hole.linked_zone for hole in whole.holes] == [hole.linked_zone for hole in split.holes]
    assert [era.rule for era in split.eras if era.current] == ["holes-by-address-split"]


def test_a_release_that_was_not_read_is_assumed_to_be_as_the_last_one_that_was() -> None:
    choice = analyze(straddling(release="7.9.0")).choice
    assert (choice.rule and choice.rule.id, choice.basis) == ("holes-by-address", "assumed")
    assert choice.doubt == "7.9 has not been read: it is taken to be as 7.3, the last that was"
    assert analyze(straddling(release="7.3.4")).choice.basis == "release"
