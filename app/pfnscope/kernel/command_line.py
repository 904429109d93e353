"""Kernel command lines: their arguments, which of them shape memory, and what they ask of ZONE_MOVABLE."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct

from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import MOVABLE_MIRROR, MOVABLE_NODE, MOVABLE_PERCENT
from pfnscope.units import leading_size

MEMORY_ARGUMENTS = frozenset({
    "mem", "memmap", "movablecore", "kernelcore", "movable_node", "hugepages", "hugepagesz", "default_hugepagesz",
    "crashkernel", "cma", "hugetlb_cma", "efi_fake_mem", "numa", "reserve_mem", "highmem", "vmalloc", "reservelow",
    "disable_mtrr_trim",
})  # fmt: skip
"""Documentation/admin-guide/kernel-parameters.txt: what adds, removes, reserves or moves memory."""


LAYOUT_ARGUMENTS = frozenset({"mem", "memmap", "numa", "kernelcore", "movablecore", "movable_node"})
"""Those among them that change what is memory, or its node or zone."""


MOST_CHARACTERS = 2047
"""Of a command line that x86 and arm64 take whole: COMMAND_LINE_SIZE of asm/setup.h, 6.1, without its end."""


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
    for start, text in _texts(command_line):
        name, equals, value = text.strip('"').partition("=")
        out.append(Argument(name.replace("-", "_"), value.strip('"') if equals else None, text, start))
    return tuple(out)


def _texts(command_line: str) -> Iterator[tuple[int, str]]:
    """The arguments as written, each with its column: pieces between blanks, joined again inside of quotes."""
    at = 0
    start, quoted = -1, False
    for piece in command_line.split():
        at = command_line.index(piece, at)
        start = start if quoted else at
        quoted ^= piece.count('"') % 2 == 1
        at += len(piece)
        if not quoted:
            yield start, command_line[start:at]
    if quoted:
        yield start, command_line[start:]


class MovableArguments(Struct, frozen=True):
    """What a command line asks of ZONE_MOVABLE: ``kernelcore=``, ``movablecore=`` and ``movable_node``.

    Sizes in bytes and percentages of all memory; 0 where not asked for. ``texts`` are the arguments as written.
    """

    kernelcore: int = 0
    movablecore: int = 0
    kernelcore_percent: int = 0
    movablecore_percent: int = 0
    mirror: bool = False
    movable_node: bool = False
    texts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.texts)


NO_MOVABLE = MovableArguments()


def movable_arguments(given: Iterable[Argument], version: Version | None) -> MovableArguments:
    """What a command line asks of ZONE_MOVABLE on a release; of several of one name the last counts.

    Source: cmdline_parse_kernelcore() in mm/page_alloc.c, 2.6.34, 4.4, 5.14, and mm/mm_init.c, 7.1.
    """
    sizes = {"kernelcore": 0, "movablecore": 0}
    percents = {"kernelcore": 0, "movablecore": 0}
    mirror = node = False
    texts: list[str] = []
    for argument in given:
        name, value = argument.name, argument.value
        if name == "movable_node" and MOVABLE_NODE.reached(version, unknown=True):
            node = True
        elif name == "kernelcore" and value == "mirror" and MOVABLE_MIRROR.reached(version, unknown=True):
            mirror = True
        elif name in sizes and value is not None:
            count, rest = leading_size(value, suffixes=False)
            if rest.startswith("%") and MOVABLE_PERCENT.reached(version, unknown=True):
                percents[name] = count or 0
            else:
                sizes[name], percents[name] = leading_size(value)[0] or 0, 0
        else:
            continue
        texts.append(argument.text)
    return MovableArguments(
        sizes["kernelcore"],
        sizes["movablecore"],
        percents["kernelcore"],
        percents["movablecore"],
        mirror,
        node,
        tuple(texts),
    )
