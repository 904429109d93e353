"""A log says the same, at the same lines, in every wrapping that it may come in."""

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.bootlog import keep_memory_lines, read
from pfnscope.bootlog.text import prefix
from pfnscope.bootlog.text.prefix import Stripped, after_plain_stamp, is_kernel, strip_prefix
from pfnscope.model.encoding import builtins

SAMPLES = Path(__file__).parents[2] / "sample_logs"
LOGS = ("efi-nodes", "fixed-1g-4g", "movable-nodes", "oops-1g-4g")


def journal(log: bytes) -> bytes:
    lines = (json.dumps({"MESSAGE": line, "PRIORITY": "6"}) for line in log.decode().splitlines())
    return "".join(f"{line}\n" for line in lines).encode()


WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    "CR LF": lambda log: log.replace(b"\n", b"\r\n"),
    "LF CR": lambda log: log.replace(b"\n", b"\n\r"),
    "CR CR LF": lambda log: log.replace(b"\n", b"\r\r\n"),
    "CR": lambda log: log.replace(b"\n", b"\r"),
    "tabs": lambda log: log.replace(b" ", b"\t"),
    "trailing blanks": lambda log: log.replace(b"\n", b"  \n"),
    "UTF-16": lambda log: log.decode().encode("utf-16"),
    "quoted": lambda log: re.sub(rb"(?m)^(?=.)", b"> ", log),
    "quoted deep": lambda log: re.sub(rb"(?m)^(?=.)", b">" * 50, log),
    "syslog": lambda log: re.sub(rb"(?m)^(?=.)", b"Nov 23 15:59:43 host-1 kernel: ", log),
    "escaped": lambda log: html.escape(log.decode()).encode(),
    "journal": journal,
    "quoted-printable": lambda log: log.replace(b"=", b"=3D"),
}


def facts(log: bytes) -> list[dict[str, Any]]:
    """All that is read, but for columns and the host that a prefix names, and with blanks not counted."""
    boots = builtins(read(log).boots)
    for boot in boots:
        del boot["host"], boot["title"]
        for name in ("command_line", "banner"):
            boot[name] = " ".join((boot[name] or "").split())
        for diagnostic in boot["diagnostics"]:
            diagnostic["column"] = None
        for entry in boot["efi_map"]:
            entry["attributes"] = " ".join(entry["attributes"].split())
    return list(boots)


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_a_wrapping_changes_no_fact_and_no_line_number(wrapping: str, name: str) -> None:
    log = (SAMPLES / name / "dmesg.txt").read_bytes()
    wrapped = WRAPPINGS[wrapping](log)
    assert facts(wrapped) == facts(log)
    assert facts(keep_memory_lines(wrapped, read(wrapped))) == facts(log)


def long_way(line: bytes) -> Stripped:
    """What the pattern of all prefixes says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefix, "after_plain_stamp", lambda _line: None)
        return strip_prefix(line)


BEGINNINGS = """\
data: x|MESSAGE=x|kern : info : x|user: info: x|user: [mem 0x0-0xfff]|Nov 27 10:00:00 h kernel: x|CPU: 0 x|DMA zone: 64
Jan/27/2026 10:00|c0 x|c12x x|I/O ( 12): x|V/tag( 12): x|A[12: task: 3] x|N> x|host kernel[1]: x|x86/fpu: x|efi: m
[mem 0x0-0xf]|[mem 0x0 12:00]|Key type|On node|NX (E
INFO kernel: x|Xen: [mem 0x0-0xfff]|1 2|e820: update|a  00] x""".replace("\n", "|").split("|")
STAMPED = st.builds(
    lambda stamp, blanks, begin, rest: f"{stamp}{blanks}{begin}{rest}".encode(),
    st.sampled_from(["[    0.000000]", "[12345.678901]", "[0.1]", "[ 1,5]", "[x.1]", "[    0.000000][T0]"]),
    st.text(" \t>", max_size=3),
    st.one_of(st.sampled_from(BEGINNINGS), st.from_regex(r"[A-Za-z0-9:/ >\[]{0,6}", fullmatch=True)),
    st.sampled_from(["", " ", ": x", " kernel: x", '"', "*", " [mem 0x0-0xfff] usable"]),
)


@given(STAMPED)
def test_the_short_way_through_a_time_stamp_gives_what_the_long_one_gives(line: bytes) -> None:
    assert after_plain_stamp(line) in (None, long_way(line))


@pytest.mark.parametrize("slug", LOGS)
def test_most_lines_of_a_log_go_the_short_way(slug: str) -> None:
    lines = (SAMPLES / slug / "dmesg.txt").read_bytes().splitlines()
    short = [(after_plain_stamp(line), long_way(line)) for line in lines]
    assert all(one in (None, other) for one, other in short)
    assert sum(one is not None for one, _ in short) > len(lines) / 2


@pytest.mark.parametrize("slug", LOGS)
def test_that_a_line_is_the_kernels_is_told_soon_and_alike(slug: str) -> None:
    for line in (SAMPLES / slug / "dmesg.txt").read_bytes().splitlines():
        for seen in (line, b"> " + line, line[1:], line[5:], line.replace(b"]", b"", 1), b"<6>" + line, line[:9]):
            assert is_kernel(seen) == strip_prefix(seen).kernel


@pytest.mark.parametrize("command_line", ["quiet ro", "root=/dev/vda1 ro"])
@pytest.mark.parametrize("remark", ["   <--- mine", "   // as usual", "          | other"])
def test_somebodys_words_behind_a_line_are_not_its_own(command_line: str, remark: str) -> None:
    text = f"{NODES_OF_ONE}Kernel command line: {command_line}{remark}\n"
    assert read(text.encode()).boots[0].command_line == command_line


NODES_OF_ONE = "Early memory node ranges\n  node   0: [mem 0x0000000000001000-0x000000000009efff]\n"
