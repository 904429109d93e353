"""What the kernel makes of arguments that reserve memory or shape ZONE_MOVABLE, where it is not what they seem to say.

Arguments that change the memory map are read in :mod:`pfnscope.kernel.map_arguments`.
"""

from collections.abc import Callable, Iterator

from pfnscope.kernel.command_line import Argument
from pfnscope.kernel.map_arguments import MALFORMED, ArgumentNote
from pfnscope.kernel.release import Version, short
from pfnscope.kernel.thresholds import (
    HUGE_PAGES_OF_NODES,
    MOVABLE_MIRROR,
    MOVABLE_NODE,
    MOVABLE_PERCENT,
    NEEDS_MIRRORS,
    RESERVE_MEM,
    Threshold,
)
from pfnscope.patterns import compiled
from pfnscope.units import GIB, MIB, format_size, leading_size
from pfnscope.words import counted

_SIZE = r"(?:0[xX][0-9a-fA-F]+|[0-9]+)[KMGTPEkmgtpe]?"
_CRASHKERNEL = (
    rf"(?:{_SIZE}(?:@{_SIZE})?|{_SIZE},(?:high|low|cma)"
    rf"|{_SIZE}-(?:{_SIZE})?:{_SIZE}(?:,{_SIZE}-(?:{_SIZE})?:{_SIZE})*(?:@{_SIZE})?)"
)
"""parse_crashkernel_simple(), _suffix() and _mem(), kernel/crash_core.c 4.17 and 6.1, kernel/crash_reserve.c 7.1."""


def argument_notes(
    given: tuple[Argument, ...], version: Version | None, *, mirrors: bool | None = None
) -> tuple[ArgumentNote, ...]:
    """Notes on the arguments of a command line, in its order.

    ``mirrors``: whether the machine has mirrored memory, where that is known.
    """
    return tuple(_notes(given, version, mirrors))


def _notes(given: tuple[Argument, ...], version: Version | None, mirrors: bool | None) -> Iterator[ArgumentNote]:
    page: str | None = None
    for argument in given:
        if argument.name in ("hugepagesz", "default_hugepagesz"):
            page = argument.value or page
        elif argument.name == "hugepages":
            yield from _huge_pages(argument, page, version)
        elif argument.name == "kernelcore" and argument.value == "mirror":
            yield from _mirror(argument, version, mirrors)
        elif argument.name in _CHECKS:
            yield from _CHECKS[argument.name](argument, version)


def _huge_pages(argument: Argument, page: str | None, version: Version | None) -> Iterator[ArgumentNote]:
    """hugepages_setup() in mm/hugetlb.c, 4.17 to 7.1: a number, or from 5.16 on ``node:number`` with commas."""
    number, rest = leading_size(argument.value or "", suffixes=False)
    if number is None:
        yield _note(argument, "hugepages= has to begin with a number of pages; this is ignored.", MALFORMED)
    elif rest[:1] in tuple("kKmMgGtT"):
        each = leading_size(page or "")[0]
        of = f" of {format_size(each)}" if each else ""
        message = f"It counts pages: this asks for {counted(number, 'page')}{of}, not for {number} {rest[0].upper()}iB."
        yield _note(argument, message, "huge-pages-count")
    elif rest.startswith(":"):
        yield from _too_new(argument, HUGE_PAGES_OF_NODES, version, f"the kernel reads {number} pages")


def _mirror(argument: Argument, version: Version | None, mirrors: bool | None) -> Iterator[ArgumentNote]:
    if not MOVABLE_MIRROR.reached(version, unknown=True):
        yield from _too_new(argument, MOVABLE_MIRROR, version, "the kernel reads a size of 0, which is nothing")
    elif mirrors is False and NEEDS_MIRRORS.reached(version, unknown=True):
        yield _note(argument, "This machine has no mirrored memory, so that this is ignored.", "argument-ignored")
    elif mirrors is False:
        message = (
            "This machine has no mirrored memory: all of its memory above 4 GiB becomes ZONE_MOVABLE, before"
            f" {short(NEEDS_MIRRORS.since.mainline)}."
        )
        yield _note(argument, message, "argument-ignored")


def _movable(argument: Argument, version: Version | None) -> Iterator[ArgumentNote]:
    """cmdline_parse_core() in mm/page_alloc.c, 4.17, and mm/mm_init.c, 7.1."""
    if argument.value == "mirror":
        return
    size, rest = leading_size(argument.value or "", suffixes=False)
    if size is None:
        yield _note(argument, f"{argument.name}= has to begin with a size; this is ignored.", MALFORMED)
    elif rest.startswith("%"):
        yield from _too_new(argument, MOVABLE_PERCENT, version, f"the kernel reads {size} bytes")


def _movable_node(argument: Argument, version: Version | None) -> Iterator[ArgumentNote]:
    yield from _too_new(argument, MOVABLE_NODE, version, "it is ignored")


def _reserve_mem(argument: Argument, version: Version | None) -> Iterator[ArgumentNote]:
    """reserve_mem() in mm/memblock.c, 6.12 and 7.1: ``size:align:name``."""
    yield from _too_new(argument, RESERVE_MEM, version, "it is ignored, and no memory is kept")
    size, rest = leading_size(argument.value or "")
    if not size or rest.count(":") != 2 or not rest.rpartition(":")[2]:
        yield _note(argument, "reserve_mem= takes size:alignment:name; this is ignored.", MALFORMED)


def _crashkernel(argument: Argument, _version: Version | None) -> Iterator[ArgumentNote]:
    """Of what is no size at all, such as ``auto``, the kernel itself says that it expected one."""
    value = argument.value or ""
    size, rest = leading_size(value)
    if size is None:
        return
    if not compiled(_CRASHKERNEL).fullmatch(value.encode("utf-8", "replace")):
        instead = f"crashkernel={value[: len(value) - len(rest)]}" if rest.lower() in ("b", "ib") else ""
        message = f"The kernel does not understand “{rest}”, and reserves nothing for a crash kernel."
        yield _note(argument, message, MALFORMED, instead)
    elif 0 < size < MIB and not rest:
        message = f"Without a unit this is {size} bytes, too little for a crash kernel."
        instead = f"crashkernel={value}M" if size <= 64 * GIB // MIB else ""
        yield _note(argument, message, MALFORMED, instead)


def _too_new(argument: Argument, row: Threshold, version: Version | None, before: str) -> Iterator[ArgumentNote]:
    if not row.reached(version, unknown=True):
        message = f"Understood from {short(row.since.mainline)} on; before, {before}."
        yield _note(argument, message, "argument-too-new")


_CHECKS: dict[str, Callable[[Argument, Version | None], Iterator[ArgumentNote]]] = {
    "kernelcore": _movable,
    "movablecore": _movable,
    "movable_node": _movable_node,
    "reserve_mem": _reserve_mem,
    "crashkernel": _crashkernel,
}


def _note(argument: Argument, message: str, code: str, instead: str = "") -> ArgumentNote:
    return ArgumentNote("warning", message, argument.column, len(argument.text), code, instead)
