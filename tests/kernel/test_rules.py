"""The struct-page rules cover every release exactly once, and releases find their rule."""

import pytest

from pfnscope.kernel.architectures import ARCHITECTURES
from pfnscope.kernel.release import NEVER, short
from pfnscope.kernel.rules import (
    RULES,
    X86_PASSES,
    ZERO_FIRST,
    ZERO_TAIL,
    Pass,
    describe_releases,
    rules_for,
    rules_on,
    unchecked,
)
from pfnscope.kernel.vendors import parse_release


def test_every_row_allocates_first_and_names_its_source() -> None:
    for rule in RULES:
        assert rule.passes[0] in (Pass.ALLOCATE_ZEROED, Pass.ALLOCATE_RAW)
        assert rule.source
        assert all(len(commit.id) == 12 for commit in rule.commits)
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_every_row_begins_with_a_release_that_one_of_its_commits_names() -> None:
    """What began a row is among its commits, so that a backporter finds it; the oldest row has none."""
    for rule in RULES[1:]:
        if rule.releases == NEVER:
            continue
        named = {point for commit in rule.commits for point in (commit.since.mainline, *commit.since.stable)}
        begun = {rule.releases.first.mainline, *rule.releases.first.stable}
        assert begun <= named, rule.id
        assert all(dict(commit.unread).keys() <= set(map(short, commit.since.stable)) for commit in rule.commits)


def test_a_point_release_that_was_not_read_is_printed_with_a_question_mark() -> None:
    assert ZERO_TAIL.stable == ("5.5.3?", "5.4.19", "4.19.103")
    assert (ZERO_FIRST.mainline, ZERO_FIRST.stable) == ("4.18", ("4.17.y?",))


@pytest.mark.parametrize(
    ("release", "rule"),
    [
        ("2.6.32-642.6.2.el6.x86_64", "zeroed-memmap-reserved"),
        ("4.1.52", "zeroed-memmap-reserved"),
        ("3.10.0-327.el7.x86_64", "zeroed-memmap-reserved"),
        ("3.10.0-1160.el7.x86_64", "zeroed-memmap"),
        ("4.2.0", "zeroed-memmap"),
        ("4.14.336", "zeroed-memmap"),
        ("4.15.0", "raw-memmap"),
        ("4.17.0-rc6-mm1", "raw-memmap"),
        ("4.17.4", "e820-reserved-late"),
        ("4.17.19", "e820-reserved"),
        ("4.18.0-147.el8.x86_64", "zeroed-gaps"),
        ("4.18.0-240.el8.x86_64", "fake-links-outside"),
        ("4.18.0-348.el8.x86_64", "fake-links"),
        ("4.19.0+1", "zeroed-gaps-4.19"),
        ("4.19.1", "e820-reserved"),
        ("4.19.13", "raw-memmap-4.19"),
        ("4.19.102", "raw-memmap-4.19"),
        ("4.19.103", "zeroed-gaps-4.19"),
        ("5.4.18", "zeroed-gaps"),
        ("5.4.19", "zeroed-gaps-and-tail"),
        ("5.7.6", "fake-links-outside"),
        ("5.11.5", "fake-links"),
        ("5.10.24", "holes-per-zone"),
        ("5.10.53", "holes-by-address"),
        ("5.12.16", "holes-per-zone"),
        ("5.12.17", "holes-by-address"),
        ("5.13.1", "holes-per-zone"),
        ("5.13.2", "holes-by-address"),
        ("7.1.5", "holes-by-address"),
    ],
)
def test_a_release_finds_its_rule(release: str, rule: str) -> None:
    parsed = parse_release(release)
    assert parsed
    assert [item.id for item in rules_for(parsed, "x86_64")] == [rule]


