"""Texts with several boots, hosts and copies: each fact is of the boot that it belongs to."""

from pathlib import Path

import pytest

from pfnscope.bootlog import keep_memory_lines, read
from pfnscope.model.log import BootLog

NODES = (
    "Early memory node ranges",
    "  node   0: [mem 0x0000000000001000-0x000000000009efff]",
    "  node   0: [mem 0x0000000000100000-0x00000000bffd6fff]",
)
OTHER_NODES = (NODES[0], "  node   0: [mem 0x0000000000001000-0x000000003fffffff]")
FIRST = ("Linux version 4.17.0 (a@b)", "Command line: ro memmap=1G!4G", *NODES)
SECOND = ("Linux version 6.12.9 (a@b)", "Command line: ro quiet", *OTHER_NODES)
CRASHED = ("Linux version 4.17.0 (a@b)", "Reserving 2KB of memory at 0x5fdff000 for elfcorehdr", *OTHER_NODES)


def lines(messages: tuple[str, ...], host: str = "", stamp: float = 0.0) -> list[str]:
    before = f"Jun  1 12:00:00 {host} kernel: " if host else ""
    return [f"{before}[{stamp:12.6f}] {message}" for message in messages]


def boots(*parts: list[str]) -> tuple[BootLog, ...]:
    """The boots of a text, which are the same when only its memory lines are kept."""
    text = "".join(f"{line}\n" for part in parts for line in part).encode()
    reading = read(text)
    assert read(keep_memory_lines(text, reading)) == reading
    return reading.boots


def interleaved(one: list[str], other: list[str]) -> list[str]:
    return [line for pair in zip(one, other, strict=False) for line in pair] + one[len(other) :] + other[len(one) :]


def facts(boot: BootLog) -> tuple[str | None, str | None, str | None, list[tuple[int, int]]]:
    return boot.host, boot.release, boot.command_line, [(item.start, item.end) for item in boot.node_ranges]


def test_two_machines_in_one_file_of_a_log_daemon_are_two_boots() -> None:
    one, other = boots(interleaved(lines(FIRST, "nodea"), lines(SECOND, "nodeb")))
    assert facts(one) == ("nodea", "4.17.0", "ro memmap=1G!4G", [(0x1000, 0x9F000), (0x100000, 0xBFFD7000)])
    assert facts(other) == ("nodeb", "6.12.9", "ro quiet", [(0x1000, 0x40000000)])


def test_machines_are_told_apart_by_their_addresses() -> None:
    one, other = boots(
        interleaved(
            [f"10.0.0.1 {line}" for line in lines(FIRST)],
            [f"10.0.0.2 {line}" for line in lines(SECOND)],
        )
    )
    assert (one.host, one.release, other.host, other.release) == ("10.0.0.1", "4.17.0", "10.0.0.2", "6.12.9")


def test_a_machine_that_learns_its_name_late_is_one() -> None:
    (boot,) = boots(lines(FIRST[:3], "localhost"), lines(FIRST[3:], "nodea"))
    assert (boot.release, len(boot.node_ranges), boot.host) == ("4.17.0", 2, "nodea")


@pytest.mark.parametrize(
    "farewell",
    [
        "Kernel panic - not syncing: Fatal exception",
        "reboot: Restarting system",
        "Starting crashdump kernel...",
        "Bye!",
    ],
)
def test_a_clock_that_falls_back_behind_a_farewell_is_another_boot(farewell: str) -> None:
    one, other = boots(lines(FIRST), lines((farewell,), stamp=547.3), lines(CRASHED))
    assert (one.release, other.release) == ("4.17.0", "4.17.0")
    assert [item.start for item in one.reserved_regions] == []
    assert [item.start for item in other.reserved_regions] == [0x5FDFF000]


def test_a_clock_that_goes_on_behind_a_panic_is_the_same_boot() -> None:
    (boot,) = boots(lines(FIRST), lines(("Kernel panic - not syncing: x",), stamp=5), lines(("BUG: x",), stamp=6))
    assert boot.release == "4.17.0"


def test_a_boot_of_reservations_alone_is_a_boot() -> None:
    one, other = boots(lines(FIRST), lines(("Bye!",), stamp=9), lines(CRASHED[:2]))
    assert (one.node_ranges != (), other.node_ranges) == (True, ())
    assert [item.name for item in other.reserved_regions] == ["elfcorehdr"]


def test_the_same_log_twice_is_one_boot() -> None:
    (boot,) = boots(lines(FIRST), ["and as a file:"], lines(FIRST))
    assert boot.node_ranges[0].lines == (4,)


def test_two_boots_of_one_kernel_with_other_command_lines_are_two() -> None:
    again = (FIRST[0], "Command line: ro", *NODES)
    assert [boot.command_line for boot in boots(lines(FIRST), lines(again))] == ["ro memmap=1G!4G", "ro"]


def test_a_modified_map_may_come_twice_and_the_last_is_in_force() -> None:
    entry = " modified: 0000000000100000 - 00000000cfda0000 ({})"
    (boot,) = boots(
        lines(("Linux version 2.6.35 (a@b)", "BIOS-provided physical RAM map:")),
        lines((" BIOS-e820: 0000000000100000 - 00000000cfda0000 (usable)",)),
        lines(("modified physical RAM map:", entry.format("reserved"))),
        lines(("modified physical RAM map:", entry.format("usable"))),
        lines(("early_node_map[1] active PFN ranges", "    0: 0x00000100 -> 0x000cfda0")),
    )
    assert [item.label for item in boot.modified_map] == ["usable"]
    assert len(boot.firmware_map) == len(boot.node_ranges) == 1


