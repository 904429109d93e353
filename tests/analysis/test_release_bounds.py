"""A release that no line names lies within the bounds that the words of the lines set; other rules are not weighed."""

import re

import pytest

from pfnscope.analysis import Analysis, analyze
from pfnscope.bootlog import read
from pfnscope.findings import findings
from pfnscope.model.analysis import ALARMS
from tests.support.bounds import DEVICE_TREE, OLD, boots
from tests.support.samples import SLUGS, text

WIDE = (
    "BIOS-e820: [mem 0x0000000000001000-0x00000000bffd6fff] usable",
    "Zone ranges:",
    "  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]",
    "  Normal   [mem 0x0000000100000000-0x000000023fffffff]",
    "Early memory node ranges",
    "  node   0: [mem 0x0000000000100000-0x00000000bffd6fff]",
    "  node   1: [mem 0x0000000140000000-0x000000023fffffff]",
)


def analysis(*lines: str, kernel: str | None = None, arch: str | None = "x86_64") -> Analysis:
    (log,) = boots(*lines)
    return analyze(log, kernel=kernel, arch=arch)


def states(judged: Analysis) -> set[tuple[str, str, str]]:
    return {
        (hole.state, hole.basis, hole.severity) for hole in judged.holes if hole.outside and hole.start_pfn > 0x1000
    }


def note(judged: Analysis) -> list[tuple[str, int | None]]:
    return [(item.message, item.line) for item in judged.diagnostics if item.code == "release-bounds"]


def test_a_log_that_only_old_releases_print_is_not_threatened_with_later_ones() -> None:
    judged = analysis(*OLD)
    assert states(judged) == {("zeroed", "evidence", "info")}
    assert any("are all zero" in finding.text for finding in findings(judged))
    assert note(judged) == [("The release is one of 3.5 to 4.3, by the words of lines 1, 3.", 1)]
    (hole,) = (hole for hole in judged.holes if hole.outside and hole.start_pfn > 0x1000)
    assert hole.why.endswith("so in all of 3.5 to 4.3, of which this log is by its lines")


def test_lines_that_leave_one_rule_prove_it() -> None:
    judged = analysis(*DEVICE_TREE, arch="arm64")
    assert (judged.choice.rule and judged.choice.rule.id, judged.choice.basis) == ("holes-by-address", "evidence")
    assert judged.choice.why == "the lines of the log are as 6.2 and later print them"
    assert {state for state, _, _ in states(judged)} == {"initialised"}


def test_where_rules_within_the_bounds_differ_the_worst_of_them_is_said_with_the_bounds() -> None:
    judged = analysis(*WIDE)
    assert states(judged) == {("unknown", "assumed", "caution")}
    assert findings(judged)[0].text.startswith("On 4.15 to 4.19.102, nothing writes the struct pages of ")
    later = analysis(*WIDE, "PM: hibernation: Registered nosave memory: [mem 0x00000000-0x00000fff]")
    whys = {hole.why for hole in later.holes if hole.severity == "caution"}
    assert not any("4.1" in why for why in whys)
    assert judged.choice.why == (
        "the text names no kernel release and prints no count; by its lines it is of 3.19 to 6.19"
    )


def test_a_count_line_is_explained_only_by_rules_within_the_bounds() -> None:
    count = "Zeroed struct page in unavailable ranges: 139 pages"
    loose, bound = analysis(*WIDE, count), analysis(*WIDE, count, "node 0 deferred pages initialised in 10ms")
    assert loose.choice.basis == "assumed"
    assert (bound.choice.rule and bound.choice.rule.id, bound.choice.basis) == ("fake-links", "evidence")


def test_a_release_that_is_asked_for_or_named_is_not_bound() -> None:
    for judged in (analysis(*OLD, kernel="4.16"), analysis("Linux version 4.16.0 (a@b)", *OLD)):
        assert note(judged) == []
        assert findings(judged)[0].text.startswith("On 4.16, nothing writes ")
        assert {state for state, _, _ in states(judged)} == {"uninitialised"}


def test_lines_that_contradict_each_other_bind_nothing() -> None:
    judged = analysis(*OLD, "Fallback order for Node 0: 0 1")
    assert note(judged) == []
    assert states(judged) == {("unknown", "assumed", "caution")}


def test_limits_of_zones_are_those_of_the_newest_release_within_the_bounds() -> None:
    """5.5 to 5.10 give arm64 a zone DMA of 1 GiB, 5.11 and later one of what its devices reach."""
    lines = ("Early memory node ranges", "  node   0: [mem 0x0000000040000000-0x00000000ffffffff]")
    late, early = (
        analysis(*lines, more, arch="arm64").layout.zone_limits
        for more in ("node 0 deferred pages initialised in 10ms", "node 0 initialised, 1234 pages in 10ms")
    )
    assert early != late
    assert early == analysis(*lines, arch="arm64", kernel="5.7").layout.zone_limits


@pytest.mark.parametrize("slug", SLUGS)
def test_without_the_release_a_hole_is_as_with_it_or_not_known_and_no_alarm_is_lost(slug: str) -> None:
    nameless = re.sub(rb"(?m)^.*Linux version.*\n|BOOT_IMAGE=\S+", b"", text(slug))
    for named, log in zip(read(text(slug)).boots, read(nameless).boots, strict=True):
        known, unknown = (analyze(item, arch=named.arch) for item in (named, log))
        if unknown.release is not None:  # an oops names it
            continue
        assert known.release is not None
        assert log.printed_by is not None
        assert known.release.acts_like in log.printed_by.releases
        by_start = {hole.start_pfn: hole for hole in known.holes}
        for hole in unknown.holes:
            true = by_start[hole.start_pfn]
            assert hole.state in (true.state, "unknown")
            assert true.severity not in ALARMS or hole.severity in ALARMS
