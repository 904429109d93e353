"""What a file is that has no log in it, by its first bytes, and how to get the log out of it or instead of it.

The rows are the formats of kernels, of what dumps them and of virtual machines, which no library knows; all others are
left to puremagic, whose short signatures fit by chance and count for nothing. A text is never named but where it is
nothing but an encrypted file.
"""

from collections.abc import Callable

import msgspec

from pfnscope.bootlog.text.searchable import START
from pfnscope.opening.elf import program_of, sort_of
from pfnscope.opening.packing import packing_of
from pfnscope.opening.recognising import format_of, is_text

_LOG = "send the log itself, such as the output of `dmesg` soon after boot or `journalctl -k -b`"
_DMESG = "`makedumpfile --dump-dmesg {} dmesg.txt` writes the log out of it"
_CRASH = (
    "`echo log | crash -s VMLINUX FILE > dmesg.txt` writes the log out of it, VMLINUX being the kernel with symbols"
)
_DISK = "`virt-log -a FILE > dmesg.txt` writes the logs out of it"
_SAVE = "save the log out of it as a text"
_PICTURE = f"no text is read from pictures; copy the text of the console, or {_LOG}"
_NETWORK = (
    "where netconsole was recorded, `tshark -r FILE -Y 'udp.dstport == 6666' -o data.show_as_text:TRUE -T fields "
    "-e data.text > dmesg.txt` writes the log"
)
_DECRYPTS = "decrypts it where the key or the password is known; send that"
_PGP = f"`gpg --decrypt FILE > REPORT` {_DECRYPTS}"
_NOT_TEXT = 512  # bytes among which each of these formats has a zero, but the encrypted ones
_ARMOR = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n"
_LEAST_KEY, _MOST_KEY = 32, 2048  # bytes of an encrypted session key
_S2K = (b"\0", b"\1", b"\3", b"\4")  # how a key is made of a password
_LEAST_WEIGHT = 6
_MEDIA = {"image": "picture", "video": "video", "audio": "sound recording"}
_ACPI_TABLES = tuple(
    b"APIC BERT BGRT CEDT DMAR DSDT EINJ ERST FACP FPDT HEST HMAT HPET IORT IVRS MCFG MSCT PCCT PPTT SLIT SPCR SRAT "
    b"SSDT VIOT WAET XSDT".split()
)


class Kind(msgspec.Struct, frozen=True):
    """A file's kind with its article, and what to do instead of sending it: the rest of a sentence, with a command."""

    name: str
    advice: str

    @property
    def sentence(self) -> str:
        """What it is and what to do."""
        return f"This is {self.name}, not a log: {self.advice}."


class Row(msgspec.Struct, frozen=True):
    """A format that begins with one of ``magics`` at an offset ``at``; ``source`` is where that is defined.

    ``fits`` looks at more of the first bytes where the magic alone is too short. ``zeros``: one of the first bytes is
    zero, as in no text.
    """

    name: str
    advice: str
    magics: tuple[bytes, ...]
    source: str
    at: int = 0
    fits: Callable[[bytes], bool] | None = None
    zeros: bool = True

    def matches(self, head: bytes) -> bool:
        """Whether a file with these first bytes is of this kind."""
        return head.startswith(self.magics, self.at) and (self.fits is None or self.fits(head))


def _is_table(head: bytes) -> bool:
    """An ACPI table has its length behind its signature, and only text as the maker's names."""
    return 36 <= int.from_bytes(head[4:8], "little") <= 16 << 20 and head[10:16].isascii() and head[28:32].isascii()


def _is_next_magic(head: bytes) -> bool:
    return head[8:12] in (b"\x1a\x2b\x3c\x4d", b"\x4d\x3c\x2b\x1a")


def _is_armor(head: bytes) -> bool:
    """Only base64 stands behind the headers of an armored message."""
    _, blank, body = head.replace(b"\r\n", b"\n").partition(b"\n\n")
    return bool(blank) and not body.partition(b"-----END ")[0].translate(None, _ARMOR)


