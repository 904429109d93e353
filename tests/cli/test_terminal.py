"""The command on a real terminal, in real pipes and for shells: ``script`` records what a user would see."""

import gzip
import json
import os
import pty
import re
import select
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_command import COMMAND, SEED, run
from tests.support.samples import path, text

PLAIN = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TERM": "xterm-256color"}
SGR = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(line: str, columns: int = 80, **environment: str) -> str:
    """What a command line prints on a terminal of its own, both streams."""
    done = subprocess.run(
        ["script", "--quiet", "--return", "--command", f"stty cols {columns}; {line}", "/dev/null"],
        env=PLAIN | environment,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.decode().replace("\r\n", "\n")


ANALYZE = f"{COMMAND} analyze {shlex.quote(SEED)}"


def test_a_terminal_gets_colours_its_own_width_and_its_own_letters() -> None:
    shown = on_terminal(ANALYZE, 100, LANG="C.UTF-8")
    lines = SGR.sub("", shown).splitlines()
    assert "\x1b[1;31mDANGER" in shown
    assert "│" in shown
    assert 80 < max(map(len, lines)) <= 100
    assert max(map(len, SGR.sub("", on_terminal(ANALYZE, 300, LANG="C.UTF-8")).splitlines())) <= 120


@pytest.mark.parametrize(
    ("environment", "coloured", "ascii_only"),
    [
        ({"LANG": "C.UTF-8", "NO_COLOR": "1"}, False, False),
        ({"LANG": "C.UTF-8", "TERM": "dumb"}, False, False),
        ({"LANG": "C.UTF-8", "NO_COLOR": ""}, True, False),
        ({"LANG": "de_DE.ISO-8859-1"}, True, True),
        ({"LANG": "C.UTF-8", "LC_ALL": "C"}, True, True),
        ({}, True, True),
    ],
)
def test_colours_and_letters_are_those_that_the_environment_allows(
    environment: dict[str, str], coloured: bool, ascii_only: bool
) -> None:
    shown = on_terminal(ANALYZE, 80, **environment)
    assert (bool(SGR.search(shown)), SGR.sub("", shown).isascii()) == (coloured, ascii_only)


def test_a_pipe_gets_the_same_bytes_in_every_environment() -> None:
    piped = on_terminal(f"{ANALYZE} | cat", 150, LANG="C.UTF-8")
    assert piped == run("analyze", SEED).stdout.decode()
    assert piped.isascii()


def test_colours_can_be_had_in_a_pipe_and_kept_from_a_terminal() -> None:
    assert b"\x1b[" in run("analyze", SEED, "--color", "always").stdout
    assert not SGR.search(on_terminal(f"{ANALYZE} --color never", LANG="C.UTF-8"))


@pytest.mark.parametrize("command", ["analyze", "simulate"])
def test_a_width_for_mail_holds_for_every_line(command: str) -> None:
    report = run(command, SEED, "--width", "72").stdout.decode()
    assert max(map(len, report.splitlines())) <= 72
    assert run(command, SEED, "--width", "40").returncode == 2


def test_real_pipes_of_plain_and_packed_logs(tmp_path: Path) -> None:
    packed = tmp_path / "boot.log.gz"
    packed.write_bytes(gzip.compress(text("seed-1g-4g")))
    lines = (f"cat {SEED} | {COMMAND} analyze", f"{COMMAND} analyze < {packed}", f"zcat {packed} | {COMMAND} analyze -")
    reports = {subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout for line in lines}
    assert reports == {run("analyze", SEED).stdout}


def test_long_work_shows_signs_of_life_on_the_terminal_only(tmp_path: Path) -> None:
    fifo = tmp_path / "slow.log"
    os.mkfifo(fifo)
    slow = f"(sleep 1.7; cat {SEED}) > {fifo} & {COMMAND} analyze {fifo} --format csv"
    shown = on_terminal(f"sh -c {shlex.quote(slow)}")
    assert re.search(r"\rpfnscope: reading \S+slow.log, 1 s\x1b\[K", shown)
    assert shown.rstrip().endswith("danger,raw-memmap,log,lines 18-40")
    quiet = subprocess.run(["sh", "-c", slow], capture_output=True, check=True)
    assert quiet.stderr == b""


@pytest.mark.parametrize("command", ["analyze", "simulate", "lookup", "place", "compare", "verify", "share", "scan"])
def test_a_file_name_cannot_drive_the_terminal(command: str) -> None:
    name = "x\x1b]0;pwn\x07\u202e\x9b2J"
    rest = {"lookup": ["4G"], "place": ["--size", "1G"], "compare": ["y"], "share": ["--server", "http://127.0.0.1:1"]}
    more = ["--out", "nowhere/t.parquet"] if command == "scan" else rest.get(command, [])
    done = run(command, name, *more)
    assert done.returncode == 2
    assert done.stderr
    assert (done.stdout + done.stderr).decode().replace("\n", "").isprintable()


def test_json_on_a_terminal_has_no_control_characters_and_is_the_same_json(tmp_path: Path) -> None:
    evil = "usable\x9b31m\u202e"
    log = tmp_path / "log"
    log.write_bytes(text("seed-1g-4g").replace(b"usable", evil.encode(), 1))
    command = f"{COMMAND} analyze {shlex.quote(str(log))} --format json"
    shown = on_terminal(command, LANG="C.UTF-8")
    assert shown.replace("\n", "").isprintable()
    assert json.loads(shown) == json.loads(run("analyze", str(log), "--format", "json").stdout)


def test_a_picture_is_not_written_to_a_terminal() -> None:
    shown = on_terminal(f"{ANALYZE} --format png || test $? = 2")
    assert "a terminal cannot show png" in shown
    assert run("analyze", SEED, "--format", "png").stdout.startswith(b"\x89PNG\r\n")


_OFFERED: list[tuple[str, set[str] | None]] = [
    ("s", {"scan", "serve", "share", "simulate"}),
    ("rules --", {"--format", "--help"}),
    ("analyze --f", {"--format", "--fail-on", "--full"}),
    ("analyze x --format m", {"markdown"}),
    ("completion ", {"bash", "zsh", "fish"}),
    ("analyze --arch=lo", {"loongarch64"}),
    ("analyze seed-n", None),
    ("lookup --kernel 4.17 seed-n", None),
    ("analyze --kernel seed-n", set()),
    ("verify --root seed-n", None),
    ("place x --kind ", {"!", "$"}),
    ("rules seed-n", set()),
    ("frobnicate --f", set()),
]
"""What stands behind ``pfnscope``, and which words are offered then; None: files."""


@pytest.mark.parametrize(("begun", "offered"), [*_OFFERED, ("analyze -- --f", None)])
def test_bash_is_offered_commands_options_values_and_files(begun: str, offered: set[str] | None) -> None:
    words = ["pfnscope", *begun.replace("=", " = ").split(" ")]
    ask = f"""
compopt() {{ echo 'no files'; }}
COMP_WORDS=({" ".join(f"'{word}'" for word in words)}) COMP_CWORD={len(words) - 1}
_pfnscope
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    script = run("completion", "bash").stdout.decode() + ask
    done = subprocess.run(["bash", "-u"], input=script, capture_output=True, text=True, check=True)
    expected = {""} if offered is None else {"no files", *(offered or {""})}
    assert (set(done.stdout.split("\n")[:-1]), done.stderr) == (expected, "")


@pytest.mark.parametrize(("begun", "offered"), _OFFERED)
def test_fish_is_offered_commands_options_values_and_files(begun: str, offered: set[str] | None) -> None:
    script = run("completion", "fish").stdout.decode() + f"complete -C 'pfnscope {begun}'"
    folder = path("seed-no-memmap").parents[1]
    done = subprocess.run(["fish", "--no-config"], cwd=folder, input=script, capture_output=True, text=True, check=True)
    words = {line.partition("\t")[0].rpartition("=")[2] for line in done.stdout.splitlines()}
    assert words == ({"seed-no-memmap/"} if offered is None else offered)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_one_that_it_understands(shell: str) -> None:
    script = run("completion", shell).stdout
    assert b"pfnscope" in script
    subprocess.run([shell, "-n"], input=script, check=True)


_SHELLS = {
    "bash": (["--norc", "--noprofile"], ""),
    "zsh": (["-f"], "zle_highlight=(none); autoload -U compinit; compinit -u -D; "),
}
"""How each starts as nobody has set it up, and what has to come before its completions."""


_BEGUN = [
    ("ana", "pfnscope analyze "),
    ("analyze seed-no", "pfnscope analyze seed-no-memmap/"),
    ("analyze seed-no-memmap/dm", "pfnscope analyze seed-no-memmap/dmesg.txt "),
    ("analyze --format=m", "pfnscope analyze --format=markdown "),
    ("verify mem", "pfnscope verify memoryless-node/"),
    ("scan mem", "pfnscope scan memoryless-node/"),
    ("analyze x --arch lo", "pfnscope analyze x --arch loongarch64 "),
    ("scan x --out=mem", "pfnscope scan x --out=memoryless-node/"),
    ("place x --ki", "pfnscope place x --kind"),
]


@pytest.mark.parametrize(
    ("shell", "begun", "completed"),
    [("bash", *row) for row in _BEGUN] + [("zsh", *row) for row in _BEGUN[::3]],  # which takes seconds to start
)
def test_a_real_shell_completes_what_is_begun(shell: str, begun: str, completed: str) -> None:
    switches, before = _SHELLS[shell]
    master, slave = pty.openpty()
    environment = PLAIN | {"PATH": f"{Path(COMMAND).parent}:{PLAIN['PATH']}", "TERM": "xterm", "PS1": "> "}
    process = subprocess.Popen(
        [shell, *switches, "-i"],
        env=environment, cwd=path("seed-no-memmap").parents[1], stdin=slave, stdout=slave, stderr=slave,
        start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    try:
        os.write(master, f'{before}eval "$(pfnscope completion {shell})"; echo rea""dy\n'.encode())
        until_shown(master, "ready\r\n")
        os.write(master, f"pfnscope {begun}\t".encode())
        until_shown(master, completed)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def until_shown(terminal: int, text: str) -> None:
    """Read what a terminal shows until it holds these words; without anything more for a minute it never will."""
    shown = b""
    while text.encode() not in shown:
        if not select.select([terminal], [], [], 60)[0]:
            raise AssertionError(f"{text!r} not in {shown!r}")
        shown += os.read(terminal, 4096)
