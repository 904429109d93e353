"""What boot loaders do to a kernel's command line before the kernel sees it, and how they are told of bad memory."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

Pairs = tuple[tuple[int, int], ...]


class Written(NamedTuple):
    """How arguments are written down in a file of a boot loader; ``more`` is what else there is to do or to know."""

    file: str
    arguments: str
    more: str


class Loader(NamedTuple):
    """A row: a file, what has to stand there for a “$”, what else there is to do or to know, and where that is from."""

    file: str
    dollar: str
    more: str
    source: str


LOADERS = (
    Loader(
        "/etc/default/grub",
        r"\\\$",
        "then run update-grub on Debian and Ubuntu, grub2-mkconfig -o /boot/grub2/grub.cfg on Fedora, RHEL and"
        " openSUSE, grub-mkconfig -o /boot/grub/grub.cfg elsewhere",
        "a shell reads that file, and GRUB 2 the grub.cfg that is made of it: util/grub-mkconfig.in and"
        " util/grub.d/10_linux.in, GRUB 2.06, which copy the value as it is",
    ),
    Loader(
        "grub.cfg",
        r"\$",
        "also in the options line of /boot/loader/entries/*.conf, as Fedora and RHEL have them and grubby writes them,"
        " from their GRUB of May 2025 on; older ones lose each “$” there",
        "GRUB 2 takes what follows a “$” for a variable; expand_val() in grub-core/commands/blscfg.c of rhboot/grub2:"
        " on the branches fedora-41 to 45, rhel-9-main and rhel-10-main, 4f8353a04 lets a backslash stand before it,"
        " not yet on rhel-9.4.0",
    ),
)
"""systemd-boot, syslinux and the EFI stub change nothing."""


def written(arguments: str) -> Iterator[Written]:
    """The arguments as each file of a boot loader has to hold them; nothing where all pass them as they are."""
    if "$" in arguments:
        for loader in LOADERS:
            yield Written(loader.file, arguments.replace("$", loader.dollar), loader.more)


def quoting(arguments: str) -> str:
    """The same in words; empty where all pass them as they are."""
    if "$" not in arguments:
        return ""
    files = ", ".join(f"{row.arguments} in {row.file}" for row in written(arguments))
    return f"for GRUB 2 write {files}; systemd-boot takes it as is"


BADRAM_ON_EFI = (
    "GRUB leaves this memory out of the map that it gives to the kernel. Started by EFI, it marks it unusable, which"
    " works only where firmware has it free; with Secure Boot GRUB 2.06 and later refuse it."
)
"""grub-core/mmap/mmap.c and efi/mmap.c: on EFI a range is freed and allocated as EfiUnusableMemory, page by page, and
what fails is dropped without a word; grub_register_command_lockdown()."""


def badram(ranges: Iterable[tuple[int, int]]) -> str:
    """``GRUB_BADRAM="ADDRESS,MASK,…"`` for whole pages in bytes, in /etc/default/grub; it stands for them exactly.

    GRUB marks all addresses that equal ADDRESS in the bits of MASK: badram_iter() in grub-core/mmap/mmap.c;
    util/grub.d/00_header.in makes the command of it.
    """
    pairs = ",".join(f"{address:#x},{mask:#x}" for address, mask in masks(ranges))
    return f'GRUB_BADRAM="{pairs}"'


def masks(ranges: Iterable[tuple[int, int]]) -> Pairs:
    """Addresses and masks of 64 bits that stand for some disjoint ranges of bytes, and nothing else.

    Each range is cut into aligned powers of two; two of one mask that differ in one bit become one.
    """
    every = (1 << 64) - 1
    by_mask: dict[int, set[int]] = {}
    for start, end in ranges:
        at = start
        while at < end:
            size = min((at & -at) or (1 << 63), 1 << (end - at).bit_length() - 1)
            by_mask.setdefault(every & ~(size - 1), set()).add(at)
            at += size
    out: list[tuple[int, int]] = []
    while by_mask:
        mask = max(by_mask)
        left = by_mask.pop(mask)
        while left:
            address = min(left)
            left.remove(address)
            other = next((bit for bit in _bits(mask) if address ^ bit in left), None)
            if other is None:
                out.append((address, mask))
                continue
            left.remove(address ^ other)
            by_mask.setdefault(mask & ~other, set()).add(address & ~other)
    return tuple(sorted(out))


def _bits(mask: int) -> Iterator[int]:
    while mask:
        yield mask & -mask
        mask &= mask - 1
