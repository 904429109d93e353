"""Storing a submitted log and showing a stored one: what the API, the exports and the pages do alike."""

from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread
import msgspec

from pfnscope.model.document import Document
from pfnscope.report.compared import Comparison
from pfnscope.report.compared import compared as compare
from pfnscope.service import Analyzed, Options, analyze, jobs
from pfnscope.service.layouts import Created, Layouts, Stored
from pfnscope.service.whatif import NO_QUESTION, Change, simulate
from pfnscope.web.bodies import Submission
from pfnscope.web.deps import Services
from pfnscope.web.query import Pair
from pfnscope.words import counted

T = TypeVar("T")


class Shown(msgspec.Struct, frozen=True):
    """A stored layout, analysed as its link says."""

    stored: Stored
    analyzed: Analyzed


async def store(services: Services, submission: Submission, key: str | None = None) -> Created:
    """Store a log, once for each key. Raises the errors of jobs.kept and Layouts.keep."""
    before = await _created_before(services, submission, key)
    return before or await _stored(services, submission, await kept_text(services, submission), key)


async def store_and_draw(services: Services, submission: Submission) -> Created:
    """Store a log whose page is shown next, and hold its drawing ready. Raises as :func:`store` does."""
    await _created_before(services, submission)
    kept, drawing = await _computed(services, submission, jobs.kept_and_drawn)
    created = await _stored(services, submission, kept)
    await services.workers.run(services.recent.take, kept, submission.options, NO_QUESTION, drawing)
    return created


async def store_and_report(services: Services, submission: Submission) -> tuple[Created, str]:
    """Store a log; its text report beside what was created. Raises as :func:`store` does."""
    await _created_before(services, submission)
    kept, report = await _computed(services, submission, jobs.kept_and_reported)
    return await _stored(services, submission, kept), report


async def kept_text(services: Services, submission: Submission) -> bytes:
    """What would be stored of a log. Raises the errors of jobs.kept."""
    return await _computed(services, submission, jobs.kept)


async def _created_before(services: Services, submission: Submission, key: str | None = None) -> Created | None:
    """What has been created under this key. Refuses what cannot be kept, before its text is read."""
    work = services.layouts.created_before
    return await anyio.to_thread.run_sync(work, submission.text, submission.options, submission.terms(key))


async def _computed(services: Services, submission: Submission, job: Callable[..., T]) -> T:
    text, keep, most = submission.text, submission.fields.keep, services.settings.max_ranges
    return await services.workers.compute(text, job, text, submission.options, keep, most)


async def _stored(services: Services, submission: Submission, kept: bytes, key: str | None = None) -> Created:
    work = services.layouts.keep
    created = await anyio.to_thread.run_sync(work, submission.text, kept, submission.options, submission.terms(key))
    services.metrics.layouts.labels("stored").inc()
    return created


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
            found.append(Line(0, f"{counted(blank, 'line')} dropped or blank"))
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
