"""Where a reservation of the command line lies or could lie on the machine of a log."""

from collections.abc import Callable, Mapping

import msgspec

from pfnscope.analysis import Analysis
from pfnscope.analysis.moving import kind_of, region_text, rewritten, safe_starts
from pfnscope.analysis.places.bad_ram import bad_ram
from pfnscope.analysis.places.cma import cma, hugetlb_cma
from pfnscope.analysis.places.crash_kernel import crash_kernel
from pfnscope.analysis.places.gigantic import gigantic
from pfnscope.analysis.places.memmap import placements
from pfnscope.analysis.places.reserve_mem import reserve_mem
from pfnscope.analysis.whatif import what_if
from pfnscope.bootlog import read
from pfnscope.findings.trials import MOST_BOOTS, Trials
from pfnscope.kernel.architectures import X86
from pfnscope.kernel.map_arguments import MapOperation
from pfnscope.kernel.placeable import PlacedKind
from pfnscope.kernel.placeable import placeable as placeable_on
from pfnscope.kernel.region_kinds import Kind
from pfnscope.model.answers import Placements
from pfnscope.model.document import Document
from pfnscope.model.ranges import Address
from pfnscope.report.build import document
from pfnscope.service.analyzing import DEFAULTS, Options, judged
from pfnscope.service.errors import BadOption, CannotSimulate
from pfnscope.simulation import NotSimulated, own_command_line
from pfnscope.units import GIB, MIB, argument_size, parse_size
from pfnscope.words import shortened


