"""Texts whose lines do not stand in the order in which they were printed, and the way back to the order given."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeVar

import msgspec

from pfnscope.bootlog.file_names import first_lines
from pfnscope.patterns import compiled

_PART = b" Part1\n"
_PARTS = r"(?m)^(?:==> \S.* <==\n)?[A-Za-z]+#[0-9]+ Part([0-9]{1,4})$"

T = TypeVar("T")


def in_order_of_parts(decoded: bytes) -> list[int] | None:
    """The 1-based numbers of the lines of pstore records put in order, or None where they are, or are none.

    The last part of a log is part 1 (pstore_dump() in fs/pstore/platform.c, 2.6.38 to 7.1), which ``cat`` puts first.
    """
    if _PART not in decoded:
        return None
    heads = [(int(match.group(1) or b"0"), match.start()) for match in compiled(_PARTS).finditer(decoded)]
    numbers = [number for number, _ in heads]
    if len(heads) < 2 or any(one >= other for one, other in pairwise(numbers)):
        return None
    firsts = [decoded.count(b"\n", 0, start) + 1 for _, start in heads[:1]]
    for (_, before), (_, start) in pairwise(heads):
        firsts.append(firsts[-1] + decoded.count(b"\n", before, start))
    count = decoded.count(b"\n") + (not decoded.endswith(b"\n"))
    blocks = [range(first, end) for first, end in zip(firsts, [*firsts[1:], count + 1], strict=True)]
    return [*range(1, firsts[0]), *(line for block in reversed(blocks) for line in block)]


def turned_round(decoded: bytes) -> list[int]:
    """The 1-based numbers of all lines, the last first; in a text of several files those of each behind its name."""
    count = decoded.count(b"\n") + (not decoded.endswith(b"\n"))
    names = first_lines(decoded)
    numbers = list(range(names[0] - 1 if names else count, 0, -1))
    for name, end in pairwise([*names, count + 1]):
        numbers += [name, *range(end - 1, name, -1)]
    return numbers


def reordered(decoded: bytes, numbers: Sequence[int]) -> bytes:
    """The lines with these numbers, in this order."""
    lines = decoded.split(b"\n")
    return b"".join(lines[number - 1] + b"\n" for number in numbers)


def renumbered(value: T, numbers: Sequence[int]) -> T:
    """A value read from a reordered text, with the line numbers of the text as given.

    Line numbers are in fields whose name ends in "lines", in "line" and in "recognised", wherever in the value.
    """
    return _renumbered(value, numbers)  # type: ignore[no-any-return]


def _renumbered(value: Any, numbers: Sequence[int]) -> Any:
    if isinstance(value, tuple):
        return tuple([_renumbered(item, numbers) for item in value])
    if not isinstance(value, msgspec.Struct):
        return value
    changes: dict[str, Any] = {}
    for name in value.__struct_fields__:
        field = getattr(value, name)
        if name in ("lines", "recognised") or name.endswith("_lines"):
            changes[name] = tuple(sorted(numbers[line - 1] for line in field))
        elif name == "line":
            changes[name] = None if field is None else numbers[field - 1]
        elif isinstance(field, tuple | msgspec.Struct):
            changes[name] = _renumbered(field, numbers)
    return msgspec.structs.replace(value, **changes) if changes else value
