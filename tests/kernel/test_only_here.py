"""Releases and tables of architectures stand in pfnscope.kernel, and nowhere else in the program."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest

from pfnscope.kernel.architectures import ARCHITECTURES
from pfnscope.kernel.release import LAST_MINOR

ROOT = Path(__file__).parents[2]
APP = ROOT / "app/pfnscope"
OUTSIDE = sorted(path for path in APP.rglob("*.py") if APP / "kernel" not in path.parents)
TREES = {path: ast.parse(path.read_text()) for path in sorted(APP.rglob("*.py"))}
NAMES = {row.name for row in ARCHITECTURES}
NOTATION = {"Since", "since", "starting", "until", "between", "parse_version"}
_IS_VERSION = re.compile(r"\bVersion\b")
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_OLDEST_MAJOR, _NEWEST_MAJOR, _MOST_MINORS = 2, 9, 20


def _annotated(node: ast.AST) -> str | None:
    """The name that an argument, a field or a property declares as a version."""
    if isinstance(node, ast.arg) and node.annotation and _IS_VERSION.search(ast.unparse(node.annotation)):
        return node.arg
    if isinstance(node, ast.AnnAssign) and _IS_VERSION.search(ast.unparse(node.annotation)):
        return node.target.id if isinstance(node.target, ast.Name) else None
    if isinstance(node, ast.FunctionDef) and node.returns and node.decorator_list:
        return node.name if _IS_VERSION.search(ast.unparse(node.returns)) else None
    return None


def _attributes() -> set[str]:
    """Fields and properties of classes that are versions."""
    classes = [node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {name for kind in classes for item in kind.body if (name := _annotated(item))}


ATTRIBUTES = _attributes()


def looks_like_a_release(node: ast.AST) -> TypeGuard[ast.Tuple]:
    """A tuple of three whole numbers such as (5, 14, 0), of a series that exists: 2.4, 2.6, or 3.0 and later."""
    numbers = (
        [item.value for item in node.elts if isinstance(item, ast.Constant)] if isinstance(node, ast.Tuple) else []
    )
    match numbers:
        case [int(major), int(minor), int()] if isinstance(node, ast.Tuple) and len(node.elts) == len(numbers):
            if major == _OLDEST_MAJOR:
                return minor in (4, LAST_MINOR[2])
            return _OLDEST_MAJOR < major <= _NEWEST_MAJOR and minor <= LAST_MINOR.get(major, _MOST_MINORS)
    return False


def faults(tree: ast.Module) -> Iterator[str]:
    """Lines of a module that write a release down, compare one, or have facts of several architectures."""
    versions = {name for node in ast.walk(tree) if (name := _annotated(node))}
    versions |= {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and node.value.attr in ATTRIBUTES
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    def is_version(node: ast.expr) -> bool:
        if isinstance(node, ast.Subscript):
            return is_version(node.value)
        if isinstance(node, ast.Attribute):
            return node.attr in ATTRIBUTES
        return isinstance(node, ast.Name) and node.id in versions

    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "pfnscope.kernel.release":
            for item in node.names:
                if item.name in NOTATION:
                    yield f"{node.lineno}: imports {item.name}"
        elif looks_like_a_release(node):
            yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Compare):
            sides = [is_version(side) for side in (node.left, *node.comparators)]
            ordered = any(isinstance(operator, _ORDER) for operator in node.ops)
            if (ordered and any(sides)) or all(sides):
                yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("max", "min"):
            if any(is_version(argument) for argument in node.args):
                yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Dict | ast.Set | ast.Tuple | ast.List):
            items = node.keys if isinstance(node, ast.Dict) else node.elts
            written = {str(item.value) for item in items if isinstance(item, ast.Constant)}
            if len(written & NAMES) > 1:
                yield f"{node.lineno}: facts of {', '.join(sorted(written & NAMES))}"


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(APP)))
def test_no_release_is_written_or_compared_and_no_table_of_architectures_stands_outside_kernel(path: Path) -> None:
    assert list(faults(TREES[path])) == []


@pytest.mark.parametrize(
    "line",
    [
        "NO_FLAG = (6, 13, 0)",
        "def f(version: Version): return version >= SOME",
        "def f(version: Version | None): return version is not None and SOME <= version < OTHER",
        "def f(version: Version): return version[:2] > SOME",
        "def f(layout): return layout.acts_like < SOME",
        "def f(log):\n    number = log.release.stable\n    return number < SOME",
        "def f(release, version: Version): return release.stable == version",
        "def f(version: Version): return max(version, SOME)",
        "from pfnscope.kernel.release import Version, since",
        'SIZES = {"x86_64": 4096, "arm64": 4096}',
        'if arch in ("x86_64", "i386"): pass',
    ],
)
def test_a_release_or_a_table_outside_is_seen(line: str) -> None:
    assert len(list(faults(ast.parse(line)))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "COLUMNS = (2, 3, 4)",
        "def f(address): return address.version == 4",
        'def f(version: str): return version == "1"',
        "def f(version: Version | None): return SOME.reached(version) if version is not None else None",
        "from pfnscope.kernel.release import Release, Version",
        'if arch == "x86_64": pass',
    ],
)
def test_other_numbers_and_questions_are_left_alone(line: str) -> None:
    assert list(faults(ast.parse(line))) == []


def test_no_row_can_be_moved_by_one_release_unnoticed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.mutants"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
