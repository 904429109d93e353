"""Request bodies: unpacked up to a limit, in whatever form the log is sent."""

import string
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from fastapi import HTTPException
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, FormParser, parse_options_header

from pfnscope.kernel.region_kinds import Kind
from pfnscope.opening.errors import CannotOpen, TooLarge
from pfnscope.opening.packing import beginning, packing_of, unpacked
from pfnscope.opening.texts import is_wrapped, may_be_wrapped, opened
from pfnscope.service.analyzing import Options
from pfnscope.service.layouts import Keep, Terms
from pfnscope.service.whatif import LONGEST_COMMAND_LINE, Change
from pfnscope.web.problems import problem_of

_PACKED = ("gzip", "x-gzip", "zstd", "x-xz", "x-bzip", "x-bzip2")
_WRAPPED = ("zip", "x-zip-compressed", "x-tar", "x-7z-compressed", "x-lz4", "gzip-compressed", "mbox", "pdf",
            "vnd.openxmlformats-officedocument.wordprocessingml.document")  # fmt: skip
_TEXT = (
    "",
    "text/plain",
    "message/rfc822",
    "application/octet-stream",
    *(f"application/{name}" for name in (*_PACKED, *_WRAPPED)),
)
_MOST_FIELDS = 16
_ENCODINGS = {"": None, "identity": None, "gzip": "gzip", "x-gzip": "gzip", "zstd": "zstd"}
_FIELD_NAME = f"{string.ascii_lowercase}_".encode()
_LONGEST_FIELD_NAME = 20
_VISIBLE = bytes(range(0x21, 0x7F))
_PIECE = 1 << 16

LAST_BOOT = 1 << 31
"""The highest number of a boot that anybody may ask for."""

LAST_NODE = 1023
"""The highest number of a node: 10 bits at most (CONFIG_NODES_SHIFT of x86 and arm64, 6.1)."""

LONGEST_BAD = 1 << 16
"""Characters of bad addresses, all together."""

Short = Annotated[str, msgspec.Meta(max_length=200)]
Long = Annotated[str, msgspec.Meta(max_length=LONGEST_COMMAND_LINE)]
Addresses = Annotated[str, msgspec.Meta(max_length=LONGEST_BAD)]


class Fields(msgspec.Struct, frozen=True, omit_defaults=True, rename={"full": "set"}):
    """What a body, or the query beside a plain body, may say about how to take the log.

    ``set``, ``remove`` and ``append`` change the command line of a simulation; ``size``, ``kind`` and ``align`` are
    those of a region to place, ``move`` an argument that has both. Of what else can be placed, ``crashkernel``,
    ``cma``, ``reserve_mem`` and ``hugetlb_cma`` are what stands behind the argument of that name, ``gigantic`` are
    pages of 1 GiB, of one ``node`` or of all, and ``bad`` addresses of bad memory.

    ``tell_token``: the form is our own page's, which reads the delete token from the fragment of the address.
    """

    kernel: Short | None = None
    arch: Short | None = None
    boot: Annotated[int, msgspec.Meta(ge=1, le=LAST_BOOT)] | None = None
    title: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    note: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    expires_in: Annotated[int, msgspec.Meta(ge=0, le=1 << 40)] | None = None
    keep: Keep = "memory-lines"
    tell_token: bool = False
    full: Long | None = None
    remove: list[Short] | Short | None = None
    append: Long = ""
    size: Short | None = None
    kind: Kind | None = None
    align: Short | None = None
    move: Short | None = None
    crashkernel: Short = ""
    cma: Short = ""
    reserve_mem: Short = ""
    hugetlb_cma: Short = ""
    gigantic: bool = False
    node: Annotated[int, msgspec.Meta(ge=0, le=LAST_NODE)] | None = None
    bad: list[Addresses] | Addresses = ""


class JsonLog(Fields, frozen=True, omit_defaults=True, kw_only=True):
    """The JSON form of a request."""

    log: str


_JSON_LOG = msgspec.json.Decoder(JsonLog)
msgspec.convert({}, Fields)  # now, as the decoder above: see encoding.unpacker


class Submission(msgspec.Struct, frozen=True):
    """A log from a request's body. ``form``: a page's form or upload sent it."""

    text: bytes
    fields: Fields
    form: bool

    @property
    def options(self) -> Options:
        """How to analyse it."""
        return Options(self.fields.kernel, self.fields.arch, self.fields.boot)

    def terms(self, key: str | None = None) -> Terms:
        """How it is to be stored; ``key`` is the client's name for this creation."""
        fields = self.fields
        return Terms(fields.title, fields.note, fields.expires_in, fields.keep, key)

    @property
    def change(self) -> Change:
        """How the body wants the command line changed."""
        remove = self.fields.remove or []
        return Change(self.fields.full, tuple([remove] if isinstance(remove, str) else remove), self.fields.append)


class NotShort(Exception):
    """What opening the log in a body takes is not known before it is done."""


