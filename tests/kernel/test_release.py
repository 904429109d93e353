"""Release strings tell whose kernel it is, and what that vendor is known to have changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.kernel.release import EVERY_RELEASE, Bounds, Releases, Version, between, starting, until
from pfnscope.kernel.rules import ONE_PASS, RULES, rules_on, typical
from pfnscope.kernel.vendors import parse_release


@pytest.mark.parametrize(
    ("text", "vendor", "build"),
    [
        ("4.18.0-348.2.1.el8_5.x86_64", "RHEL", (348, 2, 1)),
        ("4.14.35-2047.510.5.5.el7uek.x86_64", "Oracle UEK", (2047, 510, 5, 5)),
        ("4.14.77-81.59.amzn2.x86_64", "Amazon Linux", (81, 59)),
        ("5.4.0-1051-azure", "Ubuntu", (1051,)),
        ("5.14.21-150400.14.31-azure", "SUSE", (150400, 14, 31)),
        ("4.12.14-lp151.28.20-default", "SUSE", (151, 28, 20)),
        ("6.1.0-0.deb11.5-cloud-amd64", None, ()),
        ("5.10.0-30-amd64", "Debian", ()),
        ("4.19.0+1", "XenServer", ()),
        ("6.19.0+", None, ()),
        ("5.10.43-android12-9-g0123456789ab", "Android", ()),
        ("4.17.0-rc6-mm1", None, ()),
    ],
)
def test_a_release_string_names_vendor_and_build(text: str, vendor: str | None, build: tuple[int, ...]) -> None:
    release = parse_release(text)
    assert release
    assert (release.vendor, release.build) == (vendor, build)


@pytest.mark.parametrize(
    ("text", "acts_like"),
    [
        ("2.6.32-642.6.2.el6.x86_64", (2, 6, 39)),
        ("3.10.0-327.el7.x86_64", (3, 10, 0)),
        ("3.10.0-1160.45.1.el7.x86_64", (4, 4, 0)),
        ("4.18.0-147.5.1.el8_1.x86_64", (5, 0, 0)),
        ("4.18.0-240.el8.x86_64", (5, 7, 0)),
        ("4.18.0-553.el8_10.x86_64", (5, 11, 0)),
        ("5.14.0-362.el9.x86_64", (5, 14, 0)),
        ("4.18.5", (4, 18, 5)),
    ],
)
def test_a_vendors_build_acts_like_the_release_that_it_took_its_struct_pages_from(
    text: str, acts_like: tuple[int, int, int]
) -> None:
    release = parse_release(text)
    assert release
    assert release.acts_like == acts_like


def test_ubuntus_banner_tells_the_stable_release() -> None:
    banner = (
        "Linux version 5.4.0-84-generic (buildd@l) (gcc version 9.3.0 (Ubuntu 9.3.0-17ubuntu1~20.04))"
        " #94-Ubuntu SMP Thu (Ubuntu 5.4.0-84.94-generic 5.4.133)"
    )
    release = parse_release("5.4.0-84-generic", banner)
    assert release
    assert (release.stable, release.stable_known, release.backports) == ((5, 4, 133), True, False)


VERSIONS = st.tuples(st.integers(3, 7), st.integers(0, 19), st.integers(0, 60))
ROWS = st.sampled_from(
    [
        until("3.5"),
        between("3.5", "4.19"),
        starting("4.17"),
        starting(ONE_PASS.since),
        *(rule.releases for rule in RULES),
    ]
)


@given(st.lists(ROWS, max_size=3), st.lists(ROWS, max_size=3), VERSIONS)
def test_bounds_hold_the_releases_of_any_row_and_of_two_bounds_those_of_both(
    one: list[Releases], other: list[Releases], version: Version
) -> None:
    first, second = Bounds.of(*one), Bounds.of(*other)
    assert (version in first) == any(version in row for row in one)
    assert (version in (first & second)) == (version in first and version in second)
    assert (first & second).intervals == tuple(sorted((second & first).intervals))
    assert first & EVERY_RELEASE == first


def test_bounds_have_words_and_a_newest_release() -> None:
    apart = Bounds.of(until("3.5"), between("4.17", "5.0"))
    assert (str(apart), apart.newest) == ("up to 3.4, 4.17 to 4.20", (4, 20, 9999))
    assert Bounds.of(until("4.17.4")).newest == (4, 17, 3)
    assert Bounds.of(until("4.4")).newest == (4, 3, 9999)
    assert (EVERY_RELEASE.newest, Bounds.of().newest) == (None, None)


def test_rules_within_bounds_are_those_of_some_release_in_them_each_as_of_one_of_these() -> None:
    within = Bounds.of(between("4.16", "4.18"))
    rules = rules_on("x86_64", within)
    assert [rule.id for rule in rules] == ["raw-memmap", "e820-reserved-late", "e820-reserved"]
    assert [typical(rule, "x86_64", within) for rule in rules] == [(4, 16, 0), (4, 17, 4), (4, 17, 7)]
    assert [rule.id for rule in rules_on("arm64", within)] == ["raw-memmap", "raw-memmap-4.19"]
    assert typical(RULES[-2], "x86_64", Bounds.of(starting("7.0"))) == (7, 0, 0)
    assert rules_on("x86_64") == rules_on("x86_64", EVERY_RELEASE) == RULES[:-1]
