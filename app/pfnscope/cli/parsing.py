"""Options and operands of a command: argparse, but in any order and with error messages of our own."""

import argparse
from argparse import SUPPRESS, Action, ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any, NoReturn, Protocol, cast

from pfnscope.cli.commands import COMMANDS
from pfnscope.cli.terminal import WrongUsage, show

argparse._ = str  # type: ignore[attr-defined] # all messages are English: without the search for translations
WIDTH = 78
"""Columns of the help; asking the terminal would import shutil."""
_MARK = "\0"
"""Prefix of values and operands on their way through argparse, so that it takes no leading dash for an option.

No argument of a process can contain it."""


class Whole:
    """Option type: a whole number, ``least`` to ``most`` where both are given."""

    def __init__(self, least: int | None = None, most: int | None = None) -> None:
        self.bounds = "" if least is None or most is None else f"{least} to {most}"
        self._least, self._most = least, most

    def __call__(self, text: str) -> int:
        """Convert a word; raises ArgumentTypeError."""
        text = _unmarked(text)
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
        """Declare operands and options."""

    def run(self, args: Namespace) -> int | None:
        """Run the command; the exit status, None for 0. The docstring is the help."""


class Parser(ArgumentParser):
    """The options and operands of one command."""

    def __init__(self, prog: str, **settings: Any) -> None:
        settings |= {"add_help": False, "allow_abbrev": False, "formatter_class": _Help}
        super().__init__(prog=prog, usage=f"{prog} [OPTIONS]", **settings)
        self.register("type", None, _unmarked)
        self.about: list[str] = []
        self.options: list[Action] = []
        self.operands: list[Action] = []
        self.examples: tuple[str, ...] = ()
        self._group = self.add_argument_group("Options")

    def configure(self, command: Command) -> None:
        """Take a command's options, and its docstring as help."""
        self.about = [" ".join(part.split()) for part in (command.run.__doc__ or "").split("\n\n")]
        command.configure(self)
        self.option("-h", "--help", action="help", help="Show this message and exit.")

    def operand(self, name: str, metavar: str, nargs: str | None = None, choices: Iterable[str] | None = None) -> None:
        """Declare an argument without a dash, such as a file."""
        self.usage = f"{self.usage} {metavar}"
        default: Any = [] if nargs == "*" else None
        operand = self.add_argument(name, metavar=metavar, nargs=nargs, default=default, choices=choices, help=SUPPRESS)
        self.operands.append(operand)

    def option(self, *names: str, **settings: Any) -> None:
        """Declare an option, with the settings of ``add_argument``; choices are its metavar."""
        if settings.get("choices"):
            settings["metavar"] = f"[{'|'.join(settings['choices'])}]"
        self.options.append(self._group.add_argument(*names, **settings))

    def show_examples(self, *lines: str) -> None:
        """Declare command lines, as a shell takes them, for the end of the help."""
        self.examples = lines
        self.epilog = "\n".join(["Examples:", *(f"  {line}" for line in lines)])

    def read(self, words: Sequence[str]) -> Namespace:
        """Parse a command line; raises WrongUsage.

        ``parse_intermixed_args`` of argparse takes words after ``--`` for options, and refuses option values with a
        leading dash; its releases differ. So all options come first, each joined with its value. One of several values
        (``nargs="+"``) ends at the next word with a dash; the last word of all is the operand where there is no other.
        """
        options, operands = self._sorted(words)
        args, extra = self.parse_known_args([*options, *operands])
        if extra:
            raise WrongUsage(f"unexpected: {' '.join(map(_unmarked, extra))}")
        return args

    def _sorted(self, words: Sequence[str]) -> tuple[list[str], list[str]]:
        """Options as ``--name=value`` and operands, both in order."""
        by_name = {name: option for option in self.options for name in option.option_strings}
        options: list[str] = []
        operands: list[str] = []
        rest = deque(words)
        while rest:
            word = rest.popleft()
            name, equals, value = word.partition("=")
            if word == "--":
                operands += [_MARK + operand for operand in rest]
                break
            if word == "-" or not word.startswith("-"):
                operands.append(_MARK + word)
            elif name not in by_name:
                raise WrongUsage(f"no such option {name!r}{nearest(name, by_name)}")
            elif by_name[name].nargs == 0:
                options.insert(0 if name in {"-h", "--help"} else len(options), word)  # help comes before any refusal
            else:
                if not equals and not rest:
                    raise WrongUsage(f"option {name!r} needs a value")
                values = [value if equals else rest.popleft()]
                while by_name[name].nargs == "+" and not equals and rest and not rest[0].startswith("-"):
                    values.append(rest.popleft())
                if not (rest or operands) and len(values) > 1:
                    operands.append(_MARK + values.pop())
                options += [f"{name}={_MARK}{value}" for value in values]
        return options, operands

    def format_help(self) -> str:
        """The help in :data:`WIDTH` columns."""
        from textwrap import fill

        self.description = "\n\n".join(fill(part, WIDTH) for part in self.about)
        return super().format_help()

    def print_help(self, file: Any = None) -> None:  # noqa: ARG002 - argparse names it
        """Write the help to standard output; a full disk is an error, unlike in argparse."""
        show(self.format_help().encode())

    def error(self, message: str) -> NoReturn:
        """Raise what argparse refuses as WrongUsage."""
        raise WrongUsage(message)


