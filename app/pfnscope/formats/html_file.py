"""The layout as one HTML file, to attach to a bug: bars that zoom, holes and report, from a disk without a network."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from pfnscope import __version__, resources
from pfnscope.bootlog import keep_memory_lines, read
from pfnscope.drawing import plotly, scene, svg
from pfnscope.drawing.axis import Axes, AxisName, usual
from pfnscope.drawing.lanes import undecided
from pfnscope.drawing.overview import overview
from pfnscope.drawing.stops import stop_words
from pfnscope.drawing.view import families, folded_words, shown
from pfnscope.formats import text
from pfnscope.formats.places import placed_text
from pfnscope.formats.templates import environment
from pfnscope.formats.text import facts
from pfnscope.model.analysis import foremost
from pfnscope.model.answers import Placements
from pfnscope.model.document import Document
from pfnscope.report.headline import headline
from pfnscope.report.log_lines import log_rows
from pfnscope.report.outcome import outcome
from pfnscope.report.placed import summary
from pfnscope.report.plain import Look
from pfnscope.report.words import placement_words, state_words

_BUNDLE = "vendor/plotly.min.js"
_STYLES = ("palette.css", "page.css", "layout.css", "bars.css", "whatif.css")
_OWN = ".log pre { margin: 0; padding: 0 16px; line-height: 1.4 }"
_AXES: tuple[AxisName, ...] = ("schematic", "scale")
_MOST_HOLES = 200
_MOST_LINES = 20_000
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)
_COMMENT = re.compile(r"^ */\*(?:[^*]|\*(?!/))*\*/\n", re.MULTILINE)  # of whole lines
_END = re.compile(r"</(script|style)", re.IGNORECASE)


class Inline(msgspec.Struct, frozen=True):
    """The text of a script or style element. ``source`` is how a content security policy names it."""

    text: str
    source: str


def render(
    document: Document, log_text: bytes = b"", today: Document | None = None, places: Placements | None = None
) -> str:
    """The file, with the recognised lines of the log; of a simulated document beside ``today``, the log as it is.

    With ``places``, it begins with where a reservation lies or can go.

    Without the plotting library, which set-up fetches, the bars are still and nothing zooms.
    """
    log = log_rows(keep_memory_lines(log_text, read(log_text)), document) if log_text else []
    static = resources.folder("static")
    every = scene.of_answer(document, today, places)
    drawn = shown(every)
    both_axes = Axes(drawn.lanes)
    axis = usual(both_axes, drawn.lanes)
    live = bool(drawn.lanes) and (static / _BUNDLE).is_file()
    figures = {name: plotly.figure(drawn, name, both_axes=both_axes) for name in _AXES} if live else {}
    scripts = _scripts(static) if live else []
    styles = [*(inline((static / name).read_text()) for name in _STYLES), inline(_OWN)]
    plotly_style = inline((static / "plotly-rules.css").read_text())
    holes = sorted(enumerate(document.holes), key=lambda item: foremost(item[1]))
    template = environment().get_template("html_file.html")
    return template.render(
        version=__version__,
        doc=document,
        today=today,
        facts=facts(document),
        headline=headline(document),
        scene=drawn,
        stop_words=stop_words(drawn.stops),
        readout=scene.readout_bar(drawn, None),
        changed=scene.CHANGED,
        sentence=_sentence(document, today, places),
        undecided=undecided(document),
        axis=axis,
        view={"axis": axis, "from": None, "to": None, "sel": None, "lanes": None},
        drawing=svg.for_page(drawn, axis, both_axes=both_axes),
        overview=overview(drawn, folded=every.lanes),
        folded=folded_words(every, [key for key, _ in families(drawn)]),
        legend=svg.legend(drawn, both_axes),
        holes=holes[:_MOST_HOLES],
        hidden_holes=len(holes) - len(holes[:_MOST_HOLES]),
        placement_words=placement_words,
        state_words=state_words,
        report=_report(document, today, places),
        log=log[:_MOST_LINES],
        hidden_lines=len(log) - len(log[:_MOST_LINES]),
        figures=_data(figures),
        live=live,
        scripts=scripts,
        styles=styles,
        plotly_style=plotly_style,
        policy=_policy(scripts, [*styles, plotly_style]),
    )


def _sentence(document: Document, today: Document | None, places: Placements | None) -> str:
    """What is answered; empty where nothing but the log is shown."""
    if places is not None:
        return summary(places, document.kernel.version)
    return outcome(today, document, today.kernel.command_line or "").sentence if today else ""


def _report(document: Document, today: Document | None, places: Placements | None) -> str:
    look = Look(100, unicode=True)
    own = text.render(document, look, today)
    return own if places is None else f"{placed_text(document, places, look)}\n{own}"


def _scripts(static: Path) -> list[Inline]:
    """The plotting library, and as a module the script of the pages."""
    return [inline((static / _BUNDLE).read_text()), inline(module(static, "viewer.js"))]


def _policy(scripts: list[Inline], styles: list[Inline]) -> str:
    """Nothing is fetched from anywhere; only these scripts and styles count."""
    allowed = " ".join(item.source for item in scripts) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src {' '.join(item.source for item in styles)}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _data(figures: Mapping[AxisName, object]) -> str:
    """JSON inside a script element of no script: no ``<`` of a log can end it."""
    return json.dumps(figures, separators=(",", ":")).replace("<", "\\u003c")


def inline(text: str) -> Inline:
    """A text that does not end its own element: an end tag can only stand in a string, where a backslash is nothing."""
    safe = _END.sub(r"<\\/\1", text)
    digest = base64.b64encode(hashlib.sha256(safe.encode()).digest()).decode()
    return Inline(safe, f"'sha256-{digest}'")


def module(folder: Path, name: str) -> str:
    """A module and all that it imports as one module: their code in order of need, without imports and exports.

    They share one scope then: a name may be declared in one of them only, and is imported under that name.
    """
    texts: dict[str, str] = {}
    _collect(folder, name, texts)
    return "".join(texts.values())


def _collect(folder: Path, name: str, texts: dict[str, str]) -> None:
    text = (folder / name).read_text()
    for imported in _IMPORT.findall(text):
        if imported not in texts:
            _collect(folder, imported, texts)
    texts[name] = _COMMENT.sub("", _EXPORT.sub("", _IMPORT.sub("", text)))
