"""What goes wrong with memory arguments again and again, named where it occurs."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from pfnscope.kernel.command_line import Argument
from pfnscope.kernel.kaslr import AVOIDED_REGIONS, avoidance, kaslr_on
from pfnscope.kernel.map_arguments import Action, ArgumentNote, MapOperation
from pfnscope.kernel.region_kinds import PRAM, RAM, REGION_FORMS, SIGN_OF
from pfnscope.kernel.release import Version
from pfnscope.model.log import MapEntry, MemoryType, SratEntry
from pfnscope.model.ranges import Pairs, canonical, clip, difference, intersection, touches
from pfnscope.simulation.firmware import BIOS_END, BIOS_START, Image
from pfnscope.units import GIB, PAGE_SIZE, address_words, format_size, leading_size, range_words
from pfnscope.words import counted

_FIRST, *_OTHERS = (f"“{form.sign}”" for form in REGION_FORMS)
_SIGNS = f"{', '.join(reversed(_OTHERS))} or {_FIRST}"
_ALL = 1 << 64
MOST_RANGES = 20_000
"""Ranges of RAM that the operations of one command line are held against; a hostile map has as many for each."""


class Before(Struct, frozen=True):
    """The machine before its arguments. ``ram`` is None where only a map is known that they have worked on."""

    ram: Pairs | None
    covered: Pairs
    devices: tuple[int, int] | None
    srat: tuple[SratEntry, ...]
    image: Image | None

    @staticmethod
    def of(map_: tuple[MapEntry, ...], srat: tuple[SratEntry, ...], image: Image | None, *, known: bool) -> "Before":
        """That of a memory map; ``known`` is False where the arguments have worked on it."""
        others = canonical((e.start, e.end) for e in map_ if e.type is not MemoryType.RAM)
        ram = difference(canonical((e.start, e.end) for e in map_ if e.type is MemoryType.RAM), others)
        covered = canonical((e.start, e.end) for e in map_)
        return Before(ram if known else None, covered, _devices(ram), srat, image)


def traps(
    given: tuple[Argument, ...],
    operations: tuple[MapOperation, ...],
    before: Before,
    left: Pairs,
    version: Version | None,
) -> tuple[ArgumentNote, ...]:
    """Known mistakes in the arguments of a command line, in its order. ``left`` is the memory that they leave."""
    problems = [*_of_limits(operations), *_too_many(given, operations, version), *_overlaps(operations)]
    if before.ram is not None:
        own_map = any(operation.action is Action.EMPTY for operation in operations)
        limit = min((item.start for item in _limits(operations)), default=_ALL)
        ranges = 0
        for operation in operations:
            ranges += len(clip(before.ram, operation.start, operation.end))
            if operation.action is not Action.ADD or ranges > MOST_RANGES:
                continue
            if operation.new != RAM:
                problems += _of_region(operation, limit, before.ram, before)
            elif not own_map:
                problems += _of_ram(operation, before.ram, before.covered)
        problems += _of_nodes(operations, before.ram, before.srat, left)
    return tuple(sorted(problems, key=lambda problem: problem.column))


def _of_region(operation: MapOperation, limit: int, ram: Pairs, before: Before) -> Iterator[ArgumentNote]:
    size, start = operation.end - operation.start, operation.start
    inside, image = clip(ram, operation.start, operation.end), before.image
    region, sign = range_words(start, operation.end), SIGN_OF.get(operation.new or 0, "#")
    whole = inside == ((operation.start, operation.end),)
    pmem = operation.new == PRAM
    if inside and not whole:
        yield _warn(operation, *_not_whole(operation, inside, before.devices, pmem=pmem))
    if not whole and clip(ram, size, size + start) == ((size, size + start),):
        first, _, second = operation.text.partition(sign)
        yield _warn(
            operation,
            f"The size comes first: this is {format_size(size)} at {address_words(start)}. For {format_size(start)} at"
            f" {address_words(size)} write the numbers the other way round, around the “{sign}”.",
            "size-and-start-swapped",
            f"{second}{sign}{first}",
        )
    elif not inside:
        code = "region-not-ram" if pmem else "region-without-ram"
        yield _warn(operation, f"None of {region} is RAM in the firmware's map.", code)
    if image is not None and operation.start < image.end and image.start < operation.end:
        yield _warn(
            operation,
            f"The region takes in the kernel image at {range_words(image.start, image.end)},"
            " which the kernel makes RAM again.",
            "" if image.assumed else "image-in-region",
        )
    if limit <= operation.start:
        message = "The region lies above the end that mem= gives to RAM; it is added all the same."
        yield _warn(operation, message, "region-above-limit")


def _not_whole(
    operation: MapOperation, inside: Pairs, devices: tuple[int, int] | None, *, pmem: bool
) -> tuple[str, str]:
    """The sentence on a region that is RAM in part, and its code."""
    size = operation.end - operation.start
    whole = ((operation.start, operation.end),)
    have = f"of {format_size(size)}, {format_size(sum(end - start for start, end in inside))} is RAM"
    hole = clip((devices,), operation.start, operation.end) if devices else ()
    if hole and operation.end >= 4 * GIB:
        taken = f"The region takes in {range_words(*hole[0])}, the addresses of devices below 4 GiB"
        return f"{taken}: {have}.", "region-over-devices"
    first, *others = difference(whole, inside)
    more = f" and {counted(len(others), 'more range')}" if others else ""
    rest = f"{range_words(*first)}{more} is a hole or reserved"
    message = f"{range_words(operation.start, operation.end)} is not all RAM: {have}; {rest}"
    if pmem:
        return f"{message}, and becomes persistent memory as well.", "region-in-pieces"
    return f"{message}.", "region-partly-ram"


def _devices(ram: Pairs) -> tuple[int, int] | None:
    """Where x86 has no RAM below 4 GiB, since firmware keeps those addresses for devices."""
    low = max((min(end, 4 * GIB) for start, end in ram if start < 4 * GIB), default=4 * GIB)
    return (low, 4 * GIB) if low < 4 * GIB else None


def _of_ram(operation: MapOperation, ram: Pairs, covered: Pairs) -> Iterator[ArgumentNote]:
    """A region with “@”, which adds RAM: it takes nothing away, and what the firmware reserves stays reserved."""
    known = canonical((*clip(covered, operation.start, operation.end), (BIOS_START, BIOS_END)))
    outside = difference(((operation.start, operation.end),), known)
    if outside:
        more = f" and {counted(len(outside) - 1, 'more range')}" if len(outside) > 1 else ""
        message = (
            f"“@” makes RAM of {range_words(*outside[0])}{more}, which the firmware's map does not have: the kernel"
            " uses these addresses whether or not there is memory."
        )
        yield _warn(operation, message, "memmap-adds-ram")
        return
    instead = operation.text.replace("@", "$", 1) if clip(ram, operation.start, operation.end) else ""
    region = range_words(operation.start, operation.end)
    message = f"“@” says that {region} is RAM: this reserves nothing and changes nothing here. “$” reserves."
    yield _warn(operation, message, "memmap-reserves-nothing", instead)


def _of_limits(operations: tuple[MapOperation, ...]) -> Iterator[ArgumentNote]:
    for operation in _limits(operations):
        if operation.argument.name == "memmap" and not leading_size(operation.text)[1]:
            message = (
                f"Without {_SIGNS} this removes all RAM above {address_words(operation.start)}; boot loaders swallow"
                " an unescaped “$”."
            )
            yield _warn(operation, message, "memmap-without-sign")


def _limits(operations: Iterable[MapOperation]) -> list[MapOperation]:
    return [
        item
        for item in operations
        if item.action is Action.REMOVE and item.old == RAM and item.end == _ALL and "%" not in item.text
    ]


def _overlaps(operations: tuple[MapOperation, ...]) -> Iterator[ArgumentNote]:
    """Regions of which one takes part of the other; that two of them reserve the same is of no account."""
    regions = [item for item in operations if item.action is Action.ADD and item.new not in (None, RAM)]
    by_start = sorted(regions, key=lambda item: (item.start, item.column))
    reach: MapOperation | None = None
    for item in by_start:
        if reach is not None and item.start < reach.end and (item.new != reach.new or item.new == PRAM):
            shared = range_words(item.start, min(item.end, reach.end))
            later, earlier = (item, reach) if item.column > reach.column else (reach, item)
            wins = max(item, reach, key=lambda one: one.new or 0)
            alike = item.new == reach.new
            outcome = "in both, and a piece of its own" if alike else f"what memmap={wins.text} says"
            yield _warn(later, f"It overlaps memmap={earlier.text}: {shared} is {outcome}.", "regions-overlap")
        if reach is None or item.end > reach.end:
            reach = item


def _of_nodes(
    operations: tuple[MapOperation, ...], ram: Pairs, srat: tuple[SratEntry, ...], left: Pairs
) -> Iterator[ArgumentNote]:
    """Nodes that have RAM by the firmware, and nothing is left of it; the first, where their ranges are many."""
    kept, pieces = intersection(ram, left), 0
    nodes: dict[int, list[tuple[int, int]]] = {}
    for entry in srat:
        nodes.setdefault(entry.node, []).append((entry.start, entry.end))
    for node, ranges in sorted(nodes.items()):
        own = canonical(ranges)
        if any(touches(kept, start, end) for start, end in own):
            continue
        own = tuple(pair for start, end in own for pair in clip(ram, start, end))
        size, pieces = sum(end - start for start, end in own), pieces + len(own)
        if pieces > MOST_RANGES:
            return
        taker = next((item for item in operations if item.takes_ram and touches(own, item.start, item.end)), None)
        if size >= PAGE_SIZE and taker is not None:
            message = f"This takes all memory of node {node}, {format_size(size)}: the node has none left."
            limit = taker.argument.name == "mem"  # which leaves out what it says
            yield _warn(taker, message, "" if limit else "node-emptied")


def _too_many(
    given: tuple[Argument, ...], operations: tuple[MapOperation, ...], version: Version | None
) -> Iterator[ArgumentNote]:
    if not kaslr_on(given, version):
        return
    regions = [item for item in operations if item.argument.name == "memmap" and item.action is not Action.KEEP]
    avoided = avoidance(given)
    overlooked = next((item for item in regions if item.argument.text in avoided.overlooked), None)
    if avoided.stays:
        yield _warn(
            regions[AVOIDED_REGIONS],
            f"KASLR avoids {AVOIDED_REGIONS} memmap= regions; with {counted(len(regions), 'region')} the kernel is not"
            " moved in physical memory.",
            "kaslr-off",
        )
    elif overlooked is not None:
        yield _warn(
            overlooked,
            f"KASLR avoids the first {AVOIDED_REGIONS} memmap= regions and may move the kernel into this one, which"
            " then stays RAM: write all regions in one memmap=, or add nokaslr.",
            "kaslr-overlooks",
        )


def _warn(operation: MapOperation, message: str, code: str, instead: str = "") -> ArgumentNote:
    return ArgumentNote("warning", message, operation.column, len(operation.text), code, instead)
