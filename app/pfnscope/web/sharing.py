"""Storing a log and fetching a layout, stored or an example: what the API, the exports and the pages do alike."""

from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread
import msgspec
from starlette.exceptions import HTTPException

from pfnscope.pages import presenting
from pfnscope.pages.subjects import SAMPLE, Subject, of_sample
from pfnscope.service import Options, jobs
from pfnscope.service.layouts import Created, Layouts, Stored
from pfnscope.service.whatif import NO_QUESTION
from pfnscope.web.bodies import Submission
from pfnscope.web.deps import Services

T = TypeVar("T")


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
    """What has been created under this key already. Raises for options that cannot be stored."""
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


def stored(layouts: Layouts, layout_id: str, overrides: Options) -> Subject:
    """A stored layout, blocking. Raises NotFound, Gone, StoreUnavailable.

    The ``overrides`` of a query string win over the options that it was stored with.
    """
    record = layouts.get(layout_id)
    return Subject(
        layout_id,
        f"/l/{layout_id}",
        record.title,
        record.text,
        _merged(record, overrides),
        presenting.day(record.expires_at),
        note=record.note,
    )


def _merged(record: Stored, overrides: Options) -> Options:
    values = {name: value for name, value in msgspec.structs.asdict(overrides).items() if value is not None}
    return msgspec.structs.replace(record.options, **values)


def sample(slug: str, options: Options) -> Subject:
    """An example. Raises 404."""
    subject = of_sample(slug, options)
    if subject is None:
        raise HTTPException(404, "There is no example of this name.")
    return subject


def named(layouts: Layouts, name: str, overrides: Options) -> Subject:
    """What a comparison calls ``name``: an example as ``sample:SLUG``, else a stored layout."""
    return sample(name.removeprefix(SAMPLE), overrides) if name.startswith(SAMPLE) else stored(layouts, name, overrides)
