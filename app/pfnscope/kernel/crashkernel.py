"""``crashkernel=``: what it asks for, and where kernels look for the memory."""

from collections.abc import Iterable

from msgspec import Struct

from pfnscope.kernel.command_line import Argument
from pfnscope.kernel.release import EVERY, Releases, Version, between, since, starting, until
from pfnscope.units import GIB, MIB, leading_size

_UNDER_4G = since("5.2")  # 9ca5c8e632ce ("x86/kdump: Have crashkernel=X reserve under 4G by default"), b9ac3849af41
_ARM64_HIGH = since("5.19")  # 944a45abfabc ("arm64: kdump: Reimplement crashkernel=X")
_ARM64_BOTH = since("6.2")  # a9ae89df7377 ("arm64: kdump: Support crashkernel=X fall back to reserve region above …")


class CrashSearch(Struct, frozen=True):
    """Where kernels of an architecture look for the memory of a crash kernel.

    ``below``: the end in bytes of what they look through first; None: the end of the first zone for DMA, or 4 GiB.
    ``high``: they know ``crashkernel=nn,high``; ``falls_back``: they look above ``below`` of their own accord.
    ``align`` in bytes; ``low``: what they reserve below 4 GiB for a crash kernel above it, unless ``nn,low`` says so.
    """

    arches: tuple[str, ...]
    releases: Releases
    below: int | None
    high: bool
    falls_back: bool
    align: int
    low: int
    source: str

    def limit(self, dma_end: int | None) -> int:
        """The end in bytes of what is looked through first; ``dma_end`` is that of the first zone for DMA."""
        return self.below if self.below is not None else min(dma_end or 4 * GIB, 4 * GIB)


_X86_OLD = "reserve_crashkernel() in arch/x86/kernel/setup.c, 4.17"
_X86 = "reserve_crashkernel() in arch/x86/kernel/setup.c, 6.1; reserve_crashkernel_generic() in kernel/crash_reserve.c"
_ARM64 = "reserve_crashkernel() in arch/arm64/mm/init.c, 4.17 and 6.1; reserve_crashkernel_generic(), 7.1"

SEARCHES = (
    CrashSearch(("x86_64",), until(_UNDER_4G), 896 * MIB, True, False, 16 * MIB, 256 * MIB, _X86_OLD),
    CrashSearch(("x86_64",), starting(_UNDER_4G), 4 * GIB, True, True, 16 * MIB, 256 * MIB, _X86),
    CrashSearch(("i386",), EVERY, 512 * MIB, False, False, 16 * MIB, 0, _X86),
    CrashSearch(("arm64",), until(_ARM64_HIGH), None, False, False, 2 * MIB, 0, _ARM64),
    CrashSearch(("arm64",), between(_ARM64_HIGH, _ARM64_BOTH), None, True, False, 2 * MIB, 128 * MIB, _ARM64),
    CrashSearch(("arm64",), starting(_ARM64_BOTH), None, True, True, 2 * MIB, 128 * MIB, _ARM64),
)


def crash_search(arch: str | None, version: Version | None) -> CrashSearch | None:
    """The row of a kernel: of the newest release where none is known; None for other architectures."""
    rows = [row for row in SEARCHES if arch in row.arches]
    known = [row for row in rows if version is not None and version in row.releases]
    return next(iter(known), rows[-1] if rows and version is None else None)


class CrashRequest(Struct, frozen=True):
    """What a command line asks for: ``size`` in bytes, at the address ``base`` where it names one.

    ``high``: above 4 GiB; ``low`` is the size below 4 GiB that goes with it, None where it is left to the kernel.
    ``text`` is the argument as written.
    """

    size: int
    base: int | None
    high: bool
    low: int | None
    text: str


def crash_request(given: Iterable[Argument], ram: int | None) -> CrashRequest | None:
    """The request of a command line on a machine with ``ram`` bytes, where that is known; None without a size.

    Of several the last one without ``,high`` or ``,low`` counts, and those only where there is none. Source:
    __parse_crashkernel() and parse_crashkernel() in kernel/crash_reserve.c, 6.12 and 7.1, kernel/crash_core.c, 6.1.
    """
    own = [argument for argument in given if argument.name == "crashkernel" and argument.value]
    plain = [item for item in own if not (item.value or "").endswith((",high", ",low", ",cma"))]
    high = [item for item in own if (item.value or "").endswith(",high")]
    low = [item for item in own if (item.value or "").endswith(",low")]
    if plain:
        size, base = _by_ram(plain[-1].value or "", ram)
        return CrashRequest(size, base, False, None, plain[-1].text) if size else None
    size = leading_size(high[-1].value or "")[0] if high else None
    if not size:
        return None
    return CrashRequest(size, None, True, leading_size(low[-1].value or "")[0] if low else None, high[-1].text)


def _by_ram(value: str, ram: int | None) -> tuple[int | None, int | None]:
    """Size and base of ``nn[@base]`` or ``start-[end]:nn,…[@base]``, by the range that the RAM is in."""
    sizes, _, at = value.partition("@")
    base = leading_size(at)[0] if at else None
    if ":" not in sizes:
        return leading_size(sizes)[0], base
    if ram is None:
        return None, base
    total = -(-ram // (128 * MIB)) * 128 * MIB  # the kernel rounds up, so that "1G-" holds for a machine of 1 GiB
    for part in sizes.split(","):
        bounds, _, size = part.partition(":")
        first, _, last = bounds.partition("-")
        start, end = leading_size(first)[0], leading_size(last)[0] if last else None
        if start is not None and start <= total and (end is None or total < end):
            return leading_size(size)[0], base
    return None, base


USUAL = "1G-4G:192M,4G-64G:256M,64G-:512M"
"""What distributions set, as in RHEL 8.5 to 10 for x86-64; crashkernel=auto was such a table inside the kernel."""
