"""Several boots, and pieces of boots, in one text: told apart, never merged."""

import pytest

from pfnscope.analysis import analyze
from pfnscope.bootlog import keep_memory_lines, read
from pfnscope.model.log import BootLog

LOW = ["node   0: [mem 0x0000000000001000-0x000000000009efff]", "node   0: [mem 0x0000000000100000-0x00000000bffd6fff]"]
FOURTH = ["node   0: [mem 0x0000000100000000-0x000000013fffffff]"]
NODES = {
    "none": [*LOW, *FOURTH, "node   1: [mem 0x0000000140000000-0x000000023fffffff]"],
    "1G!4G": [*LOW, "node   1: [mem 0x0000000140000000-0x000000023fffffff]"],
    "1G!7G": [
        *LOW, *FOURTH,
        "node   1: [mem 0x0000000140000000-0x00000001bfffffff]",
        "node   1: [mem 0x0000000200000000-0x000000023fffffff]",
    ],
}  # fmt: skip
CUT_MAP = [
    "user: [mem 0x0000000000000000-0x000000000009fbff] usable",
    "user: [mem 0x000000000009fc00-0x000000000009ffff] reserved",
    "user: [mem 0x0000000000100000-0x00000000bffd6fff] usable",
    'user: [mem 0x00000000bffd7000-0x00000000bfffffff] reserved ===> "broken" here',
    "user: [mem 0x0000000100000000-0x000000013fffffff] persistent (type 12) => pmem",
]
WHOLE_MAP = [*CUT_MAP, "user: [mem 0x0000000140000000-0x000000023fffffff] usable"]


def quoted(lines: list[str], depth: int) -> str:
    return "".join(f"{'> ' * depth}[ 0.000000] {line}\n" for line in lines)


def mail() -> str:
    """A thread like the one of 2018: two maps in different depths of quotes, three lists of node ranges."""
    return "".join([
        "On some day somebody wrote:\n> > > The panic is at pfn 0xbffd7.\n> > >\n",
        quoted(["user-defined physical RAM map:", *CUT_MAP], 3),
        "> > >\n> > > So memmap= may be at fault.\n> > Reading elsewhere is fine:\n> >\n",
        quoted(["user-defined physical RAM map:", *WHOLE_MAP], 2),
        "> >\n> More facts.\n>\n> (without the option)\n",
        quoted(["Early memory node ranges", *NODES["none"][:3], NODES["none"][3] + " // <---"], 1),
        ">\n> With 1G!4G the range disappears:\n>\n",
        quoted(["Early memory node ranges", *NODES["1G!4G"]], 1),
        ">\n> With 1G!7G all is well:\n>\n",
        quoted(["Early memory node ranges", *NODES["1G!7G"]], 1),
        '> Any ideas?\nCould you share the "e820: BIOS-provided physical RAM map"?\n',
    ])  # fmt: skip


def node_lines(boot: BootLog) -> list[str]:
    return [f"node {n.node:3d}: [mem {n.start:#018x}-{n.end - 1:#018x}]" for n in boot.node_ranges]


def test_a_mail_thread_gives_its_three_layouts() -> None:
    boots = read(mail().encode()).boots
    assert [node_lines(boot) for boot in boots] == [NODES["none"], NODES["1G!4G"], NODES["1G!7G"]]
    assert [(boot.index, boot.count) for boot in boots] == [(1, 3), (2, 3), (3, 3)]


def test_an_orphaned_map_goes_to_the_excerpt_whose_memory_it_is() -> None:
    boots = read(mail().encode()).boots
    assert [len(boot.user_map) for boot in boots] == [0, len(WHOLE_MAP), 0]
    assert [boot.assumed for boot in boots] == [(), ("user_map", "arch"), ()]
    (note,) = [d for d in boots[1].diagnostics if d.code == "excerpt-attached"]
    assert note.severity == "info"
    assert note.line == boots[1].user_map[0].lines[0] - 1


