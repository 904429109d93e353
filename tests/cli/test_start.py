"""What a quick command spares at its start and its end, for its user waits for both each time."""

import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_command import COMMAND, SEED
from tests.support.samples import path

HEAVY = [
    "pfnscope.fleet", "pfnscope.library", "pfnscope.web", "asyncio", "click", "difflib", "fastapi",
    "inspect", "jinja2", "pathlib", "pfnscope.opening.kinds", "plotly", "puremagic", "pydantic", "sqlalchemy", "ssl",
    "typing_extensions", "urllib.request", "uvicorn",
]  # fmt: skip
"""What only other commands need."""


def python(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stderr.splitlines()


@pytest.mark.parametrize("form", ["text", "json", "markdown", "svg", "csv"])
def test_analyze_imports_nothing_that_only_other_commands_need(form: str) -> None:
    code = f"""
import sys
from pfnscope.cli.main import run
run(["analyze", {SEED!r}, "--format", {form!r}])
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
print([name for name in sys.modules if name.startswith("pfnscope.cli.commands.")], file=sys.stderr)
import pydantic, typing_extensions
print(typing_extensions.__file__.endswith(".py"), file=sys.stderr)
"""
    assert python(code) == ["[]", "['pfnscope.cli.commands.analyze']", "True"]


def test_what_records_are_made_of_does_not_depend_on_typing_extensions() -> None:
    """A type with every mark that msgspec reads by it, described with it and without."""
    code = """
import sys
from pfnscope.cli.startup import import_msgspec
if {spared}: import_msgspec()
import msgspec
print("typing_extensions" in sys.modules, file=sys.stderr)
from typing import Annotated, Generic, NotRequired, Required, TypedDict, TypeVar
T = TypeVar("T")
class Row(TypedDict, total=False):
    name: Required[str]
    size: NotRequired[Annotated[int, msgspec.Meta(ge=0)]]
class Box(msgspec.Struct, Generic[T]):
    held: T
    rows: "list[Row] | None" = None
print(msgspec.json.schema(Box[int]), file=sys.stderr)
print(msgspec.json.decode(b'{{"held":1,"rows":[{{"name":"a"}}]}}', type=Box[int]), file=sys.stderr)
"""
    spared, plain = (python(code.format(spared=spared)) for spared in (True, False))
    assert (spared[0], plain[0]) == ("False", "True")
    assert spared[1:] == plain[1:]


def test_quick_commands_look_for_no_garbage_and_leave_at_once(tmp_path: Path) -> None:
    code = """
import atexit, gc, sys
from pfnscope.cli import main
sys.argv = ["pfnscope", *{words!r}]
atexit.register(lambda: print("in order", gc.isenabled(), file=sys.stderr))
main.main()
"""
    record = tmp_path / "record"
    quick: list[list[str]] = [
        ["analyze", SEED],
        ["rules"],
        ["analyze", "--help"],
        ["--version"],
        ["lookup", SEED, "4G"],
    ]
    for words in quick:
        assert python(code.replace("{words!r}", repr(words))) == []
    for words in (["analyze", SEED, "--format", "jsonl"], ["capture", str(record), "--root", str(_root(tmp_path))]):
        assert python(code.replace("{words!r}", repr(words)))[-1] == "in order True"


def _root(folder: Path) -> Path:
    """A machine that has a log and nothing else."""
    root = folder / "root"
    (root / "dev").mkdir(parents=True)
    log = path("seed-1g-4g").read_text().splitlines()
    (root / "dev/kmsg").write_text("".join(f"6,{at},{at},-;{line}\n" for at, line in enumerate(log)))
    return root


def test_interrupted_it_ends_as_shells_expect() -> None:
    process = subprocess.Popen([COMMAND, "analyze"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin
    folder = Path(f"/proc/{process.pid}")
    # it has imported what reads logs, and sleeps, as it only does while it waits for its log
    while b"re2" not in (folder / "maps").read_bytes() or b") S " not in (folder / "stat").read_bytes():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in said


def test_a_process_of_the_server_does_not_start_the_command_again() -> None:
    """It imports the module that ``python -m pfnscope serve`` runs; where that ends it, each long text is refused."""
    runpy.run_module("pfnscope.__main__", run_name="__mp_main__")
