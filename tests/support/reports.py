"""Reports as support people get them, made of a recorded boot: the files of a folder, by name."""

import re
from pathlib import Path

from tests.support import samples

RECORDED = Path(__file__).parent.parent / "recorded"
LOG = samples.text("efi-nodes")
OLDER = samples.text("uneven-nodes")
TREE = "sosreport-web1-2026-11-30-abcdefg"
BUDDYINFO = b"""\
Node 0, zone      DMA      1      0      0      1      1      1      1      0      0      1      3 \n\
Node 0, zone    DMA32    100      3      1      0      2      1      1      0      1      1      3 \n\
Node 1, zone   Normal    100      3      1      0      2      1      1      0      1      1      3 \n\
"""
LSMEM = b"""\
RANGE                                  SIZE   STATE REMOVABLE BLOCK NODE  ZONES
0x0000000000000000-0x000000007fffffff    2G  online       yes  0-15    0 Normal
0x0000000100000000-0x000000017fffffff    2G  online       yes 32-47    0 Normal
0x0000000180000000-0x000000027fffffff    4G  online       yes 48-79    1 Normal

Memory block size:       128M
Total online memory:       8G
Total offline memory:      0B
"""


def recorded(name: str) -> bytes:
    """A file of the machine that :data:`LOG` is of."""
    return (RECORDED / "efi-nodes" / name).read_bytes()


def journal(log: bytes) -> bytes:
    """A log as journalctl prints it, without the time stamps of the kernel."""
    return re.sub(rb"(?m)^\[ *[0-9.]+\] ", b"Nov 30 10:00:00 web1 kernel: ", log)


def _section(command: str, output: bytes) -> bytes:
    return f"#==[ Command ]======================================#\n# {command}\n".encode() + output + b"\n"


SOSREPORT = {
    "etc/hosts": b"127.0.0.1 localhost\n",
    "proc/buddyinfo": BUDDYINFO,
    "proc/iomem": recorded("iomem.txt"),
    "proc/zoneinfo": recorded("zoneinfo.txt"),
    "sos_commands/kernel/dmesg": LOG,
    "sos_commands/logs/journalctl_--no-pager_--catalog_--boot": journal(LOG),
    "sos_commands/logs/journalctl_--no-pager_--catalog_--boot_-1": journal(OLDER),
    "sos_commands/memory/lsmem_-a": LSMEM,
    "version.txt": b"sos 4.8\n",
}
SUPPORTCONFIG = {
    "basic-environment.txt": _section("/bin/uname -a", b"Linux web1 5.10.0\n"),
    "boot.txt": _section("/bin/dmesg", LOG),
    "memory.txt": _section("/bin/cat /proc/zoneinfo", recorded("zoneinfo.txt")),
    "proc.txt": _section("/bin/cat /proc/iomem", recorded("iomem.txt")),
}
ABRT = {
    "analyzer": b"abrt-vmcore\n",
    "dmesg": LOG,
    "time": b"1795425853\n",
    "vmcore-dmesg.txt": LOG + b"[  100.000000] sysrq: Trigger a crash\n",
}
CRASH = {
    "127.0.0.1-2026-11-09-10:00:00/vmcore": b"KDUMP   ",
    "127.0.0.1-2026-11-09-10:00:00/vmcore-dmesg.txt": OLDER,
    "127.0.0.1-2026-11-30-10:00:00/vmcore-dmesg.txt": LOG,
}
CAPTURE = {
    "cmdline.txt": b"ro quiet\n",
    "dmesg.txt": LOG,
    **{name: recorded(name) for name in ("iomem.txt", "kpageflags.runs.txt", "memory-blocks.txt", "zoneinfo.txt")},
}


def _pstore(parts: int = 12) -> dict[str, bytes]:
    """What a kernel leaves in EFI variables: the last part of its log is part 1."""
    lines = LOG.splitlines(keepends=True)
    size = -(-len(lines) // parts)
    return {
        f"dmesg-efi-17954258{parts - at:04d}001": f"Panic#1 Part{parts - at}\n".encode()
        + b"".join(lines[at * size : (at + 1) * size])
        for at in range(parts)
    }


PSTORE = _pstore()


def below(folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """The files in a folder of this name, as in most archives."""
    return {f"{folder}/{name}": data for name, data in files.items()}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """Write a report, and give the folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
