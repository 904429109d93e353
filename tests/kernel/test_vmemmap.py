"""Struct page pointers: every frame that they may be of is among the candidates, and the text decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.kernel import vmemmap
from pfnscope.kernel.vmemmap import Anchor, Hint, Machine, anchors, anchors_with
from pfnscope.units import GIB, KIB

X86 = 0xFFFFEA0000000000
RANDOM = 0xFFFFED1180000000


def machine(**known: object) -> Machine:
    values = {"arch": "x86_64", "version": (4, 17, 0), "page_size": 4096, "end": 0x240000} | known
    return Machine(**values)  # type: ignore[arg-type]


def frames(places: tuple[Anchor, ...], address: int, *, inside: bool = False) -> list[int | None]:
    return [place.frame(address, inside=inside) for place in places]


def test_the_pointer_of_the_2018_oops_is_placed_by_its_alignment_alone() -> None:
    assert frames(anchors(machine(), 0xFFFFED1182FFF5C0), 0xFFFFED1182FFF5C0) == [0xBFFD7]


def test_on_a_machine_of_128_gib_two_frames_remain_until_a_register_holds_one() -> None:
    large = machine(end=1 << 25)
    assert frames(anchors(large, 0xFFFFED1182FFF5C0), 0xFFFFED1182FFF5C0) == [0xBFFD7, 0x10BFFD7]
    for value in (0x10BFFD7, 0x10BFFD7 << 12, 0x10BFFD7 * 64):
        (place,) = anchors_with(large, 0xFFFFED1182FFF5C0, [1, 0xBFFD8, value])
        assert place.base == RANDOM - GIB


def test_a_register_that_holds_another_frame_proves_nothing() -> None:
    assert anchors_with(machine(), 0xFFFFED1182FFF5C0, [0, 1, 0x1000, 0xBFFD8]) == ()


@pytest.mark.parametrize("base", [X86, 0xFFD4000000000000])
def test_a_pointer_near_where_struct_pages_are_without_kaslr_is_taken_for_that(base: int) -> None:
    (place,) = anchors(machine(end=1 << 28), base + (3 << 24) * 64 + 64)
    assert (place.base, place.aligned) == (base, False)


def test_what_says_that_nothing_was_moved() -> None:
    assert vmemmap.why_unmoved("x86_64", (4, 17, 0), "ro quiet") is None
    assert vmemmap.why_unmoved("x86_64", None, None) is None
    assert vmemmap.why_unmoved("x86_64", (4, 17, 0), "ro nokaslr")
    assert vmemmap.why_unmoved("x86_64", (4, 4, 0), None)
    assert vmemmap.why_unmoved("x86_64", (4, 17, 0), None, [Hint("kasan", None)])
    assert vmemmap.why_unmoved("arm64", (4, 17, 0), None, [Hint("kasan", None)]) is None
    assert vmemmap.why_unmoved("arm64", (4, 17, 0), None, [Hint("unmoved", None)])


def test_56_byte_struct_pages_of_a_3_8_are_proven_by_registers() -> None:
    old = machine(version=(3, 8, 0), unmoved="the release has no memory KASLR", end=0)
    address = 0xFFFFEA000005B2D0
    assert frames(anchors(old, address, inside=True), address, inside=True) == [0x16CB, 0x1A0C, 0x1442, 0x123C]
    for value in (0x5B2A0, 0x1A0C000):
        (place,) = anchors_with(old, address, [value], inside=True)
        assert (place.size, place.frame(address, inside=True)) == (56, 0x1A0C)


def test_a_pointer_that_is_no_multiple_of_64_is_of_struct_pages_of_another_size() -> None:
    address = RANDOM + 0x80123 * 80
    assert 0x80123 in frames(anchors(machine(), address), address)
    assert frames(anchors(machine(), address + 4), address + 4) == []


ARM64 = [
    ((4, 18, 0), 64 * KIB, 0xFFFFFDFF80000000),
    ((4, 18, 0), 4 * KIB, 0xFFFF7E0000000000),
    ((4, 18, 0), 4 * KIB, 0xFFFFFFBF00000000),
    ((4, 18, 0), 16 * KIB, 0xFFFFBFC000000000),
    ((5, 4, 0), 4 * KIB, 0xFFFFFDFFFFE00000),
    ((5, 4, 0), 4 * KIB, 0xFFFFFFFEFFE00000),
    ((5, 15, 0), 4 * KIB, 0xFFFFFC0000000000),
    ((5, 15, 0), 4 * KIB, 0xFFFFFFFE00000000),
    ((5, 15, 0), 64 * KIB, 0xFFFFFFC000000000),
    ((6, 12, 0), 4 * KIB, 0xFFFFFDFFC0000000),
    ((6, 12, 0), 16 * KIB, 0xFFFFFF7FC0000000),
]


@pytest.mark.parametrize(("version", "page_size", "start"), ARM64)
def test_arm64_begins_with_the_first_memory_where_its_layout_of_addresses_says(
    version: tuple[int, int, int], page_size: int, start: int
) -> None:
    first = GIB // page_size
    board = machine(arch="arm64", version=version, page_size=page_size, first=first, end=2 * first)
    assert frames(anchors(board, start + 0x123 * 64), start + 0x123 * 64)[0] == first + 0x123
    assert anchors(board, 0xFFFF100000000000) == ()


def test_kaslr_of_arm64_moves_struct_pages_by_whole_gib_of_memory() -> None:
    address = 0xFFFFFC0000000000 + 0x123 * 64 + 5000 * 0x40000 * 64
    board = machine(arch="arm64", version=(6, 1, 0), first=0x40000, end=0xC0000)
    assert frames(anchors(board, address), address) == [0x80123, 0x40123]
    assert anchors(machine(arch="arm64", first=0x40000, end=0xC0000, unmoved="nokaslr"), address) == ()


def test_no_pointer_is_read_by_the_rules_of_another_architecture() -> None:
    assert anchors(machine(arch="arm64", first=0x40000), X86 + 0x80123 * 64) == ()
    assert anchors(machine(), 0xFFFFFDFF802E1780) == ()
    assert anchors(machine(arch=None), X86 + 0x80123 * 64) == ()
    assert not vmemmap.can_be_struct_page("x86_64", 0xFFFF888100000000)


@given(
    base=st.integers(0xFFFFA90000000000 // GIB, 0xFFFFFC0000000000 // GIB),
    size=st.sampled_from([56, 64, 72, 80]),
    pfn=st.integers(0, (1 << 26) - 1),
    offset=st.integers(0, 55),
)
def test_the_frame_of_a_pointer_is_always_among_those_that_its_alignment_leaves(
    base: int, size: int, pfn: int, offset: int
) -> None:
    address = base * GIB + pfn * size + offset
    old = machine(version=(3, 10, 0), end=1 << 26, pages=range(pfn, pfn + 1))
    assert pfn in frames(anchors(old, address, inside=True), address, inside=True)
