"""Every row of pfnscope.kernel: a source, one row a release, and an example that turns where the row says."""

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

import pfnscope.kernel
from pfnscope.bootlog.forms import FORMS
from pfnscope.kernel import spellings, thresholds
from pfnscope.kernel.architecture_row import Architecture
from pfnscope.kernel.architectures import ARCHITECTURES, max_order_pages, section_size
from pfnscope.kernel.crashkernel import SEARCHES
from pfnscope.kernel.deferral import DEFERRALS, RESERVING
from pfnscope.kernel.hibernation import RESUME_CHECKS
from pfnscope.kernel.readers import READERS
from pfnscope.kernel.release import NEWEST, Releases, Since, Version, between, parse_version, since, starting, until
from pfnscope.kernel.rules import RULES
from pfnscope.kernel.spellings import Spelling
from pfnscope.kernel.thresholds import Threshold
from pfnscope.kernel.vendors import DEVIATIONS, END_OF_BUILDS
from tests.kernel.histories import HISTORIES, PRINTED
from tests.kernel.outcomes import spellings_of

_COMMIT_OR_FILE = re.compile(r"\b[0-9a-f]{12}\b|[\w/]+\.[ch]\b|\w+\(\)")
ROWS = {name: row for name, row in vars(thresholds).items() if isinstance(row, Threshold)}


def just_before(version: Version) -> Version:
    """A release that no other comes between."""
    major, minor, patch = version
    if patch:
        return major, minor, patch - 1
    return (major, minor - 1, 9999) if minor else (major - 1, 9999, 0)


