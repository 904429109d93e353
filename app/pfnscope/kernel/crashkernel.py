"""``crashkernel=``: what it asks for, and where kernels look for the memory."""

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from pfnscope.kernel.command_line import Argument
from pfnscope.kernel.release import EVERY, Releases, Version, between, since, starting, until
from pfnscope.units import GIB, KIB, MIB, format_size, leading_size
from pfnscope.words import shortened

_TIB = 1 << 40
_ANYWHERE = 1 << 64

_HIGH = since("3.9")  # adbc742bf786 ("x86, kdump: Change crashkernel_high/low= to crashkernel=,high/low")
_LOW_256M = since("4.3")  # 94fb9334182284 ("x86/crash: Allocate enough low memory when crashkernel=high")
_UNDER_4G = since("5.2")  # 9ca5c8e632ce ("x86/kdump: Have crashkernel=X reserve under 4G by default"), b9ac3849af41
_GENERIC = since("6.7")  # 9c08a2a139fe, fdc268232dbb, 39365395046f ("…: kdump: use generic interface to simplify …")
_ARM64_LATE = since("5.11")  # 0a30c53573b0 ("arm64: mm: Move reserve_crashkernel() into mem_init()")
_ARM64_HIGH = since("5.19")  # 944a45abfabc ("arm64: kdump: Reimplement crashkernel=X")
_ARM64_BOTH = since("6.2")  # a9ae89df7377 ("arm64: kdump: Support crashkernel=X fall back to reserve region above …")
_ARM64_DOWN = since("6.5")  # 6c4dcaddbd36 ("arm64: kdump: simplify the reservation behaviour of crashkernel=,high")
_LOONG_SIZE = since("6.3")  # "LoongArch: kdump: Add crashkernel=YM handling"; before, the base has to be given
_LOONG_GENERIC = since("6.8")  # 78de91b458d7 ("LoongArch: Use generic interface to support crashkernel=X,[high,low]")

CRASH_CMA = since("6.17")  # ab475510e042 ("kdump: implement reserve_crashkernel_cma"), which x86 calls
CRASH_CMA_OF_ALL = since("7.1")  # arm64 in a recorded boot of 7.3.4, not in 6.19; releases between have not been read
ZONES_LAST = since("7.0")  # "arch, mm: consolidate initialization of nodes, zones and memory map": free_area_init()

SWIOTLB_DEFAULT = 64 * MIB
SWIOTLB_SLOT = 2 * KIB
"""Bounce buffers, and the unit of swiotlb=: IO_TLB_DEFAULT_SIZE, IO_TLB_SIZE, include/linux/swiotlb.h, 4.17 to 7.1."""

MOST_CMA_AREAS = 4
"""CRASHKERNEL_CMA_RANGES_MAX in include/linux/crash_reserve.h, 7.1."""

Moment = Literal["first", "before zones", "after zones"]


class CrashSearch(Struct, frozen=True, kw_only=True):
    """Where kernels of an architecture look for the memory of a crash kernel: at the end of what they look through.

    That ends at ``below``: in bytes, or "dma", the first zone for DMA, or "lowmem", what a 32-bit kernel maps. If they
    find none, and ``falls_up``, they look above it, from ``up_from`` on where that is another address, up to ``above``.
    ``align`` is in bytes, ``fixed`` the same for an address that is given. ``high``: they know ``,high`` and look from
    ``high_from`` on, None: from ``below``, and then, if ``falls_down``, below that.

    ``low``: bytes that they reserve below ``low_below``, or else ``below``, for a crash kernel above it, at least;
    ``for_swiotlb``: 8 MiB more than bounce buffers take; ``low_of_plain``: ``,low`` counts without ``,high``, too.
    ``needs_base``: they look for nothing. ``from_size``: not below the size itself. ``middle``: they take the middle of
    the first range of memory, and this address at most. ``hangs``: where there is no place, they look for it for ever.
    ``time``: "first", before memory is mapped; "before zones" and "after zones" are set up, the latter until
    :data:`ZONES_LAST`.
    """

    arches: tuple[str, ...]
    releases: Releases
    below: int | Literal["dma", "lowmem"]
    above: int = _ANYWHERE
    align: int
    fixed: int
    falls_up: bool = False
    up_from: int | None = None
    high: bool = False
    high_from: int | None = None
    falls_down: bool = False
    low: int = 0
    low_below: int | None = None
    for_swiotlb: bool = False
    low_of_plain: bool = False
    needs_base: bool = False
    from_size: bool = False
    middle: int | None = None
    hangs: bool = False
    time: Moment
    source: str

    def limit(self, dma_end: int | None, lowmem_end: int | None = None) -> int:
        """The end in bytes of what is looked through first; ``dma_end`` is that of the first zone for DMA."""
        if isinstance(self.below, int):
            return self.below
        return (dma_end if self.below == "dma" else lowmem_end) or 4 * GIB

    def default_low(self, bounce_buffers: int) -> int:
        """Bytes below ``below`` for a crash kernel above it, by the size of bounce buffers."""
        return max(bounce_buffers + 8 * MIB, self.low) if self.for_swiotlb else self.low


