"""Texts that a terminal broke at its right edge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.bootlog import keep_memory_lines, read
from pfnscope.bootlog.text.decoding import decode
from tests.bootlog.dialect import Printed, layouts
from tests.bootlog.test_round_trip import assert_says

LONG = [
    "ACPI: LAPIC_NMI (acpi_id[0xff] dfl dfl lint[0x1]), and some more of what the firmware says about itself, here",
    "x86/fpu: Supporting XSAVE feature 0x001: 'x87 floating point registers', and more of these, one after another",
    "pci 0000:00:01.1: legacy IDE quirk: reg 0x10: [io  0x01f0-0x01f7] and reg 0x14: [io  0x03f6] and so on and on",
    "smpboot: CPU0: Intel Core Processor (Broadwell, no TSX) (family: 0x6, model: 0x3d, stepping: 0x2), that is so",
]


def folded(lines: list[str], width: int) -> str:
    return "\n".join(line[at : at + width] for line in lines for at in range(0, max(len(line), 1), width))


def wrapped(lines: list[str], width: int) -> str:
    out = []
    for line in lines:
        rest = line
        while len(rest) > width and (at := rest.rfind(" ", 30, width + 1)) > 0:
            out.append(rest[:at])
            rest = rest[at + 1 :]
        out.append(rest)
    return "\n".join(out)


def printed_lines(printed: Printed) -> list[str]:
    return [
        f"[    0.000000] {line}" for line in [*LONG, *printed.lines(), "Memory: 8069828K/8388084K available", *LONG]
    ]


@given(layouts(), st.integers(48, 100))
def test_whatever_the_width_all_is_read_as_printed(printed: Printed, width: int) -> None:
    text = folded(printed_lines(printed), width).encode()
    reading = read(text)
    (boot,) = reading.boots
    assert_says(boot, printed)
    assert boot.page_counts.total_kib is not None
    assert boot.page_counts.total_kib.value == 8388084
    assert read(keep_memory_lines(text, reading)) == reading


@given(layouts(), st.integers(60, 100))
def test_a_text_broken_at_blanks_is_left_to_be_unwrapped(printed: Printed, width: int) -> None:
    text = wrapped(printed_lines(printed), width).encode()
    assert decode(text) == text


@given(layouts())
def test_a_text_that_nothing_broke_is_left_alone(printed: Printed) -> None:
    text = "\n".join(printed_lines(printed) * 2).encode()
    assert decode(text) == text


@pytest.mark.parametrize("before", [0, 2])
def test_numbers_and_arguments_parted_at_the_edge_are_whole_and_have_both_lines(before: int) -> None:
    lines = [f"[    0.000000] {line}" for line in LONG]
    at = 60
    lines.insert(before, f"[    0.000000] Command line: {'root=/dev/vda1 ro console=':<{at - 32}}memmap=1G!4G")
    lines.append("[    0.000000] node 0: [mem 0x0000000000001000-0x000000000009efff]")
    text = folded(lines, at)
    (boot,) = read(text.encode()).boots
    assert boot.command_line is not None
    assert boot.command_line.endswith(" memmap=1G!4G")
    assert len(boot.command_line_lines) == 2
    assert text.split("\n")[boot.command_line_lines[0]] == "map=1G!4G"


def test_a_sign_of_soft_breaks_at_the_edge_is_not_lost() -> None:
    lines = [f"[    0.000000] {line}" for line in LONG]
    line = "[    0.000000] e820: update [mem 0x00000000-0x00000fff] usable ==> reserved"
    lines += [line, "[    0.000000] node 0: [mem 0x0000000000001000-0x000000000009efff]"]
    (boot,) = read(folded(lines, line.index("==>") + 1).encode()).boots
    assert [(c.from_, c.to) for c in boot.e820_changes] == [("usable", "reserved")]
