"""Struct page addresses: the 2018 oops gives its own base away."""

from pfnscope.kernel import vmemmap


def test_the_base_is_inferred_from_the_registers_of_the_2018_oops() -> None:
    assert vmemmap.base_from_registers(0xFFFFED1182FFF5C0, [0x2FFF5C0, 0xBFFD7]) == 0xFFFFED1180000000


def test_no_base_is_inferred_from_unrelated_registers() -> None:
    assert vmemmap.base_from_registers(0xFFFFED1182FFF5C0, [0, 1, 0x1000, 0xBFFD8]) is None


def test_the_base_is_proven_only_without_kaslr() -> None:
    assert vmemmap.proven_base("x86_64", (4, 17, 0), "ro quiet") is None
    assert vmemmap.proven_base("x86_64", (4, 17, 0), "ro nokaslr") == vmemmap.BASE
    assert vmemmap.proven_base("x86_64", (4, 4, 0), None) == vmemmap.BASE
    assert vmemmap.proven_base("arm64", (4, 4, 0), "nokaslr") is None