@pytest.mark.parametrize(
    ("release", "rule"),
    [
        ("4.17.3", "raw-memmap"),
        ("4.17.5", "raw-memmap"),
        ("4.18.0", "raw-memmap-4.19"),
        ("4.18.0-80.el8.ppc64le", "raw-memmap-4.19"),
        ("4.19.8", "raw-memmap-4.19"),
        ("4.19.103", "zeroed-gaps-4.19"),
    ],
)
def test_what_x86_reserves_is_no_rule_of_other_architectures(release: str, rule: str) -> None:
    parsed = parse_release(release)
    assert parsed
    for arch in ("ppc64le", "arm64", "s390x", "riscv64"):
        assert [item.id for item in rules_for(parsed, arch)] == [rule]


def test_a_pass_or_a_row_of_arch_x86_holds_on_x86_alone() -> None:
    for row in ARCHITECTURES:
        bound = [rule for rule in rules_on(row.name) if X86_PASSES & {*rule.passes} or "arch/x86" in rule.source]
        assert bool(bound) == row.x86, row.name


def test_a_release_that_nobody_read_is_taken_for_the_last_that_was_and_said_to_be_unchecked() -> None:
    newer, read = parse_release("7.9.1"), parse_release("7.3.4")
    assert newer
    assert read
    assert rules_for(newer, "x86_64") == rules_for(read, "x86_64")
    assert unchecked(newer.acts_like) == "7.9.1 has not been read: it is taken to be as 7.3, the last that was"
    assert unchecked(read.acts_like) == ""


def test_a_distribution_that_hides_its_stable_release_gets_the_rules_of_the_branch_newest_first() -> None:
    parsed = parse_release("5.4.0-1051-azure")
    assert parsed
    assert not parsed.stable_known
    assert [item.id for item in rules_for(parsed, None)] == ["zeroed-gaps-and-tail", "zeroed-gaps"]


def test_debians_banner_tells_the_stable_release() -> None:
    banner = "Linux version 5.10.0-30-amd64 (b@d) (gcc-10) #1 SMP Debian 5.10.218-1 (2024-06-01)"
    parsed = parse_release("5.10.0-30-amd64", banner)
    assert parsed
    assert (parsed.version, parsed.stable, parsed.stable_known) == ((5, 10, 0), (5, 10, 218), True)


def test_the_compilers_debian_version_is_not_the_kernels() -> None:
    parsed = parse_release("4.17.0", "Linux version 4.17.0 (b@h) (gcc version 12.2.0 (Debian 12.2.0-14)) #3 SMP")
    assert parsed
    assert parsed.stable == (4, 17, 0)


@pytest.mark.parametrize(
    ("release", "acts_like"),
    [
        ("6.9.0-rc1-next-20240325", (6, 10, 0)),
        ("6.19.0-next-20260301-dirty", (7, 0, 0)),
        ("5.10.0-rc7-next-20201211", (5, 11, 0)),
    ],
)
def test_linux_next_is_taken_for_the_release_that_follows(release: str, acts_like: tuple[int, int, int]) -> None:
    parsed = parse_release(release)
    assert parsed
    assert (parsed.acts_like, parsed.stable, parsed.backports) == (acts_like, acts_like, True)


@pytest.mark.parametrize("text", ["", "linux", "x.y.z", "-5", None])
def test_what_has_no_version_is_no_release(text: str | None) -> None:
    assert parse_release(text) is None


def test_releases_are_described_for_readers() -> None:
    words = {rule.id: describe_releases(rule) for rule in RULES}
    assert words["zeroed-memmap-reserved"] == "up to 4.1"
    assert words["zeroed-memmap"] == "4.2 to 4.14"
    assert words["raw-memmap"] == "4.15 to 4.17.3 on x86, 4.15 to 4.17.6 elsewhere"
    assert words["e820-reserved"] == "4.17.7 to 4.19.8 on x86"
    assert describe_releases(RULES[2], "arm64") == "4.15 to 4.17.6"
    assert words["holes-by-address-split"] == "no release that was read"
    assert words["zeroed-gaps"] == "4.20 to 5.4.18, 5.5 to 5.5.2"
    assert words["holes-by-address"] == "5.10.53 and later 5.10.y, 5.12.17 and later 5.12.y, 5.13.2 to 7.3"
