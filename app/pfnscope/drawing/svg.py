"""The drawing as SVG: a standalone file, its picture as PNG, and the same for the page with its own style sheet.

Inside the page the x positions are percentages, so that it is fluid while its text keeps its size; what
does not fit a narrow drawing has a class ``w480``… that the style sheet shows from that width on.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from html import escape

import msgspec

from pfnscope.drawing import axis as axes
from pfnscope.drawing import palette
from pfnscope.drawing.axis import Axes, Axis, AxisName, ticks
from pfnscope.drawing.breaks import breaks
from pfnscope.drawing.lanes import Bar, Lane
from pfnscope.drawing.scene import Mark, Scene, visible_marks
from pfnscope.drawing.view import WHOLE, View, shown
from pfnscope.model.ranges import FrameRange
from pfnscope.words import printable

TOP = 26
ROW = 31
GAP = 5
BAR = 22
"""Pixels: the band of tick labels, one lane with the gap above its bar, the gap, the bar."""
_MINI = (22, 23, 18)
"""TOP, ROW and BAR of the small drawing."""
_WIDTHS = range(240, 1201, 80)
"""Widths of the page's drawing from which on a label is shown; those of the ticks are among them."""
_PIXEL = 0.0008
_SHOUTING = ("danger", "uninitialised")
_NEVER = 10**9
ZOOM = 2
"""Pixels of the picture for one of the drawing, so that it is sharp on dense screens and slides."""
_FONTS = '"DejaVu Sans", "Liberation Sans", "Noto Sans", Arial, Helvetica, sans-serif'
_ZIGZAG = '<path d="M0 4.5L4 .5L8 4.5"/>'
_VARIABLE = re.compile(r"var\((--[a-z0-9-]+)\)")
_DEFINED = re.compile(r"(--[a-z0-9-]+):(#[0-9a-f]+)")


class Canvas(msgspec.Struct, frozen=True):
    """How positions and lengths of 0..1 are written, and how wide the drawing is where that is known.

    ``page_size`` is that of its frames, in bytes; ``top``, ``row`` and ``bar`` are pixels as TOP, ROW and BAR.
    """

    x: Callable[[float], str]
    length: Callable[[float], str]
    width: int | None
    page_size: int
    top: int = TOP
    row: int = ROW
    bar: int = BAR


def height(count: int) -> int:
    """Pixels that ``count`` lanes take."""
    return TOP + ROW * count + 6


def middle(row: int) -> float:
    """Pixels from the top to the middle of a lane's bars."""
    return TOP + ROW * row + GAP + BAR / 2


def _bottom(canvas: Canvas, count: int) -> int:
    return canvas.top + canvas.row * count + 6


def for_page(scene: Scene, axis: AxisName = "schematic", *, view: View = WHOLE, both_axes: Axes | None = None) -> str:
    """The drawing without lane names and styles, for embedding: the page has both.

    It shows what the ``view`` has of the axis and picks; ``both_axes`` are those of the scene,
    where they have been computed.
    """
    lanes = scene.lanes
    both_axes = both_axes or Axes(lanes)
    chosen = both_axes[axis]
    if view.start is not None and view.end is not None:
        chosen = chosen.within(view.start, view.end)
    percent = Canvas(lambda at: f"{at * 100:.4g}%", lambda at: f"{at * 100:.4g}%", None, scene.page_size)
    body = _drawing(scene, chosen, percent, both_axes) + _pick(view, chosen, percent, height(len(lanes)))
    return (
        f'<svg class="drawing" width="100%" height="{height(len(lanes))}" role="img" '
        f'aria-label="{_attribute(description(scene, axis))}">{patterns()}{body}</svg>'
    )


def mini(scene: Scene, axis: AxisName = "schematic", *, both_axes: Axes | None = None) -> str:
    """Struct pages and holes alone, for a narrow page's first screen; the page has the patterns already."""
    lanes = [lane for lane in scene.lanes if lane.key in ("pages", "holes")] or scene.lanes[-2:]
    small = msgspec.structs.replace(scene, lanes=tuple(lanes), marks=())
    both_axes = both_axes or Axes(scene.lanes)
    percent = Canvas(lambda at: f"{at * 100:.4g}%", lambda at: f"{at * 100:.4g}%", None, scene.page_size, *_MINI)
    body = _drawing(small, both_axes[axis], percent, Axes(lanes, *(both_axes[name] for name in ("schematic", "scale"))))
    return f'<svg width="100%" height="{_bottom(percent, len(lanes))}" aria-hidden="true">{body}</svg>'


