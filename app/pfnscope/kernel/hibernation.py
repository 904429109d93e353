"""What x86 compares of the firmware's memory map before it resumes from hibernation, by release, and what it saves.

The kernel that writes an image puts a hash of the table into the image's header, and the kernel that is to load it
hashes its own: arch_hibernation_header_save() and arch_hibernation_header_restore() in arch/x86/power/hibernate.c,
hibernate_64.c before 4.20. The table is e820_table_firmware, e820_saved before 4.12: a 32-bit number of entries, and
for each its start and size in 64 bits and its type in 32, packed, little-endian, of the entries that are there.
"""

from collections.abc import Sequence
from struct import pack
from typing import Literal
from zlib import crc32

from msgspec import Struct

from pfnscope.kernel.release import Releases, Version, between, since, starting
from pfnscope.kernel.thresholds import Threshold

Hash = Literal["md5", "crc32"]
TableEntry = tuple[int, int, int]
"""Start and size in bytes, and the type's number (arch/x86/include/asm/e820/types.h)."""


class ResumeCheck(Struct, frozen=True):
    """The hash of the firmware's map that the kernels of some releases compare, on some architectures.

    ``unless`` is what lets a kernel resume without it. An image with another hash has another header, which is refused
    too: RESTORE_MAGIC changed with both rows.
    """

    algorithm: Hash
    arches: tuple[str, ...]
    releases: Releases
    unless: str
    source: str
    read: str

    def of(self, entries: Sequence[TableEntry]) -> str:
        """The hash of a table in hexadecimal digits."""
        table = pack("<I", len(entries)) + b"".join(pack("<QQI", *entry) for entry in entries)
        if self.algorithm == "md5":
            from hashlib import md5  # loads OpenSSL, which no text of one boot needs

            return md5(table, usedforsecurity=False).hexdigest()
        return f"{crc32(table):08x}"


_CRC32 = since("5.13", "5.12.4")
_NO_MD5 = "its configuration has no CRYPTO_MD5=y"

RESUME_CHECKS = (
    ResumeCheck(
        "md5",
        ("x86_64",),
        between("4.10", _CRC32),
        _NO_MD5,
        '62a03defeabd ("PM / hibernate: Verify the consistent of e820 memory map by md5 digest"), get_e820_md5()',
        "not in 4.4 and 4.8, in hibernate_64.c of 4.10 to 4.18, in hibernate.c of 5.0 to 5.11, by the symbols of"
        " Ubuntu's kernels and the source of 4.17 and 5.0",
    ),
    ResumeCheck(
        "md5",
        ("i386",),
        between("4.20", _CRC32),
        _NO_MD5,
        '25862a049e6f ("x86, hibernate: Extract the common code of 64/32 bit system"), get_e820_md5()',
        "in the source of 5.0; hibernate_64.c still has the function in 4.18; posted in autumn 2018, 4.20 was not read",
    ),
    ResumeCheck(
        "crc32",
        ("x86_64", "i386"),
        starting(_CRC32),
        "",
        'f5d1499ae209 ("PM: hibernate: x86: Use crc32 instead of md5 for hibernation e820 integrity check"),'
        " compute_e820_crc32()",
        "not in 5.11, in 5.13, by Ubuntu's kernels; the review of 5.12.4 has the patch. It stands in queues of older"
        " branches of May 2021, whose releases were not read",
    ),
)

HASHED_AS_GIVEN = Threshold(
    since("4.14"),
    "the hashed table is what the firmware gave; before, the boot loader's setup_data is marked in it, as the extended"
    " map shows where one is printed",
    '12df216c61c8 ("x86/boot/e820: Introduce the bootloader provided e820_table_firmware[] table"),'
    " e820_reserve_setup_data() in arch/x86/kernel/e820.c",
    "not in a source of early 2017, before 4.12; in one of 4.14 to 5.6 and in 6.14; posted in July 2017, with 4.13 at"
    " its candidates",
)
NOSAVE_BY_ADDRESS = Threshold(
    since("6.15", "6.14.3", "6.13.12", "6.12.24", "6.6.88", "6.1.135", "5.15.181", "5.10.237"),
    "hibernation leaves out no page that two entries of usable memory share; before, it leaves out each page inside"
    " which an entry of the map ends and the next begins, even where both are usable",
    'f2f29da9f0d4 ("x86/e820: Fix handling of subpage regions when calculating nosave ranges in'
    ' e820__register_nosave_regions()")',
    "among the commits for 6.15-rc3 of April 2025; the patch itself in the reviews of 6.13.12, 6.12.24, 5.15.181 and"
    " 5.10.237, the lists of the reviews of 6.14.3, 6.6.88 and 6.1.135; 5.4.y was not read",
)


def resume_check(version: Version | None, arch: str | None) -> ResumeCheck | None:
    """The check that a release makes, current ones where it is not known; None where it makes none."""
    rows = [row for row in RESUME_CHECKS if arch in row.arches]
    if version is None:
        return rows[-1] if rows else None
    return next((row for row in rows if version in row.releases), None)


ZERO_PAGE_ENTRIES = 128
"""Entries that a boot loader can hand over at once; more follow in setup_data (E820_MAX_ENTRIES_ZEROPAGE)."""
