"""The text reports stay as they are until somebody means to change them: see tests/report/golden.py."""

import pytest

from tests.report.golden import FOLDER, WIDTHS, reports


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return reports()


def test_every_report_is_the_one_on_file(texts: dict[str, str]) -> None:
    on_file = {path.name: path.read_text() for path in FOLDER.glob("*.txt")}
    assert sorted(on_file) == sorted(texts)
    assert [name for name in texts if texts[name] != on_file[name]] == []


def test_mails_and_pipes_get_ascii_within_the_width(texts: dict[str, str]) -> None:
    for name, report in texts.items():
        width = name.removesuffix(".txt").rpartition("-")[2]
        if width != "unicode":
            assert report.isascii()
            assert max(map(len, report.splitlines())) <= int(width), name
    assert {int(name.removesuffix(".txt").rpartition("-")[2]) for name in texts if "unicode" not in name} == {*WIDTHS}
