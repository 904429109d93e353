"""Logs inside tar and zip archives, read one after another: no more than one is held at a time."""

import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from typing import IO, Any, BinaryIO

import zstandard

from pfnscope.fleet.source import Source, shown
from pfnscope.service.unpacking import LIMIT

_TAR = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz", ".tar.zst", ".tzst")
_ZSTD = (".zst", ".tzst")
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, zstandard.ZstdError, EOFError, OSError)
_REFUSED = (RuntimeError, NotImplementedError, ValueError)  # zipfile: a password is needed, an unknown method, …

Key = tuple[str, str]


def is_archive(name: str) -> bool:
    """Whether a file is an archive by its name."""
    return name.lower().endswith((*_TAR, ".zip"))


def members(name: str, stream: BinaryIO, limit: int = LIMIT) -> Iterator[Source]:
    """The files of an archive as ``name!member``, each with its bytes, as stored in the archive.

    A member beyond ``limit`` bytes, a link, and what is damaged become sources with a problem. Raises nothing: an
    archive that breaks off ends in a source of the archive's own name.
    """
    read = _zipped if name.lower().endswith(".zip") else _tarred
    met: dict[str, int] = {}
    try:
        for source in read(name, stream, limit):
            times = met[source.name] = met.get(source.name, 0) + 1
            # tar appends a newer version of a file under the same name
            yield source if times == 1 else _renamed(source, f"{source.name} ({times})")
    except _DAMAGE as error:
        cause = f": {error}" if str(error) else ""
        yield Source(name=name, problem=f"The archive is damaged or cut off{cause}.", status="damaged")


def _renamed(source: Source, name: str) -> Source:
    return Source(**{field: getattr(source, field) for field in source.__struct_fields__} | {"name": name})


def _member(name: str, size: int, limit: int, read: Callable[[], bytes]) -> Source:
    if size > limit:
        problem = f"A log may have at most {limit} bytes, also after unpacking."
        return Source(name=name, size=size, stamp=str(size), problem=problem, status="too-large")
    data = read()
    return Source(name=name, size=len(data), stamp=sha256(data).hexdigest(), data=data)


class _Header(tarfile.TarInfo):
    """Notes what the list of members ended with: tarfile itself takes any bad header but the first for the end."""

    ended_by: type[Exception] | None = None

    @classmethod
    def fromtarfile(cls, tar: tarfile.TarFile) -> "_Header":
        try:
            return super().fromtarfile(tar)
        except tarfile.HeaderError as error:
            cls.ended_by = type(error)
            raise


def _tarred(name: str, stream: BinaryIO, limit: int) -> Iterator[Source]:
    header = type("_Noted", (_Header,), {})
    mode, unpacked = "r|*", stream
    if name.lower().endswith(_ZSTD):
        mode = "r|"
        unpacked = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(stream, read_across_frames=True)
    with tarfile.open(fileobj=unpacked, mode=mode, tarinfo=header) as archive:  # type: ignore[call-overload]
        for item in archive:
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


def _zipped(name: str, stream: BinaryIO, limit: int) -> Iterator[Source]:
    with zipfile.ZipFile(stream) as archive:
        for item in archive.infolist():
            own = f"{name}!{shown(item.filename)}"
            if item.is_dir():
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


def _bounded(archive: zipfile.ZipFile, item: Any, limit: int) -> bytes:
    with archive.open(item) as file:
        return file.read(limit)