_X86_OLD = "reserve_crashkernel() and reserve_crashkernel_low() in arch/x86/kernel/setup.c, 4.17"
_X86 = "reserve_crashkernel() and reserve_crashkernel_low() in arch/x86/kernel/setup.c, 6.1"
_ALL = "reserve_crashkernel_generic() in kernel/crash_reserve.c, 6.12 and 7.1; arch/*/include/asm/crash_reserve.h"
_ARM64_OLD = "reserve_crashkernel() in arch/arm64/mm/init.c, 4.17"
_ARM64 = "reserve_crashkernel() and bootmem_init() in arch/arm64/mm/init.c, 6.1 and 6.6"
_RISCV = "reserve_crashkernel() in arch/riscv/mm/init.c, 6.1"
_ARM = "reserve_crashkernel() in arch/arm/kernel/setup.c, 6.1; CRASH_ALIGN is 128 MiB"
_POWER = "reserve_crashkernel() in arch/powerpc/kexec/core.c, 6.1: where firmware is that of an LPAR"
_S390 = "reserve_crashkernel() in arch/s390/kernel/setup.c, 6.1"
_LOONG = "arch_parse_crashkernel() in arch/loongarch/kernel/setup.c, 6.1; what 6.3 to 6.7 do has not been read"

SEARCHES = (
    CrashSearch(
        arches=("x86_64",), releases=until(_HIGH), below=896 * MIB, above=64 * _TIB, align=16 * MIB, fixed=MIB,
        time="before zones", source=_X86_OLD,
    ),
    CrashSearch(
        arches=("x86_64",), releases=between(_HIGH, _LOW_256M), below=896 * MIB, above=64 * _TIB, align=16 * MIB,
        fixed=MIB, high=True, high_from=16 * MIB, low_below=4 * GIB, for_swiotlb=True, low_of_plain=True,
        time="before zones", source=_X86_OLD,
    ),
    CrashSearch(
        arches=("x86_64",), releases=between(_LOW_256M, _UNDER_4G), below=896 * MIB, above=64 * _TIB, align=16 * MIB,
        fixed=MIB, high=True, high_from=16 * MIB, low=256 * MIB, low_below=4 * GIB, for_swiotlb=True, low_of_plain=True,
        time="before zones", source=_X86_OLD,
    ),
    CrashSearch(
        arches=("x86_64",), releases=between(_UNDER_4G, _GENERIC), below=4 * GIB, above=64 * _TIB, align=16 * MIB,
        fixed=MIB, falls_up=True, up_from=16 * MIB, high=True, high_from=16 * MIB, low=256 * MIB, for_swiotlb=True,
        low_of_plain=True, time="before zones", source=_X86,
    ),
    CrashSearch(
        arches=("x86_64",), releases=starting(_GENERIC), below=4 * GIB, above=64 * _TIB, align=16 * MIB,
        fixed=16 * MIB, falls_up=True, high=True, falls_down=True, low=256 * MIB, for_swiotlb=True,
        time="before zones", source=_ALL,
    ),
    CrashSearch(
        arches=("i386",), releases=until(_GENERIC), below=512 * MIB, above=512 * MIB, align=16 * MIB, fixed=MIB,
        high=True, high_from=16 * MIB, time="before zones", source=_X86,
    ),
    CrashSearch(
        arches=("i386",), releases=starting(_GENERIC), below=512 * MIB, above=512 * MIB, align=16 * MIB,
        fixed=16 * MIB, high=True, falls_down=True, hangs=True, time="before zones", source=_ALL,
    ),
    CrashSearch(
        arches=("arm64",), releases=until(_ARM64_LATE), below="dma", align=2 * MIB, fixed=2 * MIB, time="first",
        source=_ARM64_OLD,
    ),
    CrashSearch(
        arches=("arm64",), releases=between(_ARM64_LATE, _ARM64_HIGH), below="dma", align=2 * MIB, fixed=2 * MIB,
        time="after zones", source=_ARM64,
    ),
    CrashSearch(
        arches=("arm64",), releases=between(_ARM64_HIGH, _ARM64_BOTH), below="dma", align=2 * MIB, fixed=2 * MIB,
        high=True, high_from=0, time="after zones", source=_ARM64,
    ),
    CrashSearch(
        arches=("arm64",), releases=between(_ARM64_BOTH, _ARM64_DOWN), below="dma", align=2 * MIB, fixed=2 * MIB,
        falls_up=True, up_from=0, high=True, high_from=0, low=128 * MIB, time="after zones", source=_ARM64,
    ),
    CrashSearch(
        arches=("arm64",), releases=between(_ARM64_DOWN, _GENERIC), below="dma", align=2 * MIB, fixed=2 * MIB,
        falls_up=True, high=True, high_from=4 * GIB, falls_down=True, low=128 * MIB, time="after zones", source=_ARM64,
    ),
    CrashSearch(
        arches=("arm64",), releases=starting(_GENERIC), below="dma", align=2 * MIB, fixed=2 * MIB, falls_up=True,
        high=True, falls_down=True, low=128 * MIB, time="after zones", source=_ALL,
    ),
    CrashSearch(
        arches=("riscv64",), releases=between("5.13", _GENERIC), below=4 * GIB, align=2 * MIB, fixed=2 * MIB,
        falls_up=True, up_from=0, time="after zones", source=_RISCV,
    ),
    CrashSearch(
        arches=("riscv64",), releases=starting(_GENERIC), below="dma", align=2 * MIB, fixed=2 * MIB, falls_up=True,
        high=True, falls_down=True, low=128 * MIB, time="after zones", source=_ALL,
    ),
    CrashSearch(
        arches=("loongarch64",), releases=until(_LOONG_SIZE), below=4 * GIB, align=1, fixed=1, needs_base=True,
        time="first", source=_LOONG,
    ),
    CrashSearch(
        arches=("loongarch64",), releases=between(_LOONG_SIZE, _LOONG_GENERIC), below=4 * GIB, align=2 * MIB, fixed=1,
        time="first", source=_LOONG,
    ),
    CrashSearch(
        arches=("loongarch64",), releases=starting(_LOONG_GENERIC), below=4 * GIB, align=2 * MIB, fixed=2 * MIB,
        falls_up=True, high=True, falls_down=True, low=128 * MIB, time="first", source=_ALL,
    ),
    CrashSearch(
        arches=("arm",), releases=starting("4.10"), below="lowmem", align=128 * MIB, fixed=MIB, time="after zones",
        source=_ARM,
    ),
    CrashSearch(
        arches=("ppc64", "ppc64le"), releases=EVERY, below=_ANYWHERE, align=4 * KIB, fixed=4 * KIB, middle=512 * MIB,
        time="first", source=_POWER,
    ),
    CrashSearch(
        arches=("s390x",), releases=EVERY, below=_ANYWHERE, align=MIB, fixed=MIB, from_size=True, time="first",
        source=_S390,
    ),
)  # fmt: skip


