"""One log that is to be analysed, and how its place is named in the table."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from pfnscope.service.errors import ServiceError

_SECRET = ("sig", "token", "secret", "password", "credential", "key", "auth")


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A log: at ``where``, or already read into ``data``, as out of an archive.

    ``size`` is in bytes as stored, None where nobody says it. ``stamp`` changes when the log does: a time in
    nanoseconds since 1970, an ETag, or the hash of what was in an archive. With a ``problem`` there is nothing to
    read: a sentence that says why, and the ``status`` of its row.
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
    scheme, found, _ = path.partition("://")
    return bool(found) and scheme.isascii() and scheme.replace("+", "").isalnum()


def shown(path: str) -> str:
    """A path as the table names it: valid Unicode, and of a URL neither its password nor the values that sign it."""
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
