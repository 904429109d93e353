"""Records of /dev/kmsg as the lines that dmesg prints, and what is said where they are not all there."""

from pathlib import Path

from pfnscope.recording.machine import kernel_log


def log_of(root: Path, records: bytes) -> None:
    (root / "dev").mkdir()
    (root / "dev/kmsg").write_bytes(records)


def test_records_become_the_lines_of_dmesg(tmp_path: Path) -> None:
    records = (
        b"6,0,0,-;Linux version 6.1.0\n"
        b"6,1,5140900,-,caller=T1;one\\x0atwo \\xc3\\xa9\n"
        b" SUBSYSTEM=acpi\n"
        b" DEVICE=+acpi:PNP0A03:00\n"
        b"30,2,6000000,-;BIOS-e820: [mem 0x0-0xfff] usable\n"
        b"4,3,12345678901,c;last\n"
    )
    log_of(tmp_path, records)
    log = kernel_log(tmp_path)
    assert log.text.decode() == (
        "[    0.000000] Linux version 6.1.0\n[    5.140900] one\n[    5.140900] two é\n[12345.678901] last\n"
    )
    assert (log.source, log.whole, log.refused) == ("/dev/kmsg", True, ())


def test_a_log_without_its_first_line_says_so(tmp_path: Path) -> None:
    log_of(tmp_path, b"6,900,5140900,-;usb 1-1: new device\n")
    log = kernel_log(tmp_path)
    assert not log.whole
    assert log.refused == ("/dev/kmsg: the ring buffer has lost the beginning",)


def test_no_log_at_all(tmp_path: Path) -> None:
    log = kernel_log(tmp_path)
    assert (log.text, log.whole) == (b"", False)
    assert log.refused == ("/dev/kmsg: No such file or directory",)