def test_a_map_that_fits_nothing_is_named_and_not_used() -> None:
    boots = read(mail().encode()).boots
    notes = [d for boot in boots for d in boot.diagnostics if d.code == "excerpt-unused"]
    assert [note.line for note in notes] == [4]


def test_remarks_behind_a_type_are_not_part_of_it() -> None:
    (boot,) = [boot for boot in read(mail().encode()).boots if boot.user_map]
    assert [e.label for e in boot.user_map] == [
        "usable",
        "reserved",
        "usable",
        "reserved",
        "persistent (type 12)",
        "usable",
    ]


def test_keeping_the_mail_keeps_its_layouts_and_none_of_its_words() -> None:
    text = mail().encode()
    kept = keep_memory_lines(text, read(text))
    assert read(kept) == read(text)
    assert kept.count(b"\n") == text.count(b"\n")
    assert b"somebody" not in kept
    assert b"ideas" not in kept


def test_without_any_ranges_a_map_is_a_boot() -> None:
    (boot,) = read(quoted(["user-defined physical RAM map:", *CUT_MAP], 2).encode()).boots
    assert len(boot.user_map) == len(CUT_MAP)


def test_a_banner_starts_a_boot() -> None:
    first = ["Linux version 4.17.0 (a@b) #1", "Early memory node ranges", *NODES["none"]]
    second = ["Linux version 4.18.0 (a@b) #1", "Early memory node ranges", *NODES["none"]]
    boots = read(quoted([*first, *second], 0).encode()).boots
    assert [(boot.release, boot.title) for boot in boots] == [("4.17.0", "Linux 4.17.0"), ("4.18.0", "Linux 4.18.0")]


def test_an_oops_quoted_above_the_log_belongs_to_it() -> None:
    text = "> BUG: Bad page state in process init  pfn:bffd7\n\n" + quoted(
        ["Linux version 4.17.0 (a@b) #1", "Early memory node ranges", *NODES["1G!4G"]], 0
    )
    (boot,) = read(text.encode()).boots
    assert [(event.kind, event.pfn) for event in boot.events] == [("bad-page", 0xBFFD7)]


def test_prose_between_pieces_that_fit_does_not_part_them() -> None:
    text = quoted(["user-defined physical RAM map:", *WHOLE_MAP], 0) + "and\n"
    text += quoted(["Early memory node ranges", *NODES["1G!4G"]], 0)
    (boot,) = read(text.encode()).boots
    assert (len(boot.user_map), len(boot.node_ranges), boot.assumed) == (len(WHOLE_MAP), 3, ("arch",))


def test_prose_between_pieces_that_contradict_parts_them() -> None:
    text = quoted(["user-defined physical RAM map:", *WHOLE_MAP], 0) + "but without it\n"
    text += quoted(["Early memory node ranges", *NODES["none"]], 0)
    (boot,) = read(text.encode()).boots
    assert (len(boot.user_map), len(boot.node_ranges)) == (0, 4)


def test_equal_layouts_with_other_counts_are_two_boots() -> None:
    one = ["Early memory node ranges", *NODES["none"], "Memory: 100K/200K available (1K kernel code)"]
    two = [*one[:-1], "Memory: 101K/200K available (1K kernel code)"]
    assert len(read(quoted([*one, *two], 0).encode()).boots) == 2


def test_equal_counts_of_one_zone_are_two_holes() -> None:
    line = "On node 0, zone DMA: 16 pages in unavailable ranges"
    (boot,) = read(quoted(["Early memory node ranges", *NODES["none"], line, line], 0).encode()).boots
    assert [count.value for count in boot.page_counts.unavailable] == [16, 16]


def test_equal_counts_on_a_doubled_console_are_one_hole() -> None:
    lines = ["Early memory node ranges", *NODES["none"], "On node 0, zone DMA: 16 pages in unavailable ranges"]
    (boot,) = read(quoted([line for plain in lines for line in (plain, plain)], 0).encode()).boots
    assert [count.value for count in boot.page_counts.unavailable] == [16]


