"""Arguments that reserve memory or shape ZONE_MOVABLE: what the kernel makes of mistakes in them."""

import pytest

from pfnscope.kernel.argument_notes import argument_notes
from pfnscope.kernel.command_line import arguments


def noted(text: str, *, mirrors: bool | None = None) -> list[tuple[str, str, str, str]]:
    """Code, message, the text that is pointed at, and what was meant."""
    notes = argument_notes(arguments(text), (6, 12, 0), mirrors=mirrors)
    return [(n.code, n.message, text[n.column : n.column + n.width], n.instead) for n in notes]


@pytest.mark.parametrize(
    "text",
    [
        "crashkernel=256M",
        "crashkernel=256M@16M",
        "crashkernel=0x10000000",
        "crashkernel=1G,high crashkernel=72M,low",
        "crashkernel=512M,cma",
        "crashkernel=512M-2G:64M,2G-:128M",
        "crashkernel=2G-:128M@16M",
        "crashkernel=auto",
        "hugepages=8",
        "hugepages=0:4,1:4",
        "default_hugepagesz=1G hugepagesz=1G hugepages=16",
        "kernelcore=mirror movablecore=40% kernelcore=512M movable_node",
        "reserve_mem=20M:4096:trace",
        "quiet root=/dev/sda1",
    ],
)
def test_nothing_is_said_of_what_the_kernel_understands(text: str) -> None:
    assert noted(text) == []


@pytest.mark.parametrize(
    ("text", "code", "word", "instead"),
    [
        ("crashkernel=256MB", "argument-malformed", "“B”", "crashkernel=256M"),
        ("crashkernel=256MiB", "argument-malformed", "“iB”", "crashkernel=256M"),
        ("crashkernel=256M;high", "argument-malformed", "“;high”", ""),
        ("crashkernel=512", "argument-malformed", "512 bytes", "crashkernel=512M"),
        ("hugepages=four", "argument-malformed", "a number of pages", ""),
        ("kernelcore=half", "argument-malformed", "begin with a size", ""),
        ("reserve_mem=20M", "argument-malformed", "size:alignment:name", ""),
        ("reserve_mem=20M:4096:", "argument-malformed", "size:alignment:name", ""),
    ],
)
def test_a_mistake_has_its_code_and_what_was_meant(text: str, code: str, word: str, instead: str) -> None:
    [(got, message, piece, meant)] = noted(f"ro {text} quiet")
    assert (got, piece, meant) == (code, text, instead)
    assert word in message


def test_huge_pages_are_counted_in_pages_of_the_size_in_front() -> None:
    [(code, message, _, _)] = noted("hugepagesz=1G hugepages=4G")
    assert code == "huge-pages-count"
    assert message == "It counts pages: this asks for 4 pages of 1 GiB, not for 4 GiB."
    [(_, message, _, _)] = noted("hugepages=1G hugepagesz=1G")
    assert message == "It counts pages: this asks for 1 page, not for 1 GiB."


def test_mirrored_memory_is_missed_only_where_it_is_known_to_be_missing() -> None:
    assert noted("kernelcore=mirror", mirrors=None) == []
    assert noted("kernelcore=mirror", mirrors=True) == []
    [(code, message, _, _)] = noted("kernelcore=mirror", mirrors=False)
    assert (code, message) == ("argument-ignored", "This machine has no mirrored memory, so that this is ignored.")
    [note] = argument_notes(arguments("kernelcore=mirror"), (6, 1, 0), mirrors=False)
    assert "above 4 GiB becomes ZONE_MOVABLE, before 6.6" in note.message
