"""What a crashkernel= asks for."""

import pytest

from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.crashkernel import CrashRequest, crash_request, crash_search

GIB, MIB = 1 << 30, 1 << 20


def request_of(line: str, ram: int | None = 8 * GIB) -> CrashRequest | None:
    return crash_request(arguments(line), ram)


@pytest.mark.parametrize(
    ("line", "size", "base", "high", "low"),
    [
        ("crashkernel=256M", 256 * MIB, None, False, None),
        ("crashkernel=256M@0x1000000", 256 * MIB, 16 * MIB, False, None),
        ("crashkernel=128M quiet crashkernel=512M", 512 * MIB, None, False, None),
        ("crashkernel=1G,high", GIB, None, True, None),
        ("crashkernel=72M,low crashkernel=1G,high", GIB, None, True, 72 * MIB),
        ("crashkernel=1G,high crashkernel=256M", 256 * MIB, None, False, None),
        ("crashkernel=1G,high crashkernel=0,low", GIB, None, True, 0),
        ("crashkernel=2G-4G:192M,4G-8G:256M,8G-:512M@64M", 512 * MIB, 64 * MIB, False, None),
        ("crashkernel=128M crashkernel=1G,cma", 128 * MIB, None, False, None),
    ],
)
def test_size_and_place(line: str, size: int, base: int | None, high: bool, low: int | None) -> None:
    request = request_of(line)
    assert request is not None
    assert (request.size, request.base, request.high, request.low) == (size, base, high, low)


@pytest.mark.parametrize("line", ["quiet", "crashkernel=auto", "crashkernel=0", "crashkernel=16G-:1G", "crashkernel"])
def test_no_size(line: str) -> None:
    assert request_of(line) is None


def test_ranges_of_ram_need_the_ram_which_counts_rounded_up() -> None:
    line = "crashkernel=1G-2G:128M,2G-:256M"
    assert request_of(line, None) is None
    just_below = request_of(line, 2 * GIB - MIB)
    assert just_below is not None
    assert just_below.size == 256 * MIB


def test_architectures_of_which_nothing_was_read_have_no_row() -> None:
    assert crash_search("riscv64", (6, 1, 0)) is None
    assert crash_search(None, (6, 1, 0)) is None
    newest = crash_search("arm64", None)
    assert newest is not None
    assert newest.falls_back
    assert [newest.limit(end) for end in (GIB, 8 * GIB, None)] == [GIB, 4 * GIB, 4 * GIB]
