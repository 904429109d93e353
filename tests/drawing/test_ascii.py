"""The bars in letters: what must be seen is seen, at every width and for hostile layouts."""

import re

import pytest

from pfnscope.drawing.ascii import bars_of
from pfnscope.model.ranges import FrameRange
from pfnscope.report.plain import Look
from tests.report.documents import hole, seed_document


def rows(lines: list[str]) -> dict[str, str]:
    return {line[2:9].strip(): line[9:] for line in lines if line[2:3].isalpha()}


@pytest.mark.parametrize("width", [72, 80, 120])
@pytest.mark.parametrize("unicode", [False, True])
def test_a_hole_of_41_frames_in_9_gib_is_seen_with_its_address(width: int, unicode: bool) -> None:
    lines = bars_of(seed_document(), Look(width, unicode=unicode))
    drawn = rows(lines)
    assert "41 pages" in drawn["holes"]
    alarm = re.search(r"!{3,}", drawn["pages"])
    assert alarm
    # below its first column, which is the post before it, stands its address
    addresses = next(line for line in lines if "0xbffd7000" in line)
    assert addresses.index("0xbffd7000") - 9 == alarm.start() - 1
    assert drawn["nodes"][alarm.start() : alarm.end()].strip() == ""
    assert "node 0" in drawn["nodes"][: alarm.start()]
    assert "node 1" in drawn["nodes"][alarm.end() :]


def test_lanes_share_their_columns() -> None:
    drawn = rows(bars_of(seed_document(), Look()))
    end = re.search(r"!{3,}", drawn["pages"])
    assert end
    # node 0, DMA32 and the memory of the struct pages end where the hole begins
    assert {drawn[name][end.start() - 1] for name in ("map", "nodes", "zones", "pages", "holes")} == {"|"}


def test_a_thousand_alarms_are_still_within_the_width_and_each_lane_has_some() -> None:
    holes = [
        hole(at, at + 1, state="uninitialised", severity="danger", placement="outside-zone-spans", zone=None)
        for at in range(0x200, 0xA00, 2)
    ]
    document = seed_document(holes=holes)
    for width in (72, 120):
        lines = bars_of(document, Look(width))
        assert max(map(len, lines)) <= width
        assert "!" in rows(lines)["holes"]


def test_without_anything_to_draw_nothing_is_drawn() -> None:
    bare = seed_document(
        firmware_map=[], user_map=[], node_ranges=[], zone_spans=[], holes=[], zone_ranges=[],
    )  # fmt: skip
    sections = bare.sections.__class__(None, 0, tuple[FrameRange, ...]())
    assert bars_of(seed_document(
        firmware_map=[], user_map=[], node_ranges=[], zone_spans=[], holes=[], zone_ranges=[], sections=sections,
    ), Look()) == []  # fmt: skip


def test_colours_mark_alarms_only_where_they_are_wanted() -> None:
    plain, coloured = (bars_of(seed_document(), Look(colour=colour)) for colour in (False, True))
    assert "\x1b" not in "".join(plain)
    assert "\x1b[1;31m" in "".join(coloured)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured] == plain


def test_a_hole_of_a_column_has_the_glyph_of_its_kind_and_the_end_of_memory_its_address() -> None:
    holes = [
        hole(at, at + 1, state="uninitialised", severity="danger", placement="outside-zone-spans", zone=None)
        for at in range(0x1000, 0xA000, 0x1000)
    ]
    holes.append(
        hole(0x23FFFF, 0x240000, state="zeroed", severity="caution", placement="outside-zone-spans", zone=None)
    )
    lines = bars_of(seed_document(holes=holes), Look(72))
    assert set(rows(lines)["holes"]) <= set(" |!?")
    assert rows(lines)["holes"].count("?") == 1 + rows(lines)["holes"].count("??")
    assert rows(lines)["holes"].endswith(("?", "?|"))
    assert "? caution" in "\n".join(lines)
    assert any(line.endswith("0x240000000") for line in lines)
