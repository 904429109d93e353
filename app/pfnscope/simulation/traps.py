"""What goes wrong with memory arguments again and again, named where it occurs."""

from collections.abc import Iterator

from pfnscope.kernel.boot_loaders import DOLLAR_LOST
from pfnscope.kernel.command_line import Argument
from pfnscope.kernel.map_arguments import Action, ArgumentNote, MapOperation
from pfnscope.kernel.region_kinds import RAM, REGION_FORMS, SIGN_OF
from pfnscope.model.log import MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange, Pairs, canonical, clip
from pfnscope.simulation.firmware import Image
from pfnscope.units import format_size
from pfnscope.words import plural

AVOIDED_BY_KASLR = 4
"""MAX_MEMMAP_REGIONS, arch/x86/boot/compressed/kaslr.c, 4.13 to 7.1."""
_FIRST, *_OTHERS = (f"“{form.sign}”" for form in REGION_FORMS)
_SIGNS = f"{', '.join(reversed(_OTHERS))} or {_FIRST}"


def traps(
    given: tuple[Argument, ...],
    operations: tuple[MapOperation, ...],
    firmware: tuple[MapEntry, ...],
    image: Image | None,
) -> tuple[ArgumentNote, ...]:
    """Known mistakes in the arguments of a command line, in its order."""
    ram = canonical((e.start, e.end) for e in firmware if e.type is MemoryType.RAM)
    problems: list[ArgumentNote] = []
    for operation in operations:
        problems += _of_region(operation, operations, ram, image)
        problems += _of_limit(operation)
    problems += _too_many(given, operations)
    return tuple(sorted(problems, key=lambda problem: problem.column))


def _of_region(
    operation: MapOperation, operations: tuple[MapOperation, ...], ram: Pairs, image: Image | None
) -> Iterator[ArgumentNote]:
    if operation.action is not Action.ADD or operation.new == RAM:
        return
    size, start = operation.end - operation.start, operation.start
    inside = clip(ram, operation.start, operation.end)
    whole = inside == ((operation.start, operation.end),)
    if not whole and clip(ram, size, size + start) == ((size, size + start),):
        sign = SIGN_OF.get(operation.new or 0, "#")
        yield _warn(
            operation,
            f"The size comes first: this is {format_size(size)} at 0x{start:x}. For {format_size(start)} at"
            f" 0x{size:x} write the numbers the other way round, around the “{sign}”.",
        )
    elif not inside:
        yield _warn(operation, f"None of {ByteRange(start, operation.end)} is RAM in the firmware's map.")
    elif not whole:
        pieces = len(inside)
        yield _warn(
            operation,
            f"{ByteRange(start, operation.end)} is not all RAM: of {format_size(size)}, "
            f"{format_size(sum(b - a for a, b in inside))} is, in {pieces} {plural(pieces, 'piece')};"
            " the rest are holes or reserved ranges.",
        )
    if image is not None and operation.start < image.end and image.start < operation.end:
        yield _warn(
            operation,
            f"The region takes in the kernel image at {ByteRange(image.start, image.end)},"
            " which the kernel makes RAM again.",
        )
    limits = [item for item in operations if item.action is Action.REMOVE and item.old == RAM and item.end == 1 << 64]
    if any(limit.start <= operation.start for limit in limits):
        yield _warn(operation, "The region lies above the end that mem= gives to RAM; it is added all the same.")


def _of_limit(operation: MapOperation) -> Iterator[ArgumentNote]:
    bare = operation.argument.name == "memmap" and operation.action is Action.REMOVE and operation.old == RAM
    if bare and operation.end == 1 << 64 and "%" not in operation.text:
        yield _warn(operation, f"Without {_SIGNS} this removes all RAM above 0x{operation.start:x}. {DOLLAR_LOST}")


def _too_many(given: tuple[Argument, ...], operations: tuple[MapOperation, ...]) -> Iterator[ArgumentNote]:
    regions = [item for item in operations if item.argument.name == "memmap" and item.action is not Action.KEEP]
    if len(regions) > AVOIDED_BY_KASLR and not any(argument.name == "nokaslr" for argument in given):
        yield _warn(
            regions[AVOIDED_BY_KASLR],
            f"KASLR avoids {AVOIDED_BY_KASLR} memmap= regions and is switched off by more.",
        )


def _warn(operation: MapOperation, message: str) -> ArgumentNote:
    return ArgumentNote("warning", message, operation.column, len(operation.text))
