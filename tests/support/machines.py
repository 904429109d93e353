"""Logs of x86-64 machines of one node, and the findings of a text by their codes."""

from pfnscope.model.findings import Finding
from pfnscope.service import analyze

BOOT = """\
Linux version {release} (builder@example) (gcc 12.2.0) #1 SMP
Command line: BOOT_IMAGE=/boot/vmlinuz root=/dev/sda2 {arguments}
BIOS-provided physical RAM map:
BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable
BIOS-e820: [mem 0x0000000000100000-0x{low_last:016x}] usable
BIOS-e820: [mem 0x00000000fffc0000-0x00000000ffffffff] reserved
{high}
{failure}
Zone ranges:
  DMA      [mem 0x0000000000001000-0x0000000000ffffff]
  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]
  Normal   {normal}
Movable zone start for each node
Early memory node ranges
  node   0: [mem 0x0000000000001000-0x000000000009ffff]
  node   0: [mem 0x0000000000100000-0x{low_last:016x}]
{high_range}
Initmem setup node 0 [mem 0x0000000000001000-0x{last:016x}]
{after}
"""


def log(release: str, arguments: str, failure: str, low: int = 2048, high: int = 0, after: str = "") -> str:
    """A boot of an x86-64 machine with so many MiB below 4 GiB and above."""
    low_last, high_last = (low << 20) - 1, (4096 + high << 20) - 1
    span = f"[mem 0x0000000100000000-0x{high_last:016x}]"
    return BOOT.format(
        release=release,
        arguments=arguments,
        failure=failure,
        low_last=low_last,
        last=high_last if high else low_last,
        high=f"BIOS-e820: {span} usable" if high else "e820: update [mem 0x00000000-0x00000fff] usable ==> reserved",
        normal=span if high else "empty",
        high_range=f"  node   0: {span}" if high else "",
        after=after,
    )


def first_of(text: str, code: str) -> Finding | None:
    return next((item for item in analyze(text.encode()).document.findings if item.code == code), None)


def one(text: str, code: str) -> Finding:
    finding = first_of(text, code)
    assert finding is not None
    return finding