def _is_session_key(head: bytes) -> bool:
    """A packet with a session key, encrypted with a key (version 3) or a password (4 to 6), another one behind it."""
    width = 2 if head[:1] == b"\x85" else 1
    size, body = int.from_bytes(head[1 : 1 + width], "big"), head[1 + width :]
    if head[:1] in (b"\x8c", b"\xc3"):
        fits = 4 <= size < _LEAST_KEY * 2 and body[:1] in (b"\4", b"\5", b"\6") and body[2:3] in _S2K
    else:
        fits = _LEAST_KEY <= size <= _MOST_KEY and body[:1] == b"\3"
    return fits and body[size : size + 1] >= b"\x80" and not is_text(head)


def _is_no_text(head: bytes) -> bool:
    return not is_text(head)


def _holds(name: bytes) -> Callable[[bytes], bool]:
    return lambda head: name in head


def _le32(*values: int) -> tuple[bytes, ...]:
    return tuple(value.to_bytes(4, "little") for value in values)


def _both_ends(value: int, size: int) -> tuple[bytes, ...]:
    return value.to_bytes(size, "big"), value.to_bytes(size, "little")


ROWS = (
    Row(
        "a kdump-compressed vmcore",
        f"{_DMESG.format('FILE')}, and kdump may have left it beside the dump as vmcore-dmesg.txt",
        (b"KDUMP   ",),
        "KDUMP_SIGNATURE in diskdump_mod.h of makedumpfile",
    ),
    Row("a dump of diskdump", _CRASH, (b"DISKDUMP",), "DISK_DUMP_SIGNATURE in diskdump.h of crash"),
    Row(
        "a flattened dump of makedumpfile or virsh dump",
        f"`makedumpfile -R vmcore < FILE && {_DMESG.format('vmcore').removeprefix('`')}",
        (b"makedumpfile\0\0\0\0",),
        "MAKEDUMPFILE_SIGNATURE in makedumpfile.h of makedumpfile, include/sysemu/dump.h of QEMU",
    ),
    Row(
        "the saved state of a virtual machine, of virsh save",
        f"where it is not compressed {_CRASH}; of a running one `virsh console` shows the log",
        (b"LibvirtQemudSave", b"LibvirtQemudPart"),
        "QEMU_SAVE_MAGIC and QEMU_SAVE_PARTIAL in src/qemu/qemu_saveimage.h of libvirt",
    ),
    Row(
        "the saved state of a virtual machine of QEMU",
        _CRASH,
        (b"QEVM",),
        "QEMU_VM_FILE_MAGIC in migration/savevm.h of QEMU",
    ),
    Row(
        "a snapshot of a virtual machine of VMware",
        f"with the .vmem file beside it {_CRASH}",
        _le32(0xBED0BED0, 0xBED2BED0, 0xBED2BED2, 0xBED3BED3, 0xBAD1BAD1, 0xBAD2BAD2),
        "CPTDUMP_MAGIC_NUMBER and others in vmware_vmss.h of crash",
    ),
    Row(
        "a dump of the memory in the form of LiME",
        "`vol -f FILE linux.kmsg > dmesg.txt` of Volatility 3 writes the log out of it",
        (b"EMiL\1\0\0\0",),
        "LIME_MAGIC 0x4C694D45 in src/lime.h of LiME",
    ),
    Row(
        "a dump of a machine of s390",
        _CRASH,
        _both_ends(0xA8190173618F23FD, 8) + _both_ends(0xA8190173618F23FE, 8),
        "DF_S390_MAGIC in boot/s390.h of s390-tools, s390_dump.c of crash",
    ),
    Row(
        "a dump of LKCD",
        _CRASH,
        _both_ends(0xA8190173618F23ED, 8) + _both_ends(0xA8190173618F23CD, 8),
        "DUMP_MAGIC_NUMBER in lkcd_dump_v8.h of crash",
    ),
    Row(
        "a dump of a kernel of Windows",
        f"it has no log of Linux; {_LOG}",
        (b"PAGEDUMP", b"PAGEDU64"),
        "contrib/elf2dmp and include/qemu/win_dump_defs.h of QEMU",
    ),
    Row(
        "a hibernation image in a swap partition",
        f"its log is compressed with the memory; {_LOG}",
        (b"S1SUSPEND\0",),
        "HIBERNATE_SIG in kernel/power/swap.c, at the end of the first page",
        at=4086,
    ),
    Row(
        "a systemd journal",
        "`journalctl --file FILE -k -b > dmesg.txt` writes the log of its last boot",
        (b"LPKSHHRH",),
        "HEADER_SIGNATURE in src/libsystemd/sd-journal/journal-def.h of systemd",
    ),
    Row("a qcow2 disk image", _DISK, (b"QFI\xfb",), "docs/interop/qcow2.rst of QEMU"),
    Row("a VMDK disk image", _DISK, (b"KDMV",), "block/vmdk.c of QEMU"),
    Row("a VHDX disk image", _DISK, (b"vhdxfile",), "block/vhdx.h of QEMU"),
    Row("a VDI disk image", _DISK, _le32(0xBEDA107F), "VDI_SIGNATURE in block/vdi.c of QEMU", at=64),
    Row(
        "a record of a network, of tcpdump or Wireshark",
        _NETWORK,
        _both_ends(0xA1B2C3D4, 4) + _both_ends(0xA1B23C4D, 4),
        "TCPDUMP_MAGIC in sf-pcap.c of libpcap",
    ),
    Row(
        "a record of a network, of tcpdump or Wireshark",
        _NETWORK,
        (b"\n\r\r\n",),
        "BT_SHB in sf-pcapng.c of libpcap",
        fits=_is_next_magic,
    ),
    Row(
        "a kernel image (bzImage)",
        f"it has no log in it; {_LOG}",
        (b"HdrS",),
        "arch/x86/boot/header.S",
        at=0x202,
    ),
    Row(
        "a kernel image (Image of arm64 or riscv)",
        f"it has no log in it; {_LOG}",
        (b"ARM\x64", b"RSC\x05"),
        "arch/arm64/include/asm/image.h, arch/riscv/include/asm/image.h",
        at=0x38,
    ),
    Row(
        "an initramfs (cpio)",
        f"it has no log in it; {_LOG}",
        (b"070701", b"070702"),
        "init/initramfs.c",
    ),
    Row(
        "a device tree (DTB)",
        f"`dtc -I dtb -O dts FILE` shows it; {_LOG}",
        (b"\xd0\x0d\xfe\xed",),
        "FDT_MAGIC in libfdt/fdt.h of dtc",
    ),
    Row(
        "an ACPI table",
        f"`iasl -d FILE` shows it; {_LOG}",
        _ACPI_TABLES,
        "ACPI_TABLE_HEADER in include/acpi/actbl.h",
        fits=_is_table,
    ),
    Row(
        "a record of perf",
        f"`perf script -i FILE` shows it; {_LOG}",
        (b"PERFILE2", b"2ELIFREP"),
        "tools/perf/util/header.c",
    ),
    Row(
        "a record of trace-cmd",
        f"`trace-cmd report FILE` shows it; {_LOG}",
        (b"\x17\x08Dtracing",),
        "Documentation/trace-cmd/trace-cmd.dat.v7.5.txt of trace-cmd",
    ),
    Row(
        "a file of Word, Excel or Outlook",
        _SAVE,
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
        "[MS-CFB] 2.2, Compound File Header",
    ),
    Row("an Excel workbook", _SAVE, (b"PK\3\4",), "ECMA-376, part 2", fits=_holds(b"xl/workbook.")),
    Row("a PowerPoint presentation", _SAVE, (b"PK\3\4",), "ECMA-376, part 2", fits=_holds(b"ppt/presentation.")),
    Row(
        "a document of LibreOffice",
        _SAVE,
        (b"mimetypeapplication/vnd.oasis.opendocument",),
        "OpenDocument 1.3, part 2, 3.3",
        at=30,
    ),
    Row(
        "a file encrypted with OpenPGP",
        _PGP,
        (b"\x84", b"\x85", b"\x8c", b"\xc1", b"\xc3"),
        "RFC 9580, 4.2, 5.1 and 5.3",
        fits=_is_session_key,
        zeros=False,
    ),
    Row(
        "a file encrypted with OpenPGP",
        _PGP,
        (b"-----BEGIN PGP MESSAGE-----",),
        "RFC 9580, 6.2",
        fits=_is_armor,
        zeros=False,
    ),
    Row(
        "a file encrypted with age",
        f"`age --decrypt FILE > REPORT` {_DECRYPTS}",
        (b"age-encryption.org/v1\n-> ",),
        "the specification age-encryption.org/v1",
        fits=_holds(b"\n--- "),
        zeros=False,
    ),
    Row(
        "a file encrypted with OpenSSL",
        f"`openssl enc -d -pbkdf2 -in FILE -out REPORT`, with the cipher that was used, {_DECRYPTS}",
        (b"Salted__",),
        "magic in apps/enc.c of OpenSSL",
        fits=_is_no_text,
        zeros=False,
    ),
    Row("a RAR archive", "`bsdtar -xf FILE` unpacks it; send the log in it", (b"Rar!\x1a\x07",), "technote.txt of RAR"),
    Row(
        "a program of Windows or EFI",
        f"it has no log in it; {_LOG}",
        (b"MZ\x90\0",),
        "the PE format; kernel images of x86 and arm64 that begin so have rows before",
    ),
)  # fmt: skip

