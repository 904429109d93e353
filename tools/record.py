"""Boots of real kernels in QEMU, recorded: each folder's meta.json says what to boot, the other files are written.

    .venv/bin/python -m tools.record tests/recorded/placed/NAME …

Kernels and busybox come from Debian's packages through ``apt-get download``, whose sources and architectures are those
of the machine or of the file that APT_CONFIG names. They are kept in build/kernels. Needs Debian's qemu-system-x86,
qemu-system-arm, cpio, and for a device tree device-tree-compiler, for EFI ovmf and qemu-efi-aarch64.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from gzip import decompress
from pathlib import Path
from typing import Any, NamedTuple

from pfnscope import zstd

KERNELS = Path("build/kernels")
MARK = "#### "
END = "end"
SECONDS = 300

INIT = r"""#!/bin/busybox sh
export PATH=/bin
busybox mkdir -p /proc /sys /dev
busybox mount -t proc none /proc
busybox --install -s /bin
mount -t devtmpfs none /dev
exec </dev/console >/dev/console 2>&1
mount -t sysfs none /sys
mount -t debugfs none /sys/kernel/debug 2>/dev/null
dmesg -n 1
mark() { echo "@MARK@$1"; }
pages() { # the pool of huge pages below $2, each line beginning with $1
    for size in $(ls -d "$2"/hugepages-* 2>/dev/null); do
        [ "$(cat $size/nr_hugepages)" = 0 ] || echo "$1${size##*/} $(cat $size/nr_hugepages)"
    done
}
mark release; uname -r
mark arch; uname -m
mark dmesg.txt; dmesg
for name in cmdline iomem meminfo zoneinfo; do mark $name.txt; cat /proc/$name; done
mark firmware-memmap.txt
for entry in $(ls /sys/firmware/memmap 2>/dev/null | sort -n); do
    cd /sys/firmware/memmap/$entry && echo "$entry $(cat start) $(cat end) $(cat type)"
done
cd /sys/devices/system/node 2>/dev/null && mark nodes.txt && {
    for name in possible online has_memory has_normal_memory has_cpu; do echo "$name $(cat $name)"; done
}
cd /sys/devices/system/memory 2>/dev/null && mark memory-blocks.txt && {
    for name in block_size_bytes auto_online_blocks; do echo "$name $(cat $name)"; done
    for block in $(ls -d memory* | sort -k 1.7 -n); do
        echo -n $block
        for name in phys_index state valid_zones removable online; do
            [ -e $block/$name ] && echo -n " $name=\"$(cat $block/$name)\""
        done
        for node in $block/node*; do [ -e $node ] && echo -n " ${node##*/}"; done
        echo
    done
}
mark hugepages.txt
pages "" /sys/kernel/mm/hugepages
for node in /sys/devices/system/node/node*; do pages "${node##*/} " $node/hugepages; done
mark gigantic-pages.txt
frame=0
[ "$(cat /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages 2>/dev/null)" -gt 0 ] 2>/dev/null &&
while [ $frame -lt 4194304 ]; do # below 16 GiB; bit 17 of /proc/kpageflags is KPF_HUGE
    flags=$(dd if=/proc/kpageflags bs=8 skip=$frame count=1 2>/dev/null | hexdump -n 4 -e '1/4 "%x"')
    [ $((0x${flags:-0} >> 17 & 1)) = 1 ] && printf '0x%x\n' $((frame * 4096))
    frame=$((frame + 262144))
done
mark memblock.txt
for name in memory reserved; do
    [ -e /sys/kernel/debug/memblock/$name ] && echo "$name" && cat /sys/kernel/debug/memblock/$name
