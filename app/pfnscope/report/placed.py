"""Where a memmap= region can go, in one sentence with the argument to write."""

from collections.abc import Sequence

from msgspec import Struct

from pfnscope.model.answers import Placements
from pfnscope.report.words import release_words
from pfnscope.units import argument_size, format_size


class Advice(Struct, frozen=True):
    """``sentence`` is ``before``, ``argument``, ``after``. ``argument`` is empty where none is to be written."""

    before: str
    argument: str
    after: str

    @property
    def sentence(self) -> str:
        """The three as one text."""
        return f"{self.before}{self.argument}{self.after}"


def advice(places: Placements, version: Sequence[int] | None) -> Advice:
    """What to write, in place of an argument where one has to go elsewhere, or why there is nothing to write.

    ``version`` is the release that the layout of the places is on.
    """
    on = f" on {release_words(version)}" if version else ""
    if places.command_line is None or places.start is None:
        return Advice(_nothing(places, on), "", "")
    others = next((item.dangerous_on for item in places.placements if item.start <= places.start < item.end), ())
    outcome = f"no danger{on}, but one on {', '.join(others)}" if others else "no danger on any release"
    if places.command_line == places.move:
        return Advice("", places.move, f" can stay: {outcome}.")
    return Advice("Use ", places.command_line, f": {outcome}.")


def _nothing(places: Placements, on: str) -> str:
    what = places.move or f"memmap={argument_size(places.size)}{places.kind}START"
    if not places.placements:
        why = f"no memory holds {format_size(places.size)} whole"
    elif places.safe:
        why = "none of the starts that the simulator tried is without danger"
    else:
        why = "none is safe"
    return f"No place for {what}{on}: {why}."