ELF = {
    "vmcore": Kind(
        "an ELF vmcore",
        "`vmcore-dmesg FILE > dmesg.txt` writes the log out of it, and kdump may have left it beside the dump as "
        "vmcore-dmesg.txt",
    ),
    "guest": Kind("an ELF dump of a virtual machine, of virsh dump --memory-only", _CRASH),
    "process": Kind("the core of a process", f"`gdb PROGRAM FILE` opens it; {_LOG}"),
    "program": Kind("a program or a kernel image (ELF)", f"it has no log in it; {_LOG}"),
}

"""ELF files by :data:`pfnscope.opening.elf.Sort`."""


def kind_of(data: bytes) -> Kind | None:
    """What a file is, by its first bytes, of which START are enough; None for a text and for what is not known."""
    head = data[:START]
    return formats_of_kernels(head) or _known_to_library(head)


def formats_of_kernels(head: bytes) -> Kind | None:
    """What a file is by the table alone, which costs next to nothing."""
    zeros = b"\0" in head[:_NOT_TEXT]
    sort = sort_of(head) if zeros else None
    if sort is not None:
        program = program_of(head) if sort == "process" else ""
        kind = ELF[sort]
        return Kind(f"{kind.name}, {program}", kind.advice) if program else kind
    row = next((row for row in ROWS if (zeros or not row.zeros) and row.matches(head)), None)
    return Kind(row.name, row.advice) if row else None


