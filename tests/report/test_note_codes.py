"""The table of notes has every code that the sources name, and no other."""

import ast

import pytest

from pfnscope import resources
from pfnscope.report.notes import BY_CODE, GROUPS

SEVERITIES = {"info", "warning", "error"}
SOURCES = sorted(resources.folder("templates").parent.joinpath("app").rglob("*.py"))


def codes() -> set[str]:
    """Second arguments of calls whose first is a severity, and constants that stand for one."""
    codes: set[str] = set()
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and len(node.args) > 2:
                severity, code = node.args[:2]
                literals = {part.value for part in ast.walk(severity) if isinstance(part, ast.Constant)}
                if literals and literals <= SEVERITIES and isinstance(code, ast.Constant):
                    codes.add(str(code.value))
            if isinstance(node, ast.Assign) and "_CODE" in ast.unparse(node.targets[0]):
                codes |= {str(part.value) for part in ast.walk(node.value) if isinstance(part, ast.Constant)}
    return codes


def test_every_code_of_the_sources_has_a_row_and_every_row_a_code() -> None:
    assert codes() == BY_CODE.keys()


def test_the_search_for_codes_finds_each_way_of_naming_one() -> None:
    assert {
        "unrecognised-line",
        "cut-end",
        "iomem-hidden",
        "zone-without-pages",
        "check-differs",
        "simulated",
    } <= codes()


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_a_row_says_one_thing_in_whole_sentences(code: str) -> None:
    row = BY_CODE[code]
    assert row.meaning.endswith(".")
    assert row.then == "" or row.then.endswith(".")


def test_no_code_stands_twice() -> None:
    assert sum(len(rows) for _, rows in GROUPS) == len(BY_CODE)