def crash_search(arch: str | None, version: Version | None) -> CrashSearch | None:
    """The row of a kernel: of the newest release where none is known; None for other architectures."""
    rows = [row for row in SEARCHES if arch in row.arches]
    known = [row for row in rows if version is not None and version in row.releases]
    return next(iter(known), rows[-1] if rows and version is None else None)


def reserves_cma(arch: str | None, version: Version | None) -> bool:
    """Whether a kernel reserves what ``crashkernel=nn,cma`` asks for."""
    if arch in ("x86_64", "i386"):
        return CRASH_CMA.reached(version, unknown=True)
    return arch in ("arm64", "riscv64") and CRASH_CMA_OF_ALL.reached(version, unknown=True)


class CrashRequest(Struct, frozen=True):
    """What a command line asks for: ``size`` in bytes, 0 for none, at the address ``base`` where it names one.

    ``high``: above what is looked through first; ``low`` is the size below that, None where it is left to the kernel;
    ``cma`` that of CMA for user data. ``text`` is the argument as written.
    """

    size: int
    base: int | None
    high: bool
    low: int | None
    cma: int
    text: str


_SUFFIXES = (",high", ",low", ",cma")


def crash_request(given: Iterable[Argument], ram: int | None, *, high: bool = True) -> CrashRequest | None:
    """The request of a command line on a machine with ``ram`` bytes, where that is known; None where there is none.

    Of several the last one without a suffix counts, and ``,high`` with ``,low`` only where there is none, on kernels
    that know it. Raises ValueError with a sentence where the kernel does not understand one of those that count.
    Source: parse_crashkernel() and what it calls in kernel/crash_reserve.c, 6.12 and 7.1, kernel/crash_core.c, 6.1.
    """
    own = [argument for argument in given if argument.name == "crashkernel" and argument.value is not None]
    plain = _last(own, "")
    cma = _last(own, ",cma")
    cma_size = _suffixed(cma, ",cma") if cma else 0
    if plain is not None:
        size, base = _plain(plain.value or "", ram)
        low = _last(own, ",low")
        return CrashRequest(size, base or None, False, _suffixed(low, ",low") if low else None, cma_size, plain.text)
    above, low = _last(own, ",high"), _last(own, ",low")
    if above is None or not high:
        if own:
            text = " ".join(item.text for item in own)
            why = "goes with a size alone or with “,high”" if high else "is not known to this kernel"
            raise ValueError(f"{shortened(text)} {why}, and reserves nothing.")
        return None
    least = _suffixed(low, ",low") if low else None
    return CrashRequest(_suffixed(above, ",high"), None, True, least, cma_size, above.text)


