"""Files of /proc and /sys, pasted alone, before or after a log, quoted, and with prompts between."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfnscope.analysis import analyze
from pfnscope.bootlog import keep_memory_lines, read
from pfnscope.bootlog.files import lines as file_lines
from pfnscope.model.log import BootLog, MemoryType
from tests.bootlog.test_hostile import work

LOG = b"""\
[    0.000000] Linux version 6.12.9 (build@host) #1 SMP
[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000003fffffff] usable
[    0.000000] Zone ranges:
[    0.000000]   DMA      [mem 0x0000000000001000-0x0000000000ffffff]
[    0.000000]   DMA32    [mem 0x0000000001000000-0x000000003fffffff]
[    0.000000] Early memory node ranges
[    0.000000]   node   0: [mem 0x0000000000001000-0x000000000009efff]
[    0.000000]   node   0: [mem 0x0000000000100000-0x000000003fffffff]
"""
ZONEINFO = b"""\
Node 0, zone      DMA
  per-node stats
      nr_inactive_anon 75
  pages free     3584
        boost    0
        min      36
        spanned  4095
        present  3998
        managed  3840
        cma      0
        protection: (0, 900, 900)
      nr_free_pages 3584
  pagesets
    cpu: 0
              count: 0
              high:  0
  start_pfn:           1
Node 0, zone    DMA32
  pages free     200000
        spanned  258048
        present  258048
        managed  240000
  start_pfn:           4096
Node 0, zone   Normal
  pages free     0
        spanned  0
        present  0
        managed  0
        protection: (0, 0, 0)
"""
IOMEM = b"""\
00000000-00000fff : Reserved
00001000-0009fbff : System RAM
000f0000-000fffff : Reserved
  000f0000-000fffff : System ROM
00100000-3fffffff : System RAM
  01000000-01ffffff : Kernel code
fec00000-fec003ff : IOAPIC 0
"""
MEMMAP = b"""\
/sys/firmware/memmap/0/end:0x9fbff
/sys/firmware/memmap/0/start:0x0
/sys/firmware/memmap/0/type:System RAM
/sys/firmware/memmap/1/end:0x3fffffff
/sys/firmware/memmap/1/start:0x100000
/sys/firmware/memmap/1/type:System RAM
"""
DEBUGFS = b"""\
# cat /sys/kernel/debug/memblock/memory
   0: 0x0000000000001000..0x000000000009efff    0 NONE
   1: 0x0000000000100000..0x000000003fffffff    0 HOTPLUG
# cat /sys/kernel/debug/memblock/reserved
   0: 0x0000000000000000..0x000000000000ffff    x NONE
   1: 0x0000000001000040..0x00000000010000ff    0 RSRV_KERN
"""
LSMEM = b"""\
RANGE                                 SIZE   STATE REMOVABLE BLOCK NODE  ZONES
0x0000000000000000-0x0000000007ffffff 128M  online       yes     0    0   None
0x0000000008000000-0x000000003fffffff 896M  online       yes   1-7    0  DMA32
0x0000000040000000-0x000000004fffffff 256M offline             8-9    1 Movable

