"""Facts in the lists of a draft: each once, under a key of all that it says."""

from functools import cache
from typing import Any

import msgspec

from pfnscope.bootlog.effects import PfnInitmem, PfnMovable, PfnNode, PfnReserved, PfnZone
from pfnscope.bootlog.records import merged

_MOST_FRAMES = 1 << 48  # in pages of 64 KiB, the largest base page, this is the whole address space


def key_of(fact: Any, kind: type, apart: int) -> tuple[Any, ...]:
    """All that a fact says, with ``apart`` in the place of its lines; facts in frames are their own keys."""
    values = list(msgspec.structs.astuple(fact))
    values[lines_at(kind)] = apart
    return tuple(values)


@cache
def lines_at(kind: Any) -> int:
    """Where the lines of facts of a type stand in it."""
    names: tuple[str, ...] = kind.__struct_fields__
    return names.index("lines")


def put(known: dict[Any, Any], key: tuple[Any, ...], fact: Any) -> bool:
    """Add a fact to those of its list; whether it is a repeat, which adds its lines."""
    before = known.setdefault(key, fact)
    if before is fact:
        return False
    known[key] = msgspec.structs.replace(before, lines=merged(before.lines, fact.lines))
    return True


def impossible_frames(fact: Any) -> bool:
    """Whether a range in frames is backwards or lies beyond the address space, whatever the page size."""
    if isinstance(fact, PfnNode | PfnInitmem | PfnReserved):
        return fact.start > fact.end or fact.end > _MOST_FRAMES
    if isinstance(fact, PfnZone):  # an empty zone may be printed backwards
        return max(fact.start, fact.end) > _MOST_FRAMES
    return isinstance(fact, PfnMovable) and fact.pfn > _MOST_FRAMES
