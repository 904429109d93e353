"""The forms ``memmap=SIZE<sign>START``: what a region becomes, and for which of them a place is looked for.

Parser, simulation, command, API and menus read them here. Without msgspec: the command line needs the signs at once.
"""

from typing import Literal, NamedTuple, get_args

RAM, RESERVED, ACPI, NVS, UNUSABLE, PMEM, PRAM = 1, 2, 3, 4, 5, 7, 12
SOFT_RESERVED = 0xEFFFFFFF
"""Type numbers of arch/x86/include/asm/e820/types.h, 4.17 to 7.1."""

Kind = Literal["!", "$"]
"""Signs of the forms that ``pfnscope place`` and its like take; each has a row in :data:`REGION_FORMS`."""

PLACEABLE: tuple[Kind, ...] = get_args(Kind)


class RegionForm(NamedTuple):
    """A form that adds a region of e820 type ``type``; ``words`` name it in menus."""

    sign: str
    type: int
    words: str

    @property
    def placeable(self) -> bool:
        """Whether a place for such a region is looked for."""
        return self.sign in PLACEABLE


# parse_memmap_one() in arch/x86/kernel/e820.c, 4.17 to 7.1; in the order of the menus
REGION_FORMS = (
    RegionForm("!", PRAM, "persistent"),
    RegionForm("$", RESERVED, "reserved"),
    RegionForm("#", ACPI, "ACPI data"),
    RegionForm("@", RAM, "usable"),
)

TYPE_OF = {form.sign: form.type for form in REGION_FORMS}
SIGN_OF = {form.type: form.sign for form in REGION_FORMS}
