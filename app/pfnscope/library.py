"""What other programs use: parse, analyse, simulate, compare, place, lookup, verify, figure, rows and encode."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pfnscope.bootlog import Reading, read
from pfnscope.drawing.axis import AxisName, make
from pfnscope.errors import ServiceError
from pfnscope.extras import MissingExtra, needs
from pfnscope.kernel.region_kinds import Kind
from pfnscope.model.answers import Lookup, Placements, Verification
from pfnscope.model.document import Document
from pfnscope.model.encoding import encode
from pfnscope.opening.texts import opened
from pfnscope.report.compared import Comparison, compared
from pfnscope.service import lookup as looking
from pfnscope.service.analyzing import Options, documented, documents, judged
from pfnscope.service.errors import BadOption, CannotSimulate, NoMemoryLayout, NoSuchBoot
from pfnscope.service.places import Reservation, placed
from pfnscope.service.whatif import Change, simulated

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = [
    "BadOption", "CannotSimulate", "Comparison", "Document", "Lookup", "MissingExtra", "NoMemoryLayout", "NoSuchBoot",
    "Placements", "Reading", "ServiceError", "Verification", "analyse", "compare", "encode", "figure", "lookup",
    "parse", "place", "rows", "simulate", "verify",
]  # fmt: skip

_MOST_TICKS = 12


def parse(log: bytes | str) -> Reading:
    """Read a boot log, plain or in whatever it is wrapped: its boots, each with its facts and their lines.

    A text without a layout has no boots. Raises ServiceError where no log can be taken out of what it is wrapped in.
    """
    return read(log.encode() if isinstance(log, str) else opened(log))


def analyse(
    log: bytes | str | Reading, *, kernel: str | None = None, arch: str | None = None, boot: int | None = None
) -> Document:
    """The document of one boot: the one asked for, from 1, or the usual one (see docs/api.md).

    ``kernel`` and ``arch`` override what the log says. Raises NoMemoryLayout, NoSuchBoot or BadOption, all of them
    ServiceError with a message for users.
    """
    reading = log if isinstance(log, Reading) else parse(log)
    return documented(reading, Options(kernel, arch, boot))


def compare(
    *logs: bytes | str, boots: Sequence[int] = (), kernel: str | None = None, arch: str | None = None
) -> Comparison:
    """What differs between two boots or more, in one sentence and in full: each log's usual boot, or those named.

    Of one log alone they are the boots that ``boots`` names, or all. ``stability`` is None where the maps of the
    firmware are not of one machine. Raises what :func:`analyse` raises.
    """
    texts = [log.encode() if isinstance(log, str) else opened(log) for log in logs]
    return compared(*documents(*texts, boots=boots, kernel=kernel, arch=arch))


def simulate(
    log: bytes | str | Reading,
    *,
    append: str = "",
    remove: Sequence[str] = (),
    command_line: str | None = None,
    kernel: str | None = None,
    arch: str | None = None,
    boot: int | None = None,
) -> Document:
    """The document of the same machine with another command line: arguments removed and added, or all of it replaced.

    Raises what :func:`analyse` raises, and CannotSimulate where the log does not hold what a simulation starts from.
    """
    reading = log if isinstance(log, Reading) else parse(log)
    return simulated(judged(reading, Options(None, arch, boot)), Change(command_line, tuple(remove), append), kernel)


def place(
    log: bytes | str | Reading,
    *,
    size: str = "",
    kind: Kind = "!",
    align: str | None = None,
    move: str = "",
    crashkernel: str = "",
    cma: str = "",
    reserve_mem: str = "",
    hugetlb_cma: str = "",
    gigantic: bool = False,
    node: int | None = None,
    bad: Sequence[str] = (),
    kernel: str | None = None,
    arch: str | None = None,
    boot: int | None = None,
) -> Placements:
    """Where a reservation lies or can go, of one kind each time, with values as on the command line.

    A memmap= region of a ``size`` and ``kind``, or that of the argument ``move``, at multiples of ``align``; what
    ``crashkernel=``, ``cma=``, ``reserve_mem=`` or ``hugetlb_cma=`` takes; ``gigantic`` pages of one ``node`` or of
    each; a region over ``bad`` addresses. Raises what :func:`analyse` raises, and CannotSimulate where the log does not
    tell what decides.
    """
    reading = log if isinstance(log, Reading) else parse(log)
    reservation = Reservation(
        size=size,
        kind=kind,
        align=align,
        move=move,
        crashkernel=crashkernel,
        cma=cma,
        reserve_mem=reserve_mem,
        hugetlb_cma=hugetlb_cma,
        gigantic=gigantic,
        node=node,
        bad=tuple(bad),
    )
    return placed(judged(reading, Options(kernel, arch, boot)), reservation)[1]


def lookup(layout: Document, where: str) -> Lookup:
    """What is at a place: ``0xbffd7000``, ``4G``, ``pfn:0xbffd7`` or ``page:0xffffea0002fff5c0``. Raises BadOption."""
    return looking.lookup(layout, where)


def verify(
    path: str | PathLike[str], *, kernel: str | None = None, arch: str | None = None, boot: int | None = None
) -> Verification:
    """The analysis of a log held against the other files of a folder of ``pfnscope capture``, or of a report.

    Raises what :func:`analyse` raises, and ServiceError where the folder or archive cannot be read.
    """
    from pfnscope.service.recording import verify_path

    return verify_path(Path(path), Options(kernel, arch, boot))


def rows(facts: Iterable[msgspec.Struct]) -> list[dict[str, Any]]:
    """A dictionary for each of a document's holes, node ranges or other facts, as tables of other programs take them.

    Addresses are plain integers in bytes; keys are those of docs/api.md.
    """
    return [msgspec.to_builtins(fact, enc_hook=int) for fact in facts]


def _html(layout: Document) -> str:
    """The verdict and the bars, for a notebook. The drawing is an image, for its styles are not those of the page."""
    from pfnscope.drawing import scene, svg

    verdict = escape(f"{layout.verdict.severity}: {layout.verdict.summary}")
    image = b64encode(svg.draw(scene.of(layout)).encode()).decode()
    return f'<p>{verdict}</p><img alt="{verdict}" src="data:image/svg+xml;base64,{image}">'


Document._repr_html_ = _html  # type: ignore[attr-defined] # the model itself knows no drawing


def figure(layout: Document, *, axis: AxisName = "schematic") -> "Figure":
    """A figure of Plotly with the bars, with names, addresses and hover texts; x is in page frames.

    On the ``schematic`` axis x runs from 0 to 1 instead, and each range has a readable width. Raises MissingExtra
    without Plotly: ``pfnscope[plot]`` or ``[server]`` brings it.
    """
    from pfnscope.drawing import plotly as drawing
    from pfnscope.drawing import scene, svg
    from pfnscope.drawing.axis import by_importance

    with needs("plot"):
        from plotly.graph_objects import Figure
    drawn = scene.of(layout)
    bars = Figure(drawing.figure(drawn, axis))
    chosen = make(axis, drawn.lanes)
    pfns = sorted(by_importance(drawn.lanes, chosen)[:_MOST_TICKS])
    bars.update_yaxes(showticklabels=True, ticktext=[lane.title for lane in drawn.lanes])
    bars.update_xaxes(
        showticklabels=True,
        tickvals=[drawing.place(pfn, chosen) for pfn in pfns],
        ticktext=[hex(pfn * drawn.page_size) for pfn in pfns],
    )
    bars.update_traces(
        texttemplate="%{customdata[0]}",
        constraintext="inside",
        hovertemplate="%{customdata[1]}<extra></extra>",
        hoverinfo=None,
        selector={"type": "bar"},
    )
    bars.update_layout(
        uniformtext={"mode": "hide", "minsize": 9},
        margin={"l": 130, "r": 20, "t": 30, "b": 60},
        height=svg.height(len(drawn.lanes)) + 60,
    )
    return bars
