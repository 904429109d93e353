"""What a module of a subject gives: a finding whose sentence is known, and whose remedy is tried when it is read."""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from pfnscope.findings.codes import BY_CODE
from pfnscope.model.analysis import Severity
from pfnscope.model.findings import Finding, Remedy, Span, Subject
from pfnscope.model.log import BootLog, Failure
from pfnscope.model.ranges import Address, ByteRange, Lines

MOST_ALIKE = 8
"""Findings of one code that are told one by one; a hostile text has thousands."""

MOST_NAMED = 1000
"""Ranges and lines of one finding; the table of holes has them all."""


def nothing() -> tuple[str, ...]:
    """No details."""
    return ()


def no_remedy() -> Remedy | None:
    """No remedy is known."""
    return None


def no_cause() -> str | None:
    """What made it is not known, or the sentence says it."""
    return None


class Draft(Struct, frozen=True):
    """A finding before its costly parts are worked out: its cause, further sentences, and a remedy that is tried."""

    code: str
    text: str
    lines: Lines = ()
    ranges: tuple[ByteRange, ...] = ()
    details: Callable[[], Iterable[str]] = nothing
    remedy: Callable[[], Remedy | None] = no_remedy
    cause: Callable[[], str | None] = no_cause

    @property
    def severity(self) -> Severity:
        """That of its code."""
        return BY_CODE[self.code].severity

    def finished(self) -> Finding:
        """The finding. Where it has no remedy of its own, what its code says to do."""
        row = BY_CODE[self.code]
        remedy = self.remedy() or (Remedy(row.then) if row.then else None)
        ranges = tuple(Span(Address(item.start), Address(item.end)) for item in self.ranges[:MOST_NAMED])
        return Finding(
            self.code,
            row.severity,
            row.subject,
            self.text,
            remedy,
            ranges,
            self.lines[:MOST_NAMED],
            self.cause(),
            tuple(dict.fromkeys(self.details())),
        )


def of_failure(
    failure: Failure,
    details: Callable[[], Iterable[str]] = nothing,
    remedy: Callable[[], Remedy | None] = no_remedy,
) -> Draft:
    """The finding that a sentence of the kernel is, with what a module adds to it."""
    memory = failure.range
    return Draft(failure.code, failure.text, failure.lines, (memory,) if memory else (), details, remedy)


def failures(log: BootLog, subject: Subject) -> Iterator[Failure]:
    """What the kernel says of a subject; of many sentences of one code the first ones."""
    seen: dict[str, int] = {}
    for failure in log.failures:
        if BY_CODE[failure.code].subject == subject:
            seen[failure.code] = seen.get(failure.code, 0) + 1
            if seen[failure.code] <= MOST_ALIKE:
                yield failure