def test_the_last_memblock_dump_of_a_boot_counts() -> None:
    def dump(end: int) -> list[str]:
        return [
            "MEMBLOCK configuration:",
            f" memory[0x0]\t[0x0000000000001000-{end - 1:#018x}], {end - 0x1000:#x} bytes flags: 0x0",
        ]

    (boot,) = read(quoted([*dump(0x9F000), "chatter", *dump(0x90000)], 0).encode()).boots
    assert [(r.start, r.end, r.flags) for r in boot.memblock_memory] == [(0x1000, 0x90000, 0)]


def test_lines_without_their_section_say_nothing() -> None:
    text = quoted(
        ["Early memory node ranges", *NODES["none"], "  Node 0: 0x0000000180000000", "memory: 1000 @ 0 (usable)"], 0
    )
    (boot,) = read(text.encode()).boots
    assert boot.movable_start == ()
    assert boot.firmware_map == ()


def test_two_maps_of_one_name_are_noted() -> None:
    lines = [
        "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable",
        "BIOS-e820: [mem 0x0000000000001000-0x00000000000fffff] reserved",
    ]
    (boot,) = read(quoted(lines, 0).encode()).boots
    assert "conflicting-map" in {d.code for d in boot.diagnostics}


def test_the_rest_of_a_line_behind_a_soft_break_is_no_prose_when_kept() -> None:
    text = quoted(["BIOS-e820: [mem 0x0000000000000000-0x0000000000000fff] usable", "SMP: Total of =\nfour"], 0)
    text += quoted(["Early memory node ranges", *NODES["1G!4G"]], 0)
    kept = keep_memory_lines(text.encode(), read(text.encode()))
    assert read(kept) == read(text.encode())


NAMELESS = b"\n".join(
    [
        b"Early memory node ranges",
        b"  node   0: [mem 0x0000000000001000-0x000000000009efff]",
        b"  node   0: [mem 0x0000000000100000-0x00000000bffd6fff]",
    ]
)


@pytest.mark.parametrize(("others", "release"), [((b"4.17.0-rc6",), "4.17.0-rc6"), ((b"4.17.0-rc6", b"5.14.1"), None)])
def test_an_excerpt_without_a_release_takes_the_only_one_of_the_text_as_assumed(
    others: tuple[bytes, ...], release: str | None
) -> None:
    text = (
        NAMELESS
        + b"\n\nThe other machine said:\n\n"
        + b"".join(b"Linux version %b (b@h) #1\n" % name + NAMELESS[:-6] + b"5fff]\n" for name in others)
    )
    first = read(text).boots[0]
    assert first.release == release
    assert ("release" in first.assumed) is (release is not None)
    if release:
        assert analyze(first).choice.basis == "assumed"


def test_an_excerpt_that_begins_behind_prose_is_one_although_its_first_header_stands_later() -> None:
    text = (
        quoted(["Early memory node ranges", *NODES["1G!7G"], "Initmem setup node 0 [mem 0x1000-0x13fffffff]"], 1)
        + "So much for yours. Mine says:\n"
        + quoted(["NODE_DATA(0) allocated [mem 0xbffd2000-0xbffd6fff]", "Zone ranges:"], 0)
        + quoted(["  Normal   [mem 0x0000000100000000-0x000000023fffffff]"], 0)
        + quoted(["Early memory node ranges", *NODES["1G!4G"]], 0)
    )
    boots = read(text.encode()).boots
    assert [node_lines(boot) for boot in boots] == [NODES["1G!7G"], NODES["1G!4G"]]
    assert [(len(boot.zone_ranges), len(boot.reserved_regions)) for boot in boots] == [(0, 0), (1, 1)]
    assert read(keep_memory_lines(text.encode(), read(text.encode()))).boots == boots


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Initmem setup node 0 [mem 0x1000-0x7edfffffff]", "Initmem setup node 0 [mem 0x1000-0x2cffffff]"),
        (
            "Initmem setup node 0 0000000000001000-0000000080000000",
            "Initmem setup node 0 0000000000001000-00000000c0000000",
        ),
    ],
)
def test_spans_of_another_machine_are_named_and_not_mixed_in(first: str, second: str) -> None:
    text = (
        quoted([first], 1) + "On mine:\n" + quoted(["last_pfn = 0x2d000", "Early memory node ranges", *LOW, second], 0)
    )
    (boot,) = read(text.encode()).boots
    assert [node.lines for node in boot.initmem] == [(7,)]
    assert [(d.code, d.line) for d in boot.diagnostics if d.code.startswith("excerpt")] == [("excerpt-unused", 1)]
    assert "conflicting-initmem" not in {d.code for d in boot.diagnostics}


