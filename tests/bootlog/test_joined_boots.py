"""Recorded boots put into one text in every way that people and programs join them: each fact stays in its boot."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from pfnscope.bootlog import keep_memory_lines, read
from pfnscope.model.log import BootLog

ROOT = Path(__file__).parents[2]
RECORDED = [*(ROOT / "sample_logs").glob("*/dmesg.txt"), *(ROOT / "tests/recorded").glob("*/dmesg.txt")]
OF_THE_TEXT = {"index", "count", "title", "host", "diagnostics", "recognised", "assumed"}
"""What a boot says of the text that it stands in."""


def bare(value: object) -> object:
    """A value without line numbers."""
    if isinstance(value, tuple):
        return tuple(bare(item) for item in value)
    if isinstance(value, msgspec.Struct):
        names = [name for name in value.__struct_fields__ if "line" not in name]
        return type(value), [(name, bare(getattr(value, name))) for name in names]
    return value


def facts(boot: BootLog) -> dict[str, object]:
    names = set(boot.__struct_fields__) - OF_THE_TEXT
    return {name: bare(getattr(boot, name)) for name in sorted(names) if not name.endswith("_lines")}


def log(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines()


def of_hosts(logs: Sequence[list[str]]) -> list[list[str]]:
    return [[f"Jun  1 12:00:00 node{at} kernel: {line}" for line in lines] for at, lines in enumerate(logs)]


def by_a_log_daemon(logs: Sequence[list[str]]) -> list[str]:
    """A few lines of one host, then of another."""
    chance, rest, out = random.Random(len(logs[0])), of_hosts(logs), []
    while any(rest):
        lines = chance.choice([lines for lines in rest if lines])
        count = chance.randint(1, 5)
        out += lines[:count]
        del lines[:count]
    return out


def host_by_host(logs: Sequence[list[str]]) -> list[str]:
    return [line for lines in of_hosts(logs) for line in lines]


def on_a_console(logs: Sequence[list[str]]) -> list[str]:
    panic = "[  999.000000] Kernel panic - not syncing: Fatal exception"
    return [line for lines in logs for line in (*lines, panic)]


def in_a_mail(logs: Sequence[list[str]]) -> list[str]:
    return [line for lines in logs for line in ("", "and this is the other one:", "", *(f"> {item}" for item in lines))]


def in_an_archive(logs: Sequence[list[str]]) -> list[str]:
    return [line for lines in logs for line in lines]


WAYS = (by_a_log_daemon, host_by_host, on_a_console, in_a_mail, in_an_archive)


@pytest.mark.parametrize("join", WAYS)
@pytest.mark.parametrize("count", [2, 3])
def test_each_fact_is_in_its_boot(join: Callable[[Sequence[list[str]]], list[str]], count: int) -> None:
    chance = random.Random(f"{join.__name__} {count}")
    # files-of-proc has the log of fixed-1g-4g, and a log that stands in a text twice is one boot
    own = (path for path in RECORDED if path.parent.name != "files-of-proc")
    paths = sorted(path for path in own if read(path.read_bytes()).boots[0].banner)
    for _ in range(3):
        logs = [log(path) for path in chance.sample(paths, count)]
        text = "".join(f"{line}\n" for line in join(logs)).encode()
        reading = read(text)
        alone = [facts(read("".join(f"{line}\n" for line in lines).encode()).boots[0]) for lines in logs]
        ordered = sorted(reading.boots, key=lambda boot: boot.host or "")  # a daemon may write either host first
        assert [facts(boot) for boot in ordered] == alone
        assert read(keep_memory_lines(text, reading)) == reading
