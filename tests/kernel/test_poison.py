"""Fault addresses and registers that come from a struct page which nothing wrote, and those that do not."""

import pytest

from pfnscope.kernel.poison import poison_of_address, poison_of_word


@pytest.mark.parametrize(
    ("address", "bits", "name"),
    [
        (0xFFFFFFFFFFFFFFFE, 64, "PAGE_POISON_PATTERN"),  # flags of the head that compound_head() makes of all ones
        (0xFFFFFFFFFFFFFFFF, 64, "PAGE_POISON_PATTERN"),
        (0x6, 64, "PAGE_POISON_PATTERN"),  # -2 + 8: mapping of that head
        (0x32, 64, "PAGE_POISON_PATTERN"),  # -2 + 0x34: its _refcount
        (0xFFFFFFFE, 32, "PAGE_POISON_PATTERN"),
        (0x5A5A5A5A5A5A5A5A, 64, "POISON_INUSE"),
        (0x6B6B6B6B6B6B6B6A, 64, "POISON_FREE"),  # odd, so compound_head() takes 1 off
        (0xAAAAAAAAAAAAAAB2, 64, "PAGE_POISON"),
        (0xFDFDFDFDFDFDFDFC, 64, "PAGE_UNUSED"),
        (0x0, 64, None),
        (0x8, 64, None),  # a member of nothing
        (0xFFFFFFFE, 64, None),
        (0xFFFFEA0002FFF5C0, 64, None),
        (0xDEAD000000000100, 64, None),  # LIST_POISON1, of a list entry that was taken out
    ],
)
def test_a_fault_address_comes_from_poison(address: int, bits: int, name: str | None) -> None:
    poison = poison_of_address(address, bits)
    assert (poison.name if poison else None) == name


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (0xFFFFFFFFFFFFFFFF, "PAGE_POISON_PATTERN"),
        (0xFFFFFFFFFFFFFFFE, "PAGE_POISON_PATTERN"),
        (0x5A5A5A5A5A5A5A5A, "POISON_INUSE"),
        (0x5A5A5A5A, None),
        (0x0, None),
    ],
)
def test_a_register_is_full_of_poison(value: int, name: str | None) -> None:
    poison = poison_of_word(value, 64)
    assert (poison.name if poison else None) == name