def _known_to_library(head: bytes) -> Kind | None:
    if not head or is_text(head) or packing_of(head) or format_of(head):
        return None
    from puremagic import magic_string

    try:
        matches = [match for match in magic_string(head) if match.offset >= 0]
    except (ValueError, LookupError):
        return None
    sizes = [len(match.byte_match) for match in matches if _weight(match.byte_match) >= _LEAST_WEIGHT]
    longest = [match for match in matches if sizes and len(match.byte_match) == max(sizes)]
    types = {match.mime_type for match in longest if match.mime_type} or {""}
    media = {kind for kind, _, _ in (one.partition("/") for one in types)} - {"application"}
    if len(media) == 1 and (medium := media.pop()) in _MEDIA:
        return Kind(_medium(medium, types), _PICTURE if medium != "audio" else _LOG)
    names = [match.name.strip() for match in longest if match.mime_type in types]
    if len(types) > 1 or not names or (types == {""} and len(set(names)) > 1):
        return None
    return Kind(f"a file of another kind ({names[0]})", _LOG)


def _weight(magic: bytes) -> int:
    """How little a signature fits by chance: zeros and ones are everywhere, and texts have letters."""
    return sum(2 if byte >= 0x80 else byte > 1 for byte in magic)


def _medium(medium: str, types: set[str]) -> str:
    """Such as ``a PNG picture``."""
    named = sorted(one.partition("/")[2].upper() for one in types if one.startswith(f"{medium}/"))
    name = f"{named[0]} " if len(named) == 1 and named[0].isalnum() else ""
    return f"{'an' if name.startswith(('A', 'E', 'I', 'MP', 'O')) else 'a'} {name}{_MEDIA[medium]}"
