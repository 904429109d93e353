"""Storing a log, fetching a layout, stored or an example, and drawing it: what API, exports and pages do alike."""

from collections.abc import Callable
from typing import TypeVar

import msgspec
from starlette.exceptions import HTTPException

from pfnscope.pages import presenting
from pfnscope.pages.compare import NAMES
from pfnscope.pages.subjects import SAMPLE, Subject, of_sample
from pfnscope.service import Options, jobs
from pfnscope.service.layouts import Created, Stored
from pfnscope.service.whatif import NO_QUESTION, Question
from pfnscope.web.bodies import Submission
from pfnscope.web.costs import answered
from pfnscope.web.deps import Services
from pfnscope.web.drawings import key_of
from pfnscope.web.work import Work

T = TypeVar("T")


async def store(services: Services, work: Work, submission: Submission, key: str | None = None) -> Created:
    """Store a log, once for each key. Raises the errors of jobs.kept and Layouts.keep."""
    before = await _created_before(services, submission, key)
    return before or await _stored(services, submission, await kept_text(services, work, submission), key)


async def store_and_draw(services: Services, work: Work, submission: Submission) -> Created:
    """Store a log whose page is shown next, and hold its drawing ready. Raises as :func:`store` does."""
    await _created_before(services, submission)
    kept, drawing = await _computed(services, work, submission, jobs.kept_and_drawn)
    created = await _stored(services, submission, kept)
    services.recent.keep((created.id, submission.options, NO_QUESTION), drawing)
    return created


async def store_and_report(services: Services, work: Work, submission: Submission) -> tuple[Created, str]:
    """Store a log; its text report beside what was created. Raises as :func:`store` does."""
    await _created_before(services, submission)
    kept, report = await _computed(services, work, submission, jobs.kept_and_reported)
    return await _stored(services, submission, kept), report


async def kept_text(services: Services, work: Work, submission: Submission) -> bytes:
    """What would be stored of a log. Raises the errors of jobs.kept."""
    return await _computed(services, work, submission, jobs.kept)


async def _created_before(services: Services, submission: Submission, key: str | None = None) -> Created | None:
    """What has been created under this key already. Raises for options that cannot be stored."""
    call = services.layouts.created_before
    return await services.storage.run(call, submission.text, submission.options, submission.terms(key))


async def _computed(services: Services, work: Work, submission: Submission, job: Callable[..., T]) -> T:
    text, keep, most = submission.text, submission.fields.keep, services.settings.max_ranges
    return await answered(work, job, text, submission.options, keep, most)


async def _stored(services: Services, submission: Submission, kept: bytes, key: str | None = None) -> Created:
    call = services.layouts.keep
    created = await services.storage.run(call, submission.text, kept, submission.options, submission.terms(key))
    services.metrics.layouts.labels("stored").inc()
    return created


async def named(work: Work, name: str, overrides: Options) -> Subject:
    """What a comparison calls ``name``: an example as ``sample:SLUG``, else a stored layout. Raises like both."""
    if name.startswith(SAMPLE):
        return sample(name.removeprefix(SAMPLE), overrides)
    return await stored(work, name, overrides)


def sample(slug: str, overrides: Options) -> Subject:
    """An example. Raises 404."""
    subject = of_sample(slug, overrides)
    if subject is None:
        raise HTTPException(404, "There is no example of this name.")
    return subject


async def stored(work: Work, layout_id: str, overrides: Options) -> Subject:
    """A stored layout. Raises as Work.stored.

    The ``overrides`` of a query string win over the options that it was stored with.
    """
    record = await work.stored(layout_id)
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


async def drawing(services: Services, work: Work, subject: Subject, question: Question = NO_QUESTION) -> bytes:
    """The drawing of a layout with the answer to a question, packed; kept for the next request.

    Raises what :func:`pfnscope.service.jobs.drawn` raises.
    """
    key, most = key_of(subject, question), services.settings.max_ranges
    packed = services.recent.get(key)
    if packed is None:
        packed = await answered(work, jobs.drawn, subject.text, subject.options, most, question)
        services.recent.keep(key, packed)
    return packed


async def drawing_of_two(services: Services, work: Work, one: Subject, other: Subject) -> bytes:
    """The drawing of two layouts on one axis, packed; kept for the next request. Raises like :func:`drawing`."""
    key = key_of(one), key_of(other)
    packed = services.recent.get(key)
    if packed is None:
        packed = await answered(work, jobs.drawn_together, one.side, other.side, services.settings.max_ranges, NAMES)
        services.recent.keep(key, packed)
    return packed
