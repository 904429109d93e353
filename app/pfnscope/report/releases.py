"""The releases on which a layout is in danger and those on which it is not, in a line for each severity."""

from pfnscope.kernel.release import Bounds, Releases
from pfnscope.kernel.rules import RULES
from pfnscope.model.analysis import Severity, worst_first
from pfnscope.model.document import Document


def by_severity(document: Document) -> dict[Severity, str]:
    """Releases as readers know them, by the severity of this layout's holes outside zone spans; the gravest first."""
    rows = {rule.id: rule for rule in RULES}
    arch = document.kernel.arch
    releases: dict[Severity, list[Releases]] = {}
    for era in worst_first(document.eras):
        if era.rule in rows:
            releases.setdefault(era.severity, []).append(rows[era.rule].releases_on(arch))
    return {severity: str(Bounds.of(*known)) for severity, known in releases.items()}
