"""``pip install pfnscope`` alone: five packages, all but serve and scan, and a sentence for what is missing."""

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from pfnscope import extras
from tests.support import core
from tests.support.once import made_once
from tests.support.samples import path
from tests.support.wrappings import ALONE, docx_of

SEED = str(path("seed-1g-4g"))
DECLARED = tomllib.loads((core.ROOT / "pyproject.toml").read_text())
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "core", core.make) / "env/bin"


def refused(*command: str | Path, **settings: str) -> str:
    """The one line that a command ends with, with status 2 and nothing on standard output."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=CLEAN | settings)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    (line,) = done.stderr.splitlines()
    return line


def test_at_most_five_packages_are_needed_and_typing_extensions_by_old_pythons() -> None:
    assert len(DECLARED["project"]["dependencies"]) <= 5
    assert len(core.core().keys() - {"typing-extensions"}) <= 5
    assert sys.version_info < (3, 12) or "typing-extensions" not in core.core()


def test_each_extra_is_told_with_what_needs_it() -> None:
    assert set(extras.NEEDS) == set(get_args(extras.Extra)) == set(DECLARED["project"]["optional-dependencies"])


def test_the_environment_has_nothing_else(home: Path) -> None:
    others = ("fastapi", "jinja2", "plotly", "sqlalchemy", "resvg_py", "lz4", "redis", "pip", "pytest", "argcomplete")
    code = f"import importlib.util as u; print([name for name in {others} if u.find_spec(name)])"
    assert subprocess.run([home / "python", "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    "tests",
    ["command", "compare", "machine", "many", "opening", "reports", "special_files", "terminal", "whatif", "words"],
)
def test_the_tests_of_the_command_pass(tests: str, home: Path) -> None:
    """All but those of a page in one file and of a picture."""
    words = ["-q", "-x", "-n0", "-p", "no:cacheprovider", "-k", "not html and not test_a_picture"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, f"tests/cli/test_{tests}.py"],
        cwd=core.ROOT,
        env=CLEAN | {"TRIED_COMMAND": str(home / "pfnscope")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("extra", "command"),
    [
        ("server", ("serve",)),
        ("fleet", ("scan", SEED, "--out", "table.parquet")),
        ("html", ("analyze", SEED, "--format", "html")),
        ("png", ("simulate", SEED, "--remove", "memmap", "--format", "png")),
    ],
)
def test_a_command_that_needs_more_says_what_and_how_to_get_it(
    extra: extras.Extra, command: tuple[str, ...], home: Path
) -> None:
    line = refused(home / "pfnscope", *command)
    assert line.startswith(f"pfnscope: {extras.NEEDS[extra]} needs packages that are not installed (")
    assert line.endswith(f"): uv pip install --python {home / 'python'} 'pfnscope[{extra}]'")


@pytest.mark.parametrize(
    ("way", "what"),
    [
        ("7z", "a 7z archive"),
        ("lz4", "a text packed with lz4"),
        ("PDF", "a PDF document"),
        ("Word", "a Word document"),
    ],
)
def test_a_file_that_needs_more_says_so(way: str, what: str, home: Path, tmp_path: Path) -> None:
    log = path("seed-1g-4g").read_bytes()
    (tmp_path / "log").write_bytes(docx_of(log) if way == "Word" else ALONE[way](log))
    command = f"uv pip install --python {home / 'python'} 'pfnscope[files]'"
    line = refused(home / "pfnscope", "analyze", tmp_path / "log")
    assert line == f"pfnscope: This is {what}, for which a package is not installed: {command}"


def test_the_library_does_all_but_the_figure(home: Path) -> None:
    code = f"""
import pfnscope
log = open({SEED!r}, "rb").read()
layout = pfnscope.analyse(pfnscope.parse(log))
changed = pfnscope.simulate(log, remove=["memmap"])
print(layout.verdict.severity, changed.verdict.severity, pfnscope.compare(log, log).summary)
print(layout._repr_html_().partition("<img")[0])
try:
    pfnscope.figure(layout)
except pfnscope.ServiceError as error:
    print(error)
"""
    done = subprocess.run([home / "python", "-c", code], capture_output=True, text=True, check=True, env=CLEAN)
    first, _, last = done.stdout.splitlines()
    assert first.startswith("danger none ")
    assert last.startswith("a figure of Plotly needs packages that are not installed (plotly): ")
    assert last.endswith("'pfnscope[plot]'")


@pytest.mark.parametrize(
    ("extra", "package", "settings"),
    [
        ("server", "uvicorn", {}),
        ("postgres", "psycopg", {"PFNSCOPE_DATABASE_URL": "postgresql://127.0.0.1:1/none"}),
        ("redis", "redis", {"PFNSCOPE_RATE_LIMIT_STORAGE": "redis://127.0.0.1:1"}),
    ],
)
def test_a_server_without_one_of_its_packages_names_it(
    extra: extras.Extra, package: str, settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = f"import sys; sys.modules[{package!r}] = None; from pfnscope.cli.main import main; main()"
    line = refused(sys.executable, "-c", code, "serve", "--port", "0", **settings)
    needs = f"{extras.NEEDS[extra]} needs packages that are not installed ({package})"
    assert line == f"pfnscope: {needs}: {extras.installing(extra)}"


def test_what_is_broken_is_not_said_to_be_missing() -> None:
    with pytest.raises(ModuleNotFoundError), extras.needs("html"):
        import_module("pfnscope.nothing")
    with pytest.raises(ImportError), extras.needs("html"):
        from os import nothing  # type: ignore[attr-defined] # noqa: F401


@pytest.mark.parametrize(
    ("pip", "prefix", "command"),
    [
        (True, "", f"{sys.executable} -m pip install 'pfnscope[png]'"),
        (False, "", f"uv pip install --python {sys.executable} 'pfnscope[png]'"),
        (False, "cache/archive-v0/Q3xYw", "uv tool install 'pfnscope[png]'"),
        (False, "tools/pfnscope", "uv tool install 'pfnscope[png]'"),
    ],
    ids=["pip", "uv venv", "uvx", "uv tool"],
)
def test_the_command_that_installs_is_that_of_the_environment(
    pip: bool, prefix: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not pip:
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    (tmp_path / prefix).mkdir(parents=True, exist_ok=True)
    if prefix.startswith("tools"):
        (tmp_path / prefix / "uv-receipt.toml").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / prefix))
    assert extras.installing("png") == command
