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


def test_suffixes_stand_beside_a_size_alone() -> None:
    request = request_of("crashkernel=512M crashkernel=1G,cma crashkernel=128M,low")
    assert request is not None
    assert (request.size, request.low, request.cma, request.text) == (512 * MIB, 128 * MIB, GIB, "crashkernel=512M")


@pytest.mark.parametrize("line", ["quiet", "crashkernel", ""])
def test_no_request(line: str) -> None:
    assert request_of(line) is None


@pytest.mark.parametrize(
    "line", ["crashkernel=0", "crashkernel=16G-:1G", "crashkernel=2G-4G:192M@1M", "crashkernel=0@1M"]
)
def test_no_size(line: str) -> None:
    request = request_of(line)
    assert request is not None
    assert request.size == 0


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("crashkernel=auto", "takes a size"),
        ("crashkernel=", "takes a size"),
        ("crashkernel=256MB", "understand 'B' behind"),
        ("crashkernel=256M,hi", "understand ',hi' behind"),
        ("crashkernel=256M@64M,high", "takes a size and “,high”"),
        ("crashkernel=,high", "takes a size and “,high”"),
        ("crashkernel=1G,high crashkernel=x,low", "takes a size and “,low”"),
        ("crashkernel=64M,low", "goes with a size alone or with “,high”"),
        ("crashkernel=1G,cma", "reserves nothing"),
        ("crashkernel=:256M", "takes ranges of RAM"),
        ("crashkernel=1G:256M", "takes ranges of RAM"),
        ("crashkernel=4G-1G:256M", "takes ranges of RAM"),
        ("crashkernel=1G-2G256M,x:", "takes ranges of RAM"),
        ("crashkernel=1G-:256M@here", "takes ranges of RAM"),
        ("crashkernel=1G-:9G", "names 9 GiB, and the machine has 8 GiB"),
        ("crashkernel=" + "9" * 200 + "-", "does not understand"),
        ("crashkernel=" + "1-2:3," * 2000 + "x", "does not understand"),
    ],
)
def test_what_the_kernel_does_not_understand_is_said_in_a_sentence(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as error:
        request_of(line)
    assert str(error.value).endswith(".")


def test_a_kernel_without_high_reserves_nothing_for_it() -> None:
    with pytest.raises(ValueError, match="is not known to this kernel"):
        crash_request(arguments("crashkernel=1G,high"), 8 * GIB, high=False)


def test_ranges_of_ram_need_the_ram_which_counts_rounded_up() -> None:
    line = "crashkernel=1G-2G:128M,2G-:256M"
    with pytest.raises(ValueError, match="How much RAM there is"):
        request_of(line, None)
    just_below = request_of(line, 2 * GIB - MIB)
    assert just_below is not None
    assert just_below.size == 256 * MIB


def test_architectures_of_which_nothing_was_read_have_no_row() -> None:
    assert crash_search("mips64", (6, 1, 0)) is None
    assert crash_search("riscv64", (5, 12, 0)) is None
    assert crash_search(None, (6, 1, 0)) is None
    newest = crash_search("arm64", None)
    assert newest is not None
    assert newest.falls_up
    assert [newest.limit(end) for end in (GIB, 8 * GIB, None)] == [GIB, 8 * GIB, 4 * GIB]


@pytest.mark.parametrize("value", ["1G\x1b[31m", "1G\0", "0-:\x1b[1m", "x" * 5000, "1-:" + "9" * 5000])
def test_a_value_of_a_stranger_is_quoted_in_part_and_without_control_characters(value: str) -> None:
    with pytest.raises(ValueError, match=r"kernel|machine") as error:
        crash_request(arguments(f"crashkernel={value}"), 4 * GIB)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 250
