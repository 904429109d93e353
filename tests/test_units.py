"""Sizes as the kernel reads and people write them."""

import pytest

from pfnscope.units import format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("1G", 1 << 30), ("4096M", 1 << 32), ("0x1000", 4096), ("128k", 128 << 10), ("2T", 2 << 40), ("010", 8), ("0", 0)],
)
def test_sizes_are_read_as_memparse_does(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "G", "1.5G", "09", "1GG", "-1", "0x", "1" * 400])
def test_what_is_no_size_is_none(text: str) -> None:
    assert parse_size(text) is None


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (41 * 4096, "164 KiB"), (1 << 30, "1 GiB"), (3000 << 20, "2.93 GiB")]
)
def test_sizes_are_printed_short(size: int, text: str) -> None:
    assert format_size(size) == text
