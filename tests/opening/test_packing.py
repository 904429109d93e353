"""Packed logs are unpacked whole or refused, and no small file becomes a large text."""

import bz2
import gzip
import io
import lzma
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope import zstd
from pfnscope.opening.errors import Damaged, TooLarge
from pfnscope.opening.packing import packing_of, read_log, unpacked

LOG = b"[    0.000000]   node   0: [mem 0x0000000000001000-0x000000000009efff]\n"
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstd.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}
every_packing = pytest.mark.parametrize("name", sorted(PACK))


@every_packing
def test_a_packed_text_is_told_by_its_content(name: str) -> None:
    packed = PACK[name](LOG)
    assert (packing_of(packed), packing_of(LOG)) == (name, None)
    assert unpacked(packed) == LOG
    assert read_log(io.BytesIO(packed)) == LOG


@every_packing
def test_streams_one_after_another_are_one_text(name: str) -> None:
    pack = PACK[name]
    assert unpacked(pack(LOG) + pack(b"") + pack(b"second\n") + b"\0" * 512) == LOG + b"second\n"


@every_packing
@given(st.data())
def test_a_cut_or_followed_archive_is_refused(name: str, data: st.DataObject) -> None:
    packed = PACK[name](LOG * 20)
    cut = data.draw(st.integers(8, len(packed) - 1))
    for text in (packed[:cut], packed + b"more", packed + packed[:cut]):
        with pytest.raises(Damaged):
            unpacked(text)


@every_packing
@given(st.binary(max_size=200), st.integers(0, 60))
def test_any_bytes_behind_a_known_beginning_are_unpacked_or_refused(name: str, tail: bytes, kept: int) -> None:
    try:
        size = len(unpacked(PACK[name](LOG)[:kept] + tail, 4096))
    except (Damaged, TooLarge):
        size = 0
    assert size <= 4096


@pytest.mark.parametrize("pack", [bytes, *PACK.values()], ids=["plain", *PACK])
def test_the_limit_is_of_the_text(pack: Callable[[bytes], bytes]) -> None:
    assert unpacked(pack(b"x" * 5000), 5000) == b"x" * 5000
    with pytest.raises(TooLarge):
        unpacked(pack(b"x" * 5001), 5000)
    with pytest.raises(TooLarge):
        read_log(io.BytesIO(b"x" * 5001), 5000)


@every_packing
def test_a_bomb_is_given_up_before_it_takes_memory(name: str) -> None:
    packed = PACK[name](bytes(64 << 20))
    tracemalloc.start()
    with pytest.raises(TooLarge):
        unpacked(packed, 1 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20


@every_packing
def test_endless_empty_streams_are_given_up(name: str) -> None:
    with pytest.raises(Damaged):
        unpacked(PACK[name](b"") * 20_001)


def test_a_text_that_begins_like_an_archive_is_a_text() -> None:
    assert unpacked(b"BZh is how bzip2 begins\n") == b"BZh is how bzip2 begins\n"


@pytest.mark.parametrize("name", ["zstd", "xz"])
def test_an_archive_that_asks_for_much_memory_is_not_called_damaged(name: str) -> None:
    if name == "zstd":
        stream = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
        packed = stream.compress(LOG) + stream.flush()
    else:
        dictionary = {"id": lzma.FILTER_LZMA2, "dict_size": 512 << 20}
        packed = lzma.compress(LOG, filters=[dictionary])
    with pytest.raises(Damaged, match="more memory than is given"):
        unpacked(packed)


def test_frames_of_zstd_that_hold_no_text_are_skipped_wherever_they_stand() -> None:
    """As pzstd writes one in front of each that does."""
    note = b"\x5f\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"abc"
    first, second = zstd.compress(b"first "), zstd.compress(b"second")
    assert packing_of(note + first) == "zstd"
    assert unpacked(note + note + first + note + second + note) == b"first second"
    assert packing_of(note) is None
    assert unpacked(note) == note, "no text is in it, so it is none that is packed"
    for end in (1, len(note) - 3, len(note) - 1):
        with pytest.raises(Damaged):
            unpacked(first + note[:end])
