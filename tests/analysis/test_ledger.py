"""The RAM ledger: each cause with its right size, all of them to the byte, and MemTotal as the machine had it."""

from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.analysis.analyze import Analysis, analyze
from pfnscope.analysis.ledger import ledger
from pfnscope.bootlog import read
from pfnscope.model.findings import Span
from pfnscope.model.ledger import MOST_RANGES, Ledger, largest
from pfnscope.model.ranges import Address
from pfnscope.units import GIB, KIB, MIB

RECORDED = sorted((Path(__file__).parent.parent / "recorded" / "ledger").iterdir())

MAP = (
    "BIOS-provided physical RAM map:",
    "BIOS-e820: [mem 0x0000000000000000-0x000000000009f7ff] usable",
    "BIOS-e820: [mem 0x000000000009f800-0x000000000009ffff] reserved",
    "BIOS-e820: [mem 0x00000000000f0000-0x00000000000fffff] reserved",
    "BIOS-e820: [mem 0x0000000000100000-0x000000003fbfffff] usable",
    "BIOS-e820: [mem 0x000000003fc00000-0x000000003fcfffff] ACPI NVS",
    "BIOS-e820: [mem 0x000000003fd00000-0x000000003fffffff] reserved",
    "BIOS-e820: [mem 0x00000000fec00000-0x00000000ffffffff] reserved",
    "BIOS-e820: [mem 0x0000000100000000-0x000000013fffffff] usable",
)
TRIMMED = (
    "e820: update [mem 0x00000000-0x00000fff] usable ==> reserved",
    "e820: remove [mem 0x000a0000-0x000fffff] usable",
    "last_pfn = 0x140000 max_arch_pfn = 0x400000000",
)
NODES = (
    "Zone ranges:",
    "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]",
    "  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]",
    "  Normal   [mem 0x0000000100000000-0x000000013fffffff]",
    "Early memory node ranges",
    "  node   0: [mem 0x0000000000001000-0x000000000009efff]",
    "  node   0: [mem 0x0000000000100000-0x000000003fbfffff]",
    "  node   0: [mem 0x0000000100000000-0x000000013fffffff]",
)
LOW, HIGH = 0x3FC00000 - MIB, GIB
PRESENT = 0x9E * 4 * KIB + LOW + HIGH
FIRMWARE = 2 * KIB + MIB + 3 * MIB
TOTAL = 0x9F800 + LOW + HIGH + FIRMWARE
RESERVED = 300_000


def memory(reserved: int = RESERVED, free: int | None = None, cma: str = ", 0K cma-reserved") -> str:
    total = PRESENT // KIB
    parts = "9000K kernel code, 2000K rwdata, 3000K rodata, 1500K init, 500K bss"
    return f"Memory: {free or total - reserved}K/{total}K available ({parts}, {reserved}K reserved{cma})"


FREED = ("Freeing initrd memory: 4096K", "Freeing unused kernel image (initmem) memory: 1500K")


def analysed(*rows: str, release: str = "6.1.20", line: str = "quiet", map_: tuple[str, ...] = MAP) -> Analysis:
    head = (f"Linux version {release} (lab@lab) #1 SMP x86_64", f"Command line: {line}", *map_)
    clock = count(1)
    text = "".join(f"[    0.{next(clock):06}] {row}\n" for row in (*head, *rows))
    return analyze(read(text.encode()).boots[0])


def of(*rows: str, release: str = "6.1.20", line: str = "quiet", map_: tuple[str, ...] = MAP) -> Ledger:
    account = ledger(analysed(*rows, release=release, line=line, map_=map_))
    assert account is not None
    assert sum(row.bytes for row in account.rows) + account.mem_total == account.total
    return account


def sizes(account: Ledger) -> dict[str, int]:
    return {row.what: row.bytes for row in account.rows}


