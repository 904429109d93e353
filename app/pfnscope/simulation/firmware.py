"""From the firmware map to memblock.memory, as setup_arch() of x86 goes: arguments, the kernel image, trimming.

An excerpt that shows only the user-defined map gets the firmware map that it was made from, as far as it tells.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from pfnscope.bootlog.forms.maps import memory_type
from pfnscope.kernel.architectures import max_arch_pfn
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.kaslr import IMAGE_AT_LEAST, LINK_ADDRESS, kaslr_on
from pfnscope.kernel.map_arguments import MapOperation
from pfnscope.kernel.region_kinds import RAM, RESERVED, SOFT_RESERVED
from pfnscope.kernel.release import Version
from pfnscope.layout.evidence import has_pae
from pfnscope.layout.map_changes import own_changes, printed_image
from pfnscope.model.log import IMAGE_RESOURCES, BootLog, MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange, Lines, Pairs, canonical, clip, difference
from pfnscope.simulation.e820 import MEMORY_TYPES, Table, entries_of, printed, type_number
from pfnscope.units import KIB, MIB, PAGE_SIZE, argument_size


class Image(Struct, frozen=True):
    """Bytes ``[start, end)``; ``assumed`` says from what, where no line tells both."""

    start: int
    end: int
    lines: Lines
    assumed: str | None


def kernel_image(log: BootLog, command_line: str, version: Version | None) -> Image | None:
    """The image of an x86 kernel, or None where KASLR may have put it anywhere.

    From the line that removes it from the map, and from /proc/iomem, both ends are known. With a ``nokaslr`` that the
    log's own command line has not, an image of that size is where it usually lies. A memblock dump has the image
    and what lies behind it as one region; the image has at least its beginning. Where it usually lies it is only where
    the map before the arguments has RAM.
    """
    line = arguments(command_line)
    fixed = any(argument.name == "nokaslr" for argument in line) and all(
        argument.name != "nokaslr" for argument in arguments(log.command_line or "")
    )
    own = own_image(log)
    if own is not None and fixed and own.start != LINK_ADDRESS:
        end = LINK_ADDRESS + own.end - own.start
        return Image(LINK_ADDRESS, end, own.lines, "its size and the usual link address")
    if own is not None:
        return own
    for region in log.memblock_reserved:
        if region.start == LINK_ADDRESS:
            return Image(region.start, region.end, region.lines, "the region of memblock.reserved at 16 MiB")
    usual = (LINK_ADDRESS, LINK_ADDRESS + IMAGE_AT_LEAST)
    if kaslr_on(line, version) or clip(_left(first_map(log) or log.map_in_force), *usual) != (usual,):
        return None
    return Image(*usual, (), "the usual link address and the least size of an image")


def own_image(log: BootLog) -> Image | None:
    """Where the image of the log's own boot lies, as lines tell it with both ends."""
    printed = printed_image(log)
    if printed is not None:
        return Image(printed.start, printed.end, printed.lines, None)
    parts = [item for item in log.files.iomem if item.name in IMAGE_RESOURCES]
    if not parts or max(item.end for item in parts) <= KIB:
        return None
    return Image(
        min(item.start for item in parts),
        max(item.end for item in parts),
        tuple(line for item in parts for line in item.lines),
        None,
    )


def _left(map_: tuple[MapEntry, ...]) -> Pairs:
    """RAM of a map, without what another entry has as well: the larger type number wins."""
    others = canonical((item.start, item.end) for item in map_ if item.type is not MemoryType.RAM)
    return difference(_ram(map_), others)


BIOS_START, BIOS_END = 640 * KIB, MIB
FIRST_ENTRIES = 128
"""The boot protocol passes so many; longer maps come in setup_data and are printed as the extended map."""


class Panics(Exception):
    """This kernel does not come up with this command line; the message says why."""


class Memory(Struct, frozen=True):
    """What is left when the kernel has worked on its map. ``memory`` is memblock.memory in bytes, page-aligned.

    ``user_map`` is empty where no argument touches the map; ``table`` is the map in force. ``image_mended`` says
    that the kernel put its own image back.
    """

    user_map: tuple[MapEntry, ...]
    table: tuple[MapEntry, ...]
    memory: Pairs
    max_pfn: int
    image_mended: bool


def first_map(log: BootLog) -> tuple[MapEntry, ...]:
    """The map before any argument: the firmware's, or the extended one where the firmware's was too long."""
    return log.extended_map if len(log.firmware_map) >= FIRST_ENTRIES and log.extended_map else log.firmware_map