def _last(given: Sequence[Argument], suffix: str) -> Argument | None:
    """The last argument with a suffix, or without any."""
    last = None
    for item in given:
        value = item.value or ""
        if value.endswith(suffix) if suffix else not value.endswith(_SUFFIXES):
            last = item
    return last


def _suffixed(argument: Argument, suffix: str) -> int:
    size, rest = leading_size(argument.value or "")
    if size is None or rest != suffix:
        raise ValueError(f"The kernel does not understand {shortened(argument.text)}: it takes a size and “{suffix}”.")
    return size


def _plain(value: str, ram: int | None) -> tuple[int, int]:
    """Size and base of ``nn[@base]`` or ``start-[end]:nn,…[@base]``, 0 where there is none."""
    if value == "auto":
        raise ValueError(
            "The kernel takes a size for crashkernel=, such as 256M; “auto” is known to kernels of RHEL 8 and older"
            " alone."
        )
    if ":" in value:
        return _by_ram(value, ram)
    size, rest = leading_size(value)
    if size is None:
        raise ValueError(
            f"The kernel takes a size for crashkernel=, such as 256M, and does not understand {shortened(value)!r}."
        )
    if rest and not rest.startswith("@"):
        raise ValueError(
            f"The kernel does not understand {shortened(rest, 32)!r} behind the size in crashkernel={shortened(value)}."
        )
    return size, leading_size(rest[1:])[0] or 0


def _by_ram(value: str, ram: int | None) -> tuple[int, int]:
    """Size and base of ``start-[end]:nn,…[@base]``, by the range that the RAM is in."""
    wrong = ValueError(
        f"The kernel does not understand crashkernel={shortened(value)}: it takes ranges of RAM, such as 1G-4G:192M."
    )
    if ram is None:
        raise ValueError(
            f"How much RAM there is, is not known, so neither is the size that crashkernel={shortened(value)} takes."
        )
    total = -(-ram // (128 * MIB)) * 128 * MIB  # the kernel rounds up, so that "1G-" holds for a machine of 1 GiB
    rest, size = value, 0
    while True:
        start, rest = leading_size(rest)
        end: int | None = None
        if start is None or not rest.startswith("-"):
            raise wrong
        if not rest.startswith("-:"):
            end, rest = leading_size(rest[1:])
            if end is None or end <= start:
                raise wrong
        else:
            rest = rest[1:]
        if not rest.startswith(":"):
            raise wrong
        part, rest = leading_size(rest[1:])
        if part is None:
            raise wrong
        if part >= total:
            raise ValueError(
                f"crashkernel={shortened(value)} names {format_size(part)}, and the machine has {format_size(ram)}."
            )
        if start <= total and (end is None or total < end):
            size = part
            break
        if not rest.startswith(","):
            break
        rest = rest[1:]
    _, at, base = rest.partition("@")
    if size and at and leading_size(base)[0] is None:
        raise wrong
    return size, (leading_size(base)[0] or 0) if size else 0


BY_DISTRIBUTIONS = "1G-4G:192M,4G-64G:256M,64G-:512M"
"""What distributions set, as in RHEL 8.5 to 10 for x86-64; crashkernel=auto was such a table inside the kernel."""
