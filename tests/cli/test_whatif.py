"""``simulate``, ``compare`` and ``place`` as users run them."""

import json

import pytest

from tests.cli.test_command import run
from tests.support.samples import path, text

NONE, AT_4G, AT_7G = (str(path(slug)) for slug in ("seed-no-memmap", "seed-1g-4g", "seed-1g-7g"))


def test_simulating_no_change_gives_the_logs_own_layout() -> None:
    simulated = json.loads(run("simulate", AT_4G, "--format", "json").stdout)
    real = json.loads(run("analyze", AT_4G, "--format", "json").stdout)
    assert simulated["origin"] == "simulated"
    assert simulated["simulation"]["replays"] is True
    for name in ("user_map", "node_ranges", "zone_spans", "sections"):
        without = [
            [{k: v for k, v in item.items() if k != "lines"} for item in document[name]]
            if isinstance(document[name], list)
            else document[name]
            for document in (simulated, real)
        ]
        assert without[0] == without[1], name
    assert [(h["start_pfn"], h["state"], h["causes"]) for h in simulated["holes"]] == [
        (h["start_pfn"], h["state"], h["causes"]) for h in real["holes"]
    ]


def test_the_question_of_2018_is_answered_before_a_reboot() -> None:
    done = run("simulate", NONE, "--append", "memmap=1G!4G", "--fail-on", "danger")
    assert done.returncode == 1
    assert done.stdout.startswith(b"DANGER: On 4.17, nothing writes the struct pages of [0xbffd7, 0xc0000)")
    assert b'"memmap=1G!4G" takes [4 GiB, 5 GiB) away from memory' in " ".join(done.stdout.decode().split()).encode()
    safe = run("simulate", AT_4G, "--remove", "memmap=1G!4G", "--append", "memmap=1G!7G", "--fail-on", "danger")
    assert (safe.returncode, b"DANGER" in safe.stdout.split(b"Page frames")[0]) == (0, False)
    assert run("simulate", NONE, "--append", "memmap=1G!4G", "--kernel", "5.14", "--fail-on", "danger").returncode == 0


def test_a_simulated_danger_says_what_helps_against_it() -> None:
    simulated = " ".join(run("simulate", NONE, "--append", "memmap=1G!4G").stdout.decode().split())
    assert "What to do: Write memmap=1G!5G instead of memmap=1G!4G: in the simulator no danger is left" in simulated
    document = json.loads(run("simulate", NONE, "--append", "memmap=1G!4G", "--format", "json").stdout)
    assert document["findings"][0]["remedy"]["command_line"] == "memmap=1G!5G"
    given = ("simulate", NONE, "--append", "memmap=1G!4G", "--format", "markdown")
    assert b"\n\nTo paste: `memmap=1G!5G`\n\n" in run(*given).stdout


def test_of_two_layouts_the_one_in_danger_says_what_helps() -> None:
    said = " ".join(run("compare", NONE, AT_4G).stdout.decode().partition("\nPage frames\n")[0].split())
    assert said.count("What to do: Write memmap=1G!5G instead of memmap=1G!4G: in the simulator no danger") == 1
    assert "What to do" not in run("compare", NONE, NONE).stdout.decode()


def test_a_bad_argument_is_reported_with_a_caret_under_its_text() -> None:
    lines = run("simulate", NONE, "--set", "quiet memmap=64M@1G,foo").stdout.decode().splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("  warning: memmap= has to begin"))
    start, width = lines[at - 1].index("^"), lines[at - 1].count("^")
    assert lines[at - 2][start : start + width] == "foo"


