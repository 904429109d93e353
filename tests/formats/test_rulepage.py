"""The rules' tables: states come from running the passes, commits are found by release, nothing is left out."""

from pfnscope.formats import rulebook
from pfnscope.kernel.readers import READERS
from pfnscope.kernel.rules import RULES

BOOK = {rule.id: rule for rule in rulebook.rules()}


def states(rule: str) -> dict[str, str]:
    return {state.place: rulebook.state_words(state) for state in BOOK[rule].states}


def test_the_table_of_states_is_that_of_the_passes() -> None:
    never = "never written (zeroed if in memblock.reserved)"
    assert (states("raw-memmap")["between"], states("raw-memmap")["tail"]) == (never, never)
    assert states("e820-reserved")["tail"] == never
    assert states("zeroed-gaps") == {
        "middle": "node 0, DMA32", "top": "node 0, DMA32", "between": "zeroed", "tail": "never written",
    }  # fmt: skip
    assert set(states("fake-links").values()) == {"node 0, DMA, Reserved"}
    assert states("holes-per-zone")["top"] == "node 0, DMA32, Reserved"
    assert states("holes-by-address")["top"] == "node 0, Normal, Reserved"


def test_commits_are_listed_once_by_mainline_release() -> None:
    rows = rulebook.commit_rows(BOOK.values())
    assert {row.commit.id for row in rows} == {commit.id for rule in RULES for commit in rule.commits}
    mainline = [tuple(map(int, row.commit.mainline.split("."))) for row in rows]
    assert mainline == sorted(mainline)
    (tail,) = [row for row in rows if row.commit.id == "e822969cab48"]
    assert [rule.id for rule in tail.rules] == ["zeroed-gaps-4.19", "zeroed-gaps-and-tail"]
    assert "5.4.19" in rulebook.first_releases(tail.commit)


def test_every_reader_is_in_a_row_of_its_releases() -> None:
    named = [name for row in rulebook.reader_rows() for name in row.name.split(", ")]
    assert sorted(named) == sorted(reader.name for reader in READERS)


def test_vendors_builds_are_told_beside_the_row_that_they_act_like() -> None:
    assert BOOK["fake-links"].vendors == ["RHEL 8.5 and later (4.18.0-348 and later)"]
    assert BOOK["zeroed-memmap-reserved"].vendors == ["RHEL 6 (2.6.32)", "RHEL 7 (before 3.10.0-408)"]


def test_the_markdown_page_has_every_row_with_its_doubt() -> None:
    page = rulebook.markdown()
    for rule in BOOK.values():
        assert f'<a id="{rule.id}"></a>' in page
        assert (rule.doubt or "") in page
