"""Lines that mailers broke, and records that consoles glued together."""

from operator import attrgetter

import pytest

from pfnscope.bootlog import read
from pfnscope.bootlog.effects import EfiLine
from pfnscope.bootlog.records import records
from pfnscope.bootlog.text.searchable import Text


def recognised(text: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(r.form.name, r.lines) for r in records(Text(text.encode())) if r.form]


@pytest.mark.parametrize("quote", ["", "> ", "> > "])
@pytest.mark.parametrize(
    ("broken", "name"),
    [
        (["[    0.000000] Initmem setup node 0 [mem", "0x0000000000001000-0x000000023fffffff]"], "initmem"),
        (["[    0.000000]   node   0: [mem 0x0000000000001000-", "0x000000000009efff]"], "node-range"),
        (["[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff]", "usable"], "map-entry"),
        (["[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] ACPI", "data"], "map-entry"),
        (["[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x0000000000", "09fbff] usable"], "map-entry"),
        (["[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x00000000", "0009fbff] usable"], "map-entry"),
        (["[    0.000000] On node 0, zone DMA: 97 pages in", "unavailable ranges"], "unavailable-node-zone"),
        (["[    0.000000] efi: mem110: [Reserved", "|   |WB]", "range=[0x1000-0x1fff] (0MB)"], "efi-entry"),
    ],
)
def test_a_broken_line_is_read_whole(quote: str, broken: list[str], name: str) -> None:
    text = "".join(f"{quote}{line}\n" for line in broken)
    assert recognised(text) == [(name, tuple(range(1, len(broken) + 1)))]


def test_a_word_cut_off_an_understood_line_still_counts() -> None:
    text = "[ 0.0] SRAT: Node 0 PXM 0 [mem 0x180000000-0x2ffffffff]\n> hotplug\n[    0.0] x\n"
    (record,) = records(Text(text.encode()))
    assert (getattr(record.effect, "hotplug", None), record.lines) == (True, (1, 2))


def test_a_line_is_not_joined_to_a_log_line() -> None:
    text = "[    0.000000] Initmem setup node 0 [mem\n[    0.000000] 0x0000000000001000-0x000000023fffffff]\n"
    assert recognised(text) == []


def test_a_wrapped_command_line_ends_before_the_next_log_line() -> None:
    text = (
        "> [    0.000000] Command line: root=/dev/vda1 console=ttyS0,115200\n> memmap=1G!4G memmap=64M$0x10000000\n"
        "> quiet\n> [    0.000000] x86/fpu: nothing\n> [    0.000000] Early memory node ranges\n"
        "> [    0.000000]   node   0: [mem 0x0000000000001000-0x000000000009efff]\n"
    )
    (boot,) = read(text.encode()).boots
    assert boot.command_line == "root=/dev/vda1 console=ttyS0,115200 memmap=1G!4G memmap=64M$0x10000000 quiet"
    assert boot.command_line_lines == (1, 2, 3)


def test_a_command_line_in_pieces_is_put_together() -> None:
    text = (
        "[    0.000000] Kernel command line: root=/dev/vda1 \\\n[    0.000000] Kernel command line: memmap=1G!4G\n"
        "[    0.000000]   node   0: [mem 0x0000000000001000-0x000000000009efff]\n"
    )
    (boot,) = read(text.encode()).boots
    assert (boot.command_line, boot.command_line_lines) == ("root=/dev/vda1 memmap=1G!4G", (1, 2))


def test_an_escaped_command_line_is_decoded_and_a_plain_one_is_not() -> None:
    node = "[ 0.0] node 0: [mem 0x1000-0x1fff]\n"
    (escaped,) = read(f"[ 0.0] Command line: memmap=3D1G!4G crashkernel=3D256M\n{node}".encode()).boots
    (plain,) = read(f"[ 0.0] Command line: memmap=1G!4G crashkernel=256M\n{node}".encode()).boots
    assert escaped.command_line == plain.command_line == "memmap=1G!4G crashkernel=256M"


def test_records_glued_on_one_line_are_parted() -> None:
    text = "login: [    0.000000] node 0: [mem 0x1000-0x1fff][    0.000000] node 1: [mem 0x2000-0x2fff]\n"
    assert recognised(text) == [("node-range", (1,)), ("node-range", (1,))]


def test_a_ruler_of_equals_signs_is_no_soft_break() -> None:
    text = "=========\nnode 0: [mem 0x1000-0x1fff]\n"
    assert recognised(text) == [("node-range", (2,))]


