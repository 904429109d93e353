"""Thousands of lines of memblock=debug in their usual spelling, read all at once.

A kernel prints two lines for each allocation, and a large machine makes 100,000 of them. What they say is what
:func:`pfnscope.bootlog.records.records` finds in each of them, at a tenth of the cost.
"""

import msgspec

from pfnscope.bootlog.text.searchable import LONGEST_LINE, Text
from pfnscope.model.log import MemblockRegion
from pfnscope.model.ranges import Address
from pfnscope.patterns import compiled

FORMS = frozenset({"memblock-reserve", "memblock-alloc"})
"""Names of the rows that such lines match."""
LEAST = 8
"""Lines of these rows behind each other that begin a run."""

_STAMP = r"\[(?: {4}[0-9]| {3}[0-9]{2}| {2}[0-9]{3}| [0-9]{4})\.[0-9]{6}\] "
_RESERVE = "memblock_reserve"
_RANGE = r": \[0x[0-9a-f]{16}-0x[0-9a-f]{16}\]"
# Requests that add no fact: none that is large enough for struct pages, see the row memblock-alloc.
_NAME = r"memblock_(?:(?:virt_)?alloc_try_nid(?:_nopanic)?|phys_alloc_range): [0-9]+|memblock_[a-z_]+_raw: [0-9]{1,5}"
_REQUEST = rf"(?:{_NAME}) bytes align=0x[0-9a-f]+(?: nid=-?[0-9]+)? from=0x[0-9a-f]+ max_addr=0x[0-9a-f]+"
_SYMBOL = r"[a-eg-z_][a-z0-9_]*\+0x[0-9a-f]+/0x[0-9a-f]+"
_LINES = rf"(?:{_STAMP}(?:{_RESERVE}{_RANGE}|{_REQUEST}) {_SYMBOL}\n)+"
_STAMP_WIDTH = len("[    0.000000] ")
_START = _STAMP_WIDTH + len("memblock_reserve: [0x")
_LAST = _START + len("00000000000f5ba0-0x")
_DIGITS = 16


class Run(msgspec.Struct, frozen=True):
    """Lines behind a record of the same rows: ``end`` is the offset of the last newline.

    ``stamp`` is that of the last line in microseconds, ``rises`` how often the stamps rise; they never fall. ``width``
    is of the longest line, in bytes.
    """

    events: list[MemblockRegion]
    lines: range
    stamp: int
    rises: int
    width: int
    end: int


def run_behind(text: Text, end: int, stamp: int) -> Run | None:
    """The lines of a run behind the line that ends at ``end`` and has this ``stamp``, without the last of them."""
    start = end + 1
    match = compiled(_LINES).match(text.data, start) if text.is_plain else None
    stop = text.data.rfind(b"\n", start, match.end() - 1) if match else -1
    if stop < 0:
        return None
    lines = text.data[start:stop].decode("ascii").split("\n")
    stamps, width = [line[:_STAMP_WIDTH] for line in lines], max(map(len, lines))
    earliest, latest = _microseconds(stamps[0]), _microseconds(stamps[-1])
    if stamps != sorted(stamps) or earliest < stamp or width > LONGEST_LINE:
        return None
    (first,) = text.advanced(start, start)
    events = [
        MemblockRegion(
            Address(line[_START : _START + _DIGITS], 16),
            Address(int(line[_LAST : _LAST + _DIGITS], 16) + 1),
            None,
            None,
            (number,),
        )
        for number, line in enumerate(lines, first)
        if line.startswith(_RESERVE, _STAMP_WIDTH)
    ]
    if any(event.start >= event.end for event in events):
        return None
    rises = len({*stamps}) - 1 + (earliest > stamp)
    return Run(events, range(first, first + len(lines)), latest, rises, width, stop)


def _microseconds(stamp: str) -> int:
    return int(stamp.strip("[] ").replace(".", ""))
