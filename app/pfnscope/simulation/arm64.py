"""An arm64 boot with another command line: memory as the log shows it, limited, with its nodes, cut into zones.

Source: arm64_memblock_init(), bootmem_init() and zone_sizes_init() in arch/arm64/mm/init.c, 4.9 to 7.1;
arch_numa_init() in arch/arm64/mm/numa.c, 5.12, and drivers/base/arch_numa.c, 6.1.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import structs

from pfnscope.kernel.architectures import takes_blocks, zone_limits
from pfnscope.kernel.argument_notes import argument_notes
from pfnscope.kernel.command_line import Argument, arguments
from pfnscope.kernel.map_arguments import Action, ArgumentNote, MapOperation
from pfnscope.kernel.memory_limit import limit_notes, limiting, memory_limit
from pfnscope.kernel.region_kinds import RAM
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import HEAD_LEFT_OUT, LIMIT_SPARES_NOMAP
from pfnscope.layout.evidence import page_size_of
from pfnscope.model.log import BootLog, MemblockRegion, ZoneRange
from pfnscope.model.ranges import Address, ByteRange, Pairs, borders, canonical, clip
from pfnscope.simulation.arm64_memory import Known, is_nomap, known_memory, reached
from pfnscope.simulation.booted import Assumed, NotSimulated, SimulatedBoot, booted, features_of, has_mirrors
from pfnscope.simulation.e820 import joined_lines
from pfnscope.simulation.firmware import own_image
from pfnscope.simulation.numa import numa_options, own_options
from pfnscope.units import KIB, MIB, argument_size

_NAME = "arm64"
_ALL = 1 << 64
_HEAD = 64 * KIB
"""From _text to _stext: SEGMENT_ALIGN in arch/arm64/kernel/vmlinux.lds.S and a recorded boot, 6.1."""

_SMALLEST = 32 * MIB
"""Less than the image and the initrd of any distribution's kernel."""


def simulate(log: BootLog, command_line: str, version: Version | None) -> SimulatedBoot:
    """Boot an arm64 machine with ``command_line`` on the release ``version``.

    Raises NotSimulated where the log does not show the memory that such a boot has.
    """
    given = arguments(command_line)
    page_size, _ = page_size_of(log, _NAME)
    assumed: Assumed = []
    limit = memory_limit(given, page_size)
    known = known_memory(log, limit, version, page_size, assumed)
    if not known.regions:
        raise NotSimulated("the text has no node ranges, so what memory there is is not known")
    if known.limit is not None and (limit is None or limit > known.limit):
        raise NotSimulated(
            f"the log was booted with mem={argument_size(known.limit)}, and nothing in it shows the memory above; boot"
            " once without it, or ask for less"
        )
    end = None if limit is None else reached(known.regions, limit)
    image = _image(log, version)
    regions = list(known.regions) if end is None else _limited(log, known, end, image, version, assumed)
    regions = _with_nodes(log, regions, given, version, assumed)
    own_limit = memory_limit(arguments(log.command_line or ""), page_size)
    kept = tuple(item for item in log.failures if item.code != "memory-limit" or limit == own_limit)
    marked = any(item.flags is not None for item in log.memblock_memory)  # what no dump shows proves nothing
    simulated = booted(
        structs.replace(log, arch=_NAME, page_size=page_size, failures=kept),
        command_line,
        regions if marked else [structs.replace(item, flags=None) for item in regions],
        _zone_ranges(log, regions, version, assumed),
        version,
        page_size,
        canonical((item.start, item.end) for item in known.regions if not is_nomap(item)),
    )

    def find_problems() -> tuple[ArgumentNote, ...]:
        notes = argument_notes(given, features_of(log, version), mirrors=has_mirrors(log))
        return (*limit_notes(given, _NAME), *notes)

    operations = () if end is None else tuple(_operations(given, end))
    mended = end is not None and any(pair[1] > end for pair in image)
    return SimulatedBoot(simulated, command_line, operations, find_problems, tuple(assumed), mended)


def _operations(given: tuple[Argument, ...], end: int) -> Iterator[MapOperation]:
    """The limit as what it does: all RAM from an address on is taken away."""
    argument = limiting(given)
    if argument is not None:
        text = argument.value or ""
        column = argument.column + argument.text.index(text, argument.text.index("=") + 1)
        yield MapOperation(Action.REMOVE, end, _ALL, RAM, None, argument, text, column)


