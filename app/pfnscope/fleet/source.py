"""A log to analyse: its name in the table, the logs inside tar and zip archives, and the errors that end a scan.

Archives are read one member at a time and within limits that a crafted one cannot evade.
"""

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
from hashlib import sha256
from io import BufferedReader, RawIOBase
from itertools import pairwise
from typing import IO, Any, BinaryIO, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
import zstandard

from pfnscope.errors import ServiceError
from pfnscope.opening.packing import LIMIT

_SECRET = ("sig", "token", "secret", "password", "credential", "key", "auth")
_TAR = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz", ".tar.zst", ".tzst")
_ZSTD = (".zst", ".tzst")
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, zstandard.ZstdError, EOFError, OSError)
_REFUSED = (RuntimeError, NotImplementedError, ValueError)  # zipfile: a password is needed, an unknown method, …
MOST_MEMBERS = 250_000
MOST_HEADER = 1 << 20
"""Bytes of a tar's headers of one member: its name, extended headers and list of sparse parts."""
MOST_LIST = 32 << 20
"""Bytes of a zip's list of members."""
_LEAST_TOTAL, _RATIO = 1 << 30, 250
"""An archive may give as many bytes as the larger of the first, and its own size this many times."""
_MEMORY = 1 << 27  # bytes of a zstd window or xz dictionary


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A log: at the path or URL ``where``, or the bytes ``data`` of an archive's member.

    ``size`` is in bytes as stored, None where it is unknown. ``stamp`` changes when the log does: a time in
    nanoseconds since 1970, an ETag, or the hash of a member. A log that cannot be read has a sentence that says why
    as ``problem``, and the ``status`` of its row.
    """

    name: str
    where: str = ""
    size: int | None = None
    stamp: str | None = None
    data: bytes | None = None
    problem: str | None = None
    status: str = "unreadable"


def is_remote(path: str) -> bool:
    """Whether a path is a URL, such as ``s3://bucket/logs``; everything else is a path of this machine."""
    scheme, separator, _ = path.partition("://")
    return bool(separator) and scheme.isascii() and scheme.replace("+", "").isalnum()


def shown(path: str) -> str:
    """A path as in the table: valid Unicode, and a URL without its password and the secrets in its query."""
    text = path.encode("utf-8", "backslashreplace").decode()
    if not is_remote(text):
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    host = parts.netloc.rpartition("@")[2]
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if any(_is_secret(name) for name, _ in pairs):
        query = urlencode([(name, "..." if _is_secret(name) else value) for name, value in pairs])
        return urlunsplit(parts._replace(netloc=host, query=query))
    return text if host == parts.netloc else urlunsplit(parts._replace(netloc=host))


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET)


class CannotScan(ServiceError):
    """Nothing can be scanned, or no table be written; the message is fit for users."""


class FilesNotShared(CannotScan):
    """The workers of a cluster do not have a file that is here."""


class _TooMuch(Exception):
    """An archive that takes more memory or time than a fleet's logs do; the message is part of a sentence."""


def is_archive(name: str) -> bool:
    """Whether a file is an archive by its name."""
    return name.lower().endswith((*_TAR, ".zip"))


def members(name: str, stream: BinaryIO, size: int | None, limit: int = LIMIT) -> Iterator[Source]:
    """The files of an archive of ``size`` bytes as ``name!member``, each with its bytes, as stored in the archive.

    A member beyond ``limit`` bytes, a link, and what is damaged become sources with a problem. Raises nothing: an
    archive that breaks off, or asks for too much, ends in a source of the archive's own name.
    """
    read = _zipped if name.lower().endswith(".zip") else _tarred
    most, total = max(_LEAST_TOTAL, _RATIO * (size or 0)), 0
    times_by_name: dict[str, int] = {}
    try:
        for count, source in enumerate(read(name, stream, most, limit), 1):
            total += len(source.data or b"")
            _check(total, most, count)
            times = times_by_name[source.name] = times_by_name.get(source.name, 0) + 1
            # tar appends a newer version of a file under the same name
            yield source if times == 1 else msgspec.structs.replace(source, name=f"{source.name} ({times})")
    except _TooMuch as error:
        yield Source(name=name, problem=f"The archive asks for too much: {error}.", status="too-large")
    except Exception as error:  # noqa: BLE001 - tarfile and zipfile raise many kinds for headers that were tampered with
        cause = f": {error}" if str(error) else ""
        yield Source(name=name, problem=f"The archive is damaged or cut off{cause}.", status="damaged")


def _check(total: int, most: int, members: int = 0) -> None:
    if total > most:
        raise _TooMuch(f"more than {most >> 20:,} MiB after unpacking")
    if members > MOST_MEMBERS:
        raise _TooMuch(f"more than {MOST_MEMBERS:,} members")


def _member(name: str, size: int, limit: int, read: Callable[[], bytes]) -> Source:
    if size > limit:
        problem = f"A log may have at most {limit} bytes, also after unpacking."
        return Source(name=name, size=size, stamp=str(size), problem=problem, status="too-large")
    data = read()
    return Source(name=name, size=len(data), stamp=sha256(data).hexdigest(), data=data)


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


