"""Where a reservation lies or can go, in words: the sentence with the argument to write, and each range of memory."""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from pfnscope.kernel.boot_loaders import quoting
from pfnscope.kernel.placeable import PlacedKind
from pfnscope.model.analysis import Severity
from pfnscope.model.answers import ELSEWHERE, BadAddress, Obstacle, OtherForm, Placement, Placements
from pfnscope.model.document import Document
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.report.words import release_words
from pfnscope.units import GIB, MIB, argument_size, format_size
from pfnscope.words import counted, plural


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

TONES: dict[str | None, Severity] = {"fits": "none", "may-fail": "caution", "fails": "danger", None: "caution"}
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


def title(places: Placements) -> str:
    """What the ranges of an answer are."""
    if places.what == "gigantic":
        return "What each node gives, and what it does not"
    if places.what == "bad":
        return "Taken out of use"
    if places.outcome == "fails":
        if any(item.safe and item.part == ELSEWHERE for item in places.placements):
            return "Where it would fit"
        return (
            "Where it fits, and where not" if any(item.safe for item in places.placements) else "Where it does not fit"
        )
    return "Where it lands"


def likely(places: Placements) -> list[Placement]:
    """Of each part that can lie in several places the likeliest: the first that is named, if it is one start."""
    firsts: dict[tuple[str, int | None], Placement] = {}
    for item in places.placements:
        if item.safe and not item.certain and item.part != ELSEWHERE:
            firsts.setdefault((item.part, item.node), item)
    if places.what in ("bad", "gigantic"):
        return []
    counts = _counts(places)
    return [item for key, item in firsts.items() if item.end - item.start <= places.align and counts[key] > 1]


def reach(item: Placement, places: Placements) -> ByteRange:
    """All memory that a part of a reservation takes, from its first start to its last; of what does not fit, starts."""
    if places.what == "bad":
        return ByteRange(item.start, item.start + (item.size or item.end - item.start))
    if not item.safe:
        return item.range
    return ByteRange(item.start, max(item.start, item.end - places.align) + (item.size or places.size))


def rows(places: Placements, document: Document, most: int) -> list[Row]:
    """The first ranges of an answer that is no memmap= region of its own, on the machine of the document."""
    counts, first = _counts(places), likely(places)
    return [_row(item, places, document, counts, item in first) for item in places.placements[:most]]


def _row(item: Placement, places: Placements, document: Document, counts: "_Counts", likeliest: bool) -> Row:
    memory = reach(item, places)
    size = item.size or (memory.size if places.what == "bad" else places.size)
    first, end = address_words(memory.start), address_words(memory.end)
    if not item.safe and places.what != "bad":
        where = f"{first} to {end}"
    elif places.what == "gigantic":
        where = f"{counted(memory.size // places.size, 'page')} at {first}"
    else:
        where = f"{format_size(size)} at {first}" if memory.size <= size else f"{format_size(size)} in {first} to {end}"
    return Row(
        part=part_words(item),
        memory=memory,
        size=where,
        home=home(memory, document),
        fits=item.safe,
        how=_how(item, places, counts[item.part, item.node], likeliest),
        severity=_severity(item, places),
        obstacles=item.blocked_by,
        lines=item.lines,
    )


def row_words(row: Row) -> str:
    """What is there: the part, how certain it is, and the names of what is in the way where nothing fits."""
    names = "" if row.fits else ", ".join(dict.fromkeys(item.name for item in row.obstacles))
    return ", ".join(filter(None, (row.part, row.how))) + (f": {names}" if names else "")


def obstacle_size(item: Obstacle) -> str:
    """How large it is and where, in words."""
    return f"{format_size(item.end - item.start)} at {address_words(item.start)}"


def address_words(address: int) -> str:
    """An address as a size that people know: ``4 GiB``, ``2,544 MiB``, ``3.18 GiB``."""
    if address % MIB == 0 and address % GIB and address < 64 * GIB:
        return f"{address // MIB:,} MiB"
    return format_size(address)


