"""Neighbouring files held against the log: what agrees, what differs, and what is no evidence."""

import pytest

from pfnscope.drawing.lanes import lanes
from pfnscope.formats.text import render
from pfnscope.model.analysis import Check
from pfnscope.model.document import Document
from pfnscope.service import analyze
from tests.support.samples import text

SAMPLE = text("files-of-proc")
LOG, _, FILES = SAMPLE.partition(b"# cat /proc/zoneinfo\n")
ZONEINFO = FILES.partition(b"# cat /proc/iomem")[0]
DEBUGFS = b"""# cat /sys/kernel/debug/memblock/memory
   0: 0x0000000000001000..0x000000000009efff    0 NONE
   1: 0x0000000000100000..0x00000000bffdffff    0 NONE
   2: 0x0000000140000000..0x000000023fffffff    1 NONE
"""


def document(data: bytes) -> Document:
    return analyze(data).document


def of_files(data: bytes) -> dict[str, Check]:
    printed = {check.what for check in document(LOG).checks}
    return {check.what: check for check in document(data).checks if check.what not in printed}


def test_every_file_of_a_recorded_boot_agrees_with_its_log() -> None:
    checks = of_files(SAMPLE + DEBUGFS)
    assert sorted(checks) == [
        "System RAM in /proc/iomem",
        "firmware map in /sys/firmware/memmap",
        "memory blocks of 128 MiB",
        "node 0, zone DMA32: span in /proc/zoneinfo",
        "node 0, zone DMA: span in /proc/zoneinfo",
        "node 0: memory in debugfs",
        "node 1, zone Normal: span in /proc/zoneinfo",
        "node 1: memory in debugfs",
    ]
    assert all(check.agrees for check in checks.values())


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b"spanned  782304", b"spanned  782305", "node 0, zone DMA32: span in /proc/zoneinfo"),
        (b"present  1048576", b"present  1048575", "node 1, zone Normal: span in /proc/zoneinfo"),
        (b"start_pfn:           4096", b"start_pfn:           4097", "node 0, zone DMA32: span in /proc/zoneinfo"),
        (b"140000000-23fffffff : System RAM", b"140000000-23fffefff : System RAM", "System RAM in /proc/iomem"),
        (b"0x100000 0xbffdffff System RAM", b"0x100000 0xbffcffff System RAM", "firmware map in /sys/firmware/memmap"),
        (
            b"0xbffe0000 0xbfffffff Reserved",
            b"0xbffe0000 0xbfffffff ACPI Tables",
            "firmware map in /sys/firmware/memmap",
        ),
        (b'memory71 phys_index="00000047"', b'memory72 phys_index="00000048"', "memory blocks of 128 MiB"),
        (b"0x000000023fffffff    1 NONE", b"0x000000023fffffff    0 NONE", "node 1: memory in debugfs"),
    ],
)
def test_a_file_that_says_something_else_differs_and_names_its_lines(old: bytes, new: bytes, what: str) -> None:
    data = SAMPLE + DEBUGFS
    assert data.count(old) == 1
    changed = data.replace(old, new)
    check = of_files(changed)[what]
    assert check.agrees is False
    assert data[: data.index(old)].count(b"\n") + 1 in check.lines or what == "node 1: memory in debugfs"
    assert (document(changed).holes, document(changed).zone_spans) == (document(LOG).holes, document(LOG).zone_spans)


def test_zoneinfo_alone_is_a_layout_of_zone_spans_without_holes() -> None:
    alone, log = document(ZONEINFO), document(LOG)
    assert alone.zone_spans == log.zone_spans
    assert (alone.holes, alone.sections.ranges, alone.checks) == ((), (), ())
    assert "only zone spans" in alone.verdict.summary
    assert any("/proc/zoneinfo" in note.message and "holes are not known" in note.message for note in alone.diagnostics)
    assert [(lane.key, lane.subtitle) for lane in lanes(alone)] == [("zones", "/proc/zoneinfo")]


def test_zoneinfo_gives_the_spans_where_the_log_has_node_ranges_and_no_zone_ranges() -> None:
    """Spans that are taken from a file are no evidence for that file, and no assumption."""
    start, end = LOG.index(b"Zone ranges"), LOG.index(b"Movable zone start")
    cut = LOG[: LOG.rindex(b"\n", 0, start) + 1] + LOG[LOG.rindex(b"\n", 0, end) + 1 :]
    without, whole = document(cut), document(cut + ZONEINFO)
    assert "zone_ranges" in without.kernel.assumed
    assert "zone_ranges" not in whole.kernel.assumed
    assert whole.zone_spans == document(LOG).zone_spans
    assert [check for check in whole.checks if "zoneinfo" in check.what] == []


def test_memory_of_debugfs_alone_has_nodes_and_is_not_held_against_itself() -> None:
    alone = document(DEBUGFS)
    assert [(n.node, n.start, n.end, n.lines) for n in alone.node_ranges] == [
        (0, 0x1000, 0x9F000, (2,)), (0, 0x100000, 0xBFFE0000, (3,)), (1, 0x140000000, 0x240000000, (4,))
    ]  # fmt: skip
    assert alone.checks == ()


def test_iomem_alone_is_a_lane_of_memory_without_devices() -> None:
    data = FILES[FILES.index(b"# cat /proc/iomem") :].partition(b"# ls")[0]
    whole = document(data)
    lane, taken = lanes(whole)
    assert (lane.key, {bar.label for bar in lane.bars}) == (
        "iomem", {"Reserved", "System RAM", "Persistent Memory (legacy)"}
    )  # fmt: skip
    assert taken.key == "reservations"
    assert "[0x140000000, 0x240000000)" in render(whole)


def test_the_files_are_lanes_beside_those_of_the_log() -> None:
    keys = [lane.key for lane in lanes(document(SAMPLE + DEBUGFS))]
    assert [key for key in keys if key not in [lane.key for lane in lanes(document(LOG))]] == [
        "firmware-memmap", "iomem", "debugfs-memory", "zoneinfo", "blocks"
    ]  # fmt: skip


def test_regions_that_debugfs_has_in_memblock_reserved_are_reserved() -> None:
    taken = b"# cat /sys/kernel/debug/memblock/reserved\n   0: 0x00000000bffe0000..0x00000000bfffffff    x NONE\n"
    reserved = {hole.start_pfn: hole.reserved for hole in document(LOG + taken).holes}
    assert reserved[0xBFFE0] is True
    assert {hole.start_pfn: hole.reserved for hole in document(LOG).holes}[0xBFFE2] is False
