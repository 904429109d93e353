"""What ``mem=`` and ``memmap=`` ask for, read as the kernel reads them."""

from enum import Enum
from typing import Literal

from msgspec import Struct

from pfnscope.kernel.command_line import Argument
from pfnscope.kernel.region_kinds import RAM, TYPE_OF
from pfnscope.kernel.release import Version, short
from pfnscope.kernel.thresholds import MANIPULATION_ARGUMENT, MEMMAP_LIST, PRAM_ARGUMENT
from pfnscope.units import address_words, format_size, leading_size

_THRESHOLDS = {"!": PRAM_ARGUMENT, "%": MANIPULATION_ARGUMENT}
_ALL = 1 << 64
_SUFFIXES = frozenset("KMGTPE")
MALFORMED = "argument-malformed"


class Action(str, Enum):
    """What an argument does to the e820 table. KEEP: nothing, but the kernel takes the map for the user's own."""

    ADD = "add"
    UPDATE = "update"
    REMOVE = "remove"
    EMPTY = "empty"
    KEEP = "keep"


class MapOperation(Struct, frozen=True):
    """One operation on the bytes ``[start, end)``; ``old`` is None where every type is meant.

    ``argument`` asks for it, ``column`` is where its text begins in the command line, 0-based.
    """

    action: Action
    start: int
    end: int
    old: int | None
    new: int | None
    argument: Argument
    text: str
    column: int

    @property
    def takes_ram(self) -> bool:
        """Whether it makes RAM something else."""
        return self.action in (Action.REMOVE, Action.UPDATE) or (self.action is Action.ADD and self.new != RAM)


class ArgumentNote(Struct, frozen=True):
    """What the kernel makes of an argument otherwise than its writer may think: ``width`` characters at ``column``.

    ``column`` is 0-based in the command line. ``code`` is that of the finding which the note is about the machine's own
    command line, empty where it is none. ``instead`` is what was probably meant in place of those characters.
    """

    severity: Literal["warning", "error"]
    message: str
    column: int
    width: int
    code: str = ""
    instead: str = ""


def map_operations(
    arguments: tuple[Argument, ...], version: Version | None
) -> tuple[tuple[MapOperation, ...], tuple[ArgumentNote, ...]]:
    """The operations that the command line asks for, in its order, and what is wrong with its arguments.

    Source: parse_memopt(), parse_memmap_one() and parse_memmap_opt() in arch/x86/kernel/e820.c, 4.17 to 7.1.
    What such a function has done before it meets an error stays done, here as there: above all that it has noted that
    the map is the user's (``userdef``), which is printed then.
    """
    operations: list[MapOperation] = []
    problems: list[ArgumentNote] = []
    for argument in arguments:
        if argument.name not in ("mem", "memmap"):
            continue
        if not argument.value:
            problems.append(_problem(argument, f"{argument.name} without a value is ignored.", code=MALFORMED))
            if argument.name == "mem" and argument.value is not None:
                operations.append(_keep(argument, "", argument.column))
            continue
        at = argument.column + argument.text.index("=") + 1 + argument.text.partition("=")[2].startswith('"')
        if argument.name == "mem":
            _limit_memory(argument, argument.value, at, operations, problems)
            continue
        listed = MEMMAP_LIST.reached(version, unknown=True)
        for part in argument.value.split(",") if listed else (argument.value,):
            _memmap(argument, part, at, version, operations, problems)
            at += len(part) + 1
    return tuple(operations), tuple(problems)


def _limit_memory(
    argument: Argument, text: str, at: int, operations: list[MapOperation], problems: list[ArgumentNote]
) -> None:
    size, rest = leading_size(text)
    if text == "nopentium":
        return
    if not size:
        problems.append(_problem(argument, "mem= without a size is ignored.", at, len(text), code=MALFORMED))
        operations.append(_keep(argument, text, at))
        return
    operations.append(_limit(argument, size, text, at))
    if rest:
        message = f"The kernel reads the size {format_size(size)} and takes no notice of “{rest}”."
        problems.append(
            _problem(argument, message, at + len(text) - len(rest), len(rest), code="argument-rest-ignored")
        )