def test_words_between_lines_of_one_boot_part_nothing() -> None:
    lines = ["NODE_DATA(0) allocated [mem 0xbffd2000-0xbffd6fff]", *LOW, "Initmem setup node 0 [mem 0x1000-0xbffd6fff]"]
    text = "And this:\n".join(quoted([line], 0) for line in ["Early memory node ranges", *lines, *lines])
    (boot,) = read(text.encode()).boots
    assert [len(node.lines) for node in boot.node_ranges] == [2, 2]


def test_more_words_than_excerpts_can_have_are_no_more_excerpts() -> None:
    head = quoted(["Early memory node ranges", *LOW], 0)
    text = head + "".join(f"words\n[ 0.0] Initmem setup node 0 [mem 0x1000-0x{n:x}fff]\n" for n in range(1, 500))
    assert len(read(text.encode()).boots) == 1


WHOLE = ["Linux version 5.6.0 (a@b) #1", "Zone ranges:", "  Normal   [mem 0x0000000000001000-0x000000023fffffff]"]
WHOLE += ["Early memory node ranges", *NODES["1G!4G"], "On node 0, zone Normal: 41 pages in unavailable ranges"]


@pytest.mark.parametrize("before", [True, False])
def test_an_excerpt_of_a_log_that_is_there_too_is_no_boot_of_its_own(before: bool) -> None:
    excerpt = quoted(WHOLE[3:], 1)
    text = excerpt + "All of it:\n" + quoted(WHOLE, 0) if before else quoted(WHOLE, 0) + "Above:\n" + excerpt
    (boot,) = read(text.encode()).boots
    assert boot.release == "5.6.0"
    assert [len(node.lines) for node in boot.node_ranges] == [2, 2, 2]
    assert [count.value for count in boot.page_counts.unavailable] == [41]


@pytest.mark.parametrize(
    "excerpt",
    [
        ["Early memory node ranges", *NODES["none"]],
        ["CPU: 0 PID: 0 Comm: swapper Not tainted 5.19.0-dirty #1", *WHOLE[3:]],
        [*WHOLE[3:], "Memory: 8069828K/8388084K available (14339K kernel code)"],
    ],
)
def test_an_excerpt_that_says_anything_else_is_a_boot_of_its_own(excerpt: list[str]) -> None:
    assert len(read((quoted(excerpt, 1) + "All of it:\n" + quoted(WHOLE, 0)).encode()).boots) == 2


def test_what_powerpc_prints_of_memblock_in_front_of_its_banner_is_of_that_boot() -> None:
    """early_init_devtree() runs before the banner; the lines of another architecture there are of another boot."""
    for banner, boots in (("7.2.13-powerpc64le (powerpc64le-linux-gnu-gcc)", 1), ("7.2.13 (x86_64-linux-gnu-gcc)", 0)):
        lines = [
            "crashkernel reserved: 0x0000000020000000 - 0x0000000030000000 (256 MB)",
            "MEMBLOCK configuration:",
            " memory[0x0]\t[0x0000000000000000-0x00000000bfffffff], 0x00000000c0000000 bytes flags: 0x0",
            f"Linux version {banner}",
            "Early memory node ranges",
            "  node   0: [mem 0x0000000000000000-0x00000000bfffffff]",
        ]
        (boot,) = read("".join(f"[    0.000000] {line}\n" for line in lines).encode()).boots
        assert [region.kind for region in boot.reserved_regions] == ["crashkernel"] * boots
        assert [item.code for item in boot.diagnostics if item.code == "excerpt-unused"] == ["excerpt-unused"] * (
            1 - boots
        )