@pytest.mark.parametrize("folder", RECORDED, ids=lambda folder: folder.name)
def test_mem_total_is_what_the_recorded_machine_had(folder: Path) -> None:
    account = ledger(analyze(read((folder / "dmesg.txt").read_bytes()).boots[-1]))
    had = int((folder / "meminfo.txt").read_text().split()[1]) * KIB
    assert account is not None
    assert account.mem_total == had
    assert account.mem_total_basis == "evidence"
    assert sum(row.bytes for row in account.rows) + had == account.total
    assert all(abs(row.bytes) < account.total for row in account.rows)


def test_every_cause_has_its_size_and_they_add_up_to_the_byte() -> None:
    account = of(
        *TRIMMED,
        "RAMDISK: [mem 0x30000000-0x303fffff]",
        "crashkernel reserved: 0x0000000020000000 - 0x0000000028000000 (128 MB)",
        *NODES,
        "NODE_DATA(0) allocated [mem 0x13ffd5000-0x13fffefff]",
        "percpu: Embedded 45 pages/cpu s147456 r8192 d28672 u1048576",
        "Dentry cache hash table entries: 262144 (order: 9, 2097152 bytes, linear)",
        "Inode-cache hash table entries: 131072 (order: 8, 1048576 bytes, vmalloc)",
        memory(),
        "SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs=2, Nodes=1",
        "kfence: initialized - using 2097152 bytes for 255 objects at 0x0-0x1",
        "software IO TLB: mapped [mem 0x0000000038000000-0x000000003a000000] (32MB)",
        "Freeing SMP alternatives memory: 36K",
        *FREED,
        "Freeing unused kernel image (rodata/data gap) memory: 500K",
    )
    pages = (0x40000 + 0x40000) * 64  # sections of 128 MiB are populated whole
    named = 128 * MIB + 32 * MIB + 4 * MIB + 0x2A000 + 2 * 45 * 4 * KIB + 2 * MIB + 2 * MIB
    assert account.total == TOTAL
    assert sizes(account) == {
        "reserved by firmware": 2 * KIB + 3 * MIB,
        "ACPI NVS": MIB,
        "first page and BIOS area": 4 * KIB,
        "parts of pages": 2 * KIB,
        "struct pages": pages,
        "kernel image": 16_000 * KIB,
        "padding of the kernel image": 500 * KIB,
        "first MiB": 0x9E * 4 * KIB,
        "crash kernel": 128 * MIB,
        "software IO TLB": 32 * MIB,
        "initial RAM disk": 4 * MIB,
        "node data": 0x2A000,
        "per-CPU memory": 2 * 45 * 4 * KIB,
        "dentry hash table": 2 * MIB,
        "KFENCE pool": 2 * MIB,
        "early allocations that no line names": (RESERVED - 16_500 - 0x9E * 4) * KIB - pages - named,
        "SMP alternatives, returned": -36 * KIB,
        "initial RAM disk, returned": -4 * MIB,
        "init memory, returned": -1500 * KIB,
        "padding of the kernel image, returned": -500 * KIB,
    }
    assert account.mem_total == PRESENT - RESERVED * KIB + (36 + 4096 + 1500 + 500) * KIB
    assert (account.mem_total_basis, account.mem_total_printed) == ("evidence", None)


