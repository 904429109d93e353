"""The first bytes of files that are no logs, as the programs that write them lay them out."""

import struct
from base64 import encodebytes
from collections.abc import Sequence

Note = tuple[bytes, int, bytes]

NAME_OF_PROCESS = b"page-types"
_NOISE = bytes(at * at * 31 % 251 for at in range(2000))
VMCOREINFO = b"OSRELEASE=6.1.0\nPAGESIZE=4096\n"


def elf(*notes: Note, kind: int = 4, address: int = 0, wide: bool = True, order: str = "<", far: int = 0) -> bytes:
    """An ELF file with one segment of notes and one of memory at a physical ``address``; a core by default.

    ``far`` bytes lie between the headers and the notes.
    """
    packed = b"".join(_note(note, order) for note in notes)
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    word, header = ("Q", 64) if wide else ("I", 52)
    start = header + 2 * (56 if wide else 32) + far
    end = start + len(packed)
    if wide:
        parts = struct.pack(f"{order}IIQQQQQQ", 4, 0, start, 0, 0, len(packed), len(packed), 0)
        parts += struct.pack(f"{order}IIQQQQQQ", 1, 7, end, 0, address, 4096, 4096, 0)
    else:
        parts = struct.pack(f"{order}8I", 4, start, 0, 0, len(packed), len(packed), 0, 0)
        parts += struct.pack(f"{order}8I", 1, end, 0, address, 4096, 4096, 7, 0)
    size = 56 if wide else 32
    rest = struct.pack(f"{order}HHI3{word}I6H", kind, 62, 1, 0, header, 0, 0, header, size, 2, 0, 0, 0)
    return ident + rest + parts + bytes(far) + packed + bytes(4096)


def _note(note: Note, order: str) -> bytes:
    owner, kind, data = note
    name = owner + b"\0"
    return struct.pack(f"{order}3I", len(name), len(data), kind) + _padded(name) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def process_info(wide: bool = True) -> Note:
    """NT_PRPSINFO with the name of a process."""
    return b"CORE", 3, bytes(40 if wide else 28) + NAME_OF_PROCESS.ljust(16, b"\0") + bytes(80)


REGISTERS: Note = (b"CORE", 1, bytes(336))

DUMPS: dict[str, bytes] = {
    "kdump": b"KDUMP   " + struct.pack("<i", 6) + b"Linux".ljust(65, b"\0") * 6 + bytes(4000),
    "diskdump": b"DISKDUMP" + struct.pack("<i", 1) + bytes(4000),
    "flattened": b"makedumpfile\0\0\0\0" + struct.pack(">qq", 1, 1) + bytes(4064),
    "vmcore": elf(REGISTERS, (b"VMCOREINFO", 0, VMCOREINFO)),
    "vmcore of /proc/kcore": elf(REGISTERS, process_info(), (b"VMCOREINFO", 0, VMCOREINFO)),
    "vmcore of many processors": elf(*[REGISTERS] * 400, (b"VMCOREINFO", 0, VMCOREINFO), address=0x100000),
    "vmcore, notes far behind": elf(REGISTERS, (b"VMCOREINFO", 0, VMCOREINFO), address=0x100000, far=1 << 20),
    "vmcore of i386": elf(REGISTERS, (b"VMCOREINFO", 0, VMCOREINFO), wide=False),
    "vmcore of s390": elf(REGISTERS, (b"VMCOREINFO", 0, VMCOREINFO), order=">"),
    "virsh dump": elf(REGISTERS, (b"QEMU", 0, bytes(440)), address=0x100000),
    "virsh save": b"LibvirtQemudSave" + struct.pack("<20I", 2, 5000, 1, *[0] * 17) + b"<domain type='kvm'>\n" * 250,
    "virsh save, cut": b"LibvirtQemudPart" + struct.pack("<20I", 2, 5000, 1, *[0] * 17) + b"<domain type='kvm'>\n",
    "savevm": b"QEVM" + struct.pack(">I", 3) + bytes(400),
    "vmss": struct.pack("<III", 0xBED2BED2, 8, 90) + b"Checkpoint".ljust(64, b"\0") + bytes(400),
    "lime": struct.pack("<IIQQQ", 0x4C694D45, 1, 0x1000, 0x9EFFF, 0) + bytes(400),
    "s390": struct.pack(">QII", 0xA8190173618F23FD, 5, 4096) + bytes(4080),
    "lkcd": struct.pack("<QII", 0xA8190173618F23ED, 9, 4096) + bytes(4080),
}
"""Dumps of kernels and virtual machines that hold a log."""

