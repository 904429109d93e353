"""What a person should know of a boot, most important first; every form of the document tells this one list."""

from collections.abc import Iterator, Sequence

from pfnscope.analysis import Analysis
from pfnscope.findings import arguments, blocks, crashes, holes, nodes, ram, reservations, stability
from pfnscope.findings.codes import BY_CODE, RANK
from pfnscope.findings.drafts import Draft
from pfnscope.model.analysis import SEVERITIES, Severity, worse
from pfnscope.model.findings import Finding
from pfnscope.model.log import BootLog

_MODULES = (crashes, holes, arguments, ram, reservations, nodes, blocks)
"""One a subject; their order counts where severity, stage and code do not tell which comes first.

:mod:`stability` comes after them: it alone compares the boots of a text.
"""


def findings(analysis: Analysis, boots: Sequence[BootLog] = ()) -> tuple[Finding, ...]:
    """The findings of a boot: the gravest first, and within one severity by stage and by the table of codes.

    ``boots`` are all those of its text: some findings compare them.
    """
    return tuple(draft.finished() for draft in drafts_of(analysis, boots))


def severity(analysis: Analysis, boots: Sequence[BootLog] = ()) -> Severity:
    """That of the gravest finding, without the sentences and remedies that cost something."""
    return drafts_of(analysis, boots)[0].severity


def drafts_of(analysis: Analysis, boots: Sequence[BootLog] = ()) -> list[Draft]:
    """The findings before their causes, further sentences and remedies are worked out, in their order."""
    drafts = [draft for module in _MODULES for draft in module.drafts(analysis)]
    drafts += stability.drafts(analysis, boots)
    codes = {draft.code for draft in drafts}
    drafts = [draft for draft in drafts if BY_CODE[draft.code].beside not in codes]
    drafts += _calm(analysis, drafts)
    return sorted(drafts, key=_order)


def _order(draft: Draft) -> tuple[int, int, int]:
    return SEVERITIES.index(draft.severity), BY_CODE[draft.code].stage, RANK[draft.code]


def _calm(analysis: Analysis, drafts: list[Draft]) -> Iterator[Draft]:
    """That there is nothing to do, where nobody has to look at anything and the struct pages are known."""
    if any(worse(draft.severity, "info") or draft.code == "no-verdict" for draft in drafts):
        return
    if not analysis.layout.memory:
        if not drafts:  # a tool shows struct pages with which nothing is wrong
            yield holes.no_verdict(analysis)
        return
    only = "nothing-to-do-but-know" if any(draft.severity == "info" for draft in drafts) else "nothing-to-do"
    doubt = analysis.choice.doubt
    first = all(RANK[draft.code] > RANK[only] for draft in drafts if draft.severity == "info")
    yield Draft(only, holes.calm(analysis, first=first), details=lambda: (f"Not certain: {doubt}.",) if doubt else ())
