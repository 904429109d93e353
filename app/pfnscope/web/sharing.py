"""Storing a submitted log and showing a stored one: what the API, the exports and the pages do alike."""

import anyio.to_thread
import msgspec

from pfnscope.report.compared import Comparison
from pfnscope.report.compared import compared as compare
from pfnscope.report.document import Document
from pfnscope.service import Analyzed, Options, analyze, jobs
from pfnscope.service.asking import NO_QUESTION
from pfnscope.service.layouts import Created, Layouts, Stored
from pfnscope.service.simulating import Change, simulate
from pfnscope.web.bodies import Submission
from pfnscope.web.deps import Services
from pfnscope.web.questions import Pair


class Shown(msgspec.Struct, frozen=True):
    """A stored layout, analysed as its link says."""

    stored: Stored
    analyzed: Analyzed


async def store(owned: Services, sent: Submission, key: str | None = None) -> Created:
    """Store what was sent, once for each key. Raises the errors of jobs.kept and Layouts.keep."""
    wanted = sent.wanted(key)
    before = await anyio.to_thread.run_sync(owned.layouts.made_before, sent.text, sent.options, wanted)
    if before is not None:
        return before
    most = owned.settings.max_ranges
    job = jobs.kept_and_drawn
    kept, drawing = await owned.workers.compute(sent.text, job, sent.text, sent.options, sent.fields.keep, most)
    made = await anyio.to_thread.run_sync(owned.layouts.keep, sent.text, kept, sent.options, wanted)
    if drawing is not None:
        await owned.workers.run(owned.recent.take, kept, sent.options, NO_QUESTION, drawing)
    owned.metrics.layouts.labels("stored").inc()
    return made


async def kept_text(owned: Services, sent: Submission) -> bytes:
    """What would be stored of a log. Raises the errors of jobs.kept."""
    most = owned.settings.max_ranges
    return await owned.workers.compute(sent.text, jobs.kept, sent.text, sent.options, sent.fields.keep, most)


def show(layouts: Layouts, layout_id: str, overrides: Options) -> Shown:
    """Analyse a stored layout, blocking. The query string's options win over those it was stored with.

    Raises the errors of Layouts.get and analyze.
    """
    stored = layouts.get(layout_id)
    return Shown(stored, analyze(stored.text, merged(stored, overrides)))


def merged(stored: Stored, overrides: Options) -> Options:
    """The options that a layout was stored with, under those of a query string."""
    told = {name: value for name, value in msgspec.structs.asdict(overrides).items() if value is not None}
    return msgspec.structs.replace(stored.options, **told)


def simulated(layouts: Layouts, layout_id: str, change: Change, overrides: Options) -> Document:
    """A stored layout's machine with another command line, blocking. Nothing is stored."""
    stored = layouts.get(layout_id)
    return simulate(stored.text, change, merged(stored, overrides))


def compared(layouts: Layouts, pair: Pair) -> Comparison:
    """Two stored layouts side by side, blocking; of one layout twice, its first two boots where none is named."""
    boots = (pair.boot_a, pair.boot_b)
    if pair.a == pair.b and boots == (None, None):
        boots = (1, 2)
    one, other = (
        show(layouts, layout_id, Options(kernel=pair.kernel, boot=boot)).analyzed.document
        for layout_id, boot in zip((pair.a, pair.b), boots, strict=True)
    )
    return compare(one, other)


class Line(msgspec.Struct, frozen=True):
    """A line of a kept text, or with ``number`` 0 the words for blank ones."""

    number: int
    text: str


def numbered(kept: bytes, most: int = 5_000) -> list[Line]:
    """The lines of a kept text with their numbers, for reading; no more than ``most`` of them."""
    found: list[Line] = []
    blank = 0
    for number, line in enumerate(kept.decode("utf-8", "replace").split("\n"), 1):
        if not line.strip():
            blank += 1
            continue
        if blank:
            found.append(Line(0, f"{blank:,} line{'' if blank == 1 else 's'} dropped or blank"))
            blank = 0
        if len(found) >= most:
            found.append(Line(0, "more lines are not shown"))
            break
        found.append(Line(number, line.rstrip("\r")))
    return found


def dropped(text: bytes, kept: bytes) -> int:
    """How many lines with something in them would not be kept."""
    before, after = (sum(1 for line in lines.split(b"\n") if line.strip()) for lines in (text, kept))
    return max(0, before - after)
