"""Files inside 7z archives, by py7zr of the extra ``files``: in memory, and only what its header says is small."""

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO

from pfnscope.opening.archives import MOST_MEMBERS, Choice, check, taken, too_large
from pfnscope.opening.errors import CannotOpen, Damaged, Encrypted, NeedsLibrary
from pfnscope.opening.pieces import Member

_MOST_HEADER = 32 << 20  # bytes of the list of members after unpacking
# Decoders that give no more bytes at once than asked for: of others, a few kilobytes become gigabytes.
_METHODS = {
    b"\x00": "copy",
    b"\x03": "delta",
    b"\x03\x01\x01": "LZMA",
    b"\x03\x03\x01\x03": "BCJ",
    b"\x04\x02\x02": "BZip2",
    b"\x21": "LZMA2",
}
_AES = b"\x06\xf1\x07\x01"


def read(stream: BinaryIO, limit: int, most: int, takes: Choice) -> Iterator[Member]:
    """The files of an archive as :func:`pfnscope.opening.archives.members` gives them.

    Raises Damaged, TooMuch, Encrypted where the list of members is, and NeedsLibrary without py7zr.
    """
    try:
        import py7zr
        from py7zr import archiveinfo
        from py7zr.exceptions import PasswordRequired
    except ImportError:
        raise NeedsLibrary("a 7z archive") from None
    archiveinfo.MAX_HEADER_SIZE, archiveinfo.MAX_NUMFILES = _MOST_HEADER, MOST_MEMBERS
    try:
        # its own class: of bytes without a name it starts no threads
        with py7zr.SevenZipFile(BytesIO(stream.read()), max_extract_size=most) as archive:
            yield from _members(archive, limit, most, takes)
    except PasswordRequired:
        raise Encrypted("7z archive") from None
    except CannotOpen:
        raise
    except GeneratorExit:
        raise
    except Exception as error:  # a header that was tampered with ends in nearly every kind
        raise Damaged("7z") from error


def _members(archive: Any, limit: int, most: int, takes: Choice) -> Iterator[Member]:
    files = [file for file in archive.files if not file.is_directory]
    check(sum(file.uncompressed for file in files), most, len(files))
    times = Counter(file.filename for file in archive.files)
    problems = [_problem(file, times[file.filename]) for file in files]
    chosen = {
        file.id
        for file, problem in zip(files, problems, strict=True)
        if not problem and takes(file.filename, file.uncompressed)
    }
    room, extracted = limit, []  # they are all unpacked before the first is given
    for file in files:
        if file.id in chosen and 0 < file.uncompressed <= room:
            room -= file.uncompressed
            extracted.append(file)
    contents = _contents(archive, extracted)
    for file, problem in zip(files, problems, strict=True):
        if problem or file.id not in chosen:
            yield problem or Member(name=file.filename, size=file.uncompressed)
        elif file.uncompressed and file.id not in contents:
            yield too_large(file.filename, file.uncompressed, limit)
        else:
            yield taken(file.filename, file.uncompressed, limit, BytesIO(contents.get(file.id, b"")).read)


def _contents(archive: Any, files: list[Any]) -> dict[int, bytes]:
    """The bytes of these files, by their number in the archive: py7zr opens them in the archive's order."""
    from py7zr.io import Py7zBytesIO, WriterFactory

    class Kept(WriterFactory):
        def __init__(self) -> None:
            self.files: list[Py7zBytesIO] = []

        def create(self, filename: str) -> Py7zBytesIO:
            self.files.append(Py7zBytesIO(filename, 1 << 62))  # their sizes are checked
            return self.files[-1]

    kept = Kept()
    if files:
        archive.extract(targets={file.filename for file in files}, factory=kept)
    return {file.id: data.read() for file, data in zip(files, kept.files, strict=True)}


def _problem(file: Any, times: int) -> Member | None:
    """A member that is not unpacked, with the reason; None for those that can be."""
    name = file.filename
    if file.is_symlink or file.is_junction or file.is_socket:
        return Member(name=name, mark="link", problem="A link in an archive.", kind="link")
    if times > 1 or ".." in name.split("/") or name.startswith("/") or (file.uncompressed and file.folder is None):
        return Member(name=name, problem="Its name or its place in the archive is not its own.", kind="damaged")
    methods = [coder["method"] for coder in file.folder.coders] if file.folder else []
    if _AES in methods:
        return Member(name=name, problem="Encrypted with a password.", kind="encrypted")
    if any(method not in _METHODS for method in methods):
        problem = f"Packed in a way that is not opened; {', '.join(_METHODS.values())} are."
        return Member(name=name, problem=problem, kind="damaged")
    return None
