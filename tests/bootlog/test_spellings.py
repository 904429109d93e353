"""Spellings that say more, or less, than a neighbour which looks alike."""

from pfnscope.bootlog import read
from pfnscope.model.log import BootLog

BANNER = "Linux version 6.12.9 (a@b)"
NODES = ("Early memory node ranges", "  node   0: [mem 0x0000000000001000-0x000000003fffffff]", "NX protection: active")


def boot(*lines: str) -> BootLog:
    (only,) = read("".join(f"[    0.000000] {line}\n" for line in (*lines, *NODES)).encode()).boots
    return only


def regions(*lines: str) -> list[tuple[str, int, int]]:
    return [(item.name, item.start, item.end) for item in boot(BANNER, *lines).reserved_regions]


def codes(log: BootLog) -> list[str]:
    return [note.code for note in log.diagnostics]


def test_an_end_with_0x_of_ignored_ram_is_exclusive_and_one_without_is_not() -> None:
    assert regions("Ignoring RAM at 0x9ee00000-0xa0000000") == [("ignored by the kernel", 0x9EE00000, 0xA0000000)]
    assert regions("Ignoring RAM at 30000000-37ffffff (!CONFIG_HIGHMEM).") == [
        ("ignored by the kernel", 0x30000000, 0x38000000)
    ]


def test_truncated_ram_is_what_lies_behind_the_new_end() -> None:
    lost = [("ignored by the kernel", 0x30000000, 0x3B000000)]
    assert regions("Truncating RAM at 0x00000000-0x3b000000 to -0x30000000") == lost
    assert regions("Truncating RAM at 00000000-3affffff to -2fffffff (vmalloc region overlap).") == lost


def test_a_removal_of_the_largest_size_goes_to_the_end_of_addresses() -> None:
    log = boot(BANNER, "memblock_remove: [0x0001000000000000-0x0000fffffffffffe] arm64_memblock_init+0x30/0x258")
    assert "impossible-range" not in codes(log)


def test_maps_that_loongarch_prints_without_a_header_are_not_cut() -> None:
    log = boot(
        "Linux version 6.12.9 (loongarch64-linux-gnu-gcc 14)",
        "Node0: mem_type:7, mem_start:0x200000, mem_size:0xee00000 Bytes",
        "Zone ranges:",
    )
    assert [(entry.start, entry.end) for entry in log.firmware_map] == [(0x200000, 0xF000000)]
    assert "cut-beginning" not in codes(log)


def test_cma_at_address_0_has_no_address() -> None:
    log = boot(BANNER, "cma: Reserved 32 MiB at 0x0000000000000000 on node -1")
    assert log.reserved_regions == ()
    assert "reservation-without-address" in codes(log)


def test_a_memory_pool_takes_the_name_of_its_node() -> None:
    assert regions(
        "Reserved memory: created DMA memory pool at 0x000000008b000000, size 32 MiB",
        "OF: reserved mem: initialized node firmware@8b000000, compatible id shared-dma-pool",
    ) == [("firmware", 0x8B000000, 0x8D000000)]


def test_an_efi_entry_without_pages_is_no_memory() -> None:
    entry = "efi: mem{}: [Reserved  |   |  |  |  |  |] range=[0x0000000000000000-0x0000000000000000] (invalid)"
    assert boot(BANNER, entry.format(47), entry.format(48)).efi_map == ()


def test_the_name_of_the_image_gives_a_release_that_no_line_names() -> None:
    log = boot(
        "Command line: BOOT_IMAGE=(hd0,gpt2)/vmlinuz-6.16.0-rc4-foo+ ro quiet", "Zone ranges:", "  DMA32    empty"
    )
    assert (log.release, log.assumed) == ("6.16.0-rc4-foo+", ("release",))
    assert boot(BANNER, "Command line: BOOT_IMAGE=/vmlinuz-5.4.0 ro").release == "6.12.9"


def test_the_heading_of_a_pstore_part_is_no_argument() -> None:
    lines = (BANNER, *NODES, "Command line: ro quiet")
    text = "".join(f"<6>[    0.000000] {line}\n" for line in lines) + "Panic#1 Part1\n"
    assert read(text.encode()).boots[0].command_line == "ro quiet"


def test_counts_of_zones_in_linux_next_are_counts() -> None:
    log = boot(
        BANNER,
        "DMA: Zeroed struct page in unavailable ranges: 97",
        "DMA32: Zeroed struct page in unavailable ranges: 3",
    )
    assert [(item.node, item.zone, item.value) for item in log.page_counts.unavailable] == [
        (None, "DMA", 97),
        (None, "DMA32", 3),
    ]


def test_free_memory_alone_is_known_where_no_total_is_printed() -> None:
    line = "Memory: 1023456k available (2536k kernel code, 1328k data) [fffff80000000000,000000003ff44000]"
    counts = boot(BANNER, line).page_counts
    assert counts.available_kib is not None
    assert (counts.available_kib.value, counts.total_kib) == (1023456, None)
