"""What is said of where a reservation lands: the answer first, then where, what is in the way, and what else fits."""

import msgspec
import pytest

from pfnscope.formats.places import MOST, placed_text
from pfnscope.model.answers import Placement, Placements
from pfnscope.model.document import Document
from pfnscope.model.ranges import Address
from pfnscope.report.placed import title
from pfnscope.report.plain import Look
from pfnscope.service import analyze
from tests.support import placements as example
from tests.support.samples import text


@pytest.fixture(scope="module")
def machine() -> Document:
    """The machine of the examples."""
    return analyze(text("seed-no-memmap")).document


def _said(places: Placements, machine: Document, look: Look | None = None) -> str:
    return placed_text(machine, places, look or Look())


def _part(said: str, title: str) -> list[str]:
    """The lines below a title, blanks as one."""
    part = said.partition(f"\n{title}\n")[2].partition("\n\n")[0]
    return [" ".join(line.split()) for line in part.splitlines()]


@pytest.mark.parametrize("places", example.EVERY, ids=lambda places: f"{places.what}-{places.outcome}")
def test_the_answer_comes_first_and_nothing_is_too_wide(places: Placements, machine: Document) -> None:
    for width in (72, 80, 120):
        said = _said(places, machine, Look(width))
        assert " ".join(said.split("\n\n")[0].split()) == places.text.replace("“", '"').replace("”", '"')
        arguments = {form.command_line for form in places.other_forms} or {places.command_line or ""}
        assert [line for line in said.splitlines() if len(line) > width and line.strip() not in arguments] == []
        assert all(f"  {argument}\n" in said for argument in arguments - {""}), "to be pasted, on a line of its own"


def test_where_it_lands_is_said_with_node_zone_certainty_and_lines(machine: Document) -> None:
    assert _part(_said(example.FITS, machine), "Where it lands") == [
        "[0x9f000000, 0xbf000000) 512 MiB at 2,544 MiB",
        "node 0, DMA32; certain; line 12",
    ]
    assert _part(_said(example.FITS, machine, Look(100)), "Where it lands") == [
        "[0x9f000000, 0xbf000000) 512 MiB at 2,544 MiB node 0, DMA32 certain line 12"
    ]


def test_a_set_of_outcomes_is_announced_as_one(machine: Document) -> None:
    assert _part(_said(example.SOMEWHERE, machine), "Where it lands") == [
        "[0xaf000000, 0xbf000000) 256 MiB at 2,800 MiB",
        "node 0, DMA32; most likely, one of 3 places",
        "[0x9e000000, 0xaf000000) 256 MiB in 2,528 MiB to 2,800 MiB",
        "node 0, DMA32; one of 3 places",
    ]


def test_each_part_of_a_crash_kernel_is_named(machine: Document) -> None:
    part = _part(_said(example.TWO_PARTS, machine, Look(100)), "Where it lands")
    assert part[1] == "[0xaf000000, 0xbf000000) 256 MiB at 2,800 MiB node 0, DMA32 low part, certain"


def test_what_fails_says_what_is_in_the_way_and_what_fits(machine: Document) -> None:
    said = _said(example.FAILS, machine)
    assert said.index("What fits instead") < said.index("Where it does not fit") < said.index("In the way")
    assert "Write" not in said
    assert _part(said, "What fits instead") == [
        "crashkernel=2G,high",
        "above 4 GiB there is room; begins at 0x1c0000000 (7 GiB)",
    ]
    assert _part(_said(example.FAILS, machine, Look(100)), "Where it does not fit") == [
        "[0x1000000, 0x38000000) 16 MiB to 896 MiB node 0, DMA32 not here: kernel image, initrd"
    ]
    assert _part(said, "In the way") == [
        "[0x1000000, 0x2e00000) 30 MiB at 16 MiB kernel image line 12",
        "[0x35f00000, 0x37800000) 25 MiB at 863 MiB initrd lines 30, 31",
    ]


def test_an_argument_that_may_fail_is_not_to_be_written_where_another_fits(machine: Document) -> None:
    said = _said(example.MAY_FAIL, machine)
    assert "Write" not in said
    assert _part(said, "What fits instead")[::2] == ["crashkernel=1G", "crashkernel=2G,high"]
    alone = msgspec.structs.replace(example.MAY_FAIL, other_forms=())
    assert _part(_said(alone, machine), "Write") == ["crashkernel=2G"]


def test_starts_that_could_be_named_are_no_places_where_it_lands(machine: Document) -> None:
    said = " ".join(_said(example.AT_ADDRESS, machine).split())
    assert "Where it would fit" in said
    assert "[0x2e00000, 0x35e00000) 256 MiB in 46 MiB to 862 MiB node 0, DMA32; free" in said
    assert "not free: kernel image" in said
    assert "likely" not in said


def test_gigantic_pages_are_told_by_node(machine: Document) -> None:
    said = _said(example.GIGANTIC, machine)
    assert "node 0, DMA32; not given: no RAM" in " ".join(said.split())
    assert "perhaps given" in said


def test_the_argument_stands_before_the_bars_and_the_bars_before_all_ranges(machine: Document) -> None:
    for places, argument in ((example.FITS, "Write"), (example.FAILS, "What fits instead"), (example.BAD, "Write")):
        said = _said(places, machine)
        order = [argument, "Page frames", title(places), *(["Notes"] if places.notes else [])]
        at = [said.index(f"\n{words}\n") for words in order]
        assert at[:3] == sorted(at[:3])
        assert len(said[: at[0]].splitlines()) <= 3, "what to write begins within the first five lines"
        assert at[3:] == [at_notes for at_notes in at[3:] if at[1] < at_notes < at[2]]


def test_bad_addresses_are_told_one_by_one_and_quoted(machine: Document) -> None:
    said = _said(example.BAD, machine)
    assert r"memmap=4K\\\$0x12345000" in said
    assert _part(said, "Addresses")[2] == "0xfe000000 no memory"
    assert [line.split()[-2:] for line in _part(said, "Taken out of use")] == [["taken", "out"]] * 2


def test_what_cannot_be_taken_out_has_its_whole_size(machine: Document) -> None:
    image = Placement(Address(0x1000000), Address(0x1001000), False, blocked_by=(example.IMAGE,), size=16 << 20)
    partly = msgspec.structs.replace(example.BAD, placements=(*example.BAD.placements, image), outcome="may-fail")
    assert _part(_said(partly, machine, Look(100)), "Taken out of use")[2] == (
        "[0x1000000, 0x2000000) 16 MiB at 16 MiB node 0, DMA32 not safe: kernel image"
    )


def test_a_long_list_is_cut_and_says_so(machine: Document) -> None:
    many = tuple(
        Placement(Address(start << 30), Address(start + 1 << 30), start % 2 == 0, node=0) for start in range(MOST + 7)
    )
    said = _said(msgspec.structs.replace(example.GIGANTIC, placements=many), machine)
    assert "  7 more: --format json has all\n" in said


def test_a_name_of_the_command_line_cannot_drive_a_terminal(machine: Document) -> None:
    hostile = msgspec.structs.replace(
        example.RESERVE_MEM, text="The “\x1b[2J” lies", command_line="reserve_mem=1M:1:\x1b[2J\n", notes=("\x9b1m",)
    )
    said = _said(hostile, machine, Look(unicode=True))
    assert all(line.isprintable() for line in said.splitlines())
