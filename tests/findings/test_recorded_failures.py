"""Each recorded failure gives its finding, and its healthy twins give none."""

from pathlib import Path

import pytest

from pfnscope.model.findings import Finding
from pfnscope.service import analyze

FAILURES = Path(__file__).parents[1] / "recorded" / "failures"


def recorded(folder: str, *names: str) -> dict[str, Finding]:
    """The findings of a recorded boot by code, the first of each."""
    text = b"\n".join((FAILURES / folder / name).read_bytes() for name in names or ("dmesg.txt",))
    findings = analyze(text).document.findings
    return {item.code: item for item in reversed(findings)}


WHY = {
    "crashkernel-too-large-6.1": (
        "crashkernel-failed",
        "[0x1000, 0x3fe94) · 1006.58 MiB · 0x1000000 of RAM would be enough for 900 MiB, but something lies in it",
        "crashkernel=256M",
    ),
    "crashkernel-too-large-6.12": (
        "crashkernel-failed",
        "[0x1000, 0x3fea4) · 1006.64 MiB · 0x1000000 of RAM would be enough for 900 MiB, but something lies in it",
        "crashkernel=256M",
    ),
    "crashkernel-in-use": (
        "crashkernel-failed",
        "crashkernel=256M@16M names [0x1000, 0x11000) · 256 MiB · 0x1000000, where most likely the kernel's own image",
        "crashkernel=256M",
    ),
    "crashkernel-low-6.1": (
        "crashkernel-low-failed",
        "256 MiB in one piece: the largest piece of RAM that can be free below 4 GiB is [0x1000, 0xfebf) · 238.75 MiB",
        "crashkernel=512M,high crashkernel=64M,low",
    ),
    "crashkernel-low-6.12": (
        "crashkernel-low-failed",
        "256 MiB in one piece: the largest piece of RAM that can be free below 4 GiB is [0x1000, 0xfece) · 238.8 MiB",
        "crashkernel=512M,high crashkernel=64M,low",
    ),
    "crashkernel-auto": ("crashkernel-value", "", "crashkernel=1G-4G:192M,4G-64G:256M,64G-:512M"),
    "swiotlb-too-large": (
        "swiotlb-shrunk",
        "2 GiB in one piece: the largest piece of RAM that can be free below 4 GiB is",
        "swiotlb=237568",
    ),
    "arm64-cma-crashkernel": (
        "crashkernel-failed",
        "1 GiB in one piece: the largest piece of RAM that can be free below 2 GiB is [0x40000, 0x7ee00)",
        "crashkernel=256M",
    ),
    "arm64-crashkernel-low": (
        "crashkernel-low-failed",
        "3 GiB in one piece: the largest piece of RAM that can be free below 4 GiB is [0x40000, 0xfc000) · 2.94 GiB",
        "crashkernel=512M,high crashkernel=128M,low",
    ),
    "huge-pages-1G": (
        "huge-pages-failed",
        "This machine can give no pages of 1 GiB at boot. In the way of more: no RAM, first MiB, struct pages,",
        "hugepagesz=2M hugepages=480",
    ),
    "huge-pages-node": (
        "huge-pages-failed",
        "Node 1 can give 1 page of 1 GiB at boot. In the way of more: struct pages, NODE_DATA(1).",
        "hugepagesz=1G hugepages=1:1",
    ),
    "arm64-huge-pages": (
        "huge-pages-failed",
        "This machine can give 0 to 1 page of 1 GiB at boot. In the way of more: CMA, NODE_DATA, no RAM.",
        "hugepagesz=2M hugepages=352",
    ),
    "hotadd-64M": ("unaligned-hotplug", "Its size, 64 MiB, is no multiple of 128 MiB.", None),
    "hotadd-128M": ("unaligned-hotplug", "Its size, 200 MiB, is no multiple of 128 MiB.", None),
    "hotadd-large-blocks": ("unaligned-hotplug", "Its size, 128 MiB, is no multiple of 1 GiB.", None),
}


def test_no_folder_is_forgotten() -> None:
    healthy = {"crashkernel-fine", "hibernation-1", "hibernation-2-same"}
    of_arguments = {"mem-takes-node", "memmap-takes-node", "memmap-without-operator"}
    told_below = {"capture-kernel", "arm64-device-tree", "hibernation-2-less-ram", "hibernation-2-more-tables"}
    folders = {item.name for item in FAILURES.iterdir() if item.is_dir()}
    assert folders == WHY.keys() | healthy | of_arguments | told_below


