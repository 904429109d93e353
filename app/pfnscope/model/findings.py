"""What a person should know of a boot, most important first: findings, each with its evidence and what helps."""

from typing import Literal

from msgspec import Struct

from pfnscope.model.analysis import Severity
from pfnscope.model.ranges import Address, Bordered, Lines

Subject = Literal["crashes", "holes", "arguments", "ram", "reservations", "nodes", "blocks", "stability"]


class Span(Bordered, Struct, frozen=True):
    """Physical addresses ``[start, end)`` in bytes that a finding is about."""

    start: Address
    end: Address


class Remedy(Struct, frozen=True):
    """What helps. ``command_line`` are the arguments to paste, ``release`` the nearest kernel without the fault.

    ``instead`` are arguments of the log's command line that ``command_line`` replaces, or that are to be left out.
    ``checked`` is true where the simulator booted that command line, or judged this layout on that release, and the
    finding was gone and none was added.
    """

    text: str
    command_line: str | None = None
    release: str | None = None
    checked: bool = False
    instead: tuple[str, ...] = ()


class Finding(Struct, frozen=True):
    """One thing that a person should know: ``text`` in one sentence, ``cause`` what made it, null where not known.

    ``code`` is its row in the table of codes, which gives severity and subject; ``subject`` is the module that wrote
    it. ``ranges`` and ``lines`` are its evidence, ``details`` more sentences; ``remedy`` is null where there is none.
    """

    code: str
    severity: Severity
    subject: Subject
    text: str
    remedy: Remedy | None
    ranges: tuple[Span, ...]
    lines: Lines
    cause: str | None = None
    details: tuple[str, ...] = ()
