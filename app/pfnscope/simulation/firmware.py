"""From the firmware map to memblock.memory, as setup_arch() of x86 goes: arguments, the image, trimming."""

from collections.abc import Iterator

from msgspec import Struct

from pfnscope.bootlog.forms.maps import memory_type
from pfnscope.kernel.architectures import max_arch_pfn
from pfnscope.kernel.map_arguments import RAM, RESERVED, SOFT_RESERVED, MapOperation
from pfnscope.kernel.release import Version
from pfnscope.layout.evidence import has_pae
from pfnscope.model.log import BootLog, Lines, MapEntry, MemoryType
from pfnscope.model.ranges.engine import Pairs, canonical, difference
from pfnscope.simulation.e820 import MEMORY_TYPES, Table
from pfnscope.simulation.image import Image
from pfnscope.simulation.labels import entries_of, printed, type_number
from pfnscope.units import KIB, MIB, PAGE_SIZE

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
    for start, end, old, new in own_changes(log):
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
        table.end_of_ram(PAGE_SIZE, limit_pfn),
        mended,
    )


def _mend_image(table: Table, image: Image | None) -> bool:
    """``e820_add_kernel_range()``: the image is RAM, whatever an argument says."""
    if image is None or table.covered(image.start, image.end, RAM):
        return False
    table.remove(image.start, image.end, None)
    table.add(image.start, image.end, RAM, image.lines)
    return True


def own_changes(log: BootLog) -> Iterator[tuple[int, int, int | None, int | None]]:
    """What the kernel itself did to its map behind the arguments, as the log shows it: (start, end, old, new).

    MTRRs that do not cover all RAM, quirks, EFI. Lines in front of the user map may come from the arguments that
    made it. A console without debug messages shows the outcome alone, in the modified map.
    """
    before = log.user_map or log.extended_map or log.firmware_map
    after = max({line for entry in before for line in entry.lines} - set(log.command_line_lines), default=0)
    for change in log.e820_changes:
        if change.action == "reserve" or not change.lines or change.lines[0] <= after:
            continue
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
