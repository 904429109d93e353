"""What the query string of a layout page asks: a change of the command line, a region to place, and how to view it.

``set``, ``remove``, ``append``, ``kernel``, ``size``, ``kind`` and ``align`` mean what they mean to the API; one of the
first three, be it empty, asks for a change. The forms of the page send more fields than an address should hold, such
as the parts of a memmap= argument (``add_…``): :attr:`Asked.canonical` is the address without them.
"""

from collections.abc import Iterable
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
from fastapi import Depends, Request

from pfnscope.drawing import view
from pfnscope.service.whatif import Change, Question
from pfnscope.web.query import ChangeDep, RegionDep

_CHANGES = ("set", "remove", "append")
_PARTS = ("add_size", "add_kind", "add_start", "add_mem", "add_core", "add_core_size")
_PLACES = ("size", "kind", "align")
_OPTIONS = ("kernel", "arch", "boot")
_VIEW = (*view.NAMES, "log", "line")
KNOWN = (*_CHANGES, *_PARTS, *_PLACES, *_OPTIONS, *_VIEW)
"""All names that the address of a layout page may have."""

Pairs = tuple[tuple[str, str], ...]


class Asked(msgspec.Struct, frozen=True):
    """A query string, understood. ``pairs`` are its names and values as they came."""

    pairs: Pairs
    question: Question

    @property
    def canonical(self) -> Pairs:
        """What an address needs: arguments put together, nothing empty, no line break."""
        told = dict(self.pairs)
        append = " ".join(filter(None, [_line(told.get("append", "")), *_arguments(told)]))
        kept = [(name, _line(value)) for name, value in self.pairs if name not in (*_PARTS, "append")]
        if not told.get("size", "").strip():
            kept = [(name, value) for name, value in kept if name not in _PLACES]
        found = [(name, value) for name, value in kept if value or name == "set"]
        names = {name for name, _ in found}
        # a release alone, asked for beside a change that says nothing, is a change too
        asks = self.question.change is not None and "kernel" in names and not names & set(_CHANGES)
        return (*found, *([("append", append)] if append or asks else []))

    def query(self, *without: str, **changes: str) -> str:
        """The options and questions as a query string, without the view; ``changes`` win, empty ones take away."""
        pairs = [(n, v) for n, v in self.canonical if n not in (*_VIEW, *without, *changes)]
        return encoded([*pairs, *((name, value) for name, value in changes.items() if value)])

    def link(self, path: str, *without: str, **changes: str) -> str:
        """A path with :meth:`query`."""
        query = self.query(*without, **changes)
        return f"{path}?{query}" if query else path

    @property
    def layout(self) -> Pairs:
        """Options and questions alone, for forms that ask for another view of the same."""
        return tuple((name, value) for name, value in self.canonical if name not in _VIEW)

    @property
    def view(self) -> Pairs:
        """How the page is to be shown, as far as another layout can be shown that way."""
        return tuple((name, value) for name, value in self.pairs if name in ("axis", "log", "lanes") and value)


def encoded(pairs: Iterable[tuple[str, str]]) -> str:
    """A query string that people can read: the signs of arguments stay as they are where they mean nothing else."""
    return urlencode(list(pairs), safe="!$@:,/=", quote_via=quote)


def _line(value: str) -> str:
    return " ".join(part.strip() for part in value.splitlines()).strip()


def _arguments(told: dict[str, str]) -> list[str]:
    """The arguments that the small forms describe. The kernel says what is wrong with them, not we."""
    part = {name: "".join(told.get(name, "").split()) for name in _PARTS}
    found = []
    if part["add_size"] or part["add_start"]:
        found.append(f"memmap={part['add_size']}{part['add_kind'] or '!'}{part['add_start']}")
    if part["add_mem"]:
        found.append(f"mem={part['add_mem']}")
    if part["add_core_size"]:
        found.append(f"{part['add_core'] or 'movablecore'}={part['add_core_size']}")
    return found


async def asked(request: Request, change: ChangeDep, region: RegionDep) -> Asked:
    """The query string of this request. Raises 400 through what it depends on."""
    pairs = tuple(request.query_params.multi_items())
    names = {name for name, _ in pairs} - {name for name, value in pairs if name in _PARTS and not value}
    wanted: Change | None = change if names & {*_CHANGES, "add_size", "add_start", "add_mem", "add_core_size"} else None
    return Asked(pairs, Question(wanted, region.size, region.kind, region.align or None))


AskedDep = Annotated[Asked, Depends(asked)]
