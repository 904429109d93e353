"""A command's words: argparse with options and operands in any order, and refusals in our own form."""

import argparse
from argparse import SUPPRESS, Action, ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, NoReturn, Protocol, cast

from pfnscope.cli.terminal import WrongUsage, show

argparse._ = str  # type: ignore[attr-defined] # English like all we say: to look for translations takes 2 ms
WIDTH = 78
"""Columns of the help, whatever the terminal has: argparse would import shutil to ask it."""
_TAKEN = "\0"
"""In front of what is known to be a value or an operand, so that argparse takes no dash in it for its own; no word that
a program is given can have it."""


class Whole:
    """The type of an option that is a whole number, between two bounds where it has some."""

    def __init__(self, least: int | None = None, most: int | None = None) -> None:
        self.bounds = "" if least is None or most is None else f"{least} to {most}"
        self._least, self._most = least, most

    def __call__(self, text: str) -> int:
        """The number that a word is."""
        text = _given(text)
        try:
            number = int(text)
        except ValueError:
            raise ArgumentTypeError(f"{text!r} is no whole number") from None
        if self._least is not None and self._most is not None and not self._least <= number <= self._most:
            raise ArgumentTypeError(f"{text} is not in {self.bounds}")
        return number


class Command(Protocol):
    """A module of ``pfnscope.cli.commands``."""

    def configure(self, parser: "Parser") -> None:
        """Name the operands and options."""

    def run(self, args: Namespace) -> int | None:
        """Do it; the exit status where it is not 0. The docstring is the help."""


class Parser(ArgumentParser):
    """The options and operands of one command."""

    def __init__(self, prog: str, **settings: Any) -> None:
        settings |= {"add_help": False, "allow_abbrev": False, "formatter_class": _Help}
        super().__init__(prog=prog, usage=f"{prog} [OPTIONS]", **settings)
        self.register("type", None, _given)
        self.about: list[str] = []
        self.options: list[Action] = []
        self._listed = self.add_argument_group("Options")

    def take(self, command: Command) -> None:
        """Become the parser of a command: its options, and its docstring for the help."""
        self.about = [" ".join(part.split()) for part in (command.run.__doc__ or "").split("\n\n")]
        command.configure(self)
        self.option("-h", "--help", action="help", help="Show this message and exit.")

    def operand(self, name: str, shown: str, nargs: str | None = None, choices: Iterable[str] | None = None) -> None:
        """A word without a dash, such as a file: ``shown`` is how help names it."""
        self.usage = f"{self.usage} {shown}"
        default: Any = [] if nargs == "*" else None
        self.add_argument(name, metavar=shown, nargs=nargs, default=default, choices=choices, help=SUPPRESS)

    def option(self, *names: str, **settings: Any) -> None:
        """An option, with the settings of ``add_argument``; choices are shown as its value."""
        if settings.get("choices"):
            settings["metavar"] = f"[{'|'.join(settings['choices'])}]"
        self.options.append(self._listed.add_argument(*names, **settings))

    def read(self, words: Sequence[str]) -> Namespace:
        """What the words say.

        argparse's own ``parse_intermixed_args`` takes words behind ``--`` for options, and a value that begins with a
        dash for none; releases differ. So all options come first, each as one word with its value.
        """
        options, operands = self._parted(words)
        found, extra = self.parse_known_args([*options, *operands])
        if extra:
            raise WrongUsage(f"unexpected: {' '.join(map(_given, extra))}")
        return found

    def _parted(self, words: Sequence[str]) -> tuple[list[str], list[str]]:
        """Options with their values, and operands."""
        known = {name: option for option in self.options for name in option.option_strings}
        options: list[str] = []
        operands: list[str] = []
        rest = iter(words)
        for word in rest:
            name, given, value = word.partition("=")
            if word == "--":
                operands += [_TAKEN + behind for behind in rest]
            elif word == "-" or not word.startswith("-"):
                operands.append(_TAKEN + word)
            elif name not in known:
                raise WrongUsage(f"no such option {name!r}{nearest(name, known)}")
            elif known[name].nargs == 0:
                options.insert(0 if name in {"-h", "--help"} else len(options), word)  # help comes before any refusal
            else:
                value = value if given else next(rest, _TAKEN)
                if value == _TAKEN:
                    raise WrongUsage(f"option {name!r} needs a value")
                options.append(f"{name}={_TAKEN}{value}")
        return options, operands

    def format_help(self) -> str:
        """The help in :data:`WIDTH` columns."""
        from textwrap import fill

        self.description = "\n\n".join(fill(part, WIDTH) for part in self.about)
        return super().format_help()

    def print_help(self, file: Any = None) -> None:  # noqa: ARG002 - argparse names it
        """Show the help; unlike argparse with word of an output that is full."""
        show(self.format_help().encode())

    def error(self, message: str) -> NoReturn:
        """What argparse refuses."""
        raise WrongUsage(message)