OTHERS: dict[str, bytes] = {
    "windows": b"PAGEDU64" + struct.pack("<II", 15, 19041) + bytes(4000),
    "hibernation": bytes(4086) + b"S1SUSPEND\0" + bytes(4096),
    "journal": b"LPKSHHRH" + struct.pack("<II", 1, 0x1D) + b"\1" + bytes(400),
    "qcow2": b"QFI\xfb" + struct.pack(">I", 3) + bytes(400),
    "vmdk": b"KDMV" + struct.pack("<I", 1) + bytes(400),
    "vhdx": b"vhdxfile" + "QEMU".encode("utf-16-le") + bytes(400),
    "vdi": b"<<< QEMU VM Virtual Disk Image >>>\n".ljust(64, b"\0") + struct.pack("<I", 0xBEDA107F) + bytes(400),
    "pcap": struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + bytes(100),
    "pcapng": struct.pack("<IIIHHq", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1) + bytes(100),
    "core": elf(REGISTERS, process_info()),
    "core of i386": elf(REGISTERS, process_info(wide=False), wide=False),
    "core, notes far behind": elf(REGISTERS, process_info(), far=1 << 20),
    "program": elf(kind=3),
    "bzImage": b"MZ".ljust(0x1FE, b"\0") + b"\x55\xaa\xeb\x6aHdrS" + bytes(400),
    "arm64 image": b"MZ\0\x91".ljust(0x38, b"\0") + b"ARM\x64" + bytes(400),
    "initramfs": b"070701" + b"0" * 104 + b"kernel\0\0" + bytes(400),
    "device tree": struct.pack(">II", 0xD00DFEED, 400) + bytes(400),
    "acpi": b"SRAT" + struct.pack("<IBB", 208, 3, 7) + b"BOCHS BXPC    " + struct.pack("<I", 1) + b"BXPC" + bytes(180),
    "perf": b"PERFILE2" + struct.pack("<QQ", 104, 136) + bytes(400),
    "trace-cmd": b"\x17\x08Dtracing6\0\0\x08" + bytes(400),
    "office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
    "efi": b"MZ\x90\0\3\0\0\0" + bytes(500),
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\2\0\0\0" + bytes(100),
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + bytes(range(256)),
    "gif": b"GIF89a" + struct.pack("<HH", 640, 480) + bytes(100),
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
    "mp4": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(100),
    "wav": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\2\0" + bytes(100),
    "sqlite": b"SQLite format 3\0\x10\0\1\1" + bytes(100),
    "gpg": b"\x85\x02\x0c\x03" + _NOISE[:523] + b"\xd2\xc0" + _NOISE,
    "gpg, with a password": b"\x8c\x0d\x04\x09\x03\x08" + _NOISE[:9] + b"\xd2\xc0" + _NOISE,
    "gpg, with ECDH": b"\x84\x5e\x03" + _NOISE[:93] + b"\xd2\xc0" + _NOISE,
    "gpg --armor": b"-----BEGIN PGP MESSAGE-----\n\n" + encodebytes(_NOISE) + b"=njUN\n-----END PGP MESSAGE-----\n",
    "age": b"age-encryption.org/v1\n-> X25519 abc\ndef\n--- ghi\n" + _NOISE,
    "openssl": b"Salted__" + _NOISE,
    "rar": b"Rar!\x1a\x07\x01\0" + bytes(100),
    "rpm": b"\xed\xab\xee\xdb\3\0" + bytes(100),
}
"""Files of other kinds."""


def cut_everywhere(data: bytes, most: int = 200) -> Sequence[bytes]:
    """Its beginnings up to ``most`` bytes."""
    return [data[:size] for size in range(min(most, len(data)))]