def _severity(item: Placement, places: Placements) -> Severity:
    if item.safe:
        return "none" if item.certain else "caution"
    return "danger" if places.outcome == "fails" else "info"


def _how(item: Placement, places: Placements, count: int, likeliest: bool) -> str:
    if places.what == "gigantic":
        return ("given" if item.certain else "perhaps given") if item.safe else "not given"
    if places.what == "bad":
        return "taken out" if item.safe else "not safe"
    if item.part == ELSEWHERE:
        return ("free" if item.certain else "free as far as lines tell") if item.safe else "not free"
    if not item.safe or item.certain:
        return "certain" if item.safe else "not here"
    words = "not certain" if count < 2 else f"one of {count:,} places" if count <= _COUNTED else "one of many places"
    return f"most likely, {words}" if likeliest else words


_Counts = Counter[tuple[str, int | None]]


def _counts(places: Placements) -> _Counts:
    """Among how many starts the one is that the kernel takes, by part and node."""
    out: _Counts = Counter()
    for item in places.placements:
        if item.safe and not item.certain:
            out[item.part, item.node] += -(-(item.end - item.start) // places.align)
    return out


_COUNTED = 1000


def part_words(item: Placement) -> str:
    """The part of a reservation that lies there; empty for all of it."""
    return f"{item.part} part" if item.part not in ("", ELSEWHERE) else ""


_MOST_NODES = 8


def home(memory: ByteRange, document: Document) -> str:
    """The nodes and zones that some memory lies in: ``node 0, DMA32``; of many nodes the first."""
    size = document.kernel.page_size
    nodes = {item.node for item in document.node_ranges if _meet(item.range, memory)}
    zones = [
        span.zone
        for span in sorted(document.zone_spans, key=lambda span: span.start_pfn)
        if _meet(ByteRange(span.start_pfn * size, span.end_pfn * size), memory) and (not nodes or span.node in nodes)
    ]
    first = ", ".join(map(str, sorted(nodes)[:_MOST_NODES])) + (", …" if len(nodes) > _MOST_NODES else "")
    words = [f"{plural(len(nodes), 'node')} {first}"] if nodes else []
    return ", ".join((*words, *(dict.fromkeys(zones))))


def _meet(one: ByteRange, other: ByteRange) -> bool:
    return one.start < other.end and other.start < one.end


def obstacles(places: Placements) -> list[Obstacle]:
    """What is in the way of any part, each once, from the lowest address on."""
    every = {item for placement in places.placements for item in placement.blocked_by}
    return sorted(every, key=lambda item: (item.start, item.end, item.name))


def writing(places: Placements) -> tuple[str, str]:
    """The argument to write, and how boot loaders want it; empty where there is none, or they take it as it is.

    What the other forms say is not said twice: the argument itself, and how it is quoted. Nor is one that may fail to
    be written where others fit.
    """
    argument, others = places.command_line or "", [item.command_line for item in places.other_forms]
    if "$" not in argument and (argument in others or (others and places.outcome == "may-fail")):
        return "", ""
    quoted = "" if any(r"\$" in other for other in others) else quoting(argument)
    return argument, f"{quoted[:1].upper()}{quoted[1:]}." if quoted else ""


def others_title(places: Placements) -> str:
    """What the other forms are."""
    return "What else there is" if places.what == "bad" or places.outcome == "fits" else "What fits instead"


def other_words(item: OtherForm) -> str:
    """What another argument would do."""
    known = item.start is None or str(item.start) in item.text
    where = "" if known else f"begins at {item.start} ({address_words(item.start or 0)})"
    return "; ".join(filter(None, (item.text.rstrip("."), where)))


def bad_words(item: BadAddress) -> str:
    """What lies at an address that was given as bad."""
    return item.where if item.region is None else f"{item.where}, covered by the region at {item.region}"
