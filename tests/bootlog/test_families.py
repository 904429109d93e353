"""Families whose meaning needs more than their own line: page size, other lists, the rest of the text."""

import pytest

from pfnscope.bootlog import read
from pfnscope.model.log import BootLog

NODE = "node   0: [mem 0x0000000080000000-0x00000000bfffffff]"
LARGE_PAGES = "Dentry cache hash table entries: 131072 (order: 4, 1048576 bytes, linear)"


def boot(*lines: str) -> BootLog:
    (log,) = read("".join(f"[    0.000000] {line}\n" for line in lines).encode()).boots
    return log


def test_lines_that_only_name_taken_memory_are_a_document() -> None:
    log = boot(
        "Linux version 6.18.0 (a@b) (armv7l-unknown-linux-gnueabihf-gcc 15) #1",
        "OF: reserved mem: 0x19000000..0x1cffffff (65536 KiB) map reusable linux,cma",
    )
    assert (log.release, log.arch, log.title) == ("6.18.0", "arm", "Linux 6.18.0")
    assert [(r.start, r.end, r.name) for r in log.reserved_regions] == [(0x19000000, 0x1D000000, "linux,cma")]


def test_a_kernel_that_only_counts_its_memory_is_a_document() -> None:
    counts = ("On node 0 totalpages: 10240", "Memory: 36616k/36616k available, 4344k reserved, 0K highmem")
    log = boot("Linux version 3.4.35 (a@b) #1", *counts)
    assert (log.release, [count.value for count in log.page_counts.node_total_pages]) == ("3.4.35", [10240])
    assert read("".join(f"[ 0.0] {line}\n" for line in counts).encode()).boots == ()


def test_taken_memory_of_another_kernel_is_a_boot_of_its_own_beside_a_layout() -> None:
    text = f"[ 0.0] Linux version 6.1.0 (a@b) #1\n[ 0.0] {NODE}\n"
    text += "[ 0.0] Linux version 6.2.0 (a@b) #1\n[ 0.0] RAMDISK: [mem 0x35e9f000-0x36d3dfff]\n"
    assert [(log.release, len(log.reserved_regions)) for log in read(text.encode()).boots] == [
        ("6.1.0", 0),
        ("6.2.0", 1),
    ]


def test_powerpc_prints_all_ranges_of_a_node_on_a_line() -> None:
    log = boot("Node 0 Memory: 0x0-0x40000000 0x80000000-0xc0000000", "Node 1 Memory: 0x40000000-0x80000000")
    assert [(n.node, n.start, n.end, n.lines) for n in log.node_ranges] == [
        (0, 0, 0x40000000, (1,)),
        (0, 0x80000000, 0xC0000000, (1,)),
        (1, 0x40000000, 0x80000000, (2,)),
    ]


def test_ranges_of_a_node_may_be_wrapped() -> None:
    text = "[    0.000000] Node 0 Memory: 0x0-0x40000000\n0x80000000-0xc0000000\n"
    (log,) = read(text.encode()).boots
    assert [(n.end, n.lines) for n in log.node_ranges] == [(0x40000000, (1, 2)), (0xC0000000, (1, 2))]


def test_the_list_of_all_kernels_beats_the_line_of_powerpc() -> None:
    log = boot("Node 0 Memory: 0x0-0xc0000000", "Early memory node ranges", NODE)
    assert [(n.start, n.end) for n in log.node_ranges] == [(0x80000000, 0xC0000000)]


def test_frames_become_bytes_by_the_page_size_of_the_text() -> None:
    lines = ["Node0: start_pfn=0x80, end_pfn=0x3c00", "Freeing 9f-100 pfn range: 97 pages freed"]
    small = boot(*lines)
    large = boot(*lines, LARGE_PAGES)
    assert [(i.range.start, i.range.end) for i in small.initmem if i.range] == [(0x80000, 0x3C00000)]
    assert [(i.range.start, i.range.end) for i in large.initmem if i.range] == [(0x800000, 0x3C000000)]
    assert [(r.start, r.end) for r in large.reserved_regions] == [(0x9F0000, 0x1000000)]
    assert ("page_size" in small.assumed, "page_size" in large.assumed) == (True, False)


def test_the_map_of_loongarch_is_the_firmware_map_by_efi_types() -> None:
    log = boot(
        "Node0: mem_type:2, mem_start:0x200000, mem_size:0xee00000 Bytes",
        "Node0: mem_type:9, mem_start:0xf000000, mem_size:0x1000000 Bytes",
        "Resvd: mem_type:9, mem_start:0xf000000, mem_size:0x1000000 Bytes",
    )
    assert [(e.start, e.end, e.type.value) for e in log.firmware_map] == [
        (0x200000, 0xF000000, "ram"),
        (0xF000000, 0x10000000, "acpi"),
    ]
    assert [(r.start, r.name) for r in log.reserved_regions] == [(0xF000000, "EFI ACPI Reclaim")]


