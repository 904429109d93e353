"""Where arm64 keeps the struct page of the first memory, by release, page size and width of virtual addresses."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from pfnscope.kernel.architectures import section_size
from pfnscope.kernel.release import Releases, Version, between, since, starting
from pfnscope.units import GIB, KIB, MIB

_BELOW_LINEAR_MAP = since("4.7")
_FLIPPED = since("5.4")
_TIDIED = since("5.11")
_RECLAIMED = since("6.9")

_WORD = 1 << 64
_STRUCT_PAGE_SHIFT = 6


class Linear(Struct, frozen=True):
    """Struct pages of the linear map [start, end) with addresses of ``bits`` bits, and its alignment in bytes."""

    bits: int
    start: int
    end: int
    align: int


class _Row(Struct, frozen=True):
    """``start`` by width of addresses, by its width in struct pages, and by bytes of those of the linear map.

    ``wide``: addresses of 52 bits by page size, each with the fewest bits that such a kernel runs with.
    """

    releases: Releases
    start: Callable[[int, int, int], int]
    source: str
    wide: tuple[tuple[int, int], ...] = ()


_ROWS = (
    _Row(
        between(_BELOW_LINEAR_MAP, _FLIPPED),
        lambda bits, _shift, pages: _WORD - (1 << (bits - 1)) - pages,
        '3e1907d5bf5a ("arm64: mm: move vmemmap region right below the linear region")',
    ),
    _Row(
        between(_FLIPPED, _TIDIED),
        lambda _bits, _shift, pages: _WORD - pages - 2 * MIB,
        '14c127c957c1 ("arm64: mm: Flip kernel VA space")',
        ((64 * KIB, 48),),
    ),
    _Row(
        between(_TIDIED, _RECLAIMED),
        lambda bits, shift, _pages: _WORD - (1 << (bits - shift)),
        '9ad7c6d5e75b ("arm64: mm: tidy up top of kernel VA space")',
        ((64 * KIB, 48),),
    ),
    _Row(
        starting(_RECLAIMED),
        lambda _bits, _shift, pages: _WORD - GIB - pages,
        '32697ff38287 ("arm64: vmemmap: Avoid base2 order of struct page size to dimension region")',
        ((4 * KIB, 48), (16 * KIB, 47), (64 * KIB, 48)),
    ),
)
"""VMEMMAP_START of arch/arm64/include/asm/memory.h, 4.14, 5.4, 5.10, 6.1, 6.12. A kernel of 52 bits on a machine of 48
puts memory where one of 48 has it (arm64_memblock_init() in arch/arm64/mm/init.c, 5.4 to 6.12)."""

_BITS = {4 * KIB: (48, 39), 16 * KIB: (48, 47, 36), 64 * KIB: (48, 42)}
"""ARM64_VA_BITS of arch/arm64/Kconfig, 4.7 to 7.1, without 52."""

_WIDE = 52
_MEMSTART_ALIGN = {4 * KIB: GIB, 16 * KIB: GIB, 64 * KIB: 512 * MIB}
"""ARM64_MEMSTART_ALIGN without sections: arch/arm64/include/asm/kernel-pgtable.h, 4.7 to 6.12."""


def linear_maps(version: Version | None, page_size: int) -> Iterator[Linear]:
    """Every linear map that a kernel of this release and page size may have; of all releases where it is not known."""
    shift = page_size.bit_length() - 1 - _STRUCT_PAGE_SHIFT
    align = max(_MEMSTART_ALIGN.get(page_size, GIB), section_size("arm64", version, page_size) or 0)
    for row in _ROWS:
        if version is not None and version not in row.releases:
            continue
        widths = [(bits, bits) for bits in _BITS.get(page_size, ())]
        widths += [(_WIDE, least) for size, least in row.wide if size == page_size]
        for bits, least in widths:
            pages = ((1 << bits) - (1 << (least - 1))) >> shift
            start = row.start(bits, shift, pages)
            yield Linear(bits, start, start + pages, align)
