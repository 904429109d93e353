"""The installed command, run as users run it: exit status, streams and formats of the contract."""

import bz2
import gzip
import json
import lzma
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pfnscope import zstd
from pfnscope.opening.packing import LIMIT
from tests.support import process
from tests.support.headers import DUMPS
from tests.support.samples import path, text

COMMAND = str(process.COMMAND)
SEED = str(path("seed-1g-4g"))


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([COMMAND, *arguments], input=stdin, capture_output=True, check=False)


def test_a_file_and_standard_input_give_the_same_report() -> None:
    one, other = run("analyze", SEED), run("analyze", stdin=text("seed-1g-4g"))
    assert (one.returncode, other.returncode, one.stderr, other.stderr) == (0, 0, b"", b"")
    assert one.stdout == other.stdout
    assert one.stdout.startswith(b"DANGER: On 4.17, nothing writes the struct pages of [0xbffd7, 0xc0000)")
    assert b"\nLinux 4.17.0-rc6-mm1, x86_64" in one.stdout


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress, lzma.compress, bz2.compress])
def test_a_packed_log_gives_the_same_report_whatever_its_name(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    file = tmp_path / "dmesg.txt"
    file.write_bytes(pack(text("seed-1g-4g")))
    plain, named, piped = run("analyze", SEED), run("analyze", str(file)), run("analyze", stdin=file.read_bytes())
    assert (named.returncode, named.stdout) == (piped.returncode, piped.stdout) == (0, plain.stdout)


def test_a_log_beyond_the_limit_and_a_damaged_one_are_refused_in_one_line(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(LIMIT + 1)
    bomb = run("analyze", stdin=zstd.compress(bytes(LIMIT + 1)))
    damaged = run("analyze", stdin=gzip.compress(text("seed-1g-4g"))[:-9])
    for done, word in ((run("analyze", str(large)), b"at most"), (bomb, b"at most"), (damaged, b"gzip")):
        assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
        assert word in done.stderr


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("json", b'{"format":1,'),
        ("markdown", b"**DANGER: On 4\\.17, nothing writes"),
        ("csv", b"start_pfn,"),
        ("svg", b"<svg "),
    ],
)
def test_every_format_is_printed(form: str, start: bytes) -> None:
    done = run("analyze", SEED, "--format", form)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(start)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["analyze", SEED], 0),
        (["analyze", SEED, "--fail-on", "danger"], 1),
        (["analyze", SEED, "--fail-on", "info", "--kernel", "4.14"], 1),
        (["analyze", SEED, "--fail-on", "danger", "--kernel", "5.14"], 0),
        (["analyze", "no-such-file"], 2),
        (["analyze", SEED, "--boot", "2"], 2),
        (["analyze", SEED, "--kernel", "new"], 2),
        (["analyze", SEED, "--arch", "pdp11"], 2),
        (["analyze", SEED, "--format", "yaml"], 2),
        (["lookup", SEED, "there"], 2),
        (["frobnicate"], 2),
    ],
)
def test_exit_status(arguments: list[str], status: int) -> None:
    done = run(*arguments)
    assert done.returncode == status
    assert (done.stderr == b"") == (status in (0, 1))
    assert b"Traceback" not in done.stderr


def test_a_text_without_a_layout_says_what_was_looked_for() -> None:
    done = run("analyze", stdin=b"hello\nworld\n")
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"Early memory node ranges" in done.stderr


def test_a_dump_of_any_size_is_named_with_the_command_that_gets_the_log_out(tmp_path: Path) -> None:
    small, large = tmp_path / "vmcore", tmp_path / "large"
    for file in (small, large):
        file.write_bytes(DUMPS["kdump"])
    os.truncate(large, LIMIT + 1)
    for file in (small, large):
        done = run("analyze", str(file))
        assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (3, b"", 1)
        assert (
            b"This is a kdump-compressed vmcore, not a log: `makedumpfile --dump-dmesg FILE dmesg.txt`" in done.stderr
        )


CRASH = b"BUG: unable to handle page fault for address: fffffffffffffffe\nRIP: 0010:stable_page_flags+0x25/0x2f0\n"


def test_a_crash_without_a_layout_is_an_answer() -> None:
    done = run("analyze", "--format", "json", stdin=CRASH)
    document = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (document["node_ranges"], document["holes"], len(document["events"])) == ([], [], 1)
    assert run("analyze", "--fail-on", "danger", stdin=CRASH).returncode == 1