def test_the_map_of_loongson_counts_in_mb_from_the_start_of_the_node() -> None:
    log = boot(
        "Node0: mem_type:1, mem_start:0x200000, mem_size:0xee MB",
        "Node1: mem_type:2, mem_start:0x90000000, mem_size:0x6e00 MB",
        "Node0: mem_type:3, mem_start:0xf000000, mem_size:0x10 MB",
    )
    assert [(e.start, e.end, e.type.value) for e in log.firmware_map] == [
        (0x200000, 0xF000000, "ram"),
        (0x100090000000, 0x100770000000, "ram"),
        (0xF000000, 0x10000000, "reserved"),
    ]


def test_clusters_of_alpha_are_pages_of_8_kib() -> None:
    log = boot("memcluster 0, usage 1, start        0, end      256", "memcluster 1, usage 0, start 256, end 32755")
    assert [(e.start, e.end, e.type.value) for e in log.firmware_map] == [
        (0, 0x200000, "reserved"),
        (0x200000, 32755 * 8192, "ram"),
    ]


def test_banks_of_xtensa_are_memory_only_below_their_header() -> None:
    bank = "  0x00000000 - 0x06000000 (98304K)"
    assert [e.end for e in boot("Sysmem:", bank).firmware_map] == [0x6000000]
    assert read(f"[    0.000000] {bank}\n".encode()).boots == ()


def test_an_initrd_of_powerpc_is_told_by_its_place_in_the_linear_map() -> None:
    log = boot(NODE, "Found initrd at 0xc000000003600000:0xc0000000044d4b5f", "Found initrd at 0xcf000000:0xcf7d1000")
    assert [(r.start, r.end) for r in log.reserved_regions] == [
        (0x3600000, 0x44D4B5F),
        (0xF000000, 0xF7D1000),
    ]


def test_a_memory_line_with_one_number_leaves_the_other_unknown() -> None:
    counts = boot(NODE, "Memory: 60000KB available (3000K code, 400K data, 120K init)").page_counts
    assert counts.available_kib is not None
    assert (counts.available_kib.value, counts.total_kib) == (60000, None)


def test_the_architecture_is_told_by_lines_that_only_it_prints() -> None:
    assert boot(NODE, "CPU: ARMv7 Processor [410fc075] revision 5 (ARMv7), cr=10c5387d").arch == "arm"
    assert boot(NODE, "SBI specification v0.3 detected").arch == "riscv64"
    assert boot(NODE, "setup: Linux is running under KVM in 64-bit mode").arch == "s390"
    assert boot(NODE).arch is None


def test_an_oops_tells_the_release_where_no_banner_does() -> None:
    log = boot(NODE, "CPU: 0 PID: 1 Comm: cat Not tainted 4.17.0 #4")
    assert (log.release, log.release_lines, log.assumed) == ("4.17.0", (2,), ("release",))


def test_two_oopses_of_two_releases_tell_none() -> None:
    log = boot(NODE, "CPU: 0 PID: 1 Comm: cat Not tainted 4.17.0 #4", "CPU: 0 PID: 1 Comm: cat Not tainted 5.0.0 #5")
    assert (log.release, log.assumed) == (None, ())
    (note,) = [note for note in log.diagnostics if note.code == "no-release"]
    assert note.message.endswith("an oops in the text is of 4.17.0 and 5.0.0.")


def test_the_banner_beats_an_oops_of_another_kernel() -> None:
    log = boot("Linux version 5.10.0 (a@b) #1", NODE, "CPU: 0 PID: 1 Comm: cat Not tainted 4.17.0 #4")
    assert (log.release, log.assumed) == ("5.10.0", ())


@pytest.mark.parametrize(
    ("lines", "arch"),
    [
        (["Linux version 2.6.32-5-mckinley (Debian)"], "ia64"),
        (["Linux version 2.6.32-5-sparc64-smp (Debian)"], "sparc64"),
        (["Linux version 2.6.18-8.el5 (x)", "DMA32 zone: 829364 pages, LIFO batch:31"], "x86_64"),
        (["Linux version 2.6.18-8.el5 (x)", "HighMem zone: 29364 pages, LIFO batch:31"], "i386"),
        (["Linux version 2.6.18-8.el5 (x)", "Normal zone: 29364 pages, LIFO batch:31"], "x86_64"),
    ],
)
def test_the_architecture_is_told_by_releases_and_by_counts_of_zones(lines: list[str], arch: str | None) -> None:
    x86 = [] if arch in ("ia64", "sparc64") else ["BIOS-e820: 0000000000010000 - 000000000009bc00 (usable)"]
    text = "\n".join(
        [lines[0], *x86, *lines[1:], "early_node_map[1] active PFN ranges", "    0: 0x00000010 -> 0x0000009b"]
    )
    (boot,) = read(text.encode()).boots
    assert boot.arch == arch
    assert ("arch" in boot.assumed) is lines[-1].startswith("Normal")
