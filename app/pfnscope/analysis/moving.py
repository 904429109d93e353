"""Other forms of arguments that take memory: a region elsewhere or in whole sections, a limit at a section's end."""

from collections.abc import Iterator

from msgspec import Struct

from pfnscope.kernel.map_arguments import Action, MapOperation
from pfnscope.kernel.region_kinds import PLACEABLE, RAM, SIGN_OF, Kind
from pfnscope.model.answers import Placement
from pfnscope.units import GIB, argument_size


class Rewritten(Struct, frozen=True):
    """A command line in which ``argument`` stands in place of ``instead``, as written; it is empty where left out."""

    command_line: str
    argument: str
    instead: str


def rewritten(command_line: str, operation: MapOperation, text: str) -> Rewritten:
    """The command line with ``text`` in place of what asks for an operation, maybe one of a list; empty: without it."""
    old = operation.argument
    at = operation.column - old.column
    before, after = old.text[:at], old.text[at + len(operation.text) :]
    if not text and after.startswith(","):
        after = after[1:]
    elif not text and before.endswith(","):
        before = before[:-1]
    elif not text:
        before = after = ""
    argument = f"{before}{text}{after}"
    rest = command_line[old.column + len(old.text) :]
    line = f"{command_line[: old.column]}{argument}{rest if argument else rest.lstrip()}"
    return Rewritten(line.strip(), argument, old.text)


def kind_of(operation: MapOperation) -> Kind | None:
    """The sign of a region that can stand elsewhere: None for other operations."""
    sign = SIGN_OF.get(operation.new or 0) if operation.action is Action.ADD else None
    return next((kind for kind in PLACEABLE if kind == sign), None)


def is_limit(operation: MapOperation) -> bool:
    """Whether the operation takes all RAM from an address on, as ``mem=`` does."""
    return operation.action is Action.REMOVE and operation.old == RAM and operation.end == 1 << 64


def region_text(operation: MapOperation, kind: Kind, start: int) -> str:
    """``1G!5G``: the region of an operation as it is written at another start."""
    size, sign, _ = operation.text.partition(kind)
    return f"{size}{sign}{argument_size(start)}"


def in_whole_sections(operation: MapOperation, kind: Kind, section: int) -> Iterator[str]:
    """The region widened to whole sections, so that it still covers what it covers, where it does not end with them."""
    start, end = operation.start // section * section, -(-operation.end // section) * section
    if (start, end) != (operation.start, operation.end):
        yield f"{argument_size(end - start)}{kind}{argument_size(start)}"


def limits_at_sections(operation: MapOperation, section: int) -> list[int]:
    """The ends of the section that a limit lies in, the nearer one first; of two as near, the higher; addresses."""
    low, high = operation.start // section * section, -(-operation.start // section) * section
    return sorted({low, high} - {0, operation.start}, key=lambda end: (abs(end - operation.start), -end))


def safe_starts(places: tuple[Placement, ...], present: int, step: int) -> list[int]:
    """Safe starts for a region at ``present``, the most fitting first, and not many; in bytes.

    The present one if it is safe on every release; then those that are, multiples of 1 GiB, the nearest, the higher.
    ``step`` is the alignment of ``places``.
    """
    units = (step, max(step, GIB // step * step))
    starts = {start: item for item in places if item.safe for unit in units for start in _nearest(item, present, unit)}
    for item in places:
        if item.safe and item.start <= present < item.end:
            starts[present] = item
    return sorted(
        starts,
        key=lambda start: (
            bool(starts[start].dangerous_on),
            start != present,
            start % GIB != 0,
            abs(start - present),
            -start,
        ),
    )[:_MOST_STARTS]


_MOST_STARTS = 4


def _nearest(item: Placement, present: int, unit: int) -> Iterator[int]:
    """The multiples of a unit among some starts that are next to an address."""
    low, high = -(-item.start // unit) * unit, (item.end - 1) // unit * unit
    if low <= high:
        for near in (present // unit * unit, -(-present // unit) * unit):
            yield min(max(near, low), high)
