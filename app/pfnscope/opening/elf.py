"""What an ELF file is by its headers and notes: a dump of a kernel, of a virtual machine or of a process, or a program.

By Documentation/admin-guide/kdump/vmcoreinfo.rst, fs/proc/vmcore.c, fs/binfmt_elf.c and dump/dump.c of QEMU.
"""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import Literal

import msgspec

Sort = Literal["vmcore", "guest", "process", "program"]

_CORE = 4  # ET_CORE
_LOAD = 1  # PT_LOAD
_NOTE = 4  # PT_NOTE
_PRPSINFO = 3  # of <elf.h>: the note with the name of a process
_MOST_HEADERS, _MOST_NOTES = 1024, 4096
_NAME_AT = {1: 28, 2: 40}  # of pr_fname in struct elf_prpsinfo, by the class of the file
_NAME_SIZE = 16


class _Part(msgspec.Struct, frozen=True):
    """A program header."""

    kind: int
    offset: int
    size: int
    address: int


class _Note(msgspec.Struct, frozen=True):
    owner: bytes
    kind: int
    data: bytes


def sort_of(head: bytes) -> Sort | None:
    """What kind of ELF file begins with these bytes; None for other files.

    A process's core has the name of the process behind its first registers, and no physical addresses; a vmcore has
    notes of the kernel, and addresses.
    """
    order = _order(head)
    if order is None:
        return None
    if struct.unpack_from(f"{order}H", head, 16)[0] != _CORE:
        return "program"
    parts = list(_parts(head, order))
    notes = list(_notes(head, order, parts))
    owners = {note.owner for note in notes}
    if b"VMCOREINFO" in owners:
        return "vmcore"
    if b"QEMU" in owners or b"Xen" in owners:
        return "guest"
    if any(note.owner == b"CORE" and note.kind == _PRPSINFO for note in notes):
        return "process"
    return "vmcore" if any(part.kind == _LOAD and part.address for part in parts) else "process"


def program_of(head: bytes) -> str:
    """The name of the process whose core begins with these bytes, at most 15 characters; empty where there is none."""
    order = _order(head)
    for note in _notes(head, order, list(_parts(head, order))) if order else ():
        if note.owner == b"CORE" and note.kind == _PRPSINFO:
            start = _NAME_AT[head[4]]
            name = note.data[start : start + _NAME_SIZE].split(b"\0")[0].decode("ascii", "replace")
            return "".join(sign for sign in name if sign.isprintable())
    return ""


def _order(head: bytes) -> Literal["<", ">"] | None:
    """The byte order of an ELF file with a whole header."""
    if not head.startswith(b"\x7fELF") or len(head) < 64 or head[4] not in _NAME_AT:
        return None
    return {1: "<", 2: ">"}.get(head[5])  # type: ignore[return-value]


def _parts(head: bytes, order: str) -> Iterator[_Part]:
    wide = head[4] == 2
    start, size, count = (
        struct.unpack_from(f"{order}{'Q' if wide else 'I'}", head, 32 if wide else 28)[0],
        *struct.unpack_from(f"{order}2H", head, 54 if wide else 42),
    )
    form = struct.Struct(f"{order}{'IIQQQQ' if wide else '6I'}")
    for at in islice(range(start, len(head) - form.size + 1, max(size, form.size)), min(count, _MOST_HEADERS)):
        fields = form.unpack_from(head, at)
        kind, offset, address, length = (
            (fields[0], fields[2], fields[4], fields[5]) if wide else (fields[0], fields[1], fields[3], fields[4])
        )
        yield _Part(kind, offset, length, address)


def _notes(head: bytes, order: str, parts: list[_Part]) -> Iterator[_Note]:
    left = _MOST_NOTES
    for part in parts:
        at, end = part.offset, min(part.offset + part.size, len(head))
        while part.kind == _NOTE and at + 12 <= end and left > 0:
            named, sized, kind = struct.unpack_from(f"{order}3I", head, at)
            name_at = at + 12
            data_at = name_at + _padded(named)
            yield _Note(head[name_at : name_at + named].split(b"\0")[0], kind, head[data_at : data_at + sized])
            at = data_at + _padded(sized)
            left -= 1


def _padded(size: int) -> int:
    return size + 3 & ~3
