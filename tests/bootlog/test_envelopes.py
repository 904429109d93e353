"""A log says the same, at the same lines, in every envelope that it may come in."""

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.bootlog import keep_memory_lines, read
from app.bootlog.envelope import is_kernel, peel, peel_stamp

SAMPLES = Path(__file__).parents[2] / "sample_logs"
LOGS = ("efi-nodes", "fixed-1g-4g", "movable-nodes", "oops-1g-4g")


def journal(log: bytes) -> bytes:
    lines = (json.dumps({"MESSAGE": line, "PRIORITY": "6"}) for line in log.decode().splitlines())
    return "".join(f"{line}\n" for line in lines).encode()


ENVELOPES: dict[str, Callable[[bytes], bytes]] = {
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
    """All that is read, but for columns, and with blanks not counted."""
    boots = msgspec.to_builtins(read(log).boots)
    for boot in boots:
        for name in ("command_line", "banner"):
            boot[name] = " ".join((boot[name] or "").split())
        for diagnostic in boot["diagnostics"]:
            diagnostic["column"] = None
        for entry in boot["efi_map"]:
            entry["attributes"] = " ".join(entry["attributes"].split())
    return list(boots)


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("envelope", ENVELOPES)
def test_an_envelope_changes_no_fact_and_no_line_number(envelope: str, name: str) -> None:
    log = (SAMPLES / name / "dmesg.txt").read_bytes()
    wrapped = ENVELOPES[envelope](log)
    assert facts(wrapped) == facts(log)
    assert facts(keep_memory_lines(wrapped, read(wrapped))) == facts(log)


@pytest.mark.parametrize("slug", LOGS)
def test_the_short_way_through_a_time_stamp_gives_what_the_long_one_gives(slug: str) -> None:
    taken = 0
    for line in (SAMPLES / slug / "dmesg.txt").read_bytes().splitlines():
        whole = peel(line)
        for at in (whole.column, line.find(b"] ") + 2):
            if not line[at : at + 1].isalpha():  # no message that is looked for begins otherwise
                continue
            short = peel_stamp(line, at)
            taken += short is not None
            assert short in (None, whole)
    assert taken > 100


@pytest.mark.parametrize("slug", LOGS)
def test_that_a_line_is_the_kernels_is_told_soon_and_alike(slug: str) -> None:
    for line in (SAMPLES / slug / "dmesg.txt").read_bytes().splitlines():
        for seen in (line, b"> " + line, line[1:], line[5:], line.replace(b"]", b"", 1), b"<6>" + line, line[:9]):
            assert is_kernel(seen) == peel(seen).kernel


def test_the_short_way_goes_over_any_number_of_blanks_and_over_nothing_else() -> None:
    for between, short in ((" ", True), ("  ", True), ("", False), (" [T0] ", False), ("> ", False)):
        line = f"[    0.000000]{between}reserved[0x0]\t[0x0000000000001000-0x0000000000001fff], 0x1000 bytes".encode()
        peeled = peel_stamp(line, line.index(b"reserved"))
        assert (peeled is not None) == short
        assert peeled in (None, peel(line))


@pytest.mark.parametrize("command_line", ["quiet ro", "root=/dev/vda1 ro"])
@pytest.mark.parametrize("remark", ["   <--- mine", "   // as usual", "          | other"])
def test_somebodys_words_behind_a_line_are_not_its_own(command_line: str, remark: str) -> None:
    text = f"{NODES_OF_ONE}Kernel command line: {command_line}{remark}\n"
    assert read(text.encode()).boots[0].command_line == command_line


NODES_OF_ONE = "Early memory node ranges\n  node   0: [mem 0x0000000000001000-0x000000000009efff]\n"
