"""A log to analyse: its name in the table, the logs inside tar and zip archives, and the errors that end a scan.

Archives are read one member at a time and within limits that a crafted one cannot evade.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import BinaryIO
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from pfnscope.errors import ServiceError
from pfnscope.opening import archives
from pfnscope.opening.errors import CannotOpen, TooMuch
from pfnscope.opening.packing import LIMIT
from pfnscope.opening.pieces import Member
from pfnscope.opening.recognising import Format
from pfnscope.words import escaped

_SECRET = ("sig", "token", "secret", "password", "credential", "key", "auth")
_OTHERS: dict[str, Format] = {".zip": "zip", ".7z": "7z"}
_TAR = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz", ".tar.zst", ".tzst", ".tar.lz4")
_STATUS = {"": "unreadable", "link": "no-layout", "encrypted": "damaged"}
"""The status of a row by the kind of its problem, where it is not the kind itself."""
_LEAST_TOTAL, _RATIO = 1 << 30, 250
"""An archive may give as many bytes as the larger of the first, and its own size this many times."""


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
    """A path as in the table: no control characters; of a URL neither its password nor secrets of its query."""
    text = escaped(path.encode("utf-8", "backslashreplace").decode())
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


def is_archive(name: str) -> bool:
    """Whether a file is an archive by its name."""
    return name.lower().endswith((*_TAR, *_OTHERS))


def members(name: str, stream: BinaryIO, size: int | None, limit: int = LIMIT) -> Iterator[Source]:
    """The files of an archive of ``size`` bytes as ``name!member``, each with its bytes, as stored in the archive.

    A member beyond ``limit`` bytes, a link, and what is damaged become sources with a problem. Raises nothing: an
    archive that breaks off, or asks for too much, ends in a source of the archive's own name.
    """
    form: Format = next((form for ending, form in _OTHERS.items() if name.lower().endswith(ending)), "tar")
    try:
        for member in archives.members(form, stream, limit, max(_LEAST_TOTAL, _RATIO * (size or 0))):
            yield _source(name, member)
    except TooMuch as error:
        yield Source(name=name, problem=str(error), status="too-large")
    except CannotOpen as error:
        yield Source(name=name, problem=f"The archive is {error.reason}.", status="damaged")


def _source(name: str, member: Member) -> Source:
    return Source(
        name=f"{name}!{shown(member.name)}",
        size=member.size,
        stamp=member.mark if member.data is None else sha256(member.data).hexdigest(),
        data=member.data,
        problem=member.problem or None,
        status=_STATUS.get(member.kind, member.kind),
    )
