"""Prefixes that no table knows are learned from the text, and prose is none."""

import pytest

from pfnscope.bootlog import keep_memory_lines, read

HEADER = "Zone ranges:"
ZONE = "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]"
NODES = [f"  node   0: [mem {n << 24:#018x}-{(n << 24) + 0xFFFF:#018x}]" for n in range(1, 4)]


def zones_and_nodes(lines: list[str]) -> tuple[int, int]:
    raw = "\n".join(lines).encode()
    reading = read(raw)
    assert read(keep_memory_lines(raw, reading)) == reading
    return sum(len(boot.zone_ranges) for boot in reading.boots), sum(len(boot.node_ranges) for boot in reading.boots)


@pytest.mark.parametrize("before", ["tool/{} says ", "{};x;", "<{}|{}> "])
def test_what_is_in_front_of_three_lines_in_one_shape_is_a_prefix(before: str) -> None:
    lines = [before.format(n, n * 7) + line for n, line in enumerate([HEADER, ZONE, *NODES], 95)]
    assert zones_and_nodes(lines) == (1, 3)


def test_words_in_front_of_one_line_are_somebodys() -> None:
    assert zones_and_nodes([*NODES, "and in the end I saw node   0: [mem 0x4000000-0x4ffffff]"]) == (0, 3)


@pytest.mark.parametrize("before", ["812:", "812-", "dmesg.txt:812:", "/var/log/kern.log:"])
def test_one_line_is_enough_for_its_number_and_the_name_of_its_file(before: str) -> None:
    assert zones_and_nodes([f"{before}{NODES[0]}"]) == (0, 1)


def test_a_line_number_is_not_taken_off_what_begins_with_a_number() -> None:
    lines = [
        "early_node_map[2] active PFN ranges",
        "    0: 0x00000010 -> 0x0000009b",
        "    0: 0x00000100 -> 0x000bffd7",
    ]
    numbered = [f"{n}:{line}" for n, line in enumerate(lines, 1)]
    assert zones_and_nodes(lines) == zones_and_nodes(numbered) == (0, 2)


def test_a_line_with_the_usual_prefix_ends_a_wrapped_command_line() -> None:
    lines = [f"  12 : {line}" for line in ("Kernel command line: root=/dev/vda1 ro", "Dentry cache hash", *NODES)]
    (boot,) = read("\n".join(lines).encode()).boots
    assert boot.command_line == "root=/dev/vda1 ro"