done
mark end
poweroff -f
""".replace("@MARK@", MARK)


class Machine(NamedTuple):
    """How kernels of one Debian architecture are booted."""

    emulator: str
    console: str


MACHINES = {
    "amd64": Machine("qemu-system-x86_64", "ttyS0"),
    "i386": Machine("qemu-system-i386", "ttyS0"),
    "arm64": Machine("qemu-system-aarch64", "ttyAMA0"),
}


def run(*command: str | Path, cwd: Path | None = None, stdin: bytes = b"") -> bytes:
    """What a command prints. Raises CalledProcessError where it fails."""
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, check=True).stdout


def unpacked(package: str, member: str) -> bytes:
    """The one file of a Debian package, named as ``name:arch``, whose path fits the pattern ``member``."""
    name, _, arch = package.partition(":")
    KERNELS.mkdir(parents=True, exist_ok=True)
    if not (debs := list(KERNELS.glob(f"{name}_*_{arch}.deb"))):
        run("apt-get", "download", package, cwd=KERNELS)
        debs = list(KERNELS.glob(f"{name}_*_{arch}.deb"))
    return run("tar", "-xO", "--wildcards", member, stdin=run("dpkg-deb", "--fsys-tarfile", debs[0]))


def image(kernel: bytes) -> bytes:
    """A kernel as QEMU loads it: without the EFI program that unpacks itself, drivers/firmware/efi/libstub/zboot."""
    if kernel[4:8] != b"zimg":
        return kernel
    start, size = (int.from_bytes(kernel[at : at + 4], "little") for at in (8, 12))
    payload = kernel[start : start + size]
    return decompress(payload) if payload[:2] == b"\x1f\x8b" else zstd.decompress(payload)


def initramfs(busybox: bytes, folder: Path) -> bytes:
    """An archive with busybox and INIT."""
    root = folder / "root"
    (root / "bin").mkdir(parents=True)
    for path, content in ((root / "init", INIT.encode()), (root / "bin" / "busybox", busybox)):
        path.write_bytes(content)
        path.chmod(0o755)
    return run("cpio", "-o", "-H", "newc", "--quiet", cwd=root, stdin=b"init\nbin\nbin/busybox\n")


def device_tree(command: list[str], lines: list[str], folder: Path) -> Path:
    """The tree that QEMU makes for this machine, with ``lines`` at the end of its root."""
    tree = folder / "machine.dtb"
    at = command.index("-machine") + 1
    run(*command[:at], f"{command[at]},dumpdtb={tree}", *command[at + 1 :])
    source = run("dtc", "-q", "-I", "dtb", "-O", "dts", tree).decode()
    head, _, _ = source.rstrip().rpartition("};")
    tree.write_bytes(run("dtc", "-q", "-I", "dts", "-O", "dtb", stdin="\n".join((head, *lines, "};")).encode()))
    return tree


def console(command: list[str]) -> Iterator[str]:
    """Lines of the guest's console until INIT's last mark. Raises TimeoutError after SECONDS."""
    guest = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    limit = threading.Timer(SECONDS, guest.kill)
    limit.start()
    last: deque[str] = deque(maxlen=20)
    try:
        for raw in guest.stdout or ():
            last.append(raw.decode(errors="replace").rstrip())
            if last[-1] == MARK + END:
                return
            yield last[-1]
    finally:
        limit.cancel()
        guest.kill()
        guest.wait()
    raise TimeoutError("\n".join(("the guest did not come to its end:", *last)))


def files(lines: Iterator[str]) -> dict[str, str]:
    """What stands behind each mark, by the mark's name."""
    parts: dict[str, list[str]] = {}
    part: list[str] = []
    for line in lines:
        if line.startswith(MARK):
            part = parts.setdefault(line.removeprefix(MARK), [])
        else:
            part.append(line)
    return {name: "".join(f"{line}\n" for line in part) for name, part in parts.items()}


def record(folder: Path) -> None:
    """Boot what meta.json of this folder describes and write the files beside it."""
    meta: dict[str, Any] = json.loads((folder / "meta.json").read_text())
    arch = meta["package"].partition(":")[2]
    machine = MACHINES[arch]
    with tempfile.TemporaryDirectory() as scratch:
        kernel, ramdisk = Path(scratch, "kernel"), Path(scratch, "initramfs")
        kernel.write_bytes(image(unpacked(meta["package"], "*/vmlinuz*")))
        busybox = unpacked(f"busybox-static:{arch}", "*/bin/busybox")
        ramdisk.write_bytes(initramfs(busybox, Path(scratch)))
        command = [machine.emulator, *meta["qemu_args"], "-display", "none", "-serial", "stdio", "-no-reboot"]
        if tree := meta.get("device_tree"):
            command += ["-dtb", str(device_tree(command, tree, Path(scratch)))]
        command += ["-kernel", str(kernel), "-initrd", str(ramdisk)]
        parts = files(console([*command, "-append", f"console={machine.console} {meta['append']}".rstrip()]))
    kernel_says = {name: parts[name].strip() for name in ("release", "arch")}
    (folder / "meta.json").write_text(json.dumps(kernel_says | meta | kernel_says, indent=1) + "\n")
    for file in folder.glob("*.txt"):
        file.unlink()
    for name, text in parts.items():
        if name.endswith(".txt") and text:
            (folder / name).write_text(text)


def main(arguments: list[str]) -> None:
    """Record each folder in turn: one guest at a time."""
    for argument in arguments:
        started = time.monotonic()
        record(Path(argument))
        print(f"{argument}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
