"""What the kernel says of its RAM."""

from collections.abc import Iterator

from pfnscope.analysis import Analysis
from pfnscope.findings.drafts import Draft, failures, of_failure


def drafts(analysis: Analysis) -> Iterator[Draft]:
    """The findings of this subject."""
    for failure in failures(analysis.log, "ram"):
        yield of_failure(failure)
