"""Commands that show the frames of a hole: the right frames in each tool's own units, and a warning where it hurts."""

import msgspec
import pytest

from pfnscope.formats.markdown import render as markdown
from pfnscope.formats.text import render
from pfnscope.model.ranges import FrameRange
from pfnscope.report.build import inspections
from pfnscope.service import Options, analyze
from tests.support.samples import text


def test_each_tool_gets_the_frames_in_its_own_units() -> None:
    commands = {item.tool: item.command for item in inspections(FrameRange(0x100, 0x103), 0x10000, dangerous=False)}
    assert commands["page-types"] == "page-types -l -a 0x100,0x103"  # page frames, end excluded
    assert " bs=8 skip=256 count=3 " in commands["od"]  # eight bytes a frame
    assert commands["crash"] == "kmem -p 0x1000000"  # a physical address
    assert "range(0x100, 0x103)" in commands["drgn"]


@pytest.mark.parametrize(("kernel", "warned"), [("4.17", {"page-types", "od"}), ("6.1", set())])
def test_only_what_makes_the_kernel_read_unwritten_struct_pages_is_warned_of(kernel: str, warned: set[str]) -> None:
    document = analyze(text("seed-1g-4g"), Options(kernel=kernel)).document
    hole = next(hole for hole in document.holes if hole.start_pfn == 0xBFFD7)
    assert {item.tool for item in hole.inspect if item.warning} == warned


def test_reports_show_them_for_the_danger_and_not_for_the_harmless() -> None:
    document = analyze(text("seed-1g-4g")).document
    for report in (render(document), markdown(document)):
        assert report.count("page-types -l -a ") == 1
        assert "page-types -l -a 0xbffd7,0xc0000" in report
        assert "can kill the command" in " ".join(report.split())
    mended = analyze(text("fixed-1g-4g")).document
    assert "page-types -l" not in render(mended) + markdown(mended)
    assert all(hole.inspect for hole in mended.holes)


def test_of_many_dangers_the_text_shows_the_gravest_once_and_says_how_many_more() -> None:
    document = analyze(text("seed-1g-4g")).document
    danger = next(hole for hole in document.holes if hole.severity == "danger")
    report = render(msgspec.structs.replace(document, holes=[danger] * 8))
    assert report.count("page-types -l -a ") == 1
    assert "The same for 7 more" in report
    assert report.index("kmem -p") < report.index("WARNING") < report.index("page-types -l -a ")
