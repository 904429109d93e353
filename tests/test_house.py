"""The house in order: import directions, style, types, size, and nothing of one machine in the tree."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent

LARGEST_MODULE = 400


def run(*command: str) -> None:
    # where set-up has no node, it takes the one of a wheel
    env = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stdout + done.stderr


def committed(*suffixes: str) -> list[Path]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in names.split("\0") if name and (not suffixes or name.endswith(suffixes))]
    files = [path for path in paths if path.is_file()]
    assert files, "the checkout has no files of this kind"
    return files


def test_lower_rooms_know_nothing_of_higher_ones() -> None:
    run(f"{BIN}/lint-imports", "--no-cache")


def test_style() -> None:
    run(f"{BIN}/ruff", "format", "--check", ".")
    run(f"{BIN}/ruff", "check", ".")


def test_types() -> None:
    run(f"{BIN}/mypy")


def test_types_of_the_scripts_of_the_pages() -> None:
    run("node_modules/.bin/tsc")


def test_no_two_scripts_declare_one_name() -> None:
    """In an exported file all of them share one scope."""
    declared = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)
    pages_of_their_own = {"paste.js", "whatif.js"}
    scripts = [path for path in (ROOT / "static").glob("*.js") if path.name not in pages_of_their_own]
    names = Counter(name for path in scripts for name in declared.findall(path.read_text()))
    assert [name for name, count in names.items() if count > 1] == []


def test_what_is_made_from_code_shows_what_the_code_says() -> None:
    run(sys.executable, "-m", "tools.docs", "--check")


def _is_table(path: Path) -> bool:
    """Whether a module is mostly data: its largest statement is an assignment of most of its lines."""
    body = ast.parse(path.read_text()).body
    tables = [node for node in body if isinstance(node, ast.Assign | ast.AnnAssign)]
    lines = [(node.end_lineno or 0) - node.lineno + 1 for node in tables]
    return sum(lines) > 0.6 * len(path.read_text().splitlines())


def test_modules_are_small_to_read() -> None:
    modules = committed(".py", ".js")
    sizes = {path: len(path.read_text().splitlines()) for path in modules}
    large = [f"{path.relative_to(ROOT)}: {size}" for path, size in sizes.items() if size > LARGEST_MODULE]
    large = [
        name for name in large if name.partition(":")[0].endswith(".js") or not _is_table(ROOT / name.partition(":")[0])
    ]
    assert large == []


# Words for when a value came to be. A name says what the value is: document, headers, settings, match.
_WHEN = {"told", "found", "asked", "owned", "made", "wanted", "sent"}


def _names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """What a module gives names to, with lines: variables, fields, arguments, attributes of self, functions."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Name(id=name, lineno=line, ctx=ast.Store())
                | ast.arg(arg=name, lineno=line)
                | ast.Attribute(value=ast.Name(id="self"), attr=name, lineno=line, ctx=ast.Store())
                | ast.FunctionDef(name=name, lineno=line)
                | ast.AsyncFunctionDef(name=name, lineno=line)
                | ast.ExceptHandler(name=str(name), lineno=line)
                | ast.MatchAs(name=str(name), lineno=line)
            ):
                yield name, line


def test_names_say_what_a_value_is_and_not_when_it_came_to_be() -> None:
    modules = {path.relative_to(ROOT).as_posix(): path for path in committed(".py")}
    participles = [
        f"{module}:{line}: {name}"
        for module, path in modules.items()
        for name, line in _names(ast.parse(path.read_text()))
        if name in _WHEN
    ]
    assert participles == []


def test_analysing_starts_without_the_web_and_the_database() -> None:
    """Start-up is what a user of the command waits for each time."""
    heavy = ("pfnscope.web", "plotly", "pydantic", "sqlalchemy", "fastapi", "psycopg", "jinja2", "uvicorn")
    code = (
        "import sys, pfnscope.cli.main, pfnscope.service\n"
        f"print([name for name in {heavy!r} if name in sys.modules])\n"
    )  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.stem)
def test_every_package_is_pinned_by_version_and_hash_alone(path: Path) -> None:
    hashes = r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n"
    package = rf"[a-z0-9-]+==[A-Za-z0-9.]+(?: ; [a-z_0-9'<>=!. ()]+)?{hashes}"
    _, _, lines = path.read_text().partition("\n")
    assert re.fullmatch(f"(?:{package})+", lines, re.IGNORECASE)


def test_every_package_that_is_declared_is_in_a_list() -> None:
    """``pip check`` of set-up knows neither extras nor groups."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    tables = declared["project"]["optional-dependencies"] | declared["dependency-groups"]
    needed = {canonicalize_name(Requirement(need).name) for needs in tables.values() for need in needs}
    lines = [line for path in (ROOT / "requirements").glob("*.txt") for line in path.read_text().splitlines()]
    assert needed - {line.partition("==")[0] for line in lines} == {"pfnscope"}


def test_every_asset_is_pinned_by_hash_and_not_by_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    del packages[""]
    assert {"node_modules/plotly.js-basic-dist-min", "node_modules/dejavu-fonts-ttf"} <= set(packages)
    loose = [name for name, item in packages.items() if not item.get("integrity", "").startswith("sha512-")]
    assert loose == []
    assert [name for name, item in packages.items() if "resolved" in item] == []


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_place_that_a_page_about_the_house_names_exists(page: str) -> None:
    named = set(re.findall(r"\bapp/pfnscope/[\w./]*\w", (ROOT / page).read_text()))
    assert named, "the page names no place"
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


# Written apart, so that this file does not find itself.
_HOSTS = ["pypi" + ".org", "python" + "hosted", "registry" + ".npmjs", "npmmirror" + ".com", "deb" + ".debian.org"]
_MACHINE = re.compile(rb"(?<![\w.$}/])/(?:work|home|root|Users|tmp)/[\w.]")


@pytest.mark.parametrize("host", _HOSTS)
def test_no_file_names_a_registry(host: str) -> None:
    assert [str(path.relative_to(ROOT)) for path in committed() if host.encode() in path.read_bytes()] == []


def test_no_file_names_a_path_of_one_machine() -> None:
    text = [path for path in committed() if "sample_logs" not in path.parts and path.suffix not in {".png", ".ico"}]
    assert [str(path.relative_to(ROOT)) for path in text if _MACHINE.search(path.read_bytes())] == []


def test_nothing_unfinished_is_left() -> None:
    marks = re.compile("TO" + "DO|FIX" + r"ME|pytest\.mark\.(?:skip|xf" + "ail)")
    unfinished = [path for path in committed(".py", ".js", ".html", ".css") if marks.search(path.read_text())]
    assert [str(path.relative_to(ROOT)) for path in unfinished] == []
