"""``pfnscope compare`` of two boots and more: one sentence first, what moved, and the report to mail."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_command import run
from tests.findings.test_stability import FIRST, SECOND, boot
from tests.support.samples import path

NONE, AT_4G = (str(path(slug)) for slug in ("seed-no-memmap", "seed-1g-4g"))
MOVED = "ACPI data, 44 KiB, moved down by 16 KiB to 0x5f39c000, its size unchanged"


@pytest.fixture
def logs(tmp_path: Path) -> list[str]:
    """Three boots of one machine, the second with a moved region."""
    names = []
    for number, at in enumerate((FIRST, SECOND, FIRST), 1):
        file = tmp_path / f"boot-{number}.txt"
        file.write_text(boot(at))
        names.append(str(file))
    return names


def answer(*words: str) -> dict[str, Any]:
    done = run("compare", *words, "--format", "json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def first_sentence(*words: str) -> str:
    return " ".join(run("compare", *words).stdout.decode().split("\n\n")[0].split())


def test_the_answer_begins_with_what_differs_in_one_sentence(logs: list[str]) -> None:
    assert first_sentence(NONE, NONE) == "Nothing in memory differs."
    assert first_sentence(NONE, AT_4G) == (
        "From A to B, the command line adds memmap=1G!4G; in B nothing writes the struct pages of "
        "[0xbffd7, 0xc0000) - 164 KiB - 0xbffd7000: danger."
    )
    assert first_sentence(AT_4G, AT_4G, "--kernel", "6.12") == "Nothing in memory differs."
    moved = first_sentence(*logs[:2])
    assert moved == (
        f"From A to B, the firmware's map changed: {MOVED};"
        " Linux 6.6.20 does not resume B from a hibernation image of A."
    )
    assert answer(*logs[:2])["summary"] == moved


def test_two_keep_their_keys_and_say_who_resumes(logs: list[str]) -> None:
    two = answer(*logs[:2])
    assert {"format", "summary", "a", "b", "changes", "others", "stability"} == two.keys()
    assert two["others"] == []
    known = two["stability"]
    assert known["maps"] == 2
    assert [(item["change"], item["by"], item["follows"]) for item in known["changes"]] == [
        ("moved", -16384, False),
        ("resized", 0, True),
        ("resized", -16384, True),
    ]
    (pair,) = known["pairs"]
    assert (pair["a"], pair["b"], pair["resumes"], pair["ram_only"]) == (1, 2, False, False)
    assert all(item["hash"].startswith("crc32 ") for item in known["boots"])


def test_three_files_are_three_boots_with_one_unstable_region(logs: list[str]) -> None:
    three = answer(*logs)
    assert three["changes"] == answer(*logs[:2])["changes"]
    assert [side["changes"] for side in three["others"]] == [[]]
    (region,) = three["stability"]["regions"]
    assert [place["start"] for place in region["places"]] == ["0x5f3a0000", "0x5f39c000", "0x5f3a0000"]
    assert three["summary"] == (
        "2 different firmware maps in 3 boots: ACPI data, always 44 KiB, is at 2 places up to 16 KiB apart;"
        " Linux 6.6.20 resumes only between equal maps: 1 of 3 pairs of boots."
    )


def test_the_boots_of_one_text_are_all_compared_or_those_that_are_named(tmp_path: Path) -> None:
    capture = boot(SECOND, command_line="ro elfcorehdr=0x2f000000")
    text = tmp_path / "journal.txt"
    text.write_text(boot(FIRST) + boot(SECOND) + boot(FIRST + 0x1000) + capture)
    every = answer(str(text))
    assert [item["boot"] for item in every["stability"]["boots"]] == [1, 2, 3]
    assert every["stability"]["maps"] == 3
    two = answer(str(text), "--boots", "1,3")
    assert (two["others"], two["stability"]["changes"][0]["by"]) == ([], 4096)
    assert run("compare", str(text), "--boots", "1,9").returncode == 2
    refused = run("compare", NONE, AT_4G, "--boots", "1,1,1")
    assert (refused.returncode, b"boots" in refused.stderr) == (2, True)


def test_the_same_map_needs_no_report_and_other_machines_get_none(logs: list[str]) -> None:
    same = answer(logs[0], logs[2])
    assert same["stability"]["maps"] == 1
    assert same["stability"]["report"] == ""
    assert "maker of the firmware" not in run("compare", logs[0], logs[2]).stdout.decode()
    assert answer(logs[0], NONE)["stability"] is None


def test_the_report_for_the_firmwares_maker_is_plain_text(logs: list[str]) -> None:
    report = answer(*logs[:2])["stability"]["report"]
    assert report.isascii()
    assert "Machine:  not named in the logs\n" in report
    assert report.splitlines()[0].startswith("Subject: ")
    assert "    boot 2: [mem 0x000000005f39c000-0x000000005f3a6fff] ACPI data\n" in report
    differing = report.split("Entries that are not the same in all boots:")[1]
    assert differing.count("[mem ") == 6
    assert report.replace("\n", "").strip() in run("compare", *logs[:2]).stdout.decode().replace("\n", "")
    model = "Example Laptop 14/0AB1, BIOS 1.2 01/02/2026"
    for name, at in zip(logs, (FIRST, SECOND), strict=False):
        Path(name).write_text(boot(at, f"DMI: {model}", host="private-name"))
    named = answer(*logs[:2])["stability"]["report"]
    assert f"Machine:  {model}\n" in named
    assert "private-name" not in named
