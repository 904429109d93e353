"""Manual pages: what a packager's linter says of them, and that they tell all that the help tells."""

import subprocess
from pathlib import Path

import pytest

from pfnscope import __version__
from pfnscope.cli.parsing import loaded
from tools import manual


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("manual")
    return {path.name: path for path in manual.written(folder) if path.suffix == ".1"}


def test_a_linter_has_no_complaint(pages: dict[str, Path]) -> None:
    lint = ["mandoc", "-T", "lint", "-W", "style", *map(str, pages.values())]
    done = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_a_page_has_every_option_and_example_as_it_is_typed(pages: dict[str, Path]) -> None:
    for name, parser in loaded():
        page = pages[f"pfnscope-{name}.1"]
        shown = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=78", page], capture_output=True, check=True)
        plain = subprocess.run(["col", "-bx"], input=shown.stdout, capture_output=True, check=True).stdout.decode()
        typed = [f"$ {line}" for line in parser.examples]
        typed += [name for option in parser.options for name in option.option_strings]
        assert [word for word in typed if word not in plain] == []
        assert f"pfnscope {__version__}" in plain


def test_a_line_that_looks_like_a_request_is_text() -> None:
    assert manual._line(".TH 'x' \\fB-1") == "\\&.TH \\(aqx\\(aq \\efB\\-1"