class _Help(RawDescriptionHelpFormatter):
    """Help of a fixed width, with default, bounds and ``required`` after each option's text."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=34, width=WIDTH)

    def add_usage(self, usage: str | None, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, prefix or "Usage: ")

    def _format_args(self, action: Action, default_metavar: str) -> str:
        return value_of(action) if action.nargs == "+" else super()._format_args(action, default_metavar)

    def _get_help_string(self, action: Action) -> str:
        notes = [f"default: {default}" for default in [default_of(action)] if default]
        notes += [bounds_of(action)] if bounds_of(action) else []
        notes += ["required"] if action.required else []
        text = f"{action.help}  [{'; '.join(notes)}]" if notes else f"{action.help}"
        return text.replace("%", "%%")


def load(name: str) -> Command:
    """Import the module of a command."""
    return cast(Command, import_module(f"pfnscope.cli.commands.{name}"))


def loaded() -> Iterator[tuple[str, "Parser"]]:
    """Every command with its options and operands, in the order of the help."""
    for name in COMMANDS:
        parser = Parser(f"pfnscope {name}")
        parser.configure(load(name))
        yield name, parser


def value_of(option: Action) -> str:
    """What an option's value is called: ``SIZE``, ``ADDRESS...`` for one or more."""
    return f"{option.metavar}..." if option.nargs == "+" else f"{option.metavar}"


def default_of(option: Action) -> str:
    """An option's default as text, empty for flags, lists and None."""
    return str(option.default) if isinstance(option.default, str | int) and option.nargs != 0 else ""


def bounds_of(option: Action) -> str:
    """``72 to 1000``; empty where an option has no bounds."""
    return option.type.bounds if isinstance(option.type, Whole) else ""


def nearest(word: str, names: Iterable[str]) -> str:
    """``; did you mean 'analyze'?`` where one of the names is similar."""
    from difflib import get_close_matches

    return "".join(f"; did you mean {name!r}?" for name in get_close_matches(word, names, 1))


def _unmarked(word: str) -> str:
    return word.removeprefix(_MARK)


def add_format(parser: Parser, *names: str) -> None:
    """``--format``; the first name is the default."""
    parser.option("--format", dest="form", choices=names, default=names[0], help="Form of the report.")


def add_layout_format(parser: Parser, *more: str) -> None:
    """``--format`` with the formats of a layout, and ``more``."""
    from pfnscope.formats.registry import FORMATS

    add_format(parser, *(item.name for item in FORMATS), *more)


def add_kernel(parser: Parser) -> None:
    """``--kernel``."""
    parser.option("--kernel", metavar="RELEASE", help="Assume this kernel release.")


def add_assumptions(parser: Parser) -> None:
    """``--kernel``, ``--arch`` and ``--boot``."""
    add_kernel(parser)
    parser.option("--arch", metavar="ARCH", help="Assume this architecture.")
    parser.option("--boot", type=Whole(), metavar="N", help="Which boot of the text, from 1.")


def add_memory_model(parser: Parser) -> None:
    """``--memory-model`` and ``--section-size``."""
    parser.option(
        "--memory-model",
        choices=("sparsemem", "flatmem"),
        help="How this kernel keeps struct pages, as its configuration says.",
    )
    parser.option(
        "--section-size",
        metavar="SIZE",
        help="Size of its memory sections, such as 1G: 2 to the power of SECTION_SIZE_BITS.",
    )


def add_fail_on(parser: Parser) -> None:
    """``--fail-on``."""
    parser.option("--fail-on", choices=("danger", "caution", "info"), help="Exit 1 at this severity or worse.")


def add_look(parser: Parser) -> None:
    """``--width`` and ``--color`` of commands that print text."""
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


def add_root(parser: Parser) -> None:
    """``--root`` of commands about a running machine."""
    parser.option(
        "--root",
        metavar="DIR",
        default="/",
        help="Take /proc, /sys and /dev from below DIR, such as a host's in a container.",
    )