def test_rows_lie_where_lines_say_and_nowhere_else() -> None:
    """Struct pages lie in the reservation behind a request of just that size, without what is freed of it."""
    account = of(
        *TRIMMED,
        "RAMDISK: [mem 0x30000000-0x303fffff]",
        "crashkernel low memory reserved: 0x10000000 - 0x12000000 (32 MB)",
        "crashkernel reserved: 0x0000000120000000 - 0x0000000128000000 (128 MB)",
        *NODES,
        "memblock_alloc_exact_nid_raw: 33554432 bytes align=0x1000 nid=0 from=0x0 max_addr=0x0 sparse_init_nid+0x1/0x2",
        "memblock_reserve: [0x000000013a000000-0x000000013bffffff] memblock_alloc_range_nid+0xb0/0x13d",
        "memblock_alloc_try_nid_raw: 4096 bytes align=0x1000 nid=0 from=0x0 max_addr=0x0 sparse_init_nid+0x1/0x2",
        "memblock_reserve: [0x0000000139fff000-0x0000000139ffffff] memblock_alloc_range_nid+0xb0/0x13d",
        "memblock_free: [0x000000013be00000-0x000000013bffffff] sparse_buffer_fini+0x1/0x2",
        "memblock_alloc_try_nid_raw: 2097152 bytes align=0x200000 nid=0 from=0x0 max_addr=0x0 memmap_alloc+0x1/0x2",
        "memblock_reserve: [0x0000000138000000-0x00000001380fffff] memblock_alloc_range_nid+0xb0/0x13d",
        memory(),
        *FREED,
        line="crashkernel=128M",
    )
    where = {row.what: [(item.start, item.end) for item in row.ranges] for row in account.rows}
    assert where["reserved by firmware"] == [(0x9F800, 0xA0000), (0x3FD00000, 0x40000000)]
    assert where["crash kernel"] == [(0x10000000, 0x12000000), (0x120000000, 0x128000000)]
    assert where["initial RAM disk"] == where["initial RAM disk, returned"] == [(0x30000000, 0x30400000)]
    assert where["struct pages"] == [(0x13A000000, 0x13BE00000)]
    assert where["kernel image"] == where["init memory, returned"] == []


def test_of_very_many_ranges_a_row_keeps_the_largest_by_address() -> None:
    many = [Span(Address(n << 20), Address((n << 20) + (n << 10))) for n in range(1, 200)]
    assert [item.start >> 20 for item in largest(reversed(many))] == [*range(200 - MOST_RANGES, 200)]


def test_what_is_free_when_struct_pages_are_initialised_late_is_not_what_the_kernel_has() -> None:
    late = of(*TRIMMED, *NODES, memory(free=150_000), *FREED, "node 0 deferred pages initialised in 88ms")
    assert late.mem_total == of(*TRIMMED, *NODES, memory(), *FREED).mem_total == PRESENT - (RESERVED - 5596) * KIB


def test_what_was_given_back_before_the_memory_line_is_part_of_it() -> None:
    before = of(*TRIMMED, *NODES, "Freeing SMP alternatives memory: 40K", memory(), *FREED, release="6.12.30")
    assert "SMP alternatives, returned" not in sizes(before)
    assert before.mem_total == PRESENT - (RESERVED - 5596) * KIB


def test_a_kernel_before_3_10_hands_out_what_its_line_has_as_free() -> None:
    parts = "3801k kernel code, 3146000k absent, 140000k reserved, 2973k data, 932k init"
    line = f"Memory: 1900000k/5242880k available ({parts})"
    account = of(*NODES, line, "Freeing unused kernel memory: 932k freed", release="2.6.38", map_=MAP)
    assert account.mem_total == (1_900_000 + 932) * KIB
    assert sizes(account)["kernel image"] == (3801 + 2973 + 932) * KIB


def test_memory_that_arguments_take_is_told_by_them_and_what_they_add_is_given_back() -> None:
    user = (
        "user-defined physical RAM map:",
        "user: [mem 0x0000000000000000-0x000000000009f7ff] usable",
        "user: [mem 0x0000000000100000-0x000000003fbfffff] usable",
        "user: [mem 0x0000000050000000-0x0000000053ffffff] usable",
    )
    account = of(*user, line="mem=1G memmap=64M@1280M")
    assert sizes(account)["mem=1G, memmap=64M@1280M"] == GIB
    assert sizes(account)["added by mem=1G, memmap=64M@1280M"] == -64 * MIB
    (row,) = (row for row in account.rows if row.what == "mem=1G, memmap=64M@1280M")
    assert (row.taker, row.lines, [str(item.range) for item in row.ranges]) == (
        "argument",
        (2,),
        ["[0x100000000, 0x140000000)"],
    )
    assert account.out_of_ordinary


WARNING = "WARNING: BIOS bug: CPU MTRRs don't cover all of memory, losing 512MB of RAM."
TRIM = "e820: update [mem 0x120000000-0x13fffffff] usable ==> reserved"


