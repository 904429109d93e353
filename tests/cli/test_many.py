"""``analyze FILE... --format jsonl``: a line for each file whatever the others are."""

import json

import pytest

from tests.cli.test_command import SEED, run
from tests.support.samples import path

GOOD, SAFE = SEED, str(path("seed-no-memmap"))


def test_each_file_has_its_line_in_order_and_a_bad_one_stops_nothing() -> None:
    done = run("analyze", GOOD, "nowhere", SAFE, "-", "--format", "jsonl", stdin=b"hello\n")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == [GOOD, "nowhere", SAFE, "-"]
    assert [sorted(line) for line in lines] == [["document", "file"], ["error", "file"]] * 2
    assert lines[0]["document"] == json.loads(run("analyze", GOOD, "--format", "json").stdout)
    assert "cannot read nowhere" in lines[1]["error"]
    assert "No memory layout" in lines[3]["error"]
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((GOOD, SAFE), 0),
        ((GOOD, SAFE, "--fail-on", "danger"), 1),
        ((SAFE, SAFE, "--fail-on", "danger"), 0),
        ((GOOD, "nowhere", "--fail-on", "danger"), 2),
        ((GOOD, "/dev/null", "--fail-on", "danger"), 3),
        (("/dev/null", "nowhere"), 2),
    ],
)
def test_the_exit_status_is_the_worst_of_all(arguments: tuple[str, ...], status: int) -> None:
    assert run("analyze", *arguments, "--format", "jsonl").returncode == status


def test_many_files_in_another_form_are_wrong_usage() -> None:
    done = run("analyze", GOOD, SAFE)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--format jsonl" in done.stderr
