"""A log to analyse, its name in the table, and the errors that end a scan."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from pfnscope.service.errors import ServiceError

_SECRET = ("sig", "token", "secret", "password", "credential", "key", "auth")


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
