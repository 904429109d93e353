"""Storing a submitted log and showing a stored one: what the API, the exports and the pages do alike."""

import msgspec

from app.service import Analyzed, Options, analyze
from app.service.layouts import Created, Layouts, Stored
from app.web.bodies import Submission
from app.web.deps import Services


class Shown(msgspec.Struct, frozen=True):
    """A stored layout, analysed as its link says."""

    stored: Stored
    analyzed: Analyzed


async def store(owned: Services, sent: Submission) -> Created:
    """Store what was sent. Raises the errors of Layouts.create."""
    fields = sent.fields
    return await owned.workers.run(
        owned.layouts.create, sent.text, sent.options, fields.title, fields.expires_in, fields.keep
    )


def show(layouts: Layouts, layout_id: str, overrides: Options) -> Shown:
    """Analyse a stored layout, blocking. The query string's options win over those it was stored with.

    Raises the errors of Layouts.get and analyze.
    """
    stored = layouts.get(layout_id)
    told = {name: value for name, value in msgspec.structs.asdict(overrides).items() if value is not None}
    return Shown(stored, analyze(stored.text, msgspec.structs.replace(stored.options, **told)))
