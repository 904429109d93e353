"""Which files of a report are read, and in which order."""

from collections.abc import Sequence

import msgspec


class Selection(msgspec.Struct, frozen=True):
    """The files of a report that are read, in the order in which they are."""

    used: tuple[str, ...]


def selection(_names: Sequence[str]) -> Selection | None:
    """What to read of an archive or folder with these files; None where it is no report that is known."""
    return None