def points(value: object) -> Iterator[Version]:
    """The releases that rows name, wherever they stand in them."""
    if isinstance(value, Since):
        yield from (value.mainline, *value.stable)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from points(getattr(value, name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from points(item)


def every_release() -> list[Version]:
    """Each release that a row of the package names, and the one before it."""
    modules = [path.stem for path in Path(pfnscope.kernel.__path__[0]).glob("*.py")]
    rows = [value for name in modules for value in vars(import_module(f"pfnscope.kernel.{name}")).values()]
    named = {point for row in rows for point in points(row)} - {NEWEST}
    return sorted(named | {just_before(point) for point in named if any(point)})


RELEASES = every_release()


def holding(rows: Iterable[Releases], version: Version) -> int:
    return sum(version in row for row in rows)


@pytest.mark.parametrize("name", HISTORIES)
def test_what_a_row_says_turns_at_its_release_and_not_one_earlier_or_later(name: str) -> None:
    row = HISTORIES[name]
    for (first, outcome), (following, _) in pairwise([*row.stages(), (NEWEST, None)]):
        assert row.outcome(first) == outcome, first
        assert row.outcome(just_before(following)) == outcome, just_before(following)


def test_every_threshold_has_an_example_that_turns() -> None:
    assert ROWS.keys() <= HISTORIES.keys()
    for name, row in ROWS.items():
        turns = {first for first, _ in HISTORIES[name].stages()}
        assert {row.since.mainline, *row.since.stable} <= turns, name


def test_every_release_that_a_row_names_is_one_where_an_example_turns() -> None:
    turns = {first for row in HISTORIES.values() for first, _ in row.stages()}
    modules = (
        "rules",
        "readers",
        "deferral",
        "thresholds",
        "hibernation",
        "architectures",
        "spellings",
        "crashkernel",
        "pools",
    )
    rows = [vars(import_module(f"pfnscope.kernel.{name}")).values() for name in modules]
    assert {point for row in rows for value in row for point in points(value)} - {NEWEST} <= turns


def test_every_spelling_is_one_of_a_form_and_has_a_line_that_turns_where_it_does() -> None:
    rows = [row for row in vars(spellings).values() if isinstance(row, Spelling)]
    assert {row for form in FORMS for _, row in form.releases} == set(rows)
    assert {row for line in PRINTED for row in spellings_of(line)} == set(rows)


def test_every_threshold_names_its_commit_or_file_and_what_was_read() -> None:
    for name, row in ROWS.items():
        assert row.effect, name
        assert row.read, name
        assert _COMMIT_OR_FILE.search(row.source), name


@pytest.mark.parametrize("version", RELEASES, ids=lambda version: ".".join(map(str, version)))
def test_rows_leave_no_gap_and_do_not_overlap(version: Version) -> None:
    for arch in ("x86_64", "arm64"):
        assert sum(row.covers(version, arch) for row in RULES) == 1
    assert holding((row.releases for row in RESERVING), version) == 1
    assert holding((row.releases for row in DEFERRALS), version) == (version >= (4, 2, 0))
    for arch in ("x86_64", "i386"):
        assert holding((row.releases for row in RESUME_CHECKS if arch in row.arches), version) <= 1
    for name in {row.name for row in READERS}:
        assert holding((row.releases for row in READERS if row.name == name), version) <= 1
    for arch in ("x86_64", "i386", "arm64"):
        assert holding((row.releases for row in SEARCHES if arch in row.arches), version) == 1
    for row in ARCHITECTURES:
        for nodes in ("one", "many"):
            models = [item.releases for item in row.models if item.nodes in ("any", nodes)]
            assert holding(models, version) <= 1
        assert holding((item.releases for item in row.zones), version) == bool(row.zones)


@pytest.mark.parametrize("row", ARCHITECTURES, ids=lambda row: row.name)
def test_an_architecture_has_one_section_size_for_a_release_and_a_page_size(row: Architecture) -> None:
    for size in row.page_sizes:
        sections = [item for item in row.sections if item.page_size == size] or [
            item for item in row.sections if item.page_size is None
        ]
        for pae in (True, False):
            fitting = [item.releases for item in sections if item.pae in (None, pae)]
            assert all(holding(fitting, version) <= 1 for version in RELEASES)


def test_every_row_says_what_it_was_taken_from() -> None:
    spelled = [row for row in vars(spellings).values() if isinstance(row, Spelling)]
    assert all(row.read for row in spelled)
    for rows in (RULES, READERS, DEFERRALS, RESERVING, RESUME_CHECKS, DEVIATIONS, SEARCHES, spelled):
        assert all(getattr(row, "source", None) for row in rows)
    assert all(model.why for row in ARCHITECTURES for model in row.models)


def test_builds_of_a_version_leave_no_gap_and_do_not_overlap() -> None:
    by_version: dict[tuple[str, Version], list[tuple[tuple[int, ...], tuple[int, ...]]]] = {}
    for row in DEVIATIONS:
        by_version.setdefault((row.vendor, row.version), []).append((row.first, row.before))
    for builds in by_version.values():
        assert builds[0][0] == ()
        assert [before for _, before in builds[:-1]] == [first for first, _ in builds[1:]]
        assert builds[-1][1] == END_OF_BUILDS


def test_a_change_holds_in_mainline_and_on_the_branches_that_took_it() -> None:
    change = since("5.14", "5.13.2", "5.10.53")
    reached = {
        text: change.reached(parse_version(text)) for text in ("5.10.52", "5.10.53", "5.11", "5.13.2", "5.14", "6.1")
    }
    assert reached == {"5.10.52": False, "5.10.53": True, "5.11": False, "5.13.2": True, "5.14": True, "6.1": True}
    assert (change.reached(None), change.reached(None, unknown=True)) == (False, True)


def test_releases_between_two_changes_are_half_open_intervals() -> None:
    rows = between(since("5.12", "5.11.7", "5.10.24"), since("5.14", "5.13.2", "5.12.17", "5.10.53"))
    assert rows.intervals == (((5, 10, 24), (5, 10, 53)), ((5, 11, 7), (5, 12, 17)), ((5, 13, 0), (5, 13, 2)))
    assert str(rows) == "5.10.24 to 5.10.52, 5.11.7 to 5.12.16, 5.13 to 5.13.1"
    assert [str(item) for item in (until("4.2"), starting("5.6"), between("4.20", "5.0"))] == [
        "up to 4.1",
        "5.6 and later",
        "4.20",
    ]


@pytest.mark.parametrize("text", ["", "5", "5.x", "5.1.2.3"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_version(text)


def test_sections_of_ia64_are_as_large_as_its_largest_buddy() -> None:
    assert [section_size("ia64", None, size << 10) for size in (4, 8, 16, 64)] == [1 << 30, 1 << 30, 1 << 30, 4 << 30]
    assert all(max_order_pages("ia64", size << 10) == 65536 for size in (4, 8, 16, 64))