class _Xz(RawIOBase):
    """An .xz stream unpacked in bounded memory: its header may name a dictionary of 4 GiB."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)

    def read(self, size: int = -1) -> bytes:
        while not self._decoder.eof:
            packed = self._stream.read(1 << 16) if self._decoder.needs_input else b""
            if self._decoder.needs_input and not packed:
                raise EOFError("it has no end")
            data = self._decoder.decompress(packed, size)
            if data:
                return data
        return b""


class _Unpacked:
    """A tar's bytes, unpacked by the magic number at their start; refuses to give more than is allowed.

    tarfile reads each name, extended header and list of sparse parts whole, however long it is. ``allow`` says where
    the next member's header may be.
    """

    def __init__(self, name: str, stream: BinaryIO, most: int) -> None:
        self._packed = packed = BufferedReader(cast(RawIOBase, stream))
        begin = packed.peek(6)
        self._stream: Any = packed
        if name.lower().endswith(_ZSTD):
            decoder = zstandard.ZstdDecompressor(max_window_size=_MEMORY)
            self._stream = decoder.stream_reader(packed, read_across_frames=True)
        elif begin.startswith(b"\x1f\x8b"):
            self._stream = gzip.GzipFile(fileobj=packed)
        elif begin.startswith(b"BZh"):
            self._stream = bz2.BZ2File(packed)
        elif begin.startswith(b"\xfd7zXZ\0"):
            self._stream = _Xz(packed)
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
        """As of any stream; raises _TooMuch."""
        data: bytes = self._stream.read(size)
        self._count += len(data)
        _check(self._count, self._most)
        if self._count > self._end:
            raise _TooMuch(f"a name or extended header of more than {MOST_HEADER >> 20} MiB")
        return data


def _tarred(name: str, stream: BinaryIO, most: int, limit: int) -> Iterator[Source]:
    header = type("_Noted", (_Header,), {})
    with (
        closing(_Unpacked(name, stream, most)) as unpacked,
        tarfile.open(fileobj=unpacked, mode="r|", tarinfo=header) as archive,  # type: ignore[call-overload]
    ):
        for item in archive:
            unpacked.allow(archive.offset)
            archive.members = []  # else it keeps every header that it has passed
            own = f"{name}!{shown(item.name)}"
            if item.isdir():
                continue
            if not item.isreg():
                yield Source(name=own, stamp="link", problem="A link or device in an archive.", status="no-layout")
                continue

            yield _member(own, item.size, limit, partial(_extracted, archive, item))
    if header.ended_by is not tarfile.EOFHeaderError:  # type: ignore[attr-defined]
        raise tarfile.ReadError("it has no end")


def _extracted(archive: tarfile.TarFile, item: tarfile.TarInfo) -> bytes:
    file: IO[bytes] | None = archive.extractfile(item)
    return file.read() if file else b""


class _Seekable:
    """A zip's bytes; its list of members, which zipfile reads whole before all else, is refused beyond a limit."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.opened = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def read(self, size: int = -1) -> bytes:
        """As of any stream; raises _TooMuch."""
        if not self.opened and size > MOST_LIST:
            raise _TooMuch(f"a list of members of more than {MOST_LIST >> 20} MiB")
        return self._stream.read(size)


def _zipped(name: str, stream: BinaryIO, _: int, limit: int) -> Iterator[Source]:
    bounded = _Seekable(stream)
    with zipfile.ZipFile(cast(BinaryIO, bounded)) as archive:
        bounded.opened = True
        overlapping = _overlapping(archive.infolist())
        for item in archive.infolist():
            own = f"{name}!{shown(item.filename)}"
            if item.is_dir():
                continue
            if id(item) in overlapping:
                problem = "It overlaps another member of the archive."
                yield Source(name=own, stamp=str(item.CRC), problem=problem, status="damaged")
                continue
            if stat.S_ISLNK(item.external_attr >> 16):
                yield Source(name=own, stamp="link", problem="A link in an archive.", status="no-layout")
                continue
            try:
                yield _member(own, item.file_size, limit, partial(_bounded, archive, item, limit))
            except _REFUSED as error:
                yield Source(name=own, stamp=str(item.CRC), problem=f"Cannot be unpacked: {error}.", status="damaged")
            except _DAMAGE as error:  # one member; the others have their own place in the file
                yield Source(name=own, stamp=str(item.CRC), problem=f"It is damaged: {error}.", status="damaged")


def _overlapping(items: Iterable[zipfile.ZipInfo]) -> set[int]:
    """Members by ``id`` whose bytes reach into the next one, so that a small archive could be read as a large one."""
    ordered = sorted(items, key=lambda item: item.header_offset)
    return {
        id(item) for item, behind in pairwise(ordered) if item.header_offset + item.compress_size > behind.header_offset
    }


def _bounded(archive: zipfile.ZipFile, item: Any, limit: int) -> bytes:
    with archive.open(item) as file:
        return file.read(limit)