Memory block size:       128M
Total online memory:       1G
Total offline memory:    256M
"""
ALL = {"zoneinfo": ZONEINFO, "iomem": IOMEM, "memmap": MEMMAP, "debugfs": DEBUGFS, "lsmem": LSMEM}


def only(text: bytes) -> BootLog:
    (boot,) = read(text).boots
    return boot


def codes(boot: BootLog) -> list[tuple[str, int | None]]:
    return [(item.code, item.line) for item in boot.diagnostics if item.code != "no-release"]


def facts(boot: BootLog) -> list[object]:
    """All facts of the files, without their lines."""
    files = boot.files
    return [
        [(z.node, z.zone, z.start_pfn, z.spanned_pages, z.present_pages, z.managed_pages) for z in files.zoneinfo],
        [(r.range, r.name, r.depth) for r in files.iomem],
        [(e.range, e.type, e.label) for e in files.firmware_memmap],
        [(r.range, r.node, r.flag) for r in (*files.memblock_memory, *files.memblock_reserved)],
        [(b.range, b.state, b.node, b.zones) for b in files.memory_blocks],
        files.memory_block_size and files.memory_block_size.value,
    ]


def test_zoneinfo_tells_the_zones_with_the_lines_that_say_so() -> None:
    zones = only(ZONEINFO).files.zoneinfo
    assert [(z.zone, z.start_pfn, z.spanned_pages, z.present_pages, z.managed_pages) for z in zones] == [
        ("DMA", 1, 4095, 3998, 3840),
        ("DMA32", 4096, 258048, 258048, 240000),
        ("Normal", None, 0, 0, 0),
    ]
    assert zones[0].lines == (1, 7, 8, 9, 17)


def test_page_counts_mean_nothing_without_their_zone() -> None:
    assert read(b"        spanned  4095\n        present  3998\n  start_pfn:           1\n").boots == ()
    assert only(ZONEINFO + b"hm\n" + IOMEM + b"        spanned  77\n").files.zoneinfo[2].spanned_pages == 0


def test_a_zone_that_contradicts_itself_is_left_out_and_noted() -> None:
    boot = only(ZONEINFO.replace(b"present  3998", b"present  4096"))
    assert [zone.zone for zone in boot.files.zoneinfo] == ["DMA32", "Normal"]
    assert codes(boot) == [("impossible-zone", 1)]


def test_of_two_zoneinfos_the_first_counts_and_the_second_is_noted_where_it_differs() -> None:
    later = ZONEINFO.replace(b"managed  240000", b"managed  239000")
    assert codes(only(ZONEINFO + later)) == []
    other = ZONEINFO.replace(b"spanned  258048", b"spanned  262144")
    boot = only(ZONEINFO + other)
    assert boot.files.zoneinfo[1].spanned_pages == 258048
    assert [code for code, _ in codes(boot)] == ["conflicting-zoneinfo"]


def test_depth_in_iomem_is_told_by_containment_not_by_blanks() -> None:
    depths = [(r.name, r.depth) for r in only(b"\n".join(line.strip() for line in IOMEM.splitlines())).files.iomem]
    assert depths == [
        ("Reserved", 0), ("System RAM", 0), ("Reserved", 0), ("System ROM", 1), ("System RAM", 0),
        ("Kernel code", 1), ("IOAPIC 0", 0),
    ]  # fmt: skip


def test_an_iomem_of_zeros_is_explained_and_gives_nothing() -> None:
    zeros = b"00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n"
    alone = read(zeros)
    assert alone.boots == ()
    assert any("root" in name for name in alone.seen)
    boot = only(LOG + zeros)
    assert boot.files.iomem == ()
    assert [item.line for item in boot.diagnostics if "sudo cat /proc/iomem" in item.message] == [10]


@pytest.mark.parametrize(
    "text",
    [
        MEMMAP,
        b"0 0x0 0x9fbff System RAM\n1 0x100000 0x3fffffff System RAM\n",
        b"0000000000000000-000000000009fc00 (System RAM)\n0000000000100000-0000000040000000 (System RAM)\n",
        (
            b"==> /sys/firmware/memmap/0/end <==\n0x9fbff\n\n==> /sys/firmware/memmap/0/start <==\n0x0\n\n"
            b"==> /sys/firmware/memmap/0/type <==\nSystem RAM\n\n==> 1/end <==\n0x3fffffff\n\n"
            b"==> 1/start <==\n0x100000\n\n==> 1/type <==\nSystem RAM\n"
        ),
        b"0x9fbff\n0x0\nSystem RAM\n0x3fffffff\n0x100000\nSystem RAM\n",
        b"0x0 - 0x9fbff (System RAM)\n0x100000-0x3fffffff : System RAM\n",
    ],
    ids=["grep", "rows", "script", "head", "cat", "echo"],
)
def test_the_firmware_memmap_is_one_map_however_it_was_printed(text: bytes) -> None:
    boot = only(text)
    entries = [(e.start, e.end, e.type, e.label) for e in boot.files.firmware_memmap]
    assert entries == [
        (0, 0x9FC00, MemoryType.RAM, "System RAM"), (0x100000, 0x40000000, MemoryType.RAM, "System RAM")
    ]  # fmt: skip
    assert boot.firmware_map == boot.files.firmware_memmap
    assert codes(boot) == [("firmware-map-from-sysfs", boot.files.firmware_memmap[0].lines[0])]


def test_debugfs_lists_are_told_by_their_file_names() -> None:
    files = only(DEBUGFS).files
    assert [(r.start, r.end, r.node, r.flag) for r in files.memblock_memory] == [
        (0x1000, 0x9F000, 0, "NONE"), (0x100000, 0x40000000, 0, "HOTPLUG")
    ]  # fmt: skip
    assert [(r.node, r.flag, r.lines) for r in files.memblock_reserved] == [
        (None, "NONE", (5,)),
        (0, "RSRV_KERN", (6,)),
    ]


def test_debugfs_lists_without_names_are_told_by_what_they_hold_and_noted() -> None:
    boot = only(b"".join(line for line in DEBUGFS.splitlines(keepends=True) if not line.startswith(b"#")))
    assert (len(boot.files.memblock_memory), len(boot.files.memblock_reserved)) == (2, 2)
    assert [item for item in codes(boot) if item[0] == "assumed-list"] == [("assumed-list", 1), ("assumed-list", 3)]


def test_the_old_debugfs_list_has_no_nodes_unless_zoneinfo_tells_them() -> None:
    old = b"== memory\n   0: 0x0000000000001000..0x000000000009efff\n   1: 0x0000000000100000..0x000000003fffffff\n"
    alone = only(old)
    assert "node_ranges" in alone.assumed
    both = only(old + ZONEINFO.replace(b"Node 0", b"Node 3"))
    assert "node_ranges" not in both.assumed
    assert [node.node for node in both.node_ranges] == [3, 3]


def test_what_a_kernel_hands_out_is_held_against_what_it_found() -> None:
    text = LOG + b"MemTotal:         999999 kB\nNode 0 MemTotal:        1000000 kB\nnode 0 size: 1024 MB\n"
    checks = {check.what: check.agrees for check in analyze(only(text)).checks if " memory in " in f" {check.what}"}
    assert checks == {
        "memory in /proc/meminfo": True,
        "node 0: memory in /sys/devices/system/node/node0/meminfo": True,
        "node 0: memory in numactl -H": False,
    }


def test_files_of_free_memory_are_recognised_and_named_as_not_needed() -> None:
    text = LOG + b"Node 0, zone    DMA32      2      3      1      0      2      1\n"
    text += b"Node    0, zone      DMA, type    Unmovable      1      1      0\n"
    boot = only(text)
    assert codes(boot) == [("file-not-needed", 10), ("file-not-needed", 11)]
    assert read(text[len(LOG) :]).seen == ("/proc/buddyinfo", "/proc/pagetypeinfo")


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda text: LOG + b"\n$ sudo cat it\n" + text, id="after"),
        pytest.param(lambda text: b"Here it is:\n" + text + b"\nand the log\n" + LOG, id="before"),
        pytest.param(lambda text: b"".join(b"> " + line for line in (LOG + text).splitlines(True)), id="quoted"),
        pytest.param(lambda text: (LOG + text).replace(b"\n", b"\r\n"), id="carriage returns"),
        pytest.param(lambda text: LOG + text + text, id="twice"),
    ],
)
def test_a_file_beside_a_log_says_what_it_says_alone_and_changes_nothing_of_the_log(
    name: str, wrap: Callable[[bytes], bytes]
) -> None:
    boot, log, alone = only(wrap(ALL[name])), only(LOG), only(ALL[name])
    assert facts(boot) == facts(alone)
    for field in ("release", "firmware_map", "node_ranges", "zone_ranges", "memblock_memory"):
        ours, theirs = getattr(boot, field), getattr(log, field)
        assert ours == theirs or [getattr(x, "range", x) for x in ours] == [getattr(x, "range", x) for x in theirs]


def test_files_belong_to_the_boot_before_them_and_a_note_says_so() -> None:
    second = LOG.replace(b"6.12.9", b"6.12.10")
    first, last = read(LOG + IOMEM + second + ZONEINFO).boots
    assert (bool(first.files.iomem), bool(first.files.zoneinfo)) == (True, False)
    assert (bool(last.files.iomem), bool(last.files.zoneinfo)) == (False, True)
    assert codes(last) == [("files-attached", 26)]


def test_files_below_a_banner_without_layout_are_of_the_boot_before() -> None:
    (boot,) = read(LOG + b"[    0.000000] Linux version 6.12.11 (x)\n" + IOMEM).boots
    assert boot.release == "6.12.9"
    assert len(boot.files.iomem) == 7
    assert set(range(11, 18)) <= set(boot.recognised)


@pytest.mark.parametrize("name", sorted(ALL))
def test_what_is_kept_reads_the_same(name: str) -> None:
    for text in (ALL[name], LOG + b"Serial: 123\n" + ALL[name]):
        reading = read(text)
        kept = keep_memory_lines(text, reading)
        assert read(kept).boots == reading.boots
        assert b"Serial" not in kept


def test_ranges_out_of_this_world_are_left_out_and_noted() -> None:
    boot = only(LOG + b"00200000-001fffff : System RAM\n   0: 0x0000000000002000..0x0000000000001000\n")
    assert (boot.files.iomem, boot.files.memblock_memory, boot.files.memblock_reserved) == ((), (), ())
    assert [line for code, line in codes(boot) if code == "impossible-range"] == [11, 10]


ROWS: dict[str, Callable[[int], bytes]] = {
    "zones of one node": lambda _: ZONEINFO,
    "zones of many nodes": lambda i: ZONEINFO.replace(b"Node 0", b"Node %d" % i),
    "fields": lambda _: b"        spanned  4095\n",
    "resources": lambda i: b"%08x-%08x : System RAM\n" % (i << 16, (i << 16) + 0xFFFF),
    "nested resources": lambda i: b"%08x-%08x : System RAM\n" % (i, 0xFFFFFFFF - i),
    "lists of one region": lambda i: b"   0: 0x%016x..0x%016x\n" % (i << 16, (i << 16) + 0xFFFF),
    "lists with names": lambda i: b"== memory\n   0: 0x%016x..0x%016x    0 NONE\n" % (i << 16, (i << 16) + 0xFFFF),
    "regions and zones": lambda i: (
        b"%d: 0x%016x..0x%016x\n" % (i, i << 16, (i << 16) + 0xFFFF)
        + b"Node %d, zone DMA\n spanned 4\n present 4\n start_pfn: %d\n" % (i, i << 4)
    ),
    "parts": lambda i: b"/sys/firmware/memmap/%d/end:0x1\n" % i,
    "blocks": lambda i: b"memory%d/state:online\nblock_size_bytes:10000\n" % i,
    "lsmem": lambda i: b"0x%016x-0x%016x 1G online yes 0\n" % (i << 30, (i << 30) + (1 << 30) - 1),
    "boots with files": lambda _: LOG + IOMEM,
}


@pytest.mark.parametrize("kind", sorted(ROWS))
def test_twice_the_rows_are_twice_the_work(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def text(n: int) -> bytes:
        return b"".join(ROWS[kind](i) for i in range(n))

    few = work(text(40), monkeypatch)
    assert work(text(160), monkeypatch) < 5 * few


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(ALL)), st.data())
def test_no_mutation_of_a_file_is_an_error(name: str, data: st.DataObject) -> None:
    text = bytearray(LOG[:60] + ALL[name])
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3) | st.just(b"9" * 400))
    for boot in read(bytes(text)).boots:
        analyze(boot)


def test_a_kernel_log_is_not_taken_for_a_file() -> None:
    """Lines of logs that look like rows: an allocation failure, flash partitions, page blocks by type."""
    text = (
        LOG
        + b"""\
[    9.0] Node 0 DMA free:14336kB min:32kB present:15992kB managed:15360kB
[    9.0] 0x000000000000-0x000000020000 : "bootloader"
[    9.0] On node 0, zone DMA: 98 pages in unavailable ranges
Node 0, zone      DMA      1      1      1      0      2      1      1
Node    0, zone      DMA, type    Unmovable      1      1
"""
    )
    assert facts(only(text)) == facts(only(LOG))


def test_a_file_without_end_is_cut_off_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_lines, "_MOST_LINES", 5)
    boot = only(LOG + IOMEM + LSMEM)
    assert (len(boot.files.iomem), boot.files.memory_blocks) == (5, ())
    assert codes(boot) == [("files-cut-off", 15)]
