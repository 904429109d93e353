"""What ``mem=`` asks for where it is a total of memory, as on arm64; on x86 it is an address of the memory map."""

from collections.abc import Iterable, Iterator

from pfnscope.kernel.architectures import architecture
from pfnscope.kernel.command_line import Argument
from pfnscope.kernel.map_arguments import MALFORMED, ArgumentNote
from pfnscope.units import format_size, leading_size


def memory_limit(given: Iterable[Argument], page_size: int) -> int | None:
    """How many bytes of memory a command line leaves, in whole pages; None where it sets no limit.

    0 limits nothing. Source: early_mem() in arch/arm64/mm/init.c and memblock_mem_limit_remove_map() in mm/memblock.c,
    4.9 to 7.1.
    """
    argument = limiting(given)
    size = leading_size(argument.value or "")[0] if argument else None
    return (size or 0) // page_size * page_size or None


def limiting(given: Iterable[Argument]) -> Argument | None:
    """The argument that limits memory: of several the last."""
    return next((item for item in reversed([*given]) if item.name == "mem" and item.value is not None), None)


def limit_notes(given: Iterable[Argument], arch: str | None) -> Iterator[ArgumentNote]:
    """What such a kernel makes of ``mem=`` and ``memmap=`` otherwise than their writer may think, in their order.

    None of an architecture where ``mem=`` is something else.
    """
    for argument in given if architecture(arch).total_limit else ():
        if argument.name == "memmap":
            yield _note(argument, f"{arch} has no memmap=: this is ignored.", "argument-ignored")
        elif argument.name == "mem":
            size, rest = leading_size(argument.value or "")
            if not size:
                yield _note(argument, "mem= without a size is ignored.", MALFORMED)
            elif rest:
                message = f"The kernel reads the size {format_size(size)} and takes no notice of “{rest}”."
                yield _note(argument, message, "argument-rest-ignored")


def _note(argument: Argument, message: str, code: str) -> ArgumentNote:
    return ArgumentNote("warning", message, argument.column, len(argument.text), code)
