"""The picture beside a link in chats and trackers: verdict, headline, facts and bars, to be read at half its size.

┌─────────────────────────────────────────────┐
│ danger                             pfnscope │
│ On 4.17, nothing writes the struct pages    │  up to three lines
│ of [0xbffd7, 0xc0000) · 164 KiB · …         │
│ Linux 4.17.0 · x86_64 · 2 nodes · 7 GiB RAM │
│ Nodes   |   node 0   |        |   node 1  | │
│ Holes                |xx|                   │
└─────────────────────────────────────────────┘
"""

from collections.abc import Sequence
from html import escape

import msgspec

from pfnscope.drawing import axis as axes
from pfnscope.drawing import palette, svg
from pfnscope.drawing.lanes import Lane, family_of, map_lane
from pfnscope.drawing.scene import Scene
from pfnscope.model.analysis import Severity
from pfnscope.words import printable

WIDTH, HEIGHT = 1200, 630
_EDGE = 44
_ROOM = WIDTH - 2 * _EDGE
_SIZES = (42, 37, 33)
"""Pixels of the headline's letters: the first at which it fits, else the last."""
_MOST_LINES = 3
_FACTS, _NAMES = 25, 22
_REGULAR = 0.84
"""Width of letters beside bold ones."""
_PLOT = 230
"""Where the bars begin; the names of the lanes are in front."""
_LARGEST = 1.75
"""How many times as large as on the page the bars are at most."""
_MOST_ZONE_LANES = 2
_NARROW = frozenset("fijlrtI.,:;'|!()[]/- ·“”")
_STYLE = """
.tag { font-size: 27px; font-weight: 700; fill: var(--card) } .brand { font-size: 27px; font-weight: 700 }
.head { font-weight: 700 } .facts { font-size: 25px } .lane { font-size: 22px; fill: var(--dim) }
"""


class Card(msgspec.Struct, frozen=True):
    """What a picture says beside the bars: the ``verdict`` in a word or two, its ``tone``, a sentence, facts."""

    verdict: str
    tone: Severity
    headline: str
    facts: tuple[str, ...]


def draw(scene: Scene, card: Card) -> str:
    """The picture as a standalone SVG file, :data:`WIDTH` by :data:`HEIGHT` pixels."""
    tone = palette.TONES[card.tone]
    size, lines = _headline(card.headline)
    step = round(size * 1.22)
    top = 112 + size
    foot = top + step * (len(lines) - 1) + 34
    head = "".join(
        f'<text x="{_EDGE}" y="{top + step * i}" class="head" style="font-size:{size}px;fill:{tone.ink}">{_text(line)}'
        "</text>"
        for i, line in enumerate(lines)
    )
    facts = _wrapped(" · ".join(card.facts), round(_FACTS * _REGULAR), 1)
    pill = round(_width(card.verdict) * 27) + 36
    content = (
        f'<rect width="{WIDTH}" height="{foot}" fill="{tone.ground}"/>'
        f'<rect width="{WIDTH}" height="12" fill="{tone.ink}"/>'
        f'<rect x="{_EDGE}" y="40" width="{pill}" height="46" rx="23" fill="{tone.ink}"/>'
        f'<text x="{_EDGE + pill / 2}" y="72" text-anchor="middle" class="tag">{_text(card.verdict)}</text>'
        f'<text x="{WIDTH - _EDGE}" y="72" text-anchor="end" class="brand">pfnscope</text>{head}'
        f'<text x="{_EDGE}" y="{foot + 44}" class="facts">{_text("".join(facts))}</text>{_bars(scene, foot + 62)}'
    )
    return svg.standalone(HEIGHT, printable(card.headline), content, _STYLE)


def _bars(scene: Scene, top: int) -> str:
    """The lanes below ``top``, as large as there is room for, with their names in front."""
    lanes = _lanes(scene)
    if not lanes:
        return ""
    shown = msgspec.structs.replace(scene, lanes=lanes, marks=())
    scale = min(_LARGEST, (HEIGHT - top - 16) / svg.height(len(lanes)))
    bottoms = [top + scale * svg.middle(row) + _NAMES / 3 for row in range(len(lanes))]
    names = "".join(
        f'<text x="{_EDGE}" y="{bottom:.1f}" class="lane">{_text(lane.title)}</text>'
        for bottom, lane in zip(bottoms, lanes, strict=True)
    )
    bars = svg.bars(shown, axes.schematic(lanes), int((WIDTH - _EDGE - _PLOT) / scale))
    return f'{names}<g transform="translate({_PLOT} {top}) scale({scale:.3f})">{bars}</g>'


def _lanes(scene: Scene) -> tuple[Lane, ...]:
    """The map in force, nodes, zones, struct pages and holes; no zones where those of many nodes overlap."""
    zones = [lane for lane in scene.lanes if family_of(lane.key) == "zones"]
    ground = map_lane(scene.lanes)
    core = [lane for lane in scene.lanes if lane.core and (len(zones) <= _MOST_ZONE_LANES or lane not in zones)]
    return (ground, *core) if ground else tuple(core)


def _headline(text: str) -> tuple[int, list[str]]:
    for size in _SIZES:
        lines = _wrapped(text, size, _MOST_LINES + 1)
        if len(lines) <= _MOST_LINES:
            return size, lines
    return _SIZES[-1], _wrapped(text, _SIZES[-1], _MOST_LINES)


def _wrapped(text: str, size: int, most: int) -> list[str]:
    """The text in at most so many lines of :data:`_ROOM` pixels, its end as … where it has more."""
    room = _ROOM / size
    lines: list[str] = []
    rest = " ".join(text[:_LONGEST].split())
    while rest and len(lines) < most:
        line = rest[: _fitting(rest, room)]
        if len(line) < len(rest) and rest[len(line)] != " " and " " in line:
            line = line.rpartition(" ")[0]
        lines.append(line.rstrip())
        rest = rest[len(line) :].lstrip()
    if rest:
        last = lines[-1]
        lines[-1] = f"{last[: _fitting(last, room - _width('…'))].rstrip()}…"
    return lines


_LONGEST = 600
"""Characters that are looked at: more never fit."""


def _fitting(text: str, room: float) -> int:
    """How many characters fit, one at least."""
    taken = 0.0
    for count, char in enumerate(text):
        taken += _advance(char)
        if taken > room:
            return max(count, 1)
    return len(text)


def _width(text: Sequence[str]) -> float:
    return sum(map(_advance, text))


def _advance(char: str) -> float:
    """At least the width of a character in DejaVu Sans Bold, in parts of the font's size."""
    if char in _NARROW:
        return 0.5
    if char in "mwMW@%—…→" or ord(char) >= _WIDE_FROM:
        return 1.11
    return 0.86 if char.isupper() else 0.73


_WIDE_FROM = 0x1100
"""From here on are letters of other scripts as wide as they are high, which are drawn as boxes."""


def _text(text: str) -> str:
    return escape(printable(text), quote=False)