def draw(scene: Scene, axis: AxisName = "schematic") -> str:
    """A standalone SVG file, 1200 pixels wide, light or dark by preference of whoever views it.

    Lanes that repeat others are left out, as on the page.
    """
    scene = shown(scene)
    lanes = scene.lanes
    names, plot, top = 170, 1000, 64
    both_axes = Axes(lanes)
    chosen = both_axes[axis]
    entries = legend(scene, both_axes, axis)
    total = top + height(len(lanes)) + 34 + 20 * ((len(entries) - 1) // 5)
    labels = "".join(
        f'<text x="20" y="{top + TOP + ROW * i + GAP + 9}" class="name">{_text(lane.title)}'
        f"{_side(lane)}</text>"
        f'<text x="20" y="{top + TOP + ROW * i + GAP + 22}" class="sub">{_text(lane.subtitle)}</text>'
        for i, lane in enumerate(lanes)
    )
    swatches = "".join(
        f'<g transform="translate({names + 200 * (i % 5)} {top + height(len(lanes)) + 8 + 20 * (i // 5)})">'
        f'<rect width="14" height="12" class="k-{kind}"/><text x="20" y="10" class="sub">'
        f"{_text(name)}</text></g>"
        for i, (kind, name) in enumerate(entries)
    )
    left_out = axes.beyond_words(lanes, chosen, scene.page_size)
    note = f" · {left_out} not drawn" if left_out else ""
    return standalone(
        total,
        scene.title,
        f'<text x="20" y="28" class="title">{_text(_clipped(scene.title, 140))}</text>'
        f'<text x="20" y="48" class="sub">{_text(f"{scene.subtitle} · {_AXIS_WORDS[axis]}{note}")}</text>'
        f'{labels}<g transform="translate({names} {top})">{bars(scene, chosen, plot)}</g>{swatches}',
    )


def bars(scene: Scene, axis: Axis, width: int) -> str:
    """The bars ``width`` pixels wide, without names, title and styles, for a drawing around them."""
    pixels = Canvas(lambda at: f"{at * width:.2f}", lambda at: f"{at * width:.2f}", width, scene.page_size)
    return _drawing(scene, axis, pixels, Axes(scene.lanes, axis))


def standalone(total: int, title: str, content: str, style: str = "") -> str:
    """An SVG file of 1200 by ``total`` pixels with all styles that :func:`bars` needs, and more ``style``."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 {total}" width="1200" height="{total}" role="img">'
        f"<title>{_text(title)}</title><style>{palette.style_sheet()}{_STYLE}{style}</style>"
        f'<rect width="1200" height="{total}" class="paper"/>{patterns()}{content}</svg>\n'
    )


def legend(scene: Scene, both_axes: Axes, axis: AxisName = "schematic") -> list[tuple[str, str]]:
    """Kind and name of what the drawing uses and does not itself label; of kinds that look alike, the first.

    Nodes and zones carry their names.
    """
    entries = palette.legend(bar.kind for lane in scene.lanes for bar in lane.bars)
    if breaks(both_axes[axis], both_axes["scale"]):
        entries.append(("broken", "over 100 times wider or narrower than to scale"))
    return entries


def _side(lane: Lane) -> str:
    return f' <tspan class="side">{_text(lane.side)}</tspan>' if lane.side else ""


def description(scene: Scene, axis: AxisName) -> str:
    """One sentence for those who do not see the drawing; the tables below it say the rest."""
    names = ", ".join(f"{lane.title} ({lane.side})" if lane.side else lane.title for lane in scene.lanes)
    return f"Address space, {_AXIS_WORDS[axis]}, lanes for {names}. {scene.title}"


_AXIS_WORDS = {"schematic": "schematic axis", "scale": "to scale"}
_STYLE = """
.paper { fill: var(--card) } text { font: 12px system-ui, sans-serif; fill: var(--ink) }
.title { font-size: 16px; font-weight: 650 } .name { font-size: 13px } .sub { font-size: 10.5px; fill: var(--dim) }
.tl { font: 11px ui-monospace, "DejaVu Sans Mono", monospace; fill: var(--dim) }
.tick { stroke: var(--line) } .minor { stroke: var(--line); stroke-opacity: .5 } .base { stroke: var(--line) }
.bar { stroke: var(--card); stroke-width: 1 }
.lb { paint-order: stroke; stroke: var(--card); stroke-width: 3.5px; stroke-opacity: .75; stroke-linejoin: round }
.frame { fill: var(--alarm); fill-opacity: .06; stroke: var(--alarm); stroke-dasharray: 4 3 }
.side { fill: var(--dim); font-style: italic } .apart { fill: var(--k-differs) }
.lb.alarm { fill: var(--alarm); font-weight: 650 } .sz { font-size: 10px; font-weight: 400 }
"""


def pattern_sheet() -> str:
    """The patterns alone, for a page whose drawings have none."""
    return f'<svg width="0" height="0" class="sheet" aria-hidden="true">{patterns()}</svg>'


def patterns() -> str:
    """The pattern definitions that the classes ``k-KIND`` refer to."""
    tiles = {
        "/": (6, '<path d="M-1 1L1 -1M0 6L6 0M5 7L7 5"/>'),
        "\\": (6, '<path d="M-1 5L1 7M0 0L6 6M5 -1L7 1"/>'),
        "x": (8, '<path d="M0 0L8 8M8 0L0 8"/>'),
        "-": (5, '<path d="M0 2.5H5"/>'),
        "|": (5, '<path d="M2.5 0V5"/>'),
        ".": (6, '<circle cx="3" cy="3" r="1"/>'),
    }
    out = []
    for kind, paint in palette.PAINTS.items():
        if paint.pattern:
            size, tile = tiles[paint.pattern]
            out.append(
                f'<pattern id="pat-{kind}" width="{size}" height="{size}" patternUnits="userSpaceOnUse">'
                f'<rect width="{size}" height="{size}"/>{tile}</pattern>'
            )
    out.append(f'<pattern id="pat-broken" width="8" height="5" patternUnits="userSpaceOnUse">{_ZIGZAG}</pattern>')
    return f"<defs>{''.join(out)}</defs>"


def _pick(view: View, axis: Axis, canvas: Canvas, bottom: int) -> str:
    """A frame through all lanes around what is picked, where it is in view."""
    if view.picked is None:
        return ""
    return _frame(view.picked, axis, canvas, f'y="{TOP - 4}" height="{bottom - TOP + 2}" class="pick"')


def _frame(at: FrameRange, axis: Axis, canvas: Canvas, rest: str) -> str:
    """A rectangle over page frames, nothing where they are not in view; ``rest`` are its other attributes."""
    left, right = axis.place(at.start), axis.place(at.end)
    return f'<rect x="{canvas.x(left)}" width="{_width(left, right, canvas)}" {rest}/>' if left < right else ""


def _width(left: float, right: float, canvas: Canvas) -> str:
    return canvas.length(right - left) if right - left > 3 * _PIXEL else "3"


def _drawing(scene: Scene, axis: Axis, canvas: Canvas, both_axes: Axes) -> str:
    lanes, boundaries = scene.lanes, both_axes.points
    bottom = _bottom(canvas, len(lanes))
    out = [_band(mark, axis, canvas) for mark in visible_marks(scene, axis, _PIXEL)]
    inside = boundaries[bisect_left(boundaries, axis.pfns[0]) : bisect_right(boundaries, axis.pfns[-1])]
    if len(inside) <= 40:
        out += [_vertical(axis.place(pfn), canvas.top, bottom, "minor", canvas) for pfn in inside]
    for tick in ticks(lanes, axis, scene.page_size, boundaries):
        if canvas.width is not None and tick.width > canvas.width:
            continue
        shown = f" w{tick.width}" if canvas.width is None else ""
        out.append(_vertical(tick.at, canvas.top - 7, bottom, f"tick{shown}", canvas))
        out.append(
            f'<text x="{canvas.x(tick.at)}" y="13" text-anchor="{tick.anchor}" class="tl{shown}">{tick.label}</text>'
        )
    for left, right in breaks(axis, both_axes["scale"]):
        place = f'x="{canvas.x(left)}" y="{canvas.top - canvas.top % 5 - 5}" width="{canvas.length(right - left)}"'
        out.append(f'<rect {place} height="5" class="k-broken"/>')
    for row, lane in enumerate(lanes):
        top = canvas.top + canvas.row * row + GAP
        middle = top + canvas.bar / 2
        out.append(f'<line x1="0" x2="{canvas.x(1)}" y1="{middle}" y2="{middle}" class="base"/>')
        for bar in axes.merged(lane.bars, axis, _PIXEL):
            out.append(_bar(bar, axis, canvas, top))
    out.append(_frames(scene, axis, canvas, bottom))
    return "".join(out)


def _vertical(at: float, top: float, bottom: float, style: str, canvas: Canvas) -> str:
    x = canvas.x(at)
    return f'<line x1="{x}" x2="{x}" y1="{top}" y2="{bottom}" class="{style}"/>'


def _bar(bar: Bar, axis: Axis, canvas: Canvas, top: float) -> str:
    left, right = axis.place(bar.start_pfn), axis.place(bar.end_pfn)
    share = right - left
    width = canvas.length(share) if share > 3 * _PIXEL else "2.5"
    style = f"bar k-{bar.kind}" if share > 3 * _PIXEL else f"k-{bar.kind}"
    hole = "" if bar.hole is None else f' data-hole="{bar.hole}"'
    rect = (
        f'<rect x="{canvas.x(left)}" y="{top}" width="{width}" height="{canvas.bar}" rx="3" class="{style}"{hole}>'
        f"<title>{_text(bar.detail)}</title></rect>"
    )
    return rect + _labels(bar, share, (left + right) / 2, canvas, top)


def _labels(bar: Bar, share: float, middle: float, canvas: Canvas, top: float) -> str:
    """The longest label that fits; in a fluid drawing, the short one between two widths and the long one beyond."""
    alarm = " alarm" if bar.kind in _SHOUTING else ""
    fits = [(text, _least_width(text, share)) for text in label_forms(bar.sized(canvas.page_size))]
    shown: list[tuple[str, str]] = []
    if canvas.width is not None:
        shown = [(text, "") for text, width in fits if width <= canvas.width][:1]
    else:
        until = _NEVER
        for text, width in fits:
            if width < until:
                shown.append((text, f" w{width}" + (f" u{until}" if until < _NEVER else "")))
                until = width
    return "".join(
        f'<text x="{canvas.x(middle)}" y="{top + canvas.bar / 2 + 4.2}" text-anchor="middle" class="lb{alarm}{style}">'
        f"{_words(text, bar, canvas)}</text>"
        for text, style in shown
    )


def _words(text: str, bar: Bar, canvas: Canvas) -> str:
    """A label; in a file its size is smaller. Not on the page, whose live labels are all of one size."""
    if canvas.width is None or text == bar.label or text != bar.sized(canvas.page_size):
        return _text(text)
    label, _, size = text.rpartition(" · ")
    return f'{_text(label)} <tspan class="sz">{size}</tspan>'


def label_forms(label: str) -> tuple[str, ...]:
    """A label and what stands for it where room is short, longest first.

    Of "persistent (type 12) · 1 GiB" without the size, then ``persistent``; of "DMA32 · node 0" ``DMA32``, then ``0``;
    of "node 3" ``3``.
    """
    parts = label.split(" · ")
    shorter = (" · ".join(parts[:count]) for count in range(len(parts), 0, -1))
    head = parts[0].partition(" (")[0]
    node = next((part.removeprefix("node ") for part in (head, *parts[1:]) if part.startswith("node ")), head)
    return tuple(dict.fromkeys((*shorter, head, node)))


def _least_width(text: str, share: float) -> int:
    need = (len(text) * axes.LETTER + axes.MARGIN) / share if share > 0 else _NEVER
    return next((width for width in _WIDTHS if width >= need), _NEVER)


def _band(mark: Mark, axis: Axis, canvas: Canvas) -> str:
    """A tint behind the lanes that differ, where they do."""
    left, right = axis.place(mark.start_pfn), axis.place(mark.end_pfn)
    width = _width(left, right, canvas)
    top = canvas.top + canvas.row * mark.first + GAP - 3
    tall = canvas.row * (mark.last - mark.first) - GAP + 6
    return f'<rect x="{canvas.x(left)}" y="{top}" width="{width}" height="{tall}" class="apart"/>'


def _frames(scene: Scene, axis: Axis, canvas: Canvas, bottom: float) -> str:
    """A dashed frame through all lanes around every hole that is dangerous."""
    rest = f'y="{canvas.top + 2}" height="{bottom - canvas.top - 3}" class="frame"'
    return "".join(_frame(alarm, axis, canvas, rest) for alarm in scene.alarms)


def _clipped(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


# XML 1.0 has no way at all to write most control characters, and others turn text around or take no room.
def _text(text: str) -> str:
    return escape(printable(text), quote=False)


def _attribute(text: str) -> str:
    return escape(printable(text), quote=True)


def png(drawing: str, zoom: float = ZOOM) -> bytes:
    """A standalone SVG file as a PNG in its light colours, ``zoom`` pixels for one of its own.

    Text is in the fonts that set-up fetches, and where they are missing in those of this machine.
    """
    from pfnscope import resources
    from pfnscope.extras import needs

    with needs("png"):
        import resvg_py
    fonts = [str(path) for path in sorted(resources.folder("static").glob("vendor/*.ttf"))]
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=flat(drawing), zoom=zoom, font_files=fonts or None, skip_system_fonts=bool(fonts)
        )
    )


def flat(drawing: str) -> str:
    """The drawing with its colours written out as on a light page, and its font by names.

    resvg knows neither variables nor media queries, and asks nobody which font a system prefers.
    """
    defined = palette.variables()
    light = dict(_DEFINED.findall(defined.partition("@media")[0]))
    return _VARIABLE.sub(
        lambda match: light[match[1]], drawing.replace(defined, "").replace("system-ui, sans-serif", _FONTS)
    )