def understand(
    body: bytes, headers: Mapping[str, str], query: Mapping[str, str], limit: int, *, short: bool = False
) -> Submission:
    """Open a body and find the log and its options in it. Blocking: call it in a thread.

    Raises 400 for what is malformed, 413 for more than ``limit`` bytes after unpacking, 415 for another kind of body,
    422 for an archive or mail without a log. ``short``: raises NotShort for a log in more than one layer of packing,
    and in one that cannot be undone.
    """
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise HTTPException(415, "A body may be encoded with gzip or zstd.", {"Accept-Encoding": "gzip, zstd"})
    if _ENCODINGS[encoding] not in (None, packing_of(body)):
        raise HTTPException(400, f"The body is not {encoding}, as its Content-Encoding says.")
    kind, parameters = parse_options_header(headers.get("content-type"))
    match kind.decode("latin-1"):
        case "application/json":
            return _from_json(_unpack(body, limit), limit, short=short)
        case "multipart/form-data":
            fields = _multipart(_unpack(body, limit), parameters.get(b"boundary"), limit)
            return _from_fields(fields, query, limit, short=short)
        case "application/x-www-form-urlencoded" if _begins_as_form(body) and _is_form(form := _unpack(body, limit)):
            return _from_fields(_urlencoded(form), query, limit, short=short)
        case "application/x-www-form-urlencoded":  # what curl --data-binary calls every body
            return Submission(_open(body, limit, short=short), _fields(query), form=False)
        case text if text in _TEXT:
            return Submission(_open(body, limit, short=short), _fields(query), form=False)
        case other:
            raise HTTPException(
                415, f"A log is sent as text/plain, multipart/form-data or application/json, not {other[:80]!r}."
            )


def _begins_as_form(body: bytes) -> bool:
    """Whether a body may be a form by its beginning: another one, such as an archive, is not unpacked as a whole."""
    name, equals, _ = beginning(body, _LONGEST_FIELD_NAME + 1).partition(b"=")
    return bool(name and equals) and not name.translate(None, _FIELD_NAME)


def _is_form(body: bytes) -> bool:
    """Whether a body begins with a field, and has no blank and no line break: a form is percent-encoded, a log not."""
    end = body.find(b"=", 0, _LONGEST_FIELD_NAME + 1)
    return (
        end > 0
        and not body[:end].translate(None, _FIELD_NAME)
        and not any(body[at : at + _PIECE].translate(None, _VISIBLE) for at in range(0, len(body), _PIECE))
    )


def is_plain(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether a body is a log as it is, so that :func:`plain` understands it; this takes no time, whatever is in it."""
    kind = parse_options_header(headers.get("content-type"))[0].decode("latin-1")
    return kind in _TEXT and not headers.get("content-encoding") and not may_be_wrapped(body)


def plain(body: bytes, query: Mapping[str, str]) -> Submission:
    """A body with nothing to unpack and nothing to take apart."""
    return Submission(body, _fields(query), form=False)


def _unpack(data: bytes, limit: int) -> bytes:
    """Undo one layer of compression, told by its first bytes, so that ``dmesg.1.gz`` can be sent as it is."""
    try:
        return unpacked(data, limit)
    except CannotOpen as error:
        raise _refused(error) from error


def _open(data: bytes, limit: int, *, short: bool) -> bytes:
    """The text of a log, out of whatever it is wrapped in."""
    if short:
        try:
            data = unpacked(data, limit)
        except CannotOpen:  # an archive may be cut off or larger, and yet files of it are read
            raise NotShort from None
        if is_wrapped(data):
            raise NotShort
        return data
    try:
        return opened(data, limit=limit)
    except CannotOpen as error:
        raise _refused(error) from error


def _refused(error: CannotOpen) -> HTTPException:
    problem = problem_of(error)
    return HTTPException(problem.status, problem.detail)


def _from_json(body: bytes, limit: int, *, short: bool) -> Submission:
    try:
        fields = _JSON_LOG.decode(body)
        log = fields.log.encode()
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise HTTPException(400, f"Not the expected JSON: {error}") from error
    return Submission(_open(log, limit, short=short), fields, form=False)


def _from_fields(values: dict[str, bytes], query: Mapping[str, str], limit: int, *, short: bool) -> Submission:
    logs = [values.pop(name) for name in ("file", "log") if name in values]
    if not logs:
        raise HTTPException(400, "The form has neither a field log nor a file.")
    # both: such as the crash in the field, and the boot log that its answer asks for
    text = b"\n".join(_open(log, limit, short=short) for log in logs if log.strip())
    if len(text) > limit:
        raise HTTPException(413, str(TooLarge(limit)))
    options = {name: value.decode("utf-8", "replace") for name, value in values.items() if value}
    return Submission(text, _fields({**query, **options}), form=True)


def _fields(options: Mapping[str, Any]) -> Fields:
    try:
        return msgspec.convert({k: v for k, v in options.items() if v != ""}, Fields, strict=False)
    except msgspec.ValidationError as error:
        raise HTTPException(400, f"Not a valid option: {error}") from error


def _urlencoded(body: bytes) -> dict[str, bytes]:
    try:
        # Latin-1 there and back: a log is bytes, whatever its encoding.
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, encoding="latin-1")
    except ValueError as error:
        raise HTTPException(400, f"The form has more than {_MOST_FIELDS} fields.") from error
    return {name: value.encode("latin-1") for name, value in pairs}


def _multipart(body: bytes, boundary: bytes | None, limit: int) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}

    def keep(name: bytes | None, value: bytes) -> None:
        if len(parts) >= _MOST_FIELDS:
            raise FormParserError("too many parts")
        parts[(name or b"").decode("latin-1")] = value

    def keep_file(part: File) -> None:
        part.file_object.seek(0)
        keep(part.field_name, part.file_object.read())

    def keep_field(part: Field) -> None:
        keep(part.field_name, part.value or b"")

    try:
        config = {"MAX_MEMORY_FILE_SIZE": limit}
        parser = FormParser("multipart/form-data", keep_field, keep_file, boundary=boundary, config=config)
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise HTTPException(400, f"Not a multipart form: {error}") from error
    return parts