class Reservation(msgspec.Struct, frozen=True):
    """What is to be placed; one of its kinds.

    A memmap= region of ``size`` such as ``1G``, or that of ``move``, an argument of the command line; its start is to
    be a multiple of ``align``, by default of a section. Or what stands behind ``crashkernel=``, ``cma=``,
    ``reserve_mem=`` or ``hugetlb_cma=``; ``gigantic`` pages, on one ``node`` or on all; ``bad`` addresses, as many
    texts as there are.
    """

    size: str = ""
    kind: Kind = "!"
    align: str | None = None
    move: str = ""
    crashkernel: str = ""
    cma: str = ""
    reserve_mem: str = ""
    hugetlb_cma: str = ""
    gigantic: bool = False
    node: int | None = None
    bad: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The fields that say what is to be placed, as far as they say anything: one, if it is to be answered."""
        return tuple(name for name in KINDS if getattr(self, name))

    @property
    def argument(self) -> str:
        """How an argument that places a memmap= region of this size begins: ``memmap=1G!``."""
        return f"memmap={self.size}{self.kind}"


KINDS = ("size", "move", "crashkernel", "cma", "reserve_mem", "hugetlb_cma", "gigantic", "bad")
NOTHING = Reservation()


def place(text: bytes, reservation: Reservation, options: Options = DEFAULTS) -> Placements:
    """Where a reservation lies or can go.

    Raises what :func:`pfnscope.service.analyze` raises, BadOption for sizes that cannot be read and arguments that are
    not there, and CannotSimulate where the text does not tell memory, nodes and zones, or what an argument took.
    """
    return placed(judged(read(text), options), reservation)[1]


def placed_beside(text: bytes, reservation: Reservation, options: Options = DEFAULTS) -> tuple[Document, Placements]:
    """The same, behind the document of the layout that the places are in."""
    analysis, places = placed(judged(read(text), options), reservation)
    return document(analysis), places


def placed(analysis: Analysis, reservation: Reservation) -> tuple[Analysis, Placements]:
    """The same for a log that is analysed already, behind the analysis of that layout.

    Of more than :data:`MOST_LISTED` placements or addresses the others are counted.
    """
    layout, places = _placed(analysis, reservation)
    left_out = sum(max(0, len(items) - MOST_LISTED) for items in (places.placements, places.addresses))
    if not left_out:
        return layout, places
    return layout, msgspec.structs.replace(
        places,
        placements=places.placements[:MOST_LISTED],
        addresses=places.addresses[:MOST_LISTED],
        left_out=left_out,
    )


MOST_LISTED = 4_000
"""Placements and addresses of an answer: some MB of JSON at most, and more than any machine has."""


def _placed(analysis: Analysis, reservation: Reservation) -> tuple[Analysis, Placements]:
    kinds = reservation.kinds
    if set(kinds) == {"size", "move"}:
        raise BadOption("An argument that moves keeps its size; give one of both.")
    if len(kinds) > 1:
        raise BadOption(f"One thing is placed at a time; here are {' and '.join(kinds)}.")
    if reservation.move:
        return moved(analysis, reservation.move, reservation.align)
    answer = _BY_KIND.get("".join(kinds))
    if answer is None:
        return analysis, place_in(analysis, reservation.size, reservation.kind, reservation.align)
    try:
        return analysis, answer(analysis, reservation)
    except NotSimulated as error:
        raise CannotSimulate(str(error)) from error
    except ValueError as error:
        raise BadOption(str(error)) from error


_BY_KIND: Mapping[str, Callable[[Analysis, Reservation], Placements]] = {
    "crashkernel": lambda analysis, reservation: crash_kernel(analysis, reservation.crashkernel),
    "cma": lambda analysis, reservation: cma(analysis, reservation.cma),
    "reserve_mem": lambda analysis, reservation: reserve_mem(analysis, reservation.reserve_mem),
    "hugetlb_cma": lambda analysis, reservation: hugetlb_cma(analysis, reservation.hugetlb_cma),
    "gigantic": lambda analysis, reservation: gigantic(analysis, reservation.node),
    "bad": lambda analysis, reservation: bad_ram(analysis, reservation.bad),
}
"""Who answers for each kind that is no region of its own."""


def moved(analysis: Analysis, argument: str, align: str | None) -> tuple[Analysis, Placements]:
    """The places on the machine without the region of an argument, and the argument with the most fitting of them."""
    line = own_command_line(analysis.booted_from)
    try:
        operation, kind = _region_of(analysis, argument)
        without, _ = what_if(analysis, rewritten(line, operation, "").command_line)
    except NotSimulated as error:
        raise CannotSimulate(str(error)) from error
    places = place_in(without, argument_size(operation.end - operation.start), kind, align)
    trials = Trials(without, boots=MOST_BOOTS)
    for start in safe_starts(places.placements, operation.start, places.align):
        moved = rewritten(line, operation, region_text(operation, kind, start))
        if trials.helps(moved.command_line):
            text = operation.argument.text if start == operation.start else moved.argument
            return without, msgspec.structs.replace(
                places, move=operation.argument.text, command_line=text, start=Address(start)
            )
    return without, msgspec.structs.replace(places, move=operation.argument.text)


def _region_of(analysis: Analysis, argument: str) -> tuple[MapOperation, Kind]:
    """The region that an argument asks for, one of a list where it is named alone: ``memmap=1G!4G`` or ``1G!4G``."""
    regions = [(item, kind_of(item)) for item in analysis.machine.as_analysed().own.operations]
    known = [(item, kind) for item, kind in regions if kind is not None]
    for item, kind in known:
        if argument in (item.argument.text, item.text, f"memmap={item.text}"):
            return item, kind
    names = ", ".join(dict.fromkeys(item.argument.text for item, _ in known))
    has = f"those that can be moved are {names}" if names else "it has no memmap= region that could be moved"
    raise BadOption(f"The command line has no region {shortened(argument, 200)!r}; {has}.")


def place_in(analysis: Analysis, size: str, kind: Kind = "!", align: str | None = None) -> Placements:
    """The places of a region of a size in the layout of an analysis. Raises as :func:`place` does."""
    layout = analysis.layout
    region = _bytes(size, layout.page_size)
    step = _bytes(align, layout.page_size) if align else layout.section_size or 128 * MIB
    if not layout.memory or not layout.zone_spans:
        raise CannotSimulate("the text has no node ranges, so where memory can be taken is not known")
    if layout.arch not in X86:
        raise CannotSimulate(f"memmap= regions exist on x86 only, not on {layout.arch or 'an unknown architecture'}")
    if "numa=fake" in (analysis.log.command_line or ""):
        raise CannotSimulate("with numa=fake= the nodes depend on how much memory there is; simulate one place instead")
    return Placements(
        size=region,
        align=step,
        kind=kind,
        release=analysis.release.text if analysis.release else None,
        assumed=tuple(name for name, _ in analysis.assumed),
        placements=placements(analysis, region // layout.page_size, kind, step // layout.page_size),
    )


def placeable(document: Document) -> tuple[PlacedKind, ...]:
    """What a layout can be asked about: what its kernel knows, where memory, nodes and zones are known."""
    if not document.node_ranges or not document.zone_spans:
        return ()
    version = document.kernel.version
    major, minor, patch = (*(version or ()), 0, 0, 0)[:3]
    return placeable_on(document.kernel.arch, (major, minor, patch) if version else None, document.kernel.page_size)


def _bytes(text: str, page_size: int) -> int:
    size = parse_size(text)
    if not size or size % page_size or size >= 1 << 64:
        raise BadOption(f"{shortened(text)!r} is no size; give whole pages, such as 1G, 128M or 0x40000000.")
    return size


_PREFERRED_START = 4 * GIB
"""Where a region goes that could go anywhere: near the lowest memory that no 32-bit device reaches."""


def with_start(analysis: Analysis, places: Placements) -> Placements:
    """The places of a new region with the argument for the most fitting start, booted where this can be done."""
    trials = Trials(analysis, boots=MOST_BOOTS)
    for start in safe_starts(places.placements, _PREFERRED_START, places.align):
        argument = f"memmap={argument_size(places.size)}{places.kind}{argument_size(start)}"
        if trials.why_not or trials.helps(f"{trials.command_line} {argument}".strip()):
            return msgspec.structs.replace(places, command_line=argument, start=Address(start))
    return places