def boot_memory(
    log: BootLog,
    operations: tuple[MapOperation, ...],
    version: Version | None,
    image: Image | None,
    lines: Lines,
    *,
    soft_reserve: bool,
    limit_pfn: int,
) -> Memory:
    """Work on the map in the order of the kernel. ``lines`` are those of the command line.

    Raises Panics where the sanitiser refuses the user's map. Source: setup_arch() in arch/x86/kernel/setup.c and
    arch/x86/kernel/e820.c, 4.17 to 7.1.
    """
    firmware = first_map(log)
    table = Table(entries_of(firmware))
    if not soft_reserve:
        table.update(0, 1 << 64, SOFT_RESERVED, RAM)
    table.sanitise(version)
    for operation in operations:
        table.apply(operation, lines)
    user_map: tuple[MapEntry, ...] = ()
    if operations:
        if not table.sanitise(version):
            raise Panics("Invalid user supplied memory map")
        user_map = printed(table.entries, firmware, version)
    mended = _mend_image(table, image)
    table.update(0, PAGE_SIZE, RAM, RESERVED)
    table.remove(BIOS_START, BIOS_END, RAM)
    table.sanitise(version)
    for start, end, old, new in _kernels_changes(log):
        if new is None:
            table.remove(start, end, old)
        else:
            table.update(start, end, old if old is not None else RAM, new)
    table.sanitise(version)
    limit = limit_pfn * PAGE_SIZE
    ram = canonical((e.start, min(e.end, limit)) for e in table.entries if e.type in MEMORY_TYPES)
    pages = ((-(-start // PAGE_SIZE) * PAGE_SIZE, end // PAGE_SIZE * PAGE_SIZE) for start, end in ram)
    return Memory(
        user_map,
        printed(table.entries, firmware, version),
        tuple((start, end) for start, end in pages if start < end),
        table.end_of_ram(PAGE_SIZE, limit_pfn, version),
        mended,
    )


def _mend_image(table: Table, image: Image | None) -> bool:
    """``e820_add_kernel_range()``: the image is RAM, whatever an argument says."""
    if image is None or table.covered(image.start, image.end, RAM):
        return False
    table.remove(image.start, image.end, None)
    table.add(image.start, image.end, RAM, image.lines)
    return True


def _kernels_changes(log: BootLog) -> Iterator[tuple[int, int, int | None, int | None]]:
    """What the kernel itself did to its map behind the arguments, as the log shows it: (start, end, old, new).

    MTRRs that do not cover all RAM, quirks, EFI. Lines in front of the user map may come from the arguments that
    made it. A console without debug messages shows the outcome alone, in the modified map.
    """
    before = log.user_map or log.extended_map or log.firmware_map
    for change in own_changes(log, before):
        old = None if change.from_ is None else _number(change.from_)
        new = _number(change.to) if change.action == "update" and change.to else None
        yield change.start, change.end, old, new
    if log.modified_map:
        for start, end in difference(_ram(before), _ram(log.modified_map)):
            yield start, end, RAM, RESERVED


def _number(label: str) -> int:
    return type_number(memory_type(label), label)


def _ram(map_: tuple[MapEntry, ...]) -> Pairs:
    return canonical((item.start, item.end) for item in map_ if item.type is MemoryType.RAM)


def limit_of(log: BootLog, arch: str) -> int:
    """Frames that the kernel can address."""
    return max_arch_pfn(arch, pae=has_pae(log))


def with_inferred(log: BootLog) -> tuple[BootLog, str | None]:
    """The log with a map and a command line to start from put where it has none, and what they were taken from.

    Where the text has a user-defined map and not the firmware's, that map stands for it: what arguments did to it
    cannot be undone. But persistent memory of type 12 comes from ``memmap=nn!ss``, unless the firmware's map has it:
    without a command line such regions are taken for that argument, and what they cover for RAM.
    """
    if first_map(log) or not log.user_map:
        return log, None
    regions = _joined(log.user_map) if log.command_line is None else []
    if not regions:
        line = log.command_line or ""
        started = msgspec.structs.replace(log, firmware_map=log.user_map, command_line=line)
        return started, "the user-defined map, with what the log's own command line did to it"
    arguments = " ".join(
        f"memmap={argument_size(item.end - item.start)}!{argument_size(item.start)}" for item in regions
    )
    ram = next((entry.label for entry in log.user_map if entry.type is MemoryType.RAM), "usable")
    before = tuple(
        msgspec.structs.replace(entry, type=MemoryType.RAM, label=ram) if entry.type is MemoryType.PRAM else entry
        for entry in log.user_map
    )
    lines = tuple(line for entry in log.user_map if entry.type is MemoryType.PRAM for line in entry.lines)
    return (
        msgspec.structs.replace(log, firmware_map=before, command_line=arguments, command_line_lines=lines),
        "the persistent memory in the user-defined map, which takes the place of RAM",
    )


def own_command_line(log: BootLog) -> str:
    """The command line that the log's machine was booted with, as far as the log shows or implies one."""
    return with_inferred(log)[0].command_line or ""


def _joined(entries: tuple[MapEntry, ...]) -> list[ByteRange]:
    """Regions of type 12; the kernel breaks them where an entry of its map ended."""
    out: list[ByteRange] = []
    for entry in sorted(entries, key=lambda entry: entry.range):
        if entry.type is not MemoryType.PRAM:
            continue
        if out and out[-1].end == entry.start:
            out[-1] = ByteRange(out[-1].start, entry.end)
        else:
            out.append(entry.range)
    return out
