"""Files that are no logs: each is named by its first bytes, with what to do, and no text ever is."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.fleet.source import Source
from pfnscope.fleet.work import unpack, work
from pfnscope.opening import kinds
from pfnscope.opening.errors import NoLogInside, NotALog, TooLarge
from pfnscope.opening.kinds import ROWS, Row, kind_of
from pfnscope.opening.texts import opened, opened_path
from pfnscope.service import NoMemoryLayout, analyze
from tests.support import samples
from tests.support.headers import DUMPS, OTHERS, cut_everywhere, elf
from tests.support.pages import ROOT
from tests.support.wrappings import tar_of, zip_of

FILES = DUMPS | OTHERS
NAMES = {
    "kdump": "a kdump-compressed vmcore",
    "diskdump": "a dump of diskdump",
    "flattened": "a flattened dump of makedumpfile or virsh dump",
    "vmcore": "an ELF vmcore",
    "vmcore of /proc/kcore": "an ELF vmcore",
    "vmcore of many processors": "an ELF vmcore",
    "vmcore, notes far behind": "an ELF vmcore",
    "vmcore of i386": "an ELF vmcore",
    "vmcore of s390": "an ELF vmcore",
    "virsh dump": "an ELF dump of a virtual machine, of virsh dump --memory-only",
    "virsh save": "the saved state of a virtual machine, of virsh save",
    "virsh save, cut": "the saved state of a virtual machine, of virsh save",
    "savevm": "the saved state of a virtual machine of QEMU",
    "vmss": "a snapshot of a virtual machine of VMware",
    "lime": "a dump of the memory in the form of LiME",
    "s390": "a dump of a machine of s390",
    "lkcd": "a dump of LKCD",
    "windows": "a dump of a kernel of Windows",
    "hibernation": "a hibernation image in a swap partition",
    "journal": "a systemd journal",
    "qcow2": "a qcow2 disk image",
    "vmdk": "a VMDK disk image",
    "vhdx": "a VHDX disk image",
    "vdi": "a VDI disk image",
    "pcap": "a record of a network, of tcpdump or Wireshark",
    "pcapng": "a record of a network, of tcpdump or Wireshark",
    "core": "the core of a process, page-types",
    "core of i386": "the core of a process, page-types",
    "core, notes far behind": "the core of a process",
    "program": "a program or a kernel image (ELF)",
    "bzImage": "a kernel image (bzImage)",
    "arm64 image": "a kernel image (Image of arm64 or riscv)",
    "initramfs": "an initramfs (cpio)",
    "device tree": "a device tree (DTB)",
    "acpi": "an ACPI table",
    "perf": "a record of perf",
    "trace-cmd": "a record of trace-cmd",
    "office": "a file of Word, Excel or Outlook",
    "efi": "a program of Windows or EFI",
    "png": "a PNG picture",
    "jpeg": "a JPEG picture",
    "gif": "a GIF picture",
    "heic": "a HEIF picture",
    "mp4": "an MP4 video",
    "wav": "a WAVE sound recording",
    "sqlite": "a file of another kind (SQLite database file)",
    **dict.fromkeys(("gpg", "gpg, with a password", "gpg, with ECDH", "gpg --armor"), "a file encrypted with OpenPGP"),
    "age": "a file encrypted with age",
    "openssl": "a file encrypted with OpenSSL",
    "rar": "a RAR archive",
    "rpm": "a file of another kind (RedHat Package Manager file)",
}
ARCHIVES = {
    "an Excel workbook": zip_of({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}),
    "a PowerPoint presentation": zip_of({"[Content_Types].xml": b"<x/>", "ppt/presentation.xml": b"<x/>"}),
    "a document of LibreOffice": zip_of(
        {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"}, zipfile.ZIP_STORED
    ),
}
LOGS = [samples.path(slug) for slug in samples.SLUGS] + sorted((ROOT / "tests" / "recorded").rglob("*.txt"))


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_no_log_is_named(file: str) -> None:
    kind = kind_of(FILES[file])
    assert kind is not None
    assert kind.name == NAMES[file]


@pytest.mark.parametrize("file", DUMPS)
def test_a_dump_comes_with_the_command_that_gets_the_log_out(file: str) -> None:
    kind = kind_of(DUMPS[file])
    assert kind is not None
    command = kind.advice.split("`")[1]
    assert command.split()[0] in {"makedumpfile", "vmcore-dmesg", "echo", "vol"}
    assert "dmesg.txt" in command
    assert "FILE" in command


def test_every_row_is_tried() -> None:
    def row_of(data: bytes) -> Row | None:
        return next((row for row in ROWS if row.matches(data)), None)

    tried = {row.name for data in [*FILES.values(), *ARCHIVES.values()] if (row := row_of(data))}
    assert tried == {row.name for row in ROWS}


@pytest.mark.parametrize("file", FILES)
def test_no_layout_in_it_says_what_it_is(file: str) -> None:
    with pytest.raises(NoMemoryLayout) as raised:
        analyze(opened(FILES[file]))
    assert str(raised.value).startswith(f"This is {NAMES[file]}, not a log: ")


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_is_a_document_is_named(name: str) -> None:
    with pytest.raises(NotALog, match=f"This is {name}, not a log: save the log out of it"):
        opened(ARCHIVES[name])


def test_a_document_with_a_log_in_it_is_read() -> None:
    log = samples.text("seed-1g-4g")
    workbook = zip_of({"xl/workbook.xml": b"<x/>", "xl/log.txt": log})
    assert analyze(opened(workbook)).document.node_ranges


@pytest.mark.parametrize("path", LOGS, ids=lambda path: str(path.relative_to(path.parents[1])))
def test_no_log_is_named(path: Path) -> None:
    text = path.read_bytes()
    for start in (text, text[len(text) // 2 :], text.replace(b"\n", b"\r\n"), text.decode().encode("utf-16")):
        assert kind_of(start) is None


@pytest.mark.parametrize("file", FILES)
def test_a_log_behind_the_first_bytes_of_another_file_is_read(file: str) -> None:
    """What is in a text comes before what it looks like."""
    log = samples.text("seed-1g-4g")
    document = analyze(FILES[file][:8].replace(b"\0", b" ") + b"\n" + log).document
    assert document.node_ranges
    assert document.verdict.severity == "danger"


LINES = st.lists(st.sampled_from(samples.text("seed-1g-4g").splitlines(keepends=True)[:60]), min_size=1)


@given(lines=LINES, noise=st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"])), magic=st.data())
def test_no_text_is_named(lines: list[bytes], noise: str, magic: st.DataObject) -> None:
    begin = magic.draw(st.sampled_from([b"", *(row.magics[0] for row in ROWS if row.magics[0].isascii())]))
    text = begin.replace(b"\0", b"") + noise.encode() + b"".join(lines)
    assert kind_of(text) is None


@given(st.binary(max_size=3000))
def test_any_bytes_are_taken(data: bytes) -> None:
    kind_of(data)


@given(
    st.sampled_from(sorted(FILES)),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=20),
    st.integers(0, 1000),
)
def test_damaged_headers_are_taken(file: str, changes: list[tuple[int, int]], size: int) -> None:
    data = bytearray(FILES[file])
    for at, value in changes:
        data[at % len(data)] = value
    kind_of(bytes(data[:size]))


@given(st.binary(min_size=48, max_size=200), st.sampled_from([b"\1\1", b"\1\2", b"\2\1", b"\2\2"]))
def test_any_elf_header_is_taken(rest: bytes, form: bytes) -> None:
    kind_of(b"\x7fELF" + form + b"\1" + bytes(9) + b"\4\0" + rest)


def test_cut_headers_are_taken() -> None:
    for data in FILES.values():
        for beginning in cut_everywhere(data):
            kind_of(beginning)


def test_an_elf_file_with_endless_notes_is_taken() -> None:
    assert kind_of(elf(*[(b"", 0, b"")] * 100_000)) is not None


def test_what_fits_many_formats_is_not_named() -> None:
    assert kind_of(b"\0\0\1\0" + bytes(100)) is None
    assert kind_of(b"FORM" + bytes(100)) is None
    assert kind_of(bytes(1000)) is None
    assert kind_of(b"") is None


LIMIT = 1 << 20
KDUMP = DUMPS["kdump"] + bytes(LIMIT)
BEYOND: dict[str, Callable[[bytes], bytes]] = {
    "alone": bytes,
    "packed": gzip.compress,
    "in a tar": lambda data: tar_of({"crash/vmcore": data}),
    "in a zip": lambda data: zip_of({"crash/vmcore": data}),
}


@pytest.mark.parametrize("way", BEYOND)
def test_a_dump_larger_than_any_log_is_named_all_the_same(way: str) -> None:
    with pytest.raises(NotALog, match="This is a kdump-compressed vmcore, not a log: `makedumpfile --dump-dmesg FILE"):
        opened(BEYOND[way](KDUMP), limit=LIMIT)
    with pytest.raises(TooLarge):
        opened(BEYOND[way](bytes(len(KDUMP))), limit=LIMIT)


@pytest.mark.parametrize("folder", [True, False])
def test_a_large_dump_in_a_file_or_folder_is_named(folder: bool, tmp_path: Path) -> None:
    (tmp_path / "vmcore").write_bytes(KDUMP)
    with pytest.raises(NotALog, match="This is a kdump-compressed vmcore"):
        opened_path(tmp_path if folder else tmp_path / "vmcore", limit=LIMIT)


def test_unused_files_say_what_they_are() -> None:
    log = samples.text("seed-1g-4g")
    text = opened(zip_of({"dmesg.txt": log, "screen.png": OTHERS["png"], "vmcore": KDUMP}), limit=len(KDUMP) - 1)
    assert b"\n==> screen.png <== not used: a PNG picture\n" in text
    assert b"\n==> vmcore <== not used: a kdump-compressed vmcore\n" in text
    with pytest.raises(NoLogInside, match=r"screen\.png \(a PNG picture\); vmcore \(a kdump-compressed vmcore\)"):
        opened(zip_of({"screen.png": OTHERS["png"], "vmcore": DUMPS["kdump"]}))


def test_the_library_is_asked_of_few_files_of_an_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[bytes] = []
    monkeypatch.setattr(kinds, "kind_of", looked_at.append)
    files = {f"{at}.png": OTHERS["png"] for at in range(300)}
    with pytest.raises(NoLogInside):
        opened(zip_of(files | {"vmcore": DUMPS["kdump"]}))
    assert len(looked_at) == 101  # and of the archive itself


def test_a_scan_says_what_files_are(tmp_path: Path) -> None:
    sources = []
    for name, data in {"vmcore": DUMPS["kdump"], "log": samples.text("seed-1g-4g")}.items():
        (tmp_path / name).write_bytes(data)
        sources.append(Source(name=name, where=str(tmp_path / name), size=len(data)))
    named, read = unpack(work(sources))
    assert (named["status"], read["status"]) == ("no-layout", "analysed")
    assert named["error"].startswith("This is a kdump-compressed vmcore, not a log: `makedumpfile --dump-dmesg")