def test_a_line_with_a_time_stamp_ends_a_command_line_in_any_wrapping() -> None:
    text = (
        "[    0.000000] Kernel command line: root=/dev/vda1\n"
        "odd:> [    0.000000] Dentry cache hash table entries: 1048576 (order: 11, 8388608 bytes)\n\n"
        "[    0.000000] node 0: [mem 0x0000000000001000-0x000000000009efff]\n"
    )
    (boot,) = read(text.encode()).boots
    assert (boot.command_line, boot.page_size) == ("root=/dev/vda1", 4096)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (
            ["memory[0x0] [0x0000000000001000-0x000000000009bfff], 0x000000000009b000 bytes", "on node 3 flags: 0x2"],
            ("region.node", 3),
        ),
        (
            [
                "memory[0x0] [0x0000000000001000-0x000000000009bfff], 0x000000000009b000 bytes on",
                "node 3",
                "flags: 0x2",
            ],
            ("region.flags", 2),
        ),
        (["Built 2 zonelists, mobility grouping on.  Total", "pages: 2064261"], ("count.pages", 2064261)),
        (["Built 2 zonelists, mobility", "grouping on.  Total pages:", "2064261"], ("count.pages", 2064261)),
        (
            ["Memory: 8069828K/8388084K available (14339K kernel", "code, 318256K", "reserved, 16K cma-reserved)"],
            ("cma_kib", 16),
        ),
        (["memblock_reserve:", "[0x0000000000001000-0x0000000000001fff] x+0x1/0x2"], ("region.range.size", 0x1000)),
    ],
)
def test_what_a_mailer_cut_off_an_understood_line_is_not_lost(broken: list[str], says: tuple[str, int]) -> None:
    text = "[    0.000000] " + "\n".join(broken) + "\n[    0.000000] chatter: 1\n"
    (record,) = records(Text(text.encode()))
    assert (attrgetter(says[0])(record.effect), record.lines) == (says[1], tuple(range(1, len(broken) + 1)))


@pytest.mark.parametrize(
    "behind",
    [
        "BIOS-provided physical RAM map:",
        "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable",
        "And after that:",
        "[...]",
        "<snip>",
        "-- more --",
        "          ^^^^^^^^^^",
    ],
)
def test_neither_other_lines_nor_remarks_are_arguments(behind: str) -> None:
    text = (
        f"[    0.000000] Command line: root=/dev/vda1 ro\n{behind}\n"
        "[    0.000000] node 0: [mem 0x0000000000001000-0x000000000009efff]\n"
    )
    (boot,) = read(text.encode()).boots
    assert (boot.command_line, boot.command_line_lines) == ("root=/dev/vda1 ro", (1,))
    assert len(boot.firmware_map) == ("e820" in behind)


def test_bars_at_the_beginning_of_a_rest_are_of_the_attributes() -> None:
    text = "> [    0.000000] efi: mem01: [Boot Data |RUN|\n> |WB|UC] range=[0x1000-0x1fff] (0MB)\n"
    (record,) = records(Text(text.encode()))
    assert isinstance(record.effect, EfiLine)
    assert (record.effect.entry.attributes, record.lines) == ("RUN| |WB|UC", (1, 2))


def test_a_second_dump_of_a_map_is_another_also_behind_prose() -> None:
    entries = "".join(
        f"[    0.000000] efi: mem{n:02}: [Boot Data|  ] range=[0x{n}000-0x{n}fff] (0MB)\n" for n in range(3)
    )
    header = "[    0.000000] Zone ranges:\n[    0.000000]   Normal   [mem 0x0000000000000000-0x0000000000002fff]\n"
    (boot,) = read(f"{entries}And then:\n{header}{entries}".encode()).boots
    assert [entry.lines for entry in boot.efi_map] == [(1,), (2,), (3,), (7,), (8,), (9,)]


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        (["Command line:", "BOOT_IMAGE=/vmlinuz-4.17.0 memmap=1G!4G"], "command-line"),
        (["PM: Registered nosave", "memory: [mem 0x00000000-0x00000fff]"], "nosave"),
        (["DMA zone: 64 pages", "used for memmap"], "zone-pages"),
        (["node   0:", "[mem 0x0000000000001000-0x000000000009efff]"], "node-range"),
        (["efi: mem01: [Boot Data", "|   |WB] range=[0x1000-0x1fff] (0MB)"], "efi-entry"),
    ],
)
def test_a_line_broken_within_the_words_that_find_it_is_found(broken: list[str], name: str) -> None:
    text = "[    0.000000] " + "\n".join(broken) + "\n[    0.000000] chatter: 1\n"
    assert recognised(text) == [(name, (1, 2))]


def test_no_line_behind_a_heading_of_somebody_is_a_command_line() -> None:
    assert recognised("Command line:\nroot=/dev/vda1\n") == []


@pytest.mark.parametrize("behind", ["x86/fpu: x87 FPU will use FXSAVE", "some=words and more, of prose", "And now"])
def test_arguments_without_time_stamps_end_where_there_was_room_or_no_argument_is(behind: str) -> None:
    text = (
        "Command line: root=/dev/vda1 ro console=ttyS0,115200\nmovablecore=1G memmap=1G!4G memmap=64M$0x10000000\n"
        f"crashkernel=256M\n{behind}\nnode 0: [mem 0x0000000000001000-0x000000000009efff]\n"
    )
    (boot,) = read(text.encode()).boots
    assert boot.command_line == (
        "root=/dev/vda1 ro console=ttyS0,115200 movablecore=1G memmap=1G!4G memmap=64M$0x10000000 crashkernel=256M"
    )
    assert boot.command_line_lines == (1, 2, 3)


@pytest.mark.parametrize("behind", ["a=b", "c=d\na=b"])
def test_arguments_that_had_room_in_the_line_before_are_somebody_elses(behind: str) -> None:
    text = f"Command line: root=/dev/vda1 ro\n{behind}\nnode 0: [mem 0x0000000000001000-0x000000000009efff]\n"
    (boot,) = read(text.encode()).boots
    assert (boot.command_line, boot.command_line_lines) == ("root=/dev/vda1 ro", (1,))
