"""What a struct page holds that nothing wrote: patterns of include/linux/poison.h, and the faults that they lead to."""

from msgspec import Struct

_STRUCT_PAGE = 128
"""More than any sizeof(struct page), in bytes: include/linux/mm.h asserts at most 96."""


class Poison(Struct, frozen=True):
    """A byte that fills memory nothing has written yet, or nothing may use any more, with the kernel's name for it."""

    byte: int
    name: str
    source: str

    @property
    def words(self) -> str:
        """For readers: ``a struct page full of 0xff, PAGE_POISON_PATTERN``."""
        return f"a struct page full of {self.byte:#x}, {self.name}"

    def word(self, bits: int) -> int:
        """A word of that many bits that is filled with it."""
        return int.from_bytes(bytes([self.byte]) * (bits // 8), "big")


PAGE_POISON_PATTERN = Poison(
    0xFF,
    "PAGE_POISON_PATTERN",
    "include/linux/page-flags.h, 4.17 to 7.1; written by memblock_virt_alloc_try_nid_raw() in mm/memblock.c, 4.15 to"
    " 4.19, and by page_init_poison() in mm/debug.c, 4.20 to 7.1, with CONFIG_DEBUG_VM",
)

POISONS = (
    PAGE_POISON_PATTERN,
    Poison(0xAA, "PAGE_POISON", "include/linux/poison.h and mm/page_poison.c, 2.6.30 to 7.1: free pages"),
    Poison(0x5A, "POISON_INUSE", "include/linux/poison.h and mm/slub.c, 2.6.11 to 7.1: allocated, never written"),
    Poison(0x6B, "POISON_FREE", "include/linux/poison.h and mm/slub.c, 2.6.11 to 7.1: freed objects"),
    Poison(0xCC, "POISON_FREE_INITMEM", "include/linux/poison.h, 2.6.18 to 7.1: memory of init sections given back"),
    Poison(0xFD, "PAGE_UNUSED", "arch/x86/mm/init_64.c, 5.13 to 7.1; arch/s390/mm/vmem.c, 5.9 to 7.1: unused vmemmap"),
)


def poison_of_address(address: int, bits: int) -> Poison | None:
    """The poison that a fault address comes from, if any.

    compound_head() takes the odd word 0xff…ff for the pointer of a tail page and takes off its 1, so fields of the
    head are read from -2 on: the address wraps around to 0x6 or 0x32, which no pointer to an object that begins at
    zero gives (include/linux/page-flags.h, 4.3 to 7.1). A poison taken for any other pointer gives itself and more.
    """
    for poison in POISONS:
        word = poison.word(bits)
        head = word - 1 if word & 1 else word
        reach = (address - head) % (1 << bits)
        wrapped = address < head
        if reach < _STRUCT_PAGE and (not wrapped or address % 4 >= 2):
            return poison
    return None


def poison_of_word(value: int, bits: int) -> Poison | None:
    """The poison that a register is full of, if any; compound_head() takes 1 off."""
    return next((poison for poison in POISONS if value in (poison.word(bits), poison.word(bits) & ~1)), None)
