"""Words of a command line in every order and dress that users write, and how wrong ones are refused."""

import json
import os
import shlex
import subprocess
from typing import Any

import pytest

from pfnscope.cli.commands import COMMANDS
from pfnscope.cli.parsing import Parser, load
from tests.cli.test_command import COMMAND, SEED, run
from tests.support.samples import path

NONE = str(path("seed-no-memmap"))


def document(*arguments: str) -> Any:
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, b"")
    return json.loads(done.stdout)


def refused(*arguments: str) -> str:
    """What is said of wrong usage, below how the command is used."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    said = done.stderr.decode().splitlines()
    assert said[0].startswith("Usage: pfnscope")
    assert said[1].endswith(" --help' for help.")
    assert said[2] == ""
    assert len(said) == 4
    return said[3].removeprefix("Error: ")


def test_files_and_options_stand_in_any_order() -> None:
    done = run("analyze", SEED, "--kernel", "4.17", NONE, "--format", "jsonl", "--width=72", SEED)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == [SEED, NONE, SEED]
    assert {line["document"]["kernel"]["release"] for line in lines} == {"4.17"}
    lookup = document("lookup", SEED, "--kernel", "5.14", "0xbffd7000", "--format", "json")
    assert lookup == document("lookup", "--format", "json", "--kernel", "5.14", SEED, "0xbffd7000")
    assert document("compare", NONE, "--format", "json", SEED) == document("compare", NONE, SEED, "--format=json")


def test_the_last_of_an_option_given_twice_holds() -> None:
    assert document("analyze", "--kernel", "4.17", SEED, "--format", "text", "--format", "json", "--kernel", "5.14")[
        "kernel"
    ]["release"] == "5.14"  # fmt: skip


def test_behind_two_dashes_all_words_are_files(tmp_path: os.PathLike[str]) -> None:
    said = []
    for name in ("--format", "-x", "-1", "--"):
        os.symlink(SEED, os.path.join(tmp_path, name))  # noqa: PTH211, PTH118 - as strings, which begin with a dash
        done = subprocess.run(
            [COMMAND, "analyze", "--width", "72", "--", name], cwd=tmp_path, capture_output=True, check=True
        )
        said.append(done.stdout)
    assert set(said) == {run("analyze", SEED, "--width", "72").stdout}
    assert b"no place" in run("lookup", "--", SEED, "--").stderr


def test_a_value_may_begin_with_a_dash_or_be_nothing() -> None:
    for words in (["--append", "-x"], ["--append=-x"], ["--append", "--", "--remove", "-"], ["--append", "-- -1"]):
        assert document("simulate", NONE, "--format", "json", *words)["simulation"]
    one = document("simulate", NONE, "--format", "json", "--append", "")
    assert one == document("simulate", NONE, "--format", "json")
    without = document("simulate", SEED, "--format", "json", "--set", "")
    assert without["kernel"]["command_line"] == ""
    assert document("simulate", SEED, "--format", "json", "--set=")["holes"] == without["holes"]
    assert b"no boot -1" in run("analyze", SEED, "--boot", "-1").stderr


def test_remove_can_be_given_again() -> None:
    simulated = document("simulate", SEED, "--remove", "memmap=1G!4G", "--format", "json", "--remove=quiet")
    assert "memmap" not in simulated["kernel"]["command_line"]


def test_a_dash_is_standard_input_and_stands_for_it_where_it_may_be_left_out() -> None:
    with open(SEED, "rb") as file:  # noqa: PTH123 - SEED is a string for the command
        log = file.read()
    for command in ("analyze", "simulate"):
        assert run(command, "-", stdin=log).stdout == run(command, stdin=log).stdout == run(command, SEED).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["analyse", SEED], "no such command 'analyse'; did you mean 'analyze'?"),
        (["frobnicate"], "no such command 'frobnicate'"),
        ([""], "no such command ''"),
        (["--vesion"], "no such option '--vesion'; did you mean '--version'?"),
        (["analyze", "--formt", "json"], "no such option '--formt'; did you mean '--format'?"),
        (["analyze", "--form", "json"], "no such option '--form'; did you mean '--format'?"),
        (["analyze", "-x"], "no such option '-x'"),
        (["analyze", SEED, "--kernel"], "option '--kernel' needs a value"),
        (["analyze", "--width", "71"], "argument --width: 71 is not in 72 to 1000"),
        (["analyze", "--width", "1001"], "argument --width: 1001 is not in 72 to 1000"),
        (["analyze", "--boot", "two"], "argument --boot: 'two' is no whole number"),
        (["analyze", SEED, SEED], "more than one FILE needs --format jsonl"),
        (["serve", "--port", "65536"], "argument --port: 65536 is not in 0 to 65535"),
        (["scan"], "the following arguments are required: PATH..., --out"),
        (["lookup", SEED], "the following arguments are required: WHERE"),
        (["share", SEED], "the following arguments are required: --server"),
        (["rules", "x", "y"], "unexpected: x y"),
        (["rules", "--", "-x"], "unexpected: -x"),
        (["rules", "--format"], "option '--format' needs a value"),
        (["verify", "--live=yes"], "argument --live: ignored explicit argument 'yes'"),
        (["verify"], "give a folder or a report, or --live"),
    ],
)
def test_wrong_usage_is_told_below_how_it_is_used(arguments: list[str], said: str) -> None:
    assert refused(*arguments) == said


def test_a_value_that_is_none_of_the_choices_is_told_with_them() -> None:
    said = refused("analyze", SEED, "--format", "yaml")
    assert said.startswith("argument --format: invalid choice: 'yaml'")
    assert "jsonl" in said


def test_words_that_are_no_text_are_told_in_letters() -> None:
    done = subprocess.run([COMMAND, "analyze", b"--\xff"], capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[3].startswith(b"Error: no such option '--\\udcff'")


def test_help_is_the_same_in_every_terminal() -> None:
    wide = subprocess.run([COMMAND, "analyze", "-h"], env={"COLUMNS": "200"}, capture_output=True, check=True).stdout
    assert wide == run("analyze", "--help").stdout == run("analyze", "no-such-file", "--width", "1", "--help").stdout
    assert max(map(len, wide.splitlines())) <= 80
    assert b"[72 to 1000]" in wide


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    done = run(command, "-h")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(f"Usage: pfnscope {command} [OPTIONS]".encode())


def test_the_server_of_share_may_come_from_the_environment() -> None:
    def shared(address: str) -> subprocess.CompletedProcess[bytes]:
        environment = os.environ | {"PFNSCOPE_SERVER": address}
        return subprocess.run([COMMAND, "share", SEED], env=environment, capture_output=True, check=False)

    done = shared("nonsense://50%")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"required: --server" in shared("").stderr


def test_all_commands_are_listed() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, b"")
    listed = done.stdout.decode().partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == sorted(COMMANDS)
    bare = run()
    assert (bare.returncode, bare.stdout, bare.stderr) == (2, b"", done.stdout)
    assert run("-h").stdout == done.stdout


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    long = "9" * 5000
    assert refused("analyze", SEED, "--boot", long).endswith("is no whole number")
    done = run("compare", SEED, NONE, "--boots", f"1,{long}")
    assert done.returncode != 0
    assert b"does not name the boots" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_each_help_are_command_lines_that_it_takes(name: str) -> None:
    """docs/commands.md has the same, and its lines are run."""
    parser = Parser(f"pfnscope {name}")
    parser.configure(load(name))
    assert parser.examples
    shown = parser.format_help()
    assert max(map(len, shown.splitlines())) <= 80
    for line in parser.examples:
        assert f"  {line}\n" in shown
        words = shlex.split(line.partition("<(")[2].rstrip(")") or line)
        start = words.index("pfnscope")
        assert words[start + 1] == name
        end = words.index("|", start) if "|" in words[start:] else len(words)
        parser.read(words[start + 2 : end])  # raises for what it does not know