def test_regions_of_a_device_tree_that_overlap_and_find_no_room() -> None:
    findings = recorded("arm64-device-tree")
    assert {"device-tree-refused", "overlapping-reserved-memory"} <= findings.keys()


@pytest.mark.parametrize("folder", WHY)
def test_a_recorded_failure_is_found_explained_and_answered(folder: str) -> None:
    code, cause, command_line = WHY[folder]
    finding = recorded(folder)[code]
    assert finding.severity == "caution"
    assert (finding.cause or "").startswith(cause)
    assert finding.remedy is not None
    assert finding.remedy.command_line == command_line
    assert finding.remedy.checked is (command_line is not None or code == "unaligned-hotplug")


def test_the_crash_kernel_that_fits_is_said_where_and_nothing_is_to_be_done() -> None:
    findings = recorded("crashkernel-fine")
    where = findings["crashkernel-reserved"]
    assert where.text == "A crash kernel has [0x73000, 0x7f000) · 192 MiB · 0x73000000."
    assert where.severity == "none"
    assert not {"caution", "danger"} & {item.severity for item in findings.values()}
    iomem = (FAILURES / "crashkernel-fine" / "iomem.txt").read_text()
    assert "  73000000-7effffff : Crash kernel" in iomem


def test_the_capture_kernel_gives_away_what_it_needs() -> None:
    starved = recorded("capture-kernel", "capture-dmesg.txt")["capture-kernel-starved"]
    assert starved.text == (
        "This capture kernel takes 128 MiB of its 255.98 MiB for arguments of the machine's own kernel:"
        " crashkernel=256M hugepages=64."
    )
    assert starved.remedy is not None
    assert starved.remedy.command_line == (
        "console=ttyS0 irqpoll nr_cpus=1 reset_devices acpi_rsdp=0xf59e0 elfcorehdr=1031540K"
    )
    assert starved.remedy.checked
    assert "crashkernel-failed" not in recorded("capture-kernel", "capture-dmesg.txt")
    assert "capture-kernel-starved" not in recorded("capture-kernel")


def test_blocks_that_did_not_go_offline_are_those_that_refused() -> None:
    """memory1 went offline, memory7 holds what firmware reserves, memory32 has the kernel's own data."""
    answers = (FAILURES / "hotadd-128M" / "offline.txt").read_text()
    assert "memory1 0 offline" in answers
    assert "memory7 1 online" in answers
    assert "memory32 1 online" in answers
    assert "blocks-mixed" not in recorded("hotadd-128M")
    findings = recorded("hotadd-128M", "dmesg.txt", "memory-blocks.txt")
    assert findings["offline-blocked"].text == "Page frame 0x100000 cannot be moved, so memory32 stayed online."
    mixed = findings["blocks-mixed"]
    assert mixed.text == (
        "2 memory blocks of 128 MiB, among them memory0 at [0x0, 0x8000) · 128 MiB · 0x0, are not RAM throughout,"
        " so Linux 6.12.117 keeps them online."
    )
    assert mixed.details == (
        "memory0: 127.62 MiB of 128 MiB are RAM.",
        "memory7: 127.88 MiB of 128 MiB are RAM.",
    )


def test_why_blocks_are_large_is_said() -> None:
    large = recorded("hotadd-large-blocks")["unaligned-hotplug"]
    assert large.details[0].startswith("RAM ends at 0x10c0000000, at or above 64 GiB")
    assert large.remedy is not None
    assert large.remedy.text.startswith("Add 1 GiB at 0x10c0000000:")


@pytest.mark.parametrize("folder", ["hibernation-2-less-ram", "hibernation-2-more-tables"])
def test_a_refused_image_is_found(folder: str) -> None:
    assert "hibernation-map" in recorded(folder)


@pytest.mark.parametrize("folder", ["hibernation-1", "hibernation-2-same"])
def test_a_machine_that_resumes_has_nothing_to_do(folder: str) -> None:
    assert not {"caution", "danger"} & {item.severity for item in recorded(folder).values()}
