"""Compressed logs: one layer of gzip, zstd, xz, bzip2 or lz4, known by its magic number, unpacked up to a limit.

The libraries are imported only when a text needs them: most are not compressed, and start-up time is measured.
"""

from collections.abc import Callable, Iterator
from io import BytesIO
from os import PathLike
from typing import Any, BinaryIO, NamedTuple

from pfnscope.files import open_file, size
from pfnscope.opening.errors import Damaged, NeedsLibrary, TooLarge

LIMIT = 256 << 20
"""Default of the most bytes of a text, also after unpacking."""

_STEP = 1 << 20  # bytes of text that a decoder may give at once
_MOST_STREAMS = 20_000  # one after another in a file; each takes far longer than its bytes
_ZSTD_WINDOW = 23  # 8 MiB as a power of two, which RFC 8878 wants every decoder to support
_SKIPPABLE, _SKIPPABLE_BEGIN = b"\x2a\x4d\x18", 0x5  # a byte of 0x50 to 0x5f is in front of these
_TOO_MUCH_MEMORY = ("too much memory", "Memory usage limit")  # zstd's and xz's words
_XZ_MEMORY = 80 << 20  # what unpacking after xz -9 takes, and a little


class _Packing(NamedTuple):
    """``slice`` is how many compressed bytes a decoder gets at once, few enough to bound what comes out.

    ``decoder`` returns a new decoder of one stream, and the exceptions that it raises.
    """

    name: str
    magic: bytes
    slice: int
    decoder: Callable[[], tuple[Any, tuple[type[Exception], ...]]]


def _gzip() -> tuple[Any, tuple[type[Exception], ...]]:
    import zlib

    return zlib.decompressobj(wbits=31), (zlib.error,)


def _zstd() -> tuple[Any, tuple[type[Exception], ...]]:
    from pfnscope import zstd

    return zstd.decompressor(_ZSTD_WINDOW), (zstd.ZstdError,)


def _xz() -> tuple[Any, tuple[type[Exception], ...]]:
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY), (lzma.LZMAError,)


def _bzip2() -> tuple[Any, tuple[type[Exception], ...]]:
    import bz2

    return bz2.BZ2Decompressor(), (OSError, ValueError)


def _lz4() -> tuple[Any, tuple[type[Exception], ...]]:
    try:
        import lz4.frame
    except ImportError:
        raise NeedsLibrary("a text packed with lz4") from None
    return lz4.frame.LZ4FrameDecompressor(), (RuntimeError, EOFError)


_PACKINGS = (
    _Packing("gzip", b"\x1f\x8b", 4096, _gzip),
    _Packing("zstd", b"\x28\xb5\x2f\xfd", 1 << 16, _zstd),
    _Packing("xz", b"\xfd7zXZ\0", 1 << 16, _xz),
    _Packing("bzip2", b"BZh", 1 << 16, _bzip2),
    _Packing("lz4", b"\x04\x22\x4d\x18", 1 << 16, _lz4),
)


def packing_of(data: bytes) -> str | None:
    """The name of a text's compression (gzip, zstd, xz, bzip2 or lz4), None for plain text."""
    packing = _packing(data)
    return packing and packing.name


def unpacked(data: bytes, limit: int = LIMIT) -> bytes:
    """The plain text. Raises TooLarge beyond ``limit`` bytes, Damaged where it cannot be unpacked to its end.

    NeedsLibrary for lz4 without its library.
    """
    packing = _packing(data)
    if packing is None:
        if len(data) > limit:
            raise TooLarge(limit)
        return data
    out = BytesIO()
    for piece in _pieces(data, packing):
        out.write(piece)
        if out.tell() > limit:
            raise TooLarge(limit)
    return out.getvalue()


def beginning(data: bytes, size: int = 1 << 10) -> bytes:
    """The first bytes of a text, unpacked by one layer where it is packed; as many as can be had of a damaged one."""
    packing = _packing(data)
    if packing is None:
        return data[:size]
    out = b""
    try:
        for piece in _pieces(data, packing):
            out += piece[:size]
            if len(out) >= size:
                break
    except (Damaged, NeedsLibrary):
        pass
    return out[:size]


def read_log(stream: BinaryIO, limit: int = LIMIT) -> bytes:
    """All of a file or pipe, unpacked; raises as :func:`unpacked` does."""
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise TooLarge(limit)
    return unpacked(data, limit)


def read_log_file(path: str | PathLike[str], limit: int = LIMIT, *, pipes: bool = False) -> bytes:
    """The text of a file, unpacked; ``pipes`` as for :func:`pfnscope.files.open_file`, raises as it and read_log do."""
    with open_file(path, pipes=pipes) as file:
        if size(file) > limit:
            raise TooLarge(limit)
        return read_log(file, limit)


def _packing(data: bytes) -> _Packing | None:
    # "BZh" could begin a text; a digit and the magic number of a block, or of the end, could not.
    begin = _frame(data, 0)
    return next(
        (
            p
            for p in _PACKINGS
            if data.startswith(p.magic, begin) and (p.name != "bzip2" or data[4:5] in (b"1", b"\x17"))
        ),
        None,
    )


def _frame(data: bytes, at: int) -> int:
    """Where the next frame with text begins: zstd's skippable ones hold none (RFC 8878, 3.1.2); pzstd writes many."""
    while data[at + 1 : at + 4] == _SKIPPABLE and data[at] >> 4 == _SKIPPABLE_BEGIN:
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
    return at


def _pieces(data: bytes, packing: _Packing) -> Iterator[bytes]:
    """The text in pieces, stream after stream; padding with zeros is no stream."""
    view, at = memoryview(data), _frame(data, 0)
    for _ in range(_MOST_STREAMS):
        decoder, errors = packing.decoder()
        try:
            while not decoder.eof:
                if at >= len(data):
                    raise Damaged(packing.name)
                fed = view[at : at + packing.slice]
                at += len(fed)
                yield from _decoded(decoder, fed)
        except errors as error:
            if any(words in str(error) for words in _TOO_MUCH_MEMORY):
                raise Damaged(
                    packing.name, "it asks for more memory than is given; pack it with a lower level"
                ) from error
            raise Damaged(packing.name) from error
        at = _frame(data, at - len(decoder.unused_data or b""))
        if not data.startswith(packing.magic, at):
            if at > len(data) or data.count(b"\0", at) < len(data) - at:
                raise Damaged(packing.name)
            return
    raise Damaged(packing.name)


def _decoded(decoder: Any, fed: memoryview) -> Iterator[bytes]:
    """The text of a slice; in parts where the decoder can: a block of xz or bzip2 may hold hundreds of megabytes."""
    if not hasattr(decoder, "needs_input"):
        yield decoder.decompress(fed)
        return
    yield decoder.decompress(fed, _STEP)
    while not decoder.eof and not decoder.needs_input:
        yield decoder.decompress(b"", _STEP)