MAP = (
    "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable",
    "BIOS-e820: [mem 0x0000000000100000-0x{}] usable",
    "BIOS-e820: [mem 0x0000000100000000-0x000000023fffffff] usable",
)


@pytest.mark.parametrize("between", ["and on the other machine:", ""])
def test_maps_of_two_machines_are_not_one(between: str) -> None:
    one = [line.format("00000000682abfff") for line in MAP]
    other = [line.format("0000000064763fff") for line in MAP]
    stamped = [f"[    0.000000] {line}" if between else line for line in (*one, *other)]
    logs = boots(stamped[:3], [between, between], stamped[3:])
    assert [[entry.end for entry in log.firmware_map][1] for log in logs] == [0x682AC000, 0x64764000]


@pytest.mark.parametrize("mark", ["[...]", "...", "[snip]", "<snip>"])
def test_lines_left_out_part_nothing(mark: str) -> None:
    (boot,) = boots(lines(FIRST[:2]), lines((*MAP[:1],)), [mark], lines(FIRST[2:]))
    assert (boot.release, len(boot.firmware_map), len(boot.node_ranges)) == ("4.17.0", 1, 2)


WHOLE = Path("sample_logs/seed-1g-4g/dmesg.txt").read_text().splitlines()


def said(logs: tuple[BootLog, ...]) -> list[object]:
    """What a text says, without its line numbers."""
    return [
        (
            log.release,
            log.command_line,
            [(item.start, item.end, item.label) for item in (*log.firmware_map, *log.user_map)],
            [(item.node, item.start, item.end) for item in log.node_ranges],
            [(item.zone, item.start, item.end) for item in log.zone_ranges],
        )
        for log in logs
    ]


def test_a_text_whose_newest_line_is_the_first_is_read_from_its_end() -> None:
    logs = boots(WHOLE[::-1])
    assert said(logs) == said(boots(WHOLE))
    assert [note.code for note in logs[0].diagnostics].count("turned-order") == 1
    banner = len(WHOLE) - next(at for at, line in enumerate(WHOLE) if "Linux version" in line)
    assert logs[0].release_lines == (banner,)


@pytest.mark.parametrize("size", [5, 12, 40])
def test_parts_of_a_pstore_are_put_in_order(size: int) -> None:
    parts = [WHOLE[at : at + size] for at in range(0, len(WHOLE), size)]
    headed = [[f"Panic#1 Part{len(parts) - at}", *part] for at, part in enumerate(parts)]
    logs = boots(*headed[::-1])
    assert said(logs) == said(boots(WHOLE))
    assert said(boots(*headed)) == said(boots(WHOLE))
    assert ["turned-order" in {note.code for note in log.diagnostics} for log in logs] == [len(parts) > 1]


@pytest.mark.parametrize("width", [60, 72, 80])
def test_lines_cut_at_one_column_are_one_remark(width: int) -> None:
    (log,) = boots([line[:width] for line in WHOLE])
    (note,) = [note for note in log.diagnostics if note.code in ("cut-lines", "unrecognised-line")]
    assert note.message.startswith(f"All long lines end at column {width}: ")
    assert note.message.endswith("and the end of the command line may be.")


def test_a_line_of_no_known_form_is_no_cut() -> None:
    damaged = [line.replace("0x000000000009fc00", "0x00_______09fc00") for line in WHOLE]
    (log,) = boots(damaged)
    assert {note.code for note in log.diagnostics} & {"cut-lines", "unrecognised-line"} == {"unrecognised-line"}


@pytest.mark.parametrize(
    "line", ["DMA9: Zeroed struct page in unavailable ranges: 97", "On node 0: 3 pages in unavailable ranges"]
)
def test_a_count_of_no_known_form_is_told(line: str) -> None:
    (log,) = boots(lines(FIRST), lines((line,)))
    assert [note.line for note in log.diagnostics if note.code == "unrecognised-line"] == [6]


def test_entries_of_a_map_that_lost_their_types_are_ranges() -> None:
    torn = [line.split("]")[0] + "]" for line in MAP]
    (log,) = boots(lines((FIRST[0], *(line.format("00000000682abfff") for line in torn), *FIRST[2:])))
    assert [(entry.start, entry.end, entry.label) for entry in log.firmware_map][1] == (0x100000, 0x682AC000, "")
    assert "map-without-types" in {note.code for note in log.diagnostics}
    broken = [line for entry in MAP for line in (f"> {entry.format('00000000682abfff')[:-7]}", "> usable")]
    assert [entry.label for entry in boots(broken)[0].firmware_map] == ["usable"] * 3


def test_two_banners_side_by_side_without_hosts_are_told() -> None:
    (log,) = boots(lines(FIRST[:1]), lines(SECOND))
    assert (log.release, [note.line for note in log.diagnostics if note.code == "banner-without-boot"]) == (
        "6.12.9",
        [1],
    )
    apart = ["It was fine on this one, and the log of the other is below:"] * 9
    (log,) = boots(lines(FIRST[:1]), apart, lines(SECOND))
    assert "banner-without-boot" not in {note.code for note in log.diagnostics}


def test_the_release_of_another_part_is_not_one_that_prints_other_words() -> None:
    old = (
        "Zone PFN ranges:",
        "  DMA      0x00000001 -> 0x00001000",
        "early_node_map[1] active PFN ranges",
        "    0: 0x1 -> 0x9f",
    )
    nameless, named = boots(lines(old), ["and the new one:"], lines(SECOND))
    assert (nameless.release, named.release) == (None, "6.12.9")
    nameless, named = boots(lines(SECOND[2:]), ["and this:"], lines((SECOND[0], *NODES)))
    assert (nameless.release, named.release) == ("6.12.9", "6.12.9")
