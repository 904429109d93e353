"""Lines of a list that are damaged beyond what finds candidates: next to its entries, and of their look."""

from pfnscope.bootlog.boots.draft import Draft
from pfnscope.bootlog.effects import EfiLine, Header, MapLine, MemblockLine, PfnNode, PfnZone
from pfnscope.bootlog.model import NodeRange, SratEntry, ZoneRange
from pfnscope.bootlog.records import Record
from pfnscope.bootlog.text.prefix import peel
from pfnscope.bootlog.text.searchable import Text
from pfnscope.patterns import compiled

_LISTED = frozenset({MapLine, EfiLine, MemblockLine, PfnNode, PfnZone, NodeRange, SratEntry, ZoneRange})
_SECTIONS = ("firmware", "user", "extended", "modified", "zones", "nodes", "memblock")
_NEAR = 3  # lines behind an entry or a header
_FAR = 1024  # bytes of a line
# Two addresses, with signs in them that are no digits or are read for them, or that somebody put over them.
_ADDRESS = r"[0-9a-fA-FxXoOQ.?*_]{5,20}"
_RANGE = rf"(?:0[xX]|\b[0-9a-f]{{4}}){_ADDRESS}[ \]]*(?:-|\.\.|->|,|~)[ \[]*{_ADDRESS}"
_SAME = 10  # first bytes that are no chance
_NUMBERS = bytes.maketrans(b"123456789", b"000000000")
_LEAST = 3  # bytes of an entry that is cut off


def is_listed(record: Record) -> bool:
    """Whether a record is an entry of a list, or a header of one."""
    effect = record.effect
    return type(effect) in _LISTED or (isinstance(effect, Header) and effect.section in _SECTIONS)


def say_what_is_overlooked(text: Text, listed: Record, end: int, draft: Draft) -> int:
    """Remark on lines right behind an entry, up to offset ``end``, that look like another and were not understood.

    Gives the number of the last such line, or 0.
    """
    found = 0
    at = text.line_end(listed.end) + 1 if listed.end < len(text.data) else end
    while at < end:
        number = listed.lines[-1] + text.distance(listed.end, at)
        stop = text.line_end(at)
        if number > listed.lines[-1] + _NEAR or stop > end:
            break
        peeled = peel(text.data[at : min(stop, at + _FAR)])
        if number not in draft.recognised and _looks_alike(peeled.message, listed.message):
            found = number
            draft.complain(
                "warning",
                "unrecognised-line",
                "This stands in a list of a memory layout and looks like a part of it, but it has no known form.",
                (number,),
                peeled.column + 1,
            )
        at = stop + 1
    return found


def _looks_alike(message: bytes, entry: bytes) -> bool:
    begin, known = (text[:_FAR].translate(_NUMBERS) for text in (message, entry))
    same = begin[:_SAME] == known[:_SAME] and len(begin) >= _SAME
    return same or (len(begin) >= _LEAST and known.startswith(begin)) or compiled(_RANGE).find(message) >= 0
