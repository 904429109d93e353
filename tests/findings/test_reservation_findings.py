"""Reservations that failed: why, and what would fit; from whole logs, from excerpts, from single lines."""

import pytest

from pfnscope.service import analyze
from tests.support.machines import first_of, log, one

NO_AREA = "crashkernel reservation failed - No suitable area found."


def test_an_old_kernel_looks_below_896_mib_alone() -> None:
    finding = one(log("4.17.2", "crashkernel=900M", NO_AREA, 2048, 6144), "crashkernel-failed")
    assert finding.cause == (
        "900 MiB in one piece: the largest piece of RAM that can be free below 896 MiB is"
        " [0x1000, 0x38000) · 880 MiB · 0x1000000."
    )
    assert finding.details == (
        "Linux 4.17 looks for a crash kernel's memory below 896 MiB, nowhere else without “,high”.",
    )
    assert finding.remedy is not None
    assert finding.remedy.command_line == "crashkernel=900M,high"
    assert finding.remedy.checked


def test_a_current_kernel_has_looked_above_as_well() -> None:
    finding = one(log("6.1.20", "crashkernel=3G", NO_AREA, 2048, 1024), "crashkernel-failed")
    assert finding.cause == (
        "3 GiB in one piece: the largest piece of RAM that can be free below 4 GiB is"
        " [0x1000, 0x80000) · 1.98 GiB · 0x1000000, above it [0x100000, 0x140000) · 1 GiB · 0x100000000."
    )
    assert finding.remedy is not None
    assert finding.remedy.command_line == "crashkernel=320M"
    assert finding.remedy.checked


def test_the_initrd_that_lies_in_it_is_left_out() -> None:
    ramdisk = "RAMDISK: [mem 0x30000000-0x33ffffff]\n" + NO_AREA
    finding = one(log("4.17.2", "crashkernel=800M", ramdisk), "crashkernel-failed")
    assert finding.cause is not None
    assert "below 896 MiB is [0x1000, 0x30000) · 752 MiB · 0x1000000." in finding.cause


def test_what_is_taken_later_does_not_count() -> None:
    later = NO_AREA + "\ncma: Reserved 256 MiB at 0x0000000030000000"
    finding = one(log("4.17.2", "crashkernel=900M", later), "crashkernel-failed")
    assert finding.cause is not None
    assert "[0x1000, 0x38000) · 880 MiB" in finding.cause


def test_a_range_that_is_no_ram_is_named() -> None:
    failure = "crashkernel reservation failed - memory is in use."
    finding = one(log("6.1.20", "crashkernel=256M@1920M", failure), "crashkernel-failed")
    assert finding.cause == (
        "crashkernel=256M@1920M names [0x78000, 0x88000) · 256 MiB · 0x78000000, and of that"
        " [0x80000, 0x88000) · 128 MiB · 0x80000000 is no RAM."
    )
    assert finding.remedy is not None
    assert finding.remedy.command_line == "crashkernel=256M"


def test_a_smaller_part_below_4_gib_is_offered() -> None:
    failure = "cannot allocate crashkernel low memory (size:0x20000000)"
    finding = one(
        log("6.12.5", "crashkernel=1G,high crashkernel=512M,low", failure, 512, 8192), "crashkernel-low-failed"
    )
    assert finding.remedy is not None
    assert finding.remedy.command_line == "crashkernel=1G,high crashkernel=160M,low"
    assert finding.remedy.checked


def test_the_size_of_a_range_by_ram_is_found() -> None:
    finding = one(log("4.17.2", "crashkernel=1G-2G:128M,2G-:1G", NO_AREA), "crashkernel-failed")
    assert finding.cause is not None
    assert finding.cause.startswith("1 GiB in one piece:")


@pytest.mark.parametrize(
    "text",
    [
        NO_AREA,
        f"> [    0.000000] {NO_AREA}\n",
        f"Hello,\nkdump does not work here any more, dmesg has\n\n  [    0.000000] {NO_AREA}\n\nWhat can I do?\n",
    ],
)
def test_a_line_alone_gives_advice_and_no_guess(text: str) -> None:
    finding = one(text, "crashkernel-failed")
    assert finding.severity == "caution"
    assert finding.cause is None
    assert finding.remedy is not None
    assert finding.remedy.command_line is None
    assert not finding.remedy.checked


def test_a_crash_kernel_that_is_reserved_is_no_trouble() -> None:
    text = log("6.12.5", "crashkernel=256M", "crashkernel reserved: 0x0000000060000000 - 0x0000000070000000 (256 MB)")
    findings = analyze(text.encode()).document.findings
    assert {item.severity for item in findings} <= {"info", "none"}
    assert one(text, "crashkernel-reserved").text == "A crash kernel has [0x60000, 0x70000) · 256 MiB · 0x60000000."