@pytest.mark.parametrize("form", ["text", "markdown", "svg", "csv", "json", "html"])
def test_every_form_says_that_a_layout_is_computed(form: str) -> None:
    done = run("analyze", "--format", form, stdin=b"BIOS-e820: [mem 0x0000000000100000-0x000000007fff0fff] usable\n")
    assert done.returncode == 0
    assert b"computed" in done.stdout
    if form not in ("csv", "json"):
        assert b"computed from the memory map, not printed" in done.stdout.replace(b"\n", b" ")


def test_lookup_answers_for_every_way_to_name_the_same_frame() -> None:
    places = ("0xbffd7000", "pfn:0xbffd7", "pfn:786391", "page:0xffffea0002fff5c0")
    answers = [json.loads(run("lookup", SEED, place, "--format", "json").stdout) for place in places]
    assert {answer["pfn"] for answer in answers} == {0xBFFD7}
    answer = answers[0]
    assert (answer["has_struct_page"], answer["in_memory"], answer["zone"], answer["section"]) == (
        True, False, None, 23,
    )  # fmt: skip
    assert answer["map_entry"]["label"] == "reserved"
    assert (answer["hole"]["pages"], answer["hole"]["severity"]) == (41, "danger")
    assert answers[3]["how"].startswith("struct pages of 64 bytes from 0xffffea0000000000 on")


def test_lookup_knows_memory_by_its_node_and_zone() -> None:
    answer = json.loads(run("lookup", SEED, "5G", "--format", "json").stdout)
    assert (answer["in_memory"], answer["node"], answer["zone"], answer["hole"]) == (True, 1, "Normal", None)


def test_rules_name_their_commits() -> None:
    book = json.loads(run("rules", "--format", "json").stdout)
    assert "f7f99100d8d9" in {commit["id"] for rule in book for commit in rule["commits"]}
    assert b"f7f99100d8d9" in run("rules").stdout


def test_lookup_in_a_hole_tells_why_and_who_reaches_it() -> None:
    report = run("lookup", SEED, "page:0xffffea0002fff5c0").stdout.decode()
    assert "why          struct pages were allocated without zeroing" in report
    assert "cause        memmap=1G!4G" in report
    assert "reached by   /proc/kpageflags" in report
    assert "known by     struct pages of 64 bytes from 0xffffea0000000000 on" in report
    assert max(map(len, report.splitlines())) <= 80


def test_of_several_boots_it_is_said_which_one_is_shown_and_how_to_see_another() -> None:
    two = text("seed-no-memmap") + text("seed-1g-4g")
    shown = run("analyze", stdin=two)
    assert b"boot 2 of 2" in shown.stdout
    assert b"boot 2 of 2; --boot 1 shows another" in shown.stderr
    assert run("analyze", "--boot", "1", stdin=two).stderr == b""
    assert run("analyze", "--format", "json", stdin=two).stderr == b""
    assert run("analyze", SEED).stderr == b""


def test_what_the_text_does_not_prove_can_be_told_by_an_option() -> None:
    nodes = b"Early memory node ranges\n  node   0: [mem 0x0000000000000000-0x0000000007ffffff]\n"
    errors = run("analyze", stdin=nodes).stderr
    assert b"--arch ARCH" in errors
    assert b"--kernel RELEASE" in errors


def test_version() -> None:
    assert run("--version").stdout.startswith(b"pfnscope ")


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        f"{COMMAND} analyze {path('oops-1g-4g')} --format json | head -c 1",
        shell=True,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"{", b"")


@pytest.mark.parametrize(
    "redirected",
    [
        '"$0" analyze <&-',
        '"$0" analyze "$1" >&-',
        '"$0" analyze "$1" >/dev/full',
        '"$0" rules >/dev/full',
        '"$0" analyze --help >/dev/full',
        '"$0" --version >/dev/full',
        '"$0" lookup "$1" "$2"',
    ],
)
def test_closed_or_full_streams_and_odd_words_are_told_in_one_line(redirected: str) -> None:
    words: list[str | bytes] = ["sh", "-c", redirected, COMMAND, SEED, b"\xff"]
    done = subprocess.run(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
