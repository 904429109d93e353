"""Texts that begin or end in the middle of a list say so, and what is therefore not known."""

import pytest

from pfnscope.bootlog import keep_memory_lines, read
from pfnscope.model.log import Diagnostic

NODES = [
    "  node   0: [mem 0x0000000000001000-0x000000000009efff]",
    "  node   0: [mem 0x0000000000100000-0x00000000bffd6fff]",
    "  node   1: [mem 0x0000000140000000-0x000000023fffffff]",
]
MAP = [
    "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable",
    "BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved",
    "BIOS-e820: [mem 0x0000000000100000-0x00000000bffd6fff] usable",
]
DUMP = [" memory[0x1]\t[0x0000000000100000-0x00000000bffd6fff], 0x00000000bfed7000 bytes flags: 0x0"]
CHATTER = "NX (Execute Disable) protection: active"


def cuts(text: str) -> list[Diagnostic]:
    """The remarks on cuts, the same for what is kept of the text."""
    raw = text.encode()
    reading = read(raw)
    assert read(keep_memory_lines(raw, reading)) == reading
    return [note for boot in reading.boots for note in boot.diagnostics if note.code.startswith("cut-")]


def log(*lines: str) -> str:
    return "".join(f"[    0.000000] {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("lines", "what"),
    [(MAP[1:], "the firmware map"), (NODES[1:], "the list of node ranges"), (DUMP, "the memblock dump")],
)
def test_a_list_without_its_first_lines_is_not_shown_as_whole(lines: list[str], what: str) -> None:
    (note,) = cuts("an older line\n" + log(*lines, CHATTER))
    assert (note.severity, note.code, note.line) == ("warning", "cut-beginning", 2)
    assert what in note.message


@pytest.mark.parametrize("lines", [MAP, NODES])
def test_lines_picked_from_the_beginning_of_a_list_have_its_beginning(lines: list[str]) -> None:
    assert cuts(log(*lines, CHATTER)) == []


def test_zones_in_page_frames_mean_nothing_without_the_beginning() -> None:
    line = "  DMA32    0x00001000 -> 0x00100000"
    text = log(line, line, *NODES, CHATTER)
    (note,) = cuts(text)
    assert (note.severity, note.line, note.column) == ("warning", 1, 18)
    assert read(text.encode()).boots[0].zone_ranges == ()


def test_a_text_that_begins_late_names_what_was_before() -> None:
    text = "".join(f"[    0.009123] {line}\n" for line in ("Early memory node ranges", *NODES, CHATTER))
    (note,) = cuts(text)
    assert (note.severity, note.code, note.line) == ("info", "cut-beginning", 1)
    assert "0.009123 s" in note.message
    assert "memory maps" in note.message
    assert "node ranges" not in note.message


def test_a_text_with_its_banner_begins_at_the_beginning_whatever_the_clock_says() -> None:
    lines = ("Linux version 6.12.1 (a@b) #1", "Early memory node ranges", *NODES, CHATTER)
    assert cuts("".join(f"[    0.009123] {line}\n" for line in lines)) == []


@pytest.mark.parametrize(
    ("behind", "severity"),
    [("", "info"), ("\nThat was all.\n", "info"), ("[    0.000000]   node   1: [m", "warning")],
)
def test_a_text_that_ends_in_a_list_is_not_shown_as_whole(behind: str, severity: str) -> None:
    (note,) = cuts(log("Early memory node ranges", *NODES[:2]) + behind)
    assert (note.severity, note.code, note.line) == (severity, "cut-end", 3)
    assert "the list of node ranges" in note.message


@pytest.mark.parametrize("behind", [log(CHATTER), log(CHATTER)[:-1] + "\nmore", log("Memory: 100K/200K available")])
def test_a_list_behind_which_the_log_goes_on_is_whole(behind: str) -> None:
    assert cuts(log("Early memory node ranges", *NODES) + behind) == []


def test_node_ranges_up_to_the_end_of_the_map_are_all() -> None:
    assert cuts(log(*MAP, "Early memory node ranges", *NODES[:2])) == []


@pytest.mark.parametrize("between", ["f", "100000000-fffff", "[    0.000000] 100000000-fffff"])
def test_a_line_that_says_nothing_where_it_stands_hides_no_end_and_doubles_no_remark(between: str) -> None:
    text = (
        f"0.000000 user:[mem 0x00000000fffc0000-0x00000000ffffffff]reserved\n{between}\n0.000000 Device empty".encode()
    )
    reading = read(text)
    (boot,) = reading.boots
    assert len(boot.diagnostics) == len(set(boot.diagnostics))
    assert read(keep_memory_lines(text, reading)).boots == reading.boots
