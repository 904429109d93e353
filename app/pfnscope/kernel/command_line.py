"""Kernel command lines: their arguments, and which of them shape memory."""

from functools import lru_cache

from msgspec import Struct

MEMORY_ARGUMENTS = frozenset({
    "mem", "memmap", "movablecore", "kernelcore", "movable_node", "hugepages", "hugepagesz", "default_hugepagesz",
    "crashkernel", "cma", "hugetlb_cma", "efi_fake_mem", "numa", "reserve_mem", "highmem", "vmalloc", "reservelow",
    "disable_mtrr_trim",
})  # fmt: skip
"""Documentation/admin-guide/kernel-parameters.txt: what adds, removes, reserves or moves memory."""


LAYOUT_ARGUMENTS = frozenset({"mem", "memmap", "numa", "kernelcore", "movablecore", "movable_node"})
"""Those among them that change what is memory, or its node or zone."""


class Argument(Struct, frozen=True):
    """One argument: ``text`` as written, at ``column`` (0-based) of the command line."""

    name: str
    value: str | None
    text: str
    column: int

    @property
    def shapes_layout(self) -> bool:
        """Whether it can change memblock.memory, nodes or zones; others that shape memory only reserve some."""
        return self.name in LAYOUT_ARGUMENTS or (self.name == "efi" and self.shapes_memory)

    @property
    def shapes_memory(self) -> bool:
        """Whether the argument is one of those that shape memory; of ``efi=`` only nosoftreserve does."""
        return self.name in MEMORY_ARGUMENTS or (self.name == "efi" and "nosoftreserve" in (self.value or ""))


@lru_cache(8)
def arguments(command_line: str) -> tuple[Argument, ...]:
    """Split as ``next_arg()`` in lib/cmdline.c does: at blanks outside double quotes.

    An analysis asks some eighty times for the same few lines.
    """
    out: list[Argument] = []
    start, quoted = -1, False
    for at, char in enumerate(command_line + " "):
        if char == '"':
            quoted = not quoted
        if char.isspace() and (not quoted or at == len(command_line)):
            if start >= 0:
                text = command_line[start:at]
                name, found, value = text.strip('"').partition("=")
                out.append(Argument(name.replace("-", "_"), value.strip('"') if found else None, text, start))
            start = -1
        elif start < 0:
            start = at
    return tuple(out)