def test_memory_that_mtrrs_do_not_cover_is_a_row_with_both_lines() -> None:
    account = of(TRIMMED[0], TRIM, WARNING, "last_pfn = 0x120000 max_arch_pfn = 0x400000000")
    (row,) = (row for row in account.rows if row.what == "not covered by MTRRs")
    assert (row.bytes, row.lines, row.taker) == (512 * MIB, (13, 14), "limit")


def test_a_modified_map_alone_shows_what_mtrrs_do_not_cover() -> None:
    modified = [row.replace("BIOS-e820", "modified") for row in MAP[1:-1]]
    account = of(WARNING, "modified physical RAM map:", *modified)
    assert sizes(account)["not covered by MTRRs"] == GIB


def test_without_pae_memory_above_4_gib_is_beyond_a_32_bit_kernel() -> None:
    account = of(
        "last_pfn = 0x40000 max_arch_pfn = 0x100000",
        "136MB HIGHMEM available.",
        "887MB LOWMEM available.",
        *(row for row in NODES if "0x0000000100000000" not in row and "DMA32" not in row),
    )
    (row,) = (row for row in account.rows if row.what == "above 4 GiB, without PAE")
    assert (row.bytes, row.taker, set(row.lines) >= {13, 14}) == (GIB, "limit", True)


def test_memory_that_no_node_has_is_not_lost_in_silence() -> None:
    """The firmware's nodes leave out 256 MiB below the last memory."""
    nodes = [*NODES[:-1], "  node   0: [mem 0x0000000100000000-0x000000011fffffff]"]
    nodes.append("  node   0: [mem 0x0000000130000000-0x000000013fffffff]")
    account = of(*TRIMMED, *nodes)
    assert sizes(account)["without a node"] == 256 * MIB


DMIDECODE = "\n# dmidecode 3.3\nHandle 0x0011, DMI type 17, 40 bytes\nMemory Device\n\tSize: {}\n"


def test_installed_memory_that_the_map_lacks_comes_first() -> None:
    text = "\n".join(("Linux version 6.1.20 x86_64", *MAP, *TRIMMED, *NODES)) + DMIDECODE.format("2048 MB") * 2
    account = ledger(analyze(read(text.encode()).boots[0]))
    assert account is not None
    first = account.rows[0]
    assert (account.total, first.what, first.bytes) == (4 * GIB, "not in the memory map", 4 * GIB - TOTAL)
    assert account.begins == "installed memory, by dmidecode"
    assert sum(row.bytes for row in account.rows) + account.mem_total == 4 * GIB


def test_less_installed_memory_than_the_map_has_is_not_believed() -> None:
    text = "\n".join(("Linux version 6.1.20 x86_64", *MAP, *NODES)) + DMIDECODE.format("1024 MB")
    account = ledger(analyze(read(text.encode()).boots[0]))
    assert account is not None
    assert (account.total, account.begins) == (TOTAL, "the firmware's memory map")


def test_cma_counts_as_mem_total_however_the_line_counts_it() -> None:
    area = "cma: Reserved 64 MiB at 0x0000000010000000"
    new = of(*TRIMMED, area, *NODES, memory(RESERVED - 65_536, cma=", 65536K cma-reserved"), *FREED)
    old = of(*TRIMMED, area, *NODES, memory(cma=""), *FREED, release="3.16.7")
    assert new.mem_total == old.mem_total
    assert (sizes(old)["CMA"], sizes(old)["CMA, counted in MemTotal"]) == (64 * MIB, -64 * MIB)
    assert "CMA" not in sizes(new)


