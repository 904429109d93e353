"""Files inside tar, zip and 7z archives, one member at a time and within limits that a crafted one cannot evade."""

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from io import BufferedReader, RawIOBase
from itertools import pairwise
from typing import IO, Any, BinaryIO, cast

import msgspec

from pfnscope import zstd
from pfnscope.bootlog.text.searchable import START
from pfnscope.opening.errors import Damaged, NeedsLibrary, TooMuch
from pfnscope.opening.pieces import Member
from pfnscope.opening.recognising import Format

_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, zstd.ZstdError, EOFError, OSError)
_REFUSED = (RuntimeError, NotImplementedError, ValueError)  # zipfile: an unknown method, …
MOST_MEMBERS = 250_000
MOST_HEADER = 1 << 20
"""Bytes of a tar's headers of one member: its name, extended headers and list of sparse parts."""
MOST_LIST = 32 << 20
"""Bytes of a zip's list of members."""
_STEP = 1 << 16  # bytes read at once
_MOST_STREAMS = 20_000  # of xz or zstd, one after another: each takes far longer than its bytes
_XZ_MEMORY = 1 << 27  # bytes of a dictionary, which a header may want to have 4 GiB
_ZSTD_WINDOW = 27  # a power of two, likewise
_ENCRYPTED = 1  # bit of a zip member's flags, APPNOTE 4.4.4
_ZSTD = (b"\x28\xb5\x2f\xfd", *(bytes([first]) + b"\x2a\x4d\x18" for first in range(0x50, 0x60)))
Choice = Callable[[str, int], bool]


def _all(_name: str, _size: int) -> bool:
    return True


def members(form: Format, stream: BinaryIO, limit: int, most: int, takes: Choice = _all) -> Iterator[Member]:
    """The files of an archive in its order, each with its bytes where ``takes`` by name and size.

    A member beyond ``limit`` bytes, a link, and what is damaged or encrypted come with a problem. Names are made
    different by a number, since tar appends a newer version of a file under the same name. Raises Damaged where the
    archive breaks off, TooMuch beyond ``most`` bytes and MOST_MEMBERS members, and for 7z as :mod:`.sevenzip`.
    """
    if form == "7z":
        from pfnscope.opening.sevenzip import read

        files = read(stream, limit, most, takes)
    else:
        files = (_zipped if form == "zip" else _tarred)(stream, limit, most, takes)
    total = 0
    times_by_name: dict[str, int] = {}
    try:
        for count, member in enumerate(files, 1):
            total += len(member.data or b"")
            check(total, most, count)
            times = times_by_name[member.name] = times_by_name.get(member.name, 0) + 1
            yield member if times == 1 else msgspec.structs.replace(member, name=f"{member.name} ({times})")
    except (*_DAMAGE, *_REFUSED, LookupError, ArithmeticError, TypeError, AssertionError, MemoryError) as error:
        # tarfile and zipfile raise many kinds for headers that were tampered with
        raise Damaged(form, f"it is damaged or cut off{f': {error}' if str(error) else ''}") from error


def check(total: int, most: int, count: int = 0) -> None:
    """Raise TooMuch where an archive gives more bytes than ``most``, or more than MOST_MEMBERS members."""
    if total > most:
        raise TooMuch(f"more than {most >> 20:,} MiB after unpacking")
    if count > MOST_MEMBERS:
        raise TooMuch(f"more than {MOST_MEMBERS:,} members")


def too_large(name: str, size: int, limit: int) -> Member:
    """A member that is not unpacked because of its size in bytes."""
    problem = f"A log may have at most {limit} bytes, also after unpacking."
    return Member(name=name, size=size, mark=str(size), problem=problem, kind="too-large")


def taken(name: str, size: int, limit: int, read: Callable[[int], bytes]) -> Member:
    """A member with its bytes, of which ``read`` gives the first; with a problem where it has more than ``limit``."""
    if size > limit:
        return msgspec.structs.replace(too_large(name, size, limit), start=read(START))
    data = read(limit)
    return Member(name=name, size=len(data), data=data)


class _Header(tarfile.TarInfo):
    """Notes which exception ended the list of members: tarfile takes a damaged header for the end of the archive."""

    ended_by: type[Exception] | None = None

    @classmethod
    def fromtarfile(cls, tar: tarfile.TarFile) -> "_Header":
        try:
            return super().fromtarfile(tar)
        except tarfile.HeaderError as error:
            cls.ended_by = type(error)
            raise


class _Streams(RawIOBase):
    """Streams of xz or zstd one after another, unpacked in bounded memory and time."""

    def __init__(self, packed: BinaryIO, decoder: Callable[[], Any]) -> None:
        self._packed, self._new = packed, decoder
        self._decoder, self._count = decoder(), 1

    def read(self, size: int = -1) -> bytes:
        while True:
            fed = b""
            if self._decoder.eof:
                fed = self._decoder.unused_data or self._packed.read(_STEP)
                if not fed:
                    return b""
                self._decoder, self._count = self._new(), self._count + 1
                if self._count > _MOST_STREAMS:
                    raise EOFError(f"it has more than {_MOST_STREAMS:,} streams")
            elif self._decoder.needs_input:
                fed = self._packed.read(_STEP)
                if not fed:
                    raise EOFError("it has no end")
            data: bytes = self._decoder.decompress(fed, size)
            if data:
                return data


