"""The lanes of where a reservation lies or can go, above those of the machine.

Possible starts  |   safe   |unsafe|      safe       |    of a memmap= region
Lands at                          |crash kernel|         of what the kernel places itself, where that is certain
May land at             |   |                            where it is not
In the way       |kernel image|
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from pfnscope.drawing.lanes import Bar, Lane
from pfnscope.model.answers import ELSEWHERE, Obstacle, Placement, Placements
from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet
from pfnscope.report.placed import SUBJECTS, likely, obstacles, part_words, reach
from pfnscope.report.words import pages_words, place_words
from pfnscope.units import argument_size, format_size

ROWS = {
    "places": "starts",
    "lands": "lands",
    "may-land": "may be",
    "free-starts": "starts",
    "gigantic": "huge",
    "bad": "bad",
    "obstacles": "in way",
    "obstacles-too": "also",
}
"""By the key of a lane of places its name in the bars in letters."""


def place_lanes(places: Placements, page_size: int) -> tuple[Lane, ...]:
    """Those that have something to show."""
    return tuple(lane for lane in _lanes(places, page_size) if lane.bars)


def _lanes(places: Placements, page_size: int) -> Iterator[Lane]:
    if places.what == "memmap":
        what = f"of memmap={argument_size(places.size)}{places.kind}"
        yield Lane("places", "Possible starts", what, tuple(_starts(places, page_size)))
        return
    elsewhere = [item for item in places.placements if item.part == ELSEWHERE]
    safe = [item for item in places.placements if item.safe and item.part != ELSEWHERE]
    if places.what == "gigantic":
        yield Lane("gigantic", f"{format_size(places.size)} pages", "at boot", tuple(_gigantic(places, page_size)))
    elif places.what == "bad":
        yield Lane("bad", "Taken out", "by memmap=", tuple(_bars(safe, places, page_size, "lands")))
    else:
        what = f"{format_size(places.size)} of {SUBJECTS[places.what]}"
        certain = (item for item in safe if item.certain)
        yield Lane("lands", "Lands at", what, tuple(_bars(certain, places, page_size, "lands")))
        possible = [item for item in safe if not item.certain]
        yield Lane(
            "may-land",
            "May land at",
            what,
            tuple(sorted(_possible(possible, places, page_size), key=lambda bar: bar.start_pfn)),
        )
        yield Lane("free-starts", "Possible starts", "of other arguments", tuple(_free_starts(elsewhere, page_size)))
    of = "of other places" if places.outcome == "fits" else "of what does not fit"
    first, others = _apart(obstacles(places))
    yield Lane("obstacles", "In the way", of, tuple(_obstacle(item, page_size) for item in first))
    yield Lane("obstacles-too", "In the way, too", of, tuple(_obstacle(item, page_size) for item in others))


def _starts(places: Placements, page_size: int) -> Iterator[Bar]:
    step = format_size(places.align)
    for item in places.placements:
        at = item.range.frames_inward(page_size)
        word = "safe" if item.safe else "unsafe"
        last = item.end - places.align
        span = f"start {item.start}" + ("" if item.start == last else f" to {last:#x} in steps of {step}")
        holes = sum(hole.pages for hole in item.holes)
        adds = f" · adds {pages_words(holes)} without memory" if holes else " · adds no hole"
        yield Bar(at.start, at.end, word, word, f"{place_words(at, page_size)} · {word} · {span}{adds}")


def _free_starts(items: Iterable[Placement], page_size: int) -> Iterator[Bar]:
    """Starts that an argument could name, and those at which something lies."""
    for item in sorted(items, key=lambda item: item.start):
        kind, word = ("may-land", "free") if item.safe else ("no-room", "not free")
        yield _bar(item.range, page_size, kind, word, item.lines)


def _gigantic(places: Placements, page_size: int) -> Iterator[Bar]:
    """Pages that a node gives, those that it may give, and those that something forbids."""
    looks = (("no-room", "not given"), ("may-land", "perhaps given"), ("lands", "given"))
    for item in sorted(places.placements, key=lambda item: item.start):
        kind, word = looks[item.safe + (item.safe and item.certain)]
        yield _bar(reach(item, places), page_size, kind, word, item.lines)


def _bars(items: Iterable[Placement], places: Placements, page_size: int, kind: str) -> Iterator[Bar]:
    for item in sorted(items, key=lambda item: item.start):
        yield _bar(reach(item, places), page_size, kind, part_words(item) or SUBJECTS[places.what], item.lines)


def _possible(items: Iterable[Placement], places: Placements, page_size: int) -> Iterator[Bar]:
    """The memory of the likeliest place, and all that one of the others takes, where they overlap as one bar."""
    label = "or here" if likely(places) else "perhaps"
    first = [(reach(item, places), item) for item in likely(places)]
    for memory, item in sorted(first, key=lambda pair: pair[0].start):
        part = part_words(item)
        yield _bar(memory, page_size, "lands", f"most likely ({part})" if part else "most likely", item.lines)
    known = FrameSet.of(memory.frames_outward(page_size) for memory, _ in first)
    for frames in FrameSet.of(reach(item, places).frames_outward(page_size) for item in items) - known:
        yield _bar(ByteRange(*frames.in_bytes(page_size)), page_size, "may-land", label, ())


_LONGEST_NAME = 200  # characters of names together, after which no more are added
_MOST_LINES = 64


def _apart(every: Iterable[Obstacle]) -> tuple[list[Obstacle], list[Obstacle]]:
    """What is in the way in two rows without overlaps: small things first, and what lies over them; more as one."""
    first: list[Obstacle] = []
    over: list[Obstacle] = []
    for item in sorted(every, key=lambda item: (item.end - item.start, item.start)):
        at = bisect_left(first, item.start, key=lambda other: other.start)
        if (at and first[at - 1].end > item.start) or (at < len(first) and first[at].start < item.end):
            over.append(item)
        else:
            first.insert(at, item)
    joined: list[Obstacle] = []
    for item in sorted(over, key=lambda item: (item.start, item.end)):
        if joined and item.start < joined[-1].end:
            last = joined[-1]
            known = item.name in last.name or len(last.name) > _LONGEST_NAME
            name = last.name if known else f"{last.name}, {item.name}"
            joined[-1] = Obstacle(last.start, max(last.end, item.end), name, (last.lines + item.lines)[:_MOST_LINES])
        else:
            joined.append(item)
    return first, joined


def _obstacle(item: Obstacle, page_size: int) -> Bar:
    return _bar(item.range, page_size, "obstacle", item.name, item.lines)


def _bar(memory: ByteRange, page_size: int, kind: str, label: str, lines: tuple[int, ...]) -> Bar:
    at: FrameRange = memory.frames_outward(page_size)
    words = " · ".join(filter(None, (place_words(at, page_size), label)))
    return Bar(at.start, at.end, kind, label, words, lines)
