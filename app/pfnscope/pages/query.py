"""The query string of a layout page: options, a change of the command line, what is to be placed, and the view.

``set``, ``remove``, ``append``, ``kernel`` and what is to be placed mean what they mean to the API; one of the first
three, be it empty, is a change. The forms of the page send more fields than an address should hold,
such as the parts of a memmap= argument (``add_…``): :attr:`LayoutQuery.canonical` is the address without them.
"""

from collections.abc import Iterable
from urllib.parse import quote, urlencode

import msgspec

from pfnscope.drawing import view
from pfnscope.drawing.view import WHOLE, View
from pfnscope.service.whatif import NO_QUESTION, Question

_CHANGES = ("set", "remove", "append")
_PARTS = ("add_size", "add_kind", "add_start", "add_mem", "add_core", "add_core_size")
_SIZE = ("size", "kind")
_REGION = (*_SIZE, "align", "move")
VALUES = ("crashkernel", "cma", "reserve_mem", "hugetlb_cma")
"""What is placed by what stands behind an argument of that name."""
PLACES = (*_REGION, *VALUES, "gigantic", "node", "bad")
"""All names that say what is to be placed."""
_OPTIONS = ("kernel", "arch", "boot")
_VIEW = (*view.NAMES, "log", "line")
KNOWN = (*_CHANGES, *_PARTS, *PLACES, *_OPTIONS, *_VIEW)
"""All names that the address of a layout page may have."""

Pairs = tuple[tuple[str, str], ...]


class LayoutQuery(msgspec.Struct, frozen=True):
    """A parsed query string. ``pairs`` are its names and values as they were sent."""

    pairs: Pairs = ()
    question: Question = NO_QUESTION

    @property
    def canonical(self) -> Pairs:
        """What an address needs: arguments put together, nothing empty, no line break but between bad addresses."""
        values = dict(self.pairs)
        append = " ".join(filter(None, [_line(values.get("append", "")), *_arguments(values)]))
        kept = [
            (name, _line(value, "\n" if name == "bad" else " "))
            for name, value in self.pairs
            if name not in (*_PARTS, "append")
        ]
        if values.get("move", "").strip():
            kept = [(name, value) for name, value in kept if name not in _SIZE]
        elif not values.get("size", "").strip():
            kept = [(name, value) for name, value in kept if name not in _REGION]
        if not values.get("gigantic", "").strip():
            kept = [(name, value) for name, value in kept if name != "node"]
        kept = [(name, value) for name, value in kept if value or name == "set"]
        names = {name for name, _ in kept}
        # a release alone, beside an empty change, is a change too
        changes = self.question.change is not None and "kernel" in names and not names & set(_CHANGES)
        return (*kept, *([("append", append)] if append or changes else []))

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
        """Options and questions alone, for forms that lead to another view of the same layout."""
        return tuple((name, value) for name, value in self.canonical if name not in _VIEW)

    @property
    def options(self) -> Pairs:
        """Which boot of the text, and what is assumed of it."""
        return tuple((name, value) for name, value in self.canonical if name in _OPTIONS)

    @property
    def view(self) -> Pairs:
        """How the page is to be shown, as far as another layout can be shown that way."""
        return tuple((name, value) for name, value in self.pairs if name in ("axis", "log", "lanes") and value)


def parsed(pairs: Pairs, question: Question) -> LayoutQuery:
    """The query of these names and values. The question's ``change`` counts only where one of the names is a change."""
    names = {name for name, _ in pairs} - {name for name, value in pairs if name in _PARTS and not value}
    if not names & {*_CHANGES, "add_size", "add_start", "add_mem", "add_core_size"}:
        question = msgspec.structs.replace(question, change=None)
    return LayoutQuery(pairs, question)


class ViewQuery(msgspec.Struct, frozen=True):
    """How the address of a page of bars wants them shown: the ``view``, and the words of ``find``."""

    view: View = WHOLE
    words: str = ""

    @property
    def window(self) -> tuple[float, float] | None:
        """The page frames in view where they are not all."""
        return None if self.view.start is None or self.view.end is None else (self.view.start, self.view.end)


def parsed_view(pairs: Pairs) -> ViewQuery:
    """The view of these names and values. A form sends each lane by itself, an address has them in one."""
    values = dict(pairs) | {"lanes": ",".join(value for name, value in pairs if name == "lanes")}
    return ViewQuery(view.read(values), " ".join(values.get("find", "")[:200].split()))


def encoded(pairs: Iterable[tuple[str, str]]) -> str:
    """A query string that people can read: the signs of arguments stay as they are where they mean nothing else."""
    return urlencode(list(pairs), safe="!$@:,/=", quote_via=quote)


def _line(value: str, between: str = " ") -> str:
    """A value of a field as an address has it; lines of bad addresses stay lines, as memory tests print them."""
    return between.join(part.strip() for part in value.splitlines()).strip()


def _arguments(values: dict[str, str]) -> list[str]:
    """The arguments that the fields ``add_…`` describe. The kernel's rules say what is wrong with them."""
    part = {name: "".join(values.get(name, "").split()) for name in _PARTS}
    arguments = []
    if part["add_size"] or part["add_start"]:
        arguments.append(f"memmap={part['add_size']}{part['add_kind'] or '!'}{part['add_start']}")
    if part["add_mem"]:
        arguments.append(f"mem={part['add_mem']}")
    if part["add_core_size"]:
        arguments.append(f"{part['add_core'] or 'movablecore'}={part['add_core_size']}")
    return arguments