def _limited(
    log: BootLog, known: Known, end: int, image: Pairs, version: Version | None, assumed: Assumed
) -> list[MemblockRegion]:
    """Memory below ``end``. Image and initrd are memory again, and what firmware keeps out of the map stays.

    So does what the log shows above a limit of its own. Source: memblock_mem_limit_remove_map() in mm/memblock.c, 4.9
    to 7.1.
    """
    initrd = [(item.start, item.end) for item in log.reserved_regions if item.kind == "initrd"]
    spared: Pairs = known.firmware_nomap if LIMIT_SPARES_NOMAP.reached(version, unknown=True) else ()
    left = canonical([(0, end), *image, *initrd, *spared, *([(known.end, _ALL)] if known.end is not None else ())])
    if end != known.end:
        if not image and end - known.regions[0].start < _SMALLEST:
            raise NotSimulated("so little memory may not hold the kernel's image, and the text does not tell its place")
        what = "initrd" if image else "kernel image and initrd"
        if not image or not initrd:
            assumed.append((what, "taken to lie below the limit; what lies above is memory all the same"))
        if known.gaps:
            assumed.append(
                ("memory", "gaps are taken for no RAM; no-map memory of a device tree there would count for mem=")
            )
        if spared and known.guessed:
            assumed.append(("nomap", "what firmware keeps out of the map is told by the borders of regions alone"))
    out: list[MemblockRegion] = []
    for region in known.regions:
        pieces = clip(left, region.start, region.end)
        out += (structs.replace(region, start=Address(start), end=Address(stop)) for start, stop in pieces)
    return out


def _image(log: BootLog, version: Version | None) -> Pairs:
    """Where the kernel's image lies, as far as the text tells."""
    image = own_image(log)
    if image is None:
        return ()
    return ((image.start - (_HEAD if HEAD_LEFT_OUT.reached(version, unknown=True) else 0), image.end),)


def _with_nodes(
    log: BootLog,
    regions: list[MemblockRegion],
    given: tuple[Argument, ...],
    version: Version | None,
    assumed: Assumed,
) -> list[MemblockRegion]:
    """The regions with their nodes: those of the log, or with ``numa=off`` one node, dummy_numa_init().

    ``numa=fake=`` has an effect where nodes are those of mm/numa_memblks.c, from 6.12 on; that is not simulated.
    """
    options = numa_options(given)
    if any(option.startswith("fake=") for option in options) and (version is None or takes_blocks(_NAME, version)):
        raise NotSimulated("numa=fake= is simulated on x86 only")
    if any(option.startswith("off") for option in options):
        return list(_one_node(regions))
    if any(option.startswith("off") for option in own_options(log)) and len({item.node for item in regions}) < 2:
        assumed.append(("nodes", "with numa=off the text shows no nodes, so all memory is taken for node 0"))
    return regions


def _one_node(regions: Iterable[MemblockRegion]) -> Iterator[MemblockRegion]:
    """All of it in node 0; neighbours that only their nodes kept apart are one region."""
    last: MemblockRegion | None = None
    node: int | None = 0
    for region in regions:
        if last is not None and (last.end, last.flags) == (region.start, region.flags) and node != region.node:
            last = structs.replace(last, end=region.end, lines=joined_lines(last.lines, region.lines))
        else:
            if last is not None:
                yield last
            last = structs.replace(region, node=0)
        node = region.node
    if last is not None:
        yield last


def _zone_ranges(
    log: BootLog, regions: Sequence[MemblockRegion], version: Version | None, assumed: Assumed
) -> tuple[ZoneRange, ...]:
    """What "Zone ranges" would say.

    A zone that the log ends below the end of its memory ends there, for what firmware says of devices decides that.
    Others end where the release has them end, or with memory: max_zone_phys() in arch/arm64/mm/init.c, 4.17 to 7.1.
    """
    low, top = regions[0].start, max(item.end for item in regions)
    own_top = max((item.end for item in log.node_ranges), default=0)
    known = {item.zone: item for item in log.zone_ranges}
    usual = dict(zone_limits(_NAME, version, low))
    if not known:
        assumed.append(("zone_ranges", "the zone limits of arm64, since the text prints none"))
    out: list[ZoneRange] = []
    for zone in known or usual:
        printed = known[zone].end if zone in known else None
        limit = usual.get(zone)
        if printed is not None and printed < own_top:
            limit = printed
        elif printed is not None and limit is not None:
            limit = max(limit, own_top)
        high = max(low, top if limit is None else min(limit, top)) if zone in usual or printed else low
        out.append(ZoneRange(zone, *borders(ByteRange(low, high) if low < high else None), ()))
        low = Address(high)
    return tuple(out)