def test_what_auto_would_be_is_written_out_and_tried() -> None:
    remedy = one(
        log("6.1.20", "crashkernel=auto", "[    0.000000] crashkernel: memory value expected"), "crashkernel-value"
    ).remedy
    assert remedy is not None
    assert remedy.checked
    assert "here that is 192 MiB, which fits below 4 GiB" in remedy.text
    alone = one("[    0.000000] crashkernel: memory value expected", "crashkernel-value").remedy
    assert alone is not None
    assert not alone.checked


def test_cma_of_what_is_left() -> None:
    finding = one(log("6.1.20", "cma=3G", "cma: Failed to reserve 3072 MiB"), "cma-failed")
    assert finding.cause == (
        "3 GiB in one piece: the largest piece of RAM that can be free is [0x100, 0x80000) · 2 GiB · 0x100000."
    )
    assert finding.remedy is not None
    assert finding.remedy.command_line == "cma=944M"
    assert finding.remedy.checked
    alone = one("cma: Failed to reserve 512 MiB", "cma-failed")
    assert alone.cause is None
    assert alone.remedy is not None
    assert not alone.remedy.checked


FEW = "HugeTLB: allocating {} of page size 1.00 GiB failed.  Only allocated {} hugepages."


def test_gigantic_pages_by_what_each_node_can_give() -> None:
    finding = one(log("6.1.20", "hugepagesz=1G hugepages=8", FEW.format(8, 5), 2048, 4096 + 512), "huge-pages-failed")
    assert finding.cause == (
        "This machine can give 5 pages of 1 GiB at boot. In the way of more: no RAM, first MiB, struct pages."
    )
    assert finding.remedy is not None
    assert finding.remedy.command_line == "hugepagesz=1G hugepages=5"
    assert finding.remedy.checked
    alone = one(FEW.format(4, 1), "huge-pages-failed")
    assert alone.cause is None
    assert alone.remedy is not None
    assert not alone.remedy.checked


CAPTURE = "elfcorehdr=655340K irqpoll nr_cpus=1"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (f"crashkernel=256M hugepages=64 {CAPTURE}", "capture-kernel-starved"),
        (f"hugepagesz=1G hugepages=0 {CAPTURE} cma=64M", "capture-kernel-starved"),
        (f"crashkernel=256M {CAPTURE}", "capture-kernel-inherits"),
    ],
)
def test_a_capture_kernel_that_has_the_machine_s_own_arguments(arguments: str, code: str) -> None:
    finding = one(log("6.1.20", arguments, NO_AREA, 256), code)
    assert finding.remedy is not None
    assert finding.remedy.command_line == f"BOOT_IMAGE=/boot/vmlinuz root=/dev/sda2 {CAPTURE}"
    assert finding.remedy.checked
    assert first_of(log("6.1.20", arguments, NO_AREA, 256), "crashkernel-failed") is None


def test_a_capture_kernel_of_its_own_arguments_and_a_machine_with_them_are_no_trouble() -> None:
    for arguments in (CAPTURE, "crashkernel=256M hugepages=64"):
        text = log("6.1.20", arguments, "")
        codes = {item.code for item in analyze(text.encode()).document.findings}
        assert not codes & {"capture-kernel-starved", "capture-kernel-inherits"}


def test_a_region_where_there_is_no_ram() -> None:
    text = log("6.1.20", "cma=64M", "cma: Reserved 64 MiB at 0x0000000090000000")
    finding = one(text, "reserved-outside-ram")
    assert finding.severity == "info"
    assert finding.text == "CMA at [0x90000, 0x94000) · 64 MiB · 0x90000000: reserved where this kernel has no RAM."
    assert first_of(text.replace("0x0000000090000000", "0x0000000070000000"), "reserved-outside-ram") is None


SHRUNK = "software IO TLB: SWIOTLB bounce buffer size adjusted 1048576 -> 262144 slabs"


@pytest.mark.parametrize("frame", ["{}", "> {}", "Hi,\n\nI see\n   {}\n\nwhy?\n"])
def test_fewer_bounce_buffers(frame: str) -> None:
    alone = one(frame.format(SHRUNK), "swiotlb-shrunk")
    assert alone.severity == "caution"
    assert alone.text == "The kernel found no 2 GiB for bounce buffers (swiotlb), and took 512 MiB."
    assert alone.remedy is not None
    assert not alone.remedy.checked


def test_bounce_buffers_that_fit() -> None:
    finding = one(log("6.12.5", "swiotlb=1048576,force", SHRUNK), "swiotlb-shrunk")
    assert finding.remedy is not None
    assert finding.remedy.command_line == "swiotlb=475136"
    assert finding.remedy.checked
    fine = log("6.12.5", "quiet", "software IO TLB: mapped [mem 0x000000007bfe0000-0x000000007ffe0000] (64MB)")
    assert not {item.code for item in analyze(fine.encode()).document.findings if item.subject == "reservations"}
