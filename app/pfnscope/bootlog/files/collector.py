"""Lines of neighbouring files while a boot is read."""

from pfnscope.bootlog.files.lines import FileLine, LsmemPart, LsmemRow, ZoneField, ZoneHeader
from pfnscope.bootlog.model import Lines

_MOST_LINES = 100_000  # blocks of 128 MiB for 12 TiB; only a text made for it has more


class Collector:
    """What a draft holds of neighbouring files, put together once the boots are known."""

    def __init__(self) -> None:
        self.lines: list[FileLine] = []
        self.left_out: Lines = ()
        self._in_zone = False
        self._in_row = False

    def take(self, line: FileLine) -> bool:
        """Take a line, or say that it means nothing here: fields need the zone or the row above them.

        Of lines beyond the most, the first means that there are more.
        """
        if isinstance(line, ZoneField):
            if not self._in_zone:
                return False
        elif isinstance(line, LsmemPart):
            if not self._in_row:
                return False
        else:
            self._in_zone = isinstance(line, ZoneHeader)
            self._in_row = isinstance(line, LsmemRow) and line.named is not None
        if len(self.lines) >= _MOST_LINES:
            first, self.left_out = not self.left_out, self.left_out or line.lines
            return first
        self.lines.append(line)
        return True

    def absorb(self, other: "Collector") -> None:
        """Take in the lines of another draft."""
        self.lines += other.lines
        self.left_out = self.left_out or other.left_out