@pytest.mark.parametrize(
    ("arguments", "status", "word"),
    [
        (("simulate", NONE, "--set", "memmap=exactmap memmap=1G@1M"), 2, b"Invalid user supplied memory map"),
        (("simulate", NONE, "--set", "quiet", "--append", "ro"), 2, b"--set gives the whole command line"),
        (("place", NONE, "--size", "1x"), 2, b"no size"),
        (("place", NONE), 2, b"--size SIZE, --move ARGUMENT, --crashkernel VALUE or another thing to place is needed"),
        (("place", NONE, "--cma", "1G", "--gigantic"), 2, b"one thing is placed at a time, not --cma and --gigantic"),
        (("place", NONE, "--crashkernel", "1G", "--align", "2M"), 2, b"--align goes with --size and --move, not with"),
        (("place", AT_4G, "--move", "memmap=1G!4G", "--kind", "$"), 2, b"--kind goes with --size, not with --move"),
        (("place", NONE, "--size", "1G", "--node", "0"), 2, b"--node goes with --gigantic, not with --size"),
        (("place", "--bad", "0x1000"), 2, b"required: FILE|-"),
        (("place", NONE, "--bad"), 2, b"option '--bad' needs a value"),
        (("place", NONE, "--move", "memmap=1G!4G"), 2, b"no memmap= region that could be moved"),
        (("place", AT_4G, "--move", "memmap=1G!7G"), 2, b"those that can be moved are memmap=1G!4G"),
        (("place", AT_4G, "--move", "memmap=1G!4G", "--size", "1G"), 2, b"not --size and --move"),
        (("compare", NONE), 2, b"no boot 2"),
        (("compare", NONE, AT_4G, "--boots", "1"), 2, b"two numbers"),
    ],
)
def test_what_cannot_be_answered_is_one_line(arguments: tuple[str, ...], status: int, word: bytes) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (status, b"")
    assert word in done.stderr
    assert b"Traceback" not in done.stderr


def test_two_layouts_stand_side_by_side_in_the_order_in_which_a_reader_asks() -> None:
    said = run("compare", NONE, AT_4G).stdout.decode()
    order = ["Command line", "Memory map in force", "Node ranges", "Zone spans", "Holes"]
    assert [said.index(f"\n{title}\n") for title in order] == sorted(said.index(f"\n{title}\n") for title in order)
    assert "+ [0x100000000, 0x140000000) 1 GiB persistent (type 12)" in said
    assert "- node 0 [0x100000000, 0x140000000) 1 GiB" in said
    assert run("compare", NONE, NONE).stdout.decode().endswith("No difference in memory.\n")


def test_two_boots_of_one_paste_are_compared() -> None:
    both = text("seed-no-memmap") + text("seed-1g-4g")
    one = json.loads(run("compare", "-", "--format", "json", stdin=both).stdout)
    two = json.loads(run("compare", NONE, AT_4G, "--format", "json").stdout)
    assert one["changes"] == two["changes"]
    back = json.loads(run("compare", "-", "--boots", "2,1", "--format", "json", stdin=both).stdout)
    assert {c["change"] for c in back["changes"] if c["what"] == "user_map"} == {"removed"}


def test_placement_tells_the_unsafe_place_of_the_seed() -> None:
    placements = json.loads(run("place", NONE, "--size", "1G", "--format", "json").stdout)
    unsafe = [item for item in placements["placements"] if not item["safe"]]
    assert [(item["start"], item["end"]) for item in unsafe] == [("0x100000000", "0x108000000")]
    assert [(hole["start_pfn"], hole["end_pfn"]) for hole in unsafe[0]["holes"]] == [(0xBFFD7, 0xC0000)]
    assert b"UNSAFE  0x100000000\n" in run("place", NONE, "--size", "1G").stdout
    assert b"UNSAFE" not in run("place", NONE, "--size", "1G", "--kernel", "5.14").stdout


