"""What the use cases refuse, each with what a reader needs to mend it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pfnscope.errors import ServiceError
from pfnscope.model.analysis import Severity

if TYPE_CHECKING:
    from pfnscope.opening.kinds import Kind


class NoMemoryLayout(ServiceError):
    """The text has no memory map and no ranges: says what was looked for and what was seen.

    Of a file that is no text, ``kind`` is what it is, and the message says only that and how to get the log.
    """

    def __init__(
        self, looked_for: tuple[str, ...], seen: tuple[str, ...], line_count: int, kind: "Kind | None" = None
    ) -> None:
        self.looked_for, self.seen, self.line_count, self.kind = looked_for, seen, line_count, kind
        met = f" Seen instead: {', '.join(seen)}." if seen else ""
        where = {0: "an empty text", 1: "this line"}.get(line_count, f"these {line_count} lines")
        super().__init__(
            kind.sentence
            if kind
            else f"No memory layout in {where}. Looked for: {'; '.join(looked_for)}.{met} "
            "Use the log from its first line, such as the output of `dmesg` soon after boot or `journalctl -k -b`."
        )


class NothingToDraw(ServiceError):
    """A text with a crash, or another report, and without a layout: ``sentences`` are all there is to show."""

    def __init__(self, severity: Severity, sentences: Sequence[str]) -> None:
        self.severity, self.sentences = severity, sentences
        super().__init__(" ".join(sentences))


class NoSuchBoot(ServiceError):
    """The text has fewer boots than the number given."""

    def __init__(self, number: int, count: int) -> None:
        self.number, self.count = number, count
        super().__init__(f"There is no boot {number}: the text holds {count}.")


class BadOption(ServiceError):
    """A release, architecture or place that cannot be read."""


class CannotSimulate(ServiceError):
    """The log does not hold what a simulation starts from, or such a kernel would not boot: says which."""


class TooManyRanges(ServiceError):
    """A boot with more ranges than the caller takes."""

    def __init__(self, count: int, most: int) -> None:
        self.count, self.most = count, most
        super().__init__(f"This boot has {count:,} ranges; at most {most:,} are taken here.")