def _memmap(
    argument: Argument,
    text: str,
    at: int,
    version: Version | None,
    operations: list[MapOperation],
    problems: list[ArgumentNote],
) -> None:
    if text.startswith("exactmap"):
        operations.append(MapOperation(Action.EMPTY, 0, _ALL, None, None, argument, text, at))
        return
    size, rest = leading_size(text)
    if size is None:
        message = "memmap= has to begin with a size; this is ignored."
        problems.append(_problem(argument, message, at, len(text), code=MALFORMED))
        return
    sign = rest[:1]
    here = at + len(text) - len(rest)
    known = sign in TYPE_OF or sign == "%"
    needed = _THRESHOLDS.get(sign)
    if needed and not needed.reached(version, unknown=True):
        first = short(needed.since.mainline)
        message = f"“{sign}” is known since {first}; before, this removes all RAM above {address_words(size)}."
        problems.append(_problem(argument, message, here, len(rest), severity="error", code="argument-too-new"))
        known = False
    if not known:
        operations.append(_limit(argument, size, text, at))
        if rest and sign not in TYPE_OF and sign != "%":
            problems.append(_without_sign(argument, size, text, at, rest))
        return
    start, rest = leading_size(rest[1:])
    if start is None:
        message = f"No start address after “{sign}”: the kernel reads 0."
        problems.append(_problem(argument, message, here, 1, code=MALFORMED))
        start = 0
    old: int | None = None
    new: int | None = TYPE_OF.get(sign)
    if sign == "%":
        old, new, rest = _types(rest)
    if rest and sign == "%":
        here = at + len(text) - len(rest)
        message = f"The kernel rejects all of it for “{rest}”."
        problems.append(_problem(argument, message, here, len(rest), code=MALFORMED))
        operations.append(_keep(argument, text, at))
        return
    end = min(start + size, _ALL)
    action = Action.REMOVE if new is None else Action.ADD if old is None else Action.UPDATE
    operations.append(MapOperation(action, start, end, old, new, argument, text, at))
    if rest:
        here = at + len(text) - len(rest)
        message = f"Done, but the kernel rejects the rest “{rest}”."
        problems.append(_problem(argument, message, here, len(rest), code="argument-rest-ignored"))


def _without_sign(argument: Argument, size: int, text: str, at: int, rest: str) -> ArgumentNote:
    """A text behind the size that is none of the signs: mostly a boot loader has taken the “$” and what follows it."""
    removes = f"this removes all RAM above {address_words(size)}"
    before, escaped = text[: len(text) - len(rest)], rest.lstrip("\\")
    if escaped != rest and escaped[:1] in TYPE_OF:
        message = f"The backslash before “{escaped[0]}” has reached the kernel, so {removes}."
        return _problem(
            argument, message, at, len(text), severity="error", code="sign-escaped", instead=before + escaped
        )
    start = _behind_dollar(rest)
    if start is None:
        message = f"The kernel rejects “{rest}”, and {removes}."
        here = at + len(text) - len(rest)
        return _problem(argument, message, here, len(rest), severity="error", code="memmap-without-sign")
    lost = "the “$”" if start else "the “$” and what followed it"
    message = f"A boot loader has swallowed {lost}, so {removes}."
    instead = f"{before}${start}" if start else ""
    return _problem(argument, message, at, len(text), severity="error", code="dollar-lost", instead=instead)


def _behind_dollar(rest: str) -> str | None:
    """What stood behind a “$” of which ``rest`` is left: empty where it is not to be known, None where none was lost.

    A shell, and GRUB 2, take “$4” for a variable, which is empty, and “$0” as well: what follows the digit is left.
    """
    if rest[0].isdigit():
        return rest
    if rest[0] in "xX" and leading_size("0" + rest)[1] == "":
        return "0" + rest
    return "" if rest.upper() in _SUFFIXES else None


def _types(rest: str) -> tuple[int | None, int | None, str]:
    """``-from+to``: 0 and nothing are the same, as in the kernel."""
    old = new = None
    if rest.startswith("-"):
        old, rest = leading_size(rest[1:], suffixes=False)
    if rest.startswith("+"):
        new, rest = leading_size(rest[1:], suffixes=False)
    return old or None, new or None, rest


def _limit(argument: Argument, size: int, text: str, at: int) -> MapOperation:
    return MapOperation(Action.REMOVE, size, _ALL, RAM, None, argument, text, at)


def _keep(argument: Argument, text: str, at: int) -> MapOperation:
    return MapOperation(Action.KEEP, 0, 0, None, None, argument, text, at)


def _problem(
    argument: Argument,
    message: str,
    at: int | None = None,
    width: int | None = None,
    *,
    severity: Literal["warning", "error"] = "warning",
    code: str = "",
    instead: str = "",
) -> ArgumentNote:
    column = argument.column if at is None else at
    width = len(argument.text) if width is None else max(width, 1)
    return ArgumentNote(severity, message, column, width, code, instead)
