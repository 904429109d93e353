"""Where a reservation lies or can go, in words: the sentence with the argument to write, and each range of memory."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from pfnscope.kernel.boot_loaders import quoting
from pfnscope.kernel.placeable import PlacedKind
from pfnscope.model.analysis import Severity
from pfnscope.model.answers import BadAddress, NodePages, Obstacle, OtherForm, Placement, Placements
from pfnscope.model.document import Document
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.report.words import release_words
from pfnscope.units import GIB, MIB, argument_size, format_size
from pfnscope.words import counted


class Advice(Struct, frozen=True):
    """``sentence`` is ``before``, ``argument``, ``after``. ``argument`` is empty where none is to be written."""

    before: str
    argument: str
    after: str

    @property
    def sentence(self) -> str:
        """The three as one text."""
        return f"{self.before}{self.argument}{self.after}"


def advice(places: Placements, version: Sequence[int] | None) -> Advice:
    """What to write for a memmap= region, in place of an argument where one has to go elsewhere, or why nothing.

    ``version`` is the release that the layout of the places is on.
    """
    on = f" on {release_words(version)}" if version else ""
    if places.command_line is None or places.start is None:
        return Advice(_nothing(places, on), "", "")
    others = next((item.dangerous_on for item in places.placements if item.start <= places.start < item.end), ())
    outcome = f"no danger{on}, but one on {', '.join(others)}" if others else "no danger on any release"
    if places.command_line == places.move:
        return Advice("", places.move, f" can stay: {outcome}.")
    return Advice("Use ", places.command_line, f": {outcome}.")


def _nothing(places: Placements, on: str) -> str:
    what = places.move or f"memmap={argument_size(places.size)}{places.kind}START"
    if not places.placements:
        why = f"no memory holds {format_size(places.size)} whole"
    elif places.safe:
        why = "none of the starts that the simulator tried is without danger"
    else:
        why = "none is safe"
    return f"No place for {what}{on}: {why}."


def summary(places: Placements, version: Sequence[int] | None) -> str:
    """The answer in one sentence."""
    return places.text or advice(places, version).sentence


SUBJECTS: Mapping[PlacedKind, str] = {
    "memmap": "memmap= region",
    "crashkernel": "crash kernel",
    "gigantic": "1 GiB pages",
    "cma": "CMA",
    "reserve_mem": "reserve_mem",
    "hugetlb_cma": "hugetlb_cma",
    "bad": "bad memory",
}
"""What is placed, as labels of bars and choices of a form call it."""

TONES: dict[str | None, Severity] = {"fits": "none", "may-fail": "caution", "fails": "danger", None: "none"}
"""How bad an outcome is."""


class Row(Struct, frozen=True):
    """A range of memory of an answer. ``how`` says whether it ``fits`` there, ``severity`` how bad that is.

    ``memory`` is all that it can take, in hexadecimal, ``size`` how much of it and from where in words, ``home`` node
    and zone. ``obstacles`` are in the way.
    """

    part: str
    memory: ByteRange
    size: str
    home: str
    fits: bool
    how: str
    severity: Severity
    obstacles: tuple[Obstacle, ...]
    lines: Lines


def reach(item: Placement, places: Placements) -> ByteRange:
    """All memory that a part of a reservation takes from its first start to its last."""
    size = item.size or (item.end - item.start if places.what == "bad" else places.size)
    return ByteRange(item.start, max(item.start, item.end - places.align) + size)


def rows(places: Placements, document: Document) -> list[Row]:
    """The ranges of an answer that is no memmap= region of its own, on the machine of the document."""
    return [_row(item, places, document) for item in places.placements]


def _row(item: Placement, places: Placements, document: Document) -> Row:
    memory = reach(item, places)
    size = item.size or (memory.size if places.what in ("bad", "gigantic") else places.size)
    first, end = address_words(memory.start), address_words(memory.end)
    where = f"at {first}" if memory.size <= size else f"in {first} to {end}"
    return Row(
        part=f"{item.part} part" if item.part else "",
        memory=memory,
        size=f"{format_size(size)} {where}",
        home=home(memory, document),
        fits=item.safe,
        how=_how(item, places),
        severity=_severity(item, places),
        obstacles=item.blocked_by,
        lines=item.lines,
    )


def address_words(address: int) -> str:
    """An address as a size that people know: ``4 GiB``, ``2,544 MiB``, ``3.18 GiB``."""
    if address % MIB == 0 and address % GIB and address < 64 * GIB:
        return f"{address // MIB:,} MiB"
    return format_size(address)


def _severity(item: Placement, places: Placements) -> Severity:
    if item.safe:
        return "none" if item.certain else "caution"
    return "danger" if places.outcome == "fails" else "info"


def _how(item: Placement, places: Placements) -> str:
    if places.what == "gigantic":
        return ("given" if item.certain else "given with luck") if item.safe else "not given"
    if places.what == "bad":
        return "taken out" if item.safe else "not safe"
    if not item.safe:
        return "not here"
    return "certain" if item.certain else _one_of(item, places)


def _one_of(item: Placement, places: Placements) -> str:
    """Among how many starts the one is that the kernel takes."""
    rivals = [other for other in places.placements if other.safe and not other.certain and other.part == item.part]
    count = sum(-(-(other.end - other.start) // places.align) for other in rivals)
    return "not certain" if count < 2 else f"one of {count:,} places" if count <= _COUNTED else "one of many places"


_COUNTED = 1000


def home(memory: ByteRange, document: Document) -> str:
    """The nodes and zones that some memory lies in: ``node 0, DMA32``."""
    size = document.kernel.page_size
    nodes = sorted({item.node for item in document.node_ranges if _meet(item.range, memory)})
    zones = [
        span.zone
        for span in sorted(document.zone_spans, key=lambda span: span.start_pfn)
        if _meet(ByteRange(span.start_pfn * size, span.end_pfn * size), memory) and (not nodes or span.node in nodes)
    ]
    words = [f"{'node' if len(nodes) == 1 else 'nodes'} {', '.join(map(str, nodes))}"] if nodes else []
    return ", ".join((*words, *(dict.fromkeys(zones))))


def _meet(one: ByteRange, other: ByteRange) -> bool:
    return one.start < other.end and other.start < one.end


def obstacles(places: Placements) -> list[Obstacle]:
    """What is in the way of any part, each once, from the lowest address on."""
    every = {item for placement in places.placements for item in placement.blocked_by}
    return sorted(every, key=lambda item: (item.start, item.end, item.name))


def writing(places: Placements) -> tuple[str, str]:
    """The argument to write, and how boot loaders want it; empty where there is none, or they take it as it is."""
    argument = places.command_line or ""
    quoted = quoting(argument)
    return argument, f"{quoted[:1].upper()}{quoted[1:]}." if quoted else ""


def node_words(item: NodePages) -> str:
    """What one node can give."""
    more = f", {item.at_most:,} with luck" if item.at_most > item.pages else ""
    return f"node {item.node}: {counted(item.pages, 'page')} of 1 GiB{more}"


def cost_words(places: Placements) -> str:
    """What it costs; empty where it costs no RAM that is known."""
    return "" if places.cost is None else f"This gives up {format_size(places.cost)} of RAM."


def outside_words(places: Placements) -> str:
    """How many addresses need nothing; empty where all are in RAM."""
    count, of = sum(item.region is None for item in places.addresses), len(places.addresses)
    if not count:
        return ""
    return f"Of {of:,} addresses {count:,} {'is' if count == 1 else 'are'} in no RAM: nothing has to be done there."


def other_words(item: OtherForm) -> str:
    """What another argument would do."""
    where = "" if item.start is None else f"begins at {item.start} ({address_words(item.start)})"
    return "; ".join(filter(None, (item.text.rstrip("."), where)))


def bad_words(item: BadAddress) -> str:
    """What lies at an address that was given as bad."""
    return item.where if item.region is None else f"{item.where}, covered by the region at {item.region}"