def test_huge_pages_that_only_memblock_can_give_count_as_mem_total_too() -> None:
    pages = "HugeTLB: registered 1.00 GiB page size, pre-allocated 1 pages"
    small = "HugeTLB: registered 2.00 MiB page size, pre-allocated 64 pages"
    account = of(*TRIMMED, *NODES, memory(RESERVED + GIB // KIB), *FREED, pages, small)
    assert sizes(account)["huge pages"] == -sizes(account)["huge pages, counted in MemTotal"] == GIB
    assert account.mem_total == PRESENT - (RESERVED - 5596) * KIB


@pytest.mark.parametrize(("release", "reserved"), [("6.10.14", RESERVED + GIB // KIB), ("6.11.0", RESERVED)])
def test_a_late_memory_line_counts_huge_pages_as_handed_over(release: str, reserved: int) -> None:
    pages = "HugeTLB: registered 1.00 GiB page size, pre-allocated 1 pages"
    account = of(*TRIMMED, *NODES, memory(reserved), *FREED, pages, release=release)
    assert account.mem_total == PRESENT - (RESERVED - 5596) * KIB


EFI = (
    "efi: SMBIOS=0x3f000000 MEMATTR=0x3a000018 ",
    "efi: mem00: [Boot Data   |   |  |  |  |   |WB|WT|WC|UC] range=[0x0000000039000000-0x00000000390fffff] (1MB)",
    "efi: mem01: [Boot Data   |   |  |  |  |   |WB|WT|WC|UC] range=[0x000000003a000000-0x000000003a0fffff] (1MB)",
    "efi: mem02: [Boot Code   |   |  |  |  |   |WB|WT|WC|UC] range=[0x000000003b000000-0x000000003bffffff] (16MB)",
)


def test_boot_services_of_efi_come_back_but_for_what_was_reserved_before() -> None:
    account = of(*EFI, *TRIMMED, *NODES, memory(), *FREED, release="4.17.0", line="efi=debug")
    assert sizes(account)["EFI boot services"] == -sizes(account)["EFI boot services, returned"] == 17 * MIB
    assert account.mem_total == PRESENT - (RESERVED - 5596) * KIB + 17 * MIB


def test_since_5_7_boot_services_stay_where_the_log_has_their_map() -> None:
    account = of(*EFI, *TRIMMED, *NODES, memory(), *FREED, release="5.10.4", line="efi=debug")
    assert sizes(account)["EFI boot services"] == 17 * MIB
    assert "EFI boot services, returned" not in sizes(account)


def test_a_line_tells_how_much_of_boot_services_new_kernels_give_back() -> None:
    line = "efi: Freeing EFI boot services memory: 51712K"
    account = of(EFI[0], *TRIMMED, *NODES, memory(), line, *FREED, release="7.1.2")
    assert (sizes(account)["EFI boot services, returned"], account.mem_total_basis) == (-51_712 * KIB, "evidence")


def test_before_6_11_no_line_tells_how_much_of_boot_services_comes_back_and_that_is_said() -> None:
    account = of(EFI[0], *TRIMMED, *NODES, memory(), *FREED, release="6.1.20")
    assert account.mem_total_basis == "assumed"
    assert account.mem_total_text.startswith("at least: memory of EFI's boot services")


def test_a_text_that_ends_early_has_what_would_be_given_back_as_an_estimate() -> None:
    account = of(*TRIMMED, "RAMDISK: [mem 0x30000000-0x303fffff]", *NODES, memory())
    returned = {row.what: (row.bytes, row.basis) for row in account.rows if row.taker == "returned"}
    assert returned == {
        "init memory, returned": (-1500 * KIB, "assumed"),
        "initial RAM disk, returned": (-4 * MIB, "assumed"),
    }
    assert account.mem_total_basis == "assumed"


def test_without_a_memory_line_the_ledger_is_an_upper_bound_and_says_so() -> None:
    account = of(*TRIMMED, *NODES)
    assert (account.mem_total_basis, account.mem_total_text[:8]) == ("assumed", "at most:")
    assert account.mem_total == PRESENT - sizes(account)["struct pages"] - sizes(account)["first MiB"]


def test_mem_total_beside_a_log_without_a_memory_line_tells_what_no_line_names() -> None:
    text = "\n".join(("Linux version 6.1.20 x86_64", *MAP, *TRIMMED, *NODES, "", "MemTotal:        1900000 kB"))
    account = ledger(analyze(read(text.encode()).boots[0]))
    assert account is not None
    assert account.mem_total == account.mem_total_printed == 1_900_000 * KIB
    assert sum(row.bytes for row in account.rows) + account.mem_total == TOTAL


def test_a_log_buffer_has_metadata_since_5_10_and_a_static_one_is_part_of_the_image() -> None:
    line = "printk: log_buf_len: 4194304 bytes"
    old = of(line, *TRIMMED, *NODES, memory(), *FREED, release="5.4.3", line="log_buf_len=4M")
    new = of(line, *TRIMMED, *NODES, memory(), *FREED, release="5.10.3", line="log_buf_len=4M")
    assert (sizes(old)["log buffer"], sizes(new)["log buffer"]) == (4 * MIB, 18 * MIB)
    whole = "printk: log buffer data + meta data: 131072 + 458752 = 589824 bytes"
    assert "log buffer" not in sizes(of(whole, *TRIMMED, *NODES, memory(), *FREED, release="6.18.2"))
    assert sizes(of(whole, *TRIMMED, *NODES, memory(), *FREED, line="log_buf_len=128K"))["log buffer"] == 589_824


def test_kasan_has_an_eighth_of_memory() -> None:
    account = of(*TRIMMED, *NODES, "kasan: KernelAddressSanitizer initialized", memory(800_000), *FREED)
    assert sizes(account)["KASAN shadow"] == PRESENT // 8


def test_a_hash_table_without_a_word_is_early_where_its_line_is() -> None:
    row = "Dentry cache hash table entries: 262144 (order: 9, 2097152 bytes)"
    assert "dentry hash table" in sizes(of(*TRIMMED, *NODES, row, memory(), *FREED, release="4.17.0"))
    assert "dentry hash table" not in sizes(of(*TRIMMED, *NODES, memory(), row, *FREED, release="4.17.0"))


def test_a_machine_without_a_firmware_map_begins_with_its_memory() -> None:
    text = (
        "Booting Linux on physical CPU 0x0000000000 [0x411fd070]\nLinux version 6.6.1 (lab@lab) #1 SMP\n"
        "OF: fdt: Ignoring memory range 0x3f000000 - 0x40000000\n"
        "Zone ranges:\n  DMA      [mem 0x0000000040000000-0x000000007fffffff]\n"
        "Early memory node ranges\n  node   0: [mem 0x0000000040000000-0x000000007fffffff]\n"
    )
    account = ledger(analyze(read(text.encode()).boots[0]))
    assert account is not None
    assert (account.total, sizes(account)["beyond the kernel's limits"]) == (GIB + 16 * MIB, 16 * MIB)


def test_a_text_without_memory_has_no_ledger() -> None:
    (boot,) = read(b"[    1.0] BUG: unable to handle page fault for address: fffffffffffffffe\n").boots
    assert ledger(analyze(boot)) is None


@given(
    reserved=st.integers(0, PRESENT // KIB),
    parts=st.lists(
        st.sampled_from([*FREED, TRIM, WARNING, *TRIMMED, *EFI, "kasan: KernelAddressSanitizer initialized"])
    ),
    crash=st.tuples(st.integers(0, 1 << 41), st.integers(0, 1 << 34)),
    release=st.sampled_from(["2.6.32", "4.17.0", "5.10.3", "6.12.1", "7.1.0"]),
    line=st.sampled_from(["", "mem=512M", "log_buf_len=1G", "reserve_mem=9T:4096:x", "efi=debug"]),
)
def test_rows_add_up_to_the_byte_whatever_the_lines_say(
    reserved: int, parts: list[str], crash: tuple[int, int], release: str, line: str
) -> None:
    start, size = crash
    place = f"crashkernel reserved: {start:#018x} - {start + size:#018x} ({size >> 20} MB)"
    account = of(*parts, place, *NODES, memory(reserved), *reversed(parts), release=release, line=line)
    assert all(row.bytes > 0 for row in account.rows if row.taker in ("firmware", "limit", "reservation"))
    assert all(row.bytes < 0 for row in account.rows if row.taker == "returned")
    assert all(abs(row.bytes) <= account.total for row in account.rows)
