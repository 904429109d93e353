"""How recorded boots are made: what does not need an emulator."""

import gzip
import struct
from collections.abc import Callable

import pytest

from pfnscope import zstd
from tools.record import files, image


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_a_kernel_that_unpacks_itself_is_unpacked(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b"the kernel")
    program = b"MZ\0\0zimg" + struct.pack("<II", 64, len(packed)) + bytes(48) + packed + b"the program"
    assert image(program) == b"the kernel"
    assert image(b"MZ" + bytes(70)) == b"MZ" + bytes(70)


def test_lines_of_the_console_are_files_by_mark() -> None:
    lines = ["of the firmware", "#### dmesg.txt", "one", "", "two", "#### nodes.txt", "#### cmdline.txt", "three"]
    assert files(iter(lines)) == {"dmesg.txt": "one\n\ntwo\n", "nodes.txt": "", "cmdline.txt": "three\n"}