def test_a_region_of_the_log_is_moved_to_a_safe_place() -> None:
    said = run("place", AT_4G, "--move", "memmap=1G!4G").stdout.decode()
    first, _, table = said.partition("\n\n")
    assert first == "Use memmap=1G!5G: no danger on any release."
    assert table.endswith(run("place", NONE, "--size", "1G").stdout.decode().partition("\nStarts\n")[2])
    answer = json.loads(run("place", AT_4G, "--move", "1G!4G", "--format", "json").stdout)
    new = json.loads(run("place", NONE, "--size", "1G", "--format", "json").stdout)
    assert (answer["move"], answer["command_line"], answer["start"]) == ("memmap=1G!4G", "memmap=1G!5G", "0x140000000")
    assert (new["move"], new["command_line"]) == (None, None)
    for name in ("size", "align", "kind", "placements"):
        assert answer[name] == new[name], name


def test_a_region_that_is_safe_can_stay() -> None:
    said = run("place", AT_7G, "--move", "memmap=1G!7G").stdout
    assert said.startswith(b"memmap=1G!7G can stay: no danger on any release.\n")


def test_where_no_place_is_safe_there_is_nothing_to_paste() -> None:
    given = ("place", AT_4G, "--move", "memmap=1G!4G", "--align", "16G")
    assert run(*given).stdout.startswith(b"No place for memmap=1G!4G on 4.17: no memory holds 1 GiB whole.\n")
    assert json.loads(run(*given, "--format", "json").stdout)["command_line"] is None
    assert run(*given, "--fail-on", "danger").returncode == 1


def test_a_place_can_fail_a_build() -> None:
    assert run("place", NONE, "--size", "1G", "--fail-on", "danger").returncode == 0
    nowhere = run("place", NONE, "--size", "1T", "--fail-on", "danger")
    assert nowhere.returncode == 1
    assert b"No memory of this machine holds such a region whole." in nowhere.stdout


def test_bad_addresses_are_words_behind_their_option_in_any_order() -> None:
    """The file may stand before or behind them; lines of a memory test are one word in quotes."""
    said = run("place", NONE, "--bad", "0x12345678", "0x140004000").stdout.decode()
    assert said.startswith("2 regions of memmap= keep the kernel off 2 pages with bad memory")
    assert "\nWrite\n  memmap=4K$0x12345000,4K$0x140004000\n" in said
    for words in (
        ("--bad", "0x12345678", "0x140004000", NONE),
        (NONE, "--bad=0x12345678", "--bad", "0x140004000"),
        ("--bad", "0x12345678", "--color", "never", NONE, "--bad", "0x140004000"),
        (NONE, "--bad", "0x12345678\n0x140004000"),
    ):
        assert run("place", *words).stdout.decode() == said, words
    answer = json.loads(run("place", NONE, "--bad", "0x12345678", "--format", "json").stdout)
    assert (answer["what"], answer["command_line"]) == ("bad", "memmap=4K$0x12345000")


def test_every_kind_is_placed_and_what_finds_no_room_can_fail_a_build() -> None:
    for option, value, first in (
        ("--crashkernel", "256M", b"The kernel finds 256 MiB"),
        ("--cma", "64M", b"The CMA area of 64 MiB begins"),
        ("--reserve-mem", "20M:4096:trace", b"The reserve_mem= region of 20 MiB"),
        ("--hugetlb-cma", "1G", b"On node 0 the area of"),
        ("--gigantic", "", b"This machine can give "),
    ):
        given = ("place", NONE, *filter(None, (option, value)), "--kernel", "6.12", "--fail-on", "danger")
        done = run(*given)
        assert (done.returncode, done.stdout.startswith(first)) == (0, True), (option, done.stdout)
        assert b"\nPage frames\n" in done.stdout
    nowhere = run("place", NONE, "--crashkernel", "64G", "--fail-on", "danger")
    assert nowhere.returncode == 1
    assert nowhere.stdout.startswith(b"The kernel finds no 64 GiB in one piece")
    assert run("place", NONE, "--crashkernel", "64G").returncode == 0
    of_one = json.loads(run("place", NONE, "--gigantic", "--node", "1", "--format", "json").stdout)
    assert [item["node"] for item in of_one["node_pages"]] == [1]