def _unpacking(packed: Any) -> Any:
    """The stream of a tar's bytes, unpacked by the magic number at its start."""
    begin = packed.peek(6)
    if begin.startswith(_ZSTD):
        return _Streams(packed, partial(zstd.decompressor, _ZSTD_WINDOW))
    if begin.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=packed)
    if begin.startswith(b"BZh"):
        return bz2.BZ2File(packed)
    if begin.startswith(b"\xfd7zXZ\0"):
        return _Streams(packed, partial(lzma.LZMADecompressor, lzma.FORMAT_XZ, _XZ_MEMORY))
    if begin.startswith(b"\x04\x22\x4d\x18"):
        try:
            import lz4.frame
        except ImportError:
            raise NeedsLibrary("an archive packed with lz4") from None
        return lz4.frame.LZ4FrameFile(packed)
    return packed


class _Unpacked:
    """A tar's bytes, unpacked; refuses to give more than is allowed.

    tarfile reads each name, extended header and list of sparse parts whole, however long it is. ``allow`` says where
    the next member's header may be.
    """

    def __init__(self, stream: BinaryIO, most: int) -> None:
        self._packed = BufferedReader(cast(RawIOBase, stream))
        self._stream = _unpacking(self._packed)
        self._most, self._count = most, 0
        self.allow(0)

    def close(self) -> None:
        """Close the packed stream, too."""
        self._stream.close()
        self._packed.close()

    def allow(self, start: int) -> None:
        """The next header begins at ``start``; tarfile reads ahead by less than two of its records."""
        self._end = start + MOST_HEADER + 2 * tarfile.RECORDSIZE

    def read(self, size: int) -> bytes:
        """As of any stream; raises TooMuch."""
        data: bytes = self._stream.read(size)
        self._count += len(data)
        check(self._count, self._most)
        if self._count > self._end:
            raise TooMuch(f"a name or extended header of more than {MOST_HEADER >> 20} MiB")
        return data


def _tarred(stream: BinaryIO, limit: int, most: int, takes: Choice) -> Iterator[Member]:
    header = type("_Noted", (_Header,), {})
    with (
        closing(_Unpacked(stream, most)) as unpacked,
        tarfile.open(fileobj=unpacked, mode="r|", tarinfo=header) as archive,  # type: ignore[call-overload]
    ):
        for item in archive:
            unpacked.allow(archive.offset)
            archive.members = []  # else it keeps every header that it has passed
            if item.isdir():
                continue
            if not item.isreg():
                yield Member(name=item.name, mark="link", problem="A link or device in an archive.", kind="link")
            elif takes(item.name, item.size):
                yield taken(item.name, item.size, limit, partial(_extracted, archive, item))
            else:
                yield Member(name=item.name, size=item.size)
    if header.ended_by is not tarfile.EOFHeaderError:  # type: ignore[attr-defined]
        raise tarfile.ReadError("it has no end")


def _extracted(archive: tarfile.TarFile, item: tarfile.TarInfo, limit: int) -> bytes:
    file: IO[bytes] | None = archive.extractfile(item)
    return file.read(limit) if file else b""


class _Seekable:
    """A zip's bytes; its list of members, which zipfile reads whole before all else, is refused beyond a limit."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.opened = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def read(self, size: int = -1) -> bytes:
        """As of any stream; raises TooMuch."""
        if not self.opened and size > MOST_LIST:
            raise TooMuch(f"a list of members of more than {MOST_LIST >> 20} MiB")
        return self._stream.read(size)


def _zipped(stream: BinaryIO, limit: int, _: int, takes: Choice) -> Iterator[Member]:
    bounded = _Seekable(stream)
    if not zipfile.is_zipfile(cast(BinaryIO, bounded)):
        raise zipfile.BadZipFile("the list of its files, which stands at its end, is missing")
    with zipfile.ZipFile(cast(BinaryIO, bounded)) as archive:
        bounded.opened = True
        overlapping = _overlapping(archive.infolist())
        for item in archive.infolist():
            name, mark = item.filename, str(item.CRC)
            if item.is_dir():
                continue
            if id(item) in overlapping:
                problem = "It overlaps another member of the archive."
                yield Member(name=name, mark=mark, problem=problem, kind="damaged")
            elif stat.S_ISLNK(item.external_attr >> 16):
                yield Member(name=name, mark="link", problem="A link in an archive.", kind="link")
            elif item.flag_bits & _ENCRYPTED:
                yield Member(name=name, mark=mark, problem="Encrypted with a password.", kind="encrypted")
            elif not takes(name, item.file_size):
                yield Member(name=name, size=item.file_size)
            else:
                yield _unzipped(archive, item, limit)


def _unzipped(archive: zipfile.ZipFile, item: zipfile.ZipInfo, limit: int) -> Member:
    """One member; the others have their own place in the file, whatever is wrong with it."""
    mark = str(item.CRC)
    try:
        return taken(item.filename, item.file_size, limit, partial(_bounded, archive, item))
    except _REFUSED as error:
        return Member(name=item.filename, mark=mark, problem=f"Cannot be unpacked: {error}.", kind="damaged")
    except _DAMAGE as error:
        return Member(name=item.filename, mark=mark, problem=f"It is damaged: {error}.", kind="damaged")


def _overlapping(items: Iterable[zipfile.ZipInfo]) -> set[int]:
    """Members by ``id`` whose bytes reach into the next one, so that a small archive could be read as a large one."""
    ordered = sorted(items, key=lambda item: item.header_offset)
    return {
        id(item) for item, behind in pairwise(ordered) if item.header_offset + item.compress_size > behind.header_offset
    }


def _bounded(archive: zipfile.ZipFile, item: zipfile.ZipInfo, limit: int) -> bytes:
    with archive.open(item) as file:
        return file.read(limit)
