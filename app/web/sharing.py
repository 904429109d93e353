"""Storing a submitted log and showing a stored one: what the API, the exports and the pages do alike."""

import msgspec

from app.report.compared import Comparison
from app.report.compared import compared as compare
from app.report.document import Document
from app.service import Analyzed, Options, analyze
from app.service.layouts import Created, Layouts, Stored
from app.service.simulating import Change, simulate
from app.web.bodies import Submission
from app.web.deps import Services
from app.web.questions import Pair


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