def _given(word: str) -> str:
    return word.removeprefix(_TAKEN)


def command_of(name: str) -> Command:
    """The command of that name, imported now."""
    return cast(Command, import_module(f"pfnscope.cli.commands.{name}"))


class _Help(RawDescriptionHelpFormatter):
    """Help as wide as we say, with what else is known of an option behind its text."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=34, width=WIDTH)

    def add_usage(self, usage: str | None, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, prefix or "Usage: ")

    def _get_help_string(self, action: Action) -> str:
        known = [f"default: {default}" for default in [default_of(action)] if default]
        known += [bounds_of(action)] if bounds_of(action) else []
        known += ["required"] if action.required else []
        text = f"{action.help}  [{'; '.join(known)}]" if known else f"{action.help}"
        return text.replace("%", "%%")


def default_of(option: Action) -> str:
    """What an option is where it is not given; empty where that says nothing."""
    return str(option.default) if isinstance(option.default, str | int) and option.nargs != 0 else ""


def bounds_of(option: Action) -> str:
    """``72 to 1000``; empty where an option has no bounds."""
    return option.type.bounds if isinstance(option.type, Whole) else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'analyze'?`` where something near is known."""
    from difflib import get_close_matches

    return "".join(f"; did you mean {found!r}?" for found in get_close_matches(word, known, 1))


def form(parser: Parser, *names: str) -> None:
    """``--format`` with the forms that a command has, the first its default."""
    parser.option("--format", dest="form", choices=names, default=names[0], help="Form of the report.")


def layout_form(parser: Parser, *more: str) -> None:
    """``--format`` with the formats of a layout, and ``more``."""
    from pfnscope.formats.registry import FORMATS

    form(parser, *(item.name for item in FORMATS), *more)


def kernel(parser: Parser) -> None:
    """``--kernel``."""
    parser.option("--kernel", metavar="RELEASE", help="Assume this kernel release.")


def assumptions(parser: Parser) -> None:
    """``--kernel``, ``--arch`` and ``--boot``."""
    kernel(parser)
    parser.option("--arch", metavar="ARCH", help="Assume this architecture.")
    parser.option("--boot", type=Whole(), metavar="N", help="Which boot of the text, from 1.")


def fail_on(parser: Parser) -> None:
    """``--fail-on``."""
    parser.option("--fail-on", choices=("danger", "caution", "info"), help="Exit 1 at this severity or worse.")


def look(parser: Parser) -> None:
    """``--width`` and ``--color`` of the commands that print text."""
    parser.option(
        "--width",
        type=Whole(72, 1000),  # from pfnscope.report.plain.NARROWEST, which costs an import
        metavar="COLUMNS",
        help="Columns of the text: the terminal's, or 80; 72 for mail.",
    )
    parser.option(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="Colours: on a terminal, always (as for less -R), or never.",
    )


def root(parser: Parser) -> None:
    """``--root`` of the commands about a running machine."""
    parser.option(
        "--root",
        metavar="DIR",
        default="/",
        help="Take /proc, /sys and /dev from below DIR, such as a host's in a container.",
    )
