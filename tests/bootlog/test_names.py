"""What is shared names no machine: hosts, build hosts and UUIDs are replaced, and nothing else that is read changes."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.bootlog import keep_memory_lines, read
from pfnscope.model.log import BootLog
from tests.support.samples import SLUGS
from tests.support.samples import text as sample

_DISK = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"
_LINES = f"""\
Linux version 4.17.0 (builder@forge.corp.example) (gcc version 8.1.0) #1 SMP Sun Jun 3 20:00:00 UTC 2018
Command line: root=UUID={_DISK} resume=/dev/mapper/atlas--vg-swap ip=10.0.0.2:::255.0.0.0:atlas:eth0:off memmap=1G!4G
BIOS-provided physical RAM map:
BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
BIOS-e820: [mem 0x0000000000100000-0x00000000bffd6fff] usable
Zone ranges:
  DMA32    [mem 0x0000000000001000-0x00000000bffd6fff]
Early memory node ranges
  node   0: [mem 0x0000000000001000-0x000000000009efff]
  node   0: [mem 0x0000000000100000-0x00000000bffd6fff]
""".splitlines()
_SECRETS = (b"atlas", b"forge", b"corp", _DISK.encode(), b"4f68bce3")


def shared(text: bytes) -> bytes:
    return keep_memory_lines(text, read(text), names=False)


def facts(boot: BootLog) -> BootLog:
    """A boot without names; columns of remarks move with the length of a name."""
    diagnostics = tuple(msgspec.structs.replace(item, column=None) for item in boot.diagnostics)
    line = " ".join(word for word in (boot.command_line or "").split() if "=" not in word or word.startswith("mem"))
    return msgspec.structs.replace(boot, host=None, title="", banner=None, command_line=line, diagnostics=diagnostics)


@pytest.mark.parametrize(
    "front",
    [
        "Jun  5 12:00:00 atlas kernel: [    0.000000] ",
        "Jun  5 12:00:00 atlas.corp.example [    0.000000] ",
        "2018-06-05T12:00:00.123456+02:00 atlas [    0.000000] ",
        "2018-06-05T12:00:00.123456+02:00 atlas kernel: ",
        "<6>1 2018-06-05T12:00:00Z atlas kernel - - - ",
        "[    0.000000] ",
        "",
    ],
)
def test_a_shared_text_names_no_machine_and_is_read_as_before(front: str) -> None:
    text = "\n".join(front + line for line in _LINES).encode()
    kept = shared(text)
    assert [name for name in _SECRETS if name in kept] == []
    assert b"memmap=1G!4G" in kept
    assert b"10.0.0.2" in kept
    assert b"builder@host-" in kept
    assert [facts(boot) for boot in read(kept).boots] == [facts(boot) for boot in read(text).boots]
    assert shared(kept) == kept


def test_the_command_on_the_machine_itself_keeps_names() -> None:
    text = "\n".join(_LINES).encode()
    assert _DISK.encode() in keep_memory_lines(text, read(text))


def test_names_of_files_name_no_machine() -> None:
    text = b"".join(
        b"==> %s <==\n%s\n" % (name, b"\n".join(b"Jun  5 12:00:00 atlas kernel: %s" % line.encode() for line in _LINES))
        for name in (
            b"sosreport-atlas-01234567-2026-11-30-abcdefg.tar.xz/var/log/messages",
            b"sosreport-db-hera-2026-11-30-abcdefg.tar.xz/sos_commands/kernel/dmesg",
            b"scc_zeus-2_261130_1000.txz/boot.txt",
            b"logs of atlas/dmesg.txt",
        )
    )  # fmt: skip
    kept = shared(text + b"==> sosreport-juno-2026-11-30-abcdefg.tar.xz.md5 <== not used: empty\n")
    assert not [name for name in (b"atlas", b"hera", b"zeus", b"juno") if name in kept]
    assert b"/var/log/messages <==" in kept
    assert shared(kept) == kept


def test_one_name_gets_one_number_and_no_number_twice() -> None:
    lines = [line.replace("forge.corp.example", "host-1") for line in _LINES]
    text = "\n".join(f"Jun  5 12:00:00 atlas kernel: {line}" for line in lines).encode()
    kept = shared(text)
    assert kept.count(b"host-2 kernel: ") == kept.count(b" kernel: ") > 5
    assert b"builder@host-1)" in kept
    assert b"host-2--vg-swap" in kept
    assert b":host-2:eth0" in kept


def test_a_host_that_is_called_as_a_word_of_the_log_changes_no_fact() -> None:
    """``node`` in front of ``kernel:`` is a name, in front of a number it is none."""
    for host in ("node", "mem", "usable", "DMA32", "UTC-1", "Linux", "4.17.0"):
        text = "\n".join(f"Jun  5 12:00:00 {host} kernel: {line}" for line in _LINES).encode()
        assert [facts(boot) for boot in read(shared(text)).boots] == [facts(boot) for boot in read(text).boots]


@pytest.mark.parametrize("slug", SLUGS)
def test_samples_are_read_as_before(slug: str) -> None:
    text = sample(slug)
    assert [facts(boot) for boot in read(shared(text)).boots] == [facts(boot) for boot in read(text).boots]


@given(st.from_regex(r"[A-Za-z_][\w.\-]{0,30}", fullmatch=True))
def test_any_host_name_is_replaced_in_front_of_messages(host: str) -> None:
    text = "\n".join(f"Jun  5 12:00:00 {host} kernel: [    0.000000] {line}" for line in _LINES).encode()
    reading = read(text)
    kept = keep_memory_lines(text, reading, names=False)
    if host in reading.hosts and host != "localhost":
        assert f" {host} kernel:".encode() not in kept or host.startswith("host-")
    assert shared(kept) == kept


@pytest.mark.parametrize(
    "argument",
    [
        "ip=10.0.0.2:::255.0.0.0:atlas",
        "ip=[fd00::2]::[fd00::1]:64:atlas:eth0:none",
        "root=nfs4:atlas.corp:/x:ro",
        "netroot=iscsi:atlas::::iqn.2005-10.org:corp-disk",
        "rd.iscsi.initiator=iqn.1994-05.com.redhat:atlas",
        "rd.luks.name=4f68bce3-e8cd-4db1-96e7-fbcaf984b709=atlas",
        "rd.luks.uuid=luks-4f68bce3",
        "rd.lvm.lv=vg_atlas/root",
        "root=/dev/mapper/atlas--vg-root",
        "root=LABEL=atlas",
        "BOOT_IMAGE=(http,atlas.corp)/vmlinuz",
        "inst.repo=https://u:atlas@forge.corp/os",
        "systemd.setenv=HOSTNAME=atlas",
        "ds=nocloud;h=atlas;s=/x",
    ],
)
def test_arguments_that_name_disks_volumes_and_servers_name_none(argument: str) -> None:
    text = "\n".join(_LINES).replace("ip=10.0.0.2:::255.0.0.0:atlas:eth0:off", f"quiet {argument}").encode()
    kept = shared(text)
    assert [name for name in _SECRETS if name in kept] == []
    assert f" quiet {argument.partition('=')[0]}=".encode() in kept
    assert facts(read(kept).boots[0]) == facts(read(text).boots[0])
    assert shared(kept) == kept


@pytest.mark.parametrize(
    "front",
    [
        "atlas: [    0.000000] ",
        "[atlas] [    0.000000] ",
        "10.0.0.1 atlas.corp [    0.000000] ",
        "atlas:/var/log/messages:Jun  5 12:00:00 atlas kernel: ",
        "Jun  5 12:00:00 atlas vmunix: ",
        "/var/log/atlas/kern.log:",
        "root@atlas:~# ",
        "2018-06-05T12:00:00Z,atlas,kernel,",
    ],
)
def test_fronts_of_no_known_kind_name_none(front: str) -> None:
    text = "\n".join(front + line for line in _LINES).encode()
    kept = shared(text)
    assert [name for name in _SECRETS if name in kept] == []
    assert [facts(boot) for boot in read(kept).boots] == [facts(boot) for boot in read(text).boots]
    assert shared(kept) == kept


@pytest.mark.parametrize(
    "field", ['"host":{"name":"atlas"}', '"host":["atlas"]', '"host.name":"atlas"', '"fqdn":"atlas.corp"', None]
)
def test_records_of_collectors_name_none(field: str | None) -> None:
    front, end = ("{" + field + ',"message":"', '"}') if field else ('time="12:00" host=atlas msg="', '"')
    text = "\n".join(front + line + end for line in _LINES).encode()
    assert [name for name in _SECRETS if name in shared(text)] == []


def test_names_of_files_name_none() -> None:
    text = "\n".join(["==> sosreport-atlas-2018/var/log/dmesg <==", *_LINES, "==> atlas.png <== not used: a picture"])
    kept = shared(text.encode())
    assert b"atlas" not in kept
    assert b"==> sosreport-host-" in kept or b"==> sosreport-name-" in kept
    assert b"/var/log/dmesg <==" in kept
    assert [source.lines for source in read(kept).sources] == [source.lines for source in read(text.encode()).sources]


@pytest.mark.parametrize(
    "name",
    [
        "sos_commands/logs/journalctl_--no-pager_--boot_-1",
        "sos_commands/memory/lsmem_-a_-o_RANGE_SIZE_STATE",
        "sos_strings/logs/var.log.messages.tailed",
        "basic-environment.txt",
        "vmcore-dmesg.txt",
        "kpageflags.runs.txt",
        "var/log/messages-20261122.gz",
        "VmCoreDmesg",
    ],
)
def test_files_of_reports_keep_their_names(name: str) -> None:
    """They are those of every machine, and who has the report finds the line by them."""
    assert f"==> {name} <==".encode() in shared("\n".join([f"==> {name} <==", *_LINES]).encode())
