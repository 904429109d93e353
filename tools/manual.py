"""Writes what an installed pfnscope has outside its package: manual pages and completion files of the shells.

usage: python -m tools.manual FOLDER, which gets share/man/man1 and the like; every build calls it.
"""

import os
import sys
from argparse import Action
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

from pfnscope import __version__
from pfnscope.cli.commands import COMMANDS
from pfnscope.cli.commands.share import SERVER
from pfnscope.cli.completions import SHELLS
from pfnscope.cli.main import HELP
from pfnscope.cli.parsing import Parser, bounds_of, default_of, loaded, value_of

_CHANGELOG = Path(__file__).parent.parent / "CHANGELOG.md"
_MANUAL = "share/man/man1"
_COMPLETION = {
    "bash": "share/bash-completion/completions/pfnscope",
    "zsh": "share/zsh/site-functions/_pfnscope",
    "fish": "share/fish/vendor_completions.d/pfnscope.fish",
}
_STATUSES = {
    "0": "Analysed.",
    "1": "As bad as --fail-on says, or worse; with verify, a mismatch. Nothing else.",
    "2": "Wrong usage, unreadable input, a server that cannot be reached.",
    "3": "Nothing about memory in the text.",
}
_ENVIRONMENT = {
    "NO_COLOR": "Where it is set, text has no colours.",
    SERVER: "The server of pfnscope-share(1).",
    "PFNSCOPE_DATABASE_URL": "Where pfnscope-serve(1) stores layouts; there are more settings of the server.",
}


def files() -> dict[str, str]:
    """Every file by its path below the prefix of an installation."""
    os.environ.pop(SERVER, None)  # else an option that is required would be none
    pages = {"pfnscope": _overview()} | {f"pfnscope-{name}": _page(name, parser) for name, parser in loaded()}
    texts = {f"{_MANUAL}/{name}.1": text for name, text in pages.items()}
    return texts | {_COMPLETION[shell]: write() for shell, write in SHELLS.items()}


def released() -> str:
    """The day of this version, as its section of CHANGELOG.md has it; raises LookupError where there is none."""
    for line in _CHANGELOG.read_text().splitlines():
        if line.startswith(f"## {__version__} - "):
            return line.rpartition(" - ")[2]
    raise LookupError(f"CHANGELOG.md has no section {__version__} with its day")


def _overview() -> str:
    _, about, *_ = HELP.split("\n\n")
    rows = [(f"{_bold(f'pfnscope-{name}')}(1)", line) for name, line in COMMANDS.items()]
    parts = [
        *_head("pfnscope", "memory layout from Linux boot logs"),
        *_section("SYNOPSIS", [f"{_bold('pfnscope')} {_italic('COMMAND')} [{_italic('ARGUMENT')} ...]"]),
        *_section("DESCRIPTION", _text(about)),
        *_section("COMMANDS", _list(rows)),
        *_section(
            "OPTIONS", _list([(_bold("--version"), "Show the version and exit."), (_help(), "Show the help and exit.")])
        ),
        *_section("EXIT STATUS", _list([(_bold(number), meaning) for number, meaning in _STATUSES.items()])),
        *_section("ENVIRONMENT", _list([(_bold(name), meaning) for name, meaning in _ENVIRONMENT.items()])),
        *_section("SEE ALSO", _references(["dmesg(1)", "journalctl(1)"])),
    ]
    return "\n".join(parts) + "\n"


def _page(name: str, parser: Parser) -> str:
    about = [line for part in parser.about for line in (".PP", *_text(part))][1:]
    operands = parser.usage.partition("[OPTIONS]")[2] if parser.usage else ""
    usage = f"{_bold(f'pfnscope {name}')} [{_italic('OPTION')} ...]{_escaped(operands)}"
    options = [(_names(option), _meaning(option)) for option in parser.options]
    examples = [".nf", *(_line(f"$ {line}") for line in parser.examples), ".fi"]
    parts = [
        *_head(f"pfnscope-{name}", COMMANDS[name].rstrip(".")),
        *_section("SYNOPSIS", [usage]),
        *_section("DESCRIPTION", about),
        *_section("OPTIONS", _list(options)),
        *_section("EXAMPLES", examples),
        *_section("SEE ALSO", _references(["pfnscope(1)"])),
    ]
    return "\n".join(parts) + "\n"


def _head(name: str, what: str) -> list[str]:
    title = f'.TH {_escaped(name.upper())} 1 "{released()}" "pfnscope {__version__}" "User Commands"'
    return [title, *_section("NAME", [f"{_escaped(name)} \\- {_escaped(what[:1].lower() + what[1:])}"])]


def _section(title: str, lines: list[str]) -> list[str]:
    return [f".SH {title}", *lines]


def _list(rows: list[tuple[str, str]]) -> list[str]:
    return [line for term, meaning in rows for line in (".TP", term, *_text(meaning))]


def _references(pages: list[str]) -> list[str]:
    parts = [(name, number) for name, _, number in (page.partition("(") for page in pages)]
    lines = [f".BR {_escaped(name)} ({number}," for name, number in parts]
    return [*lines[:-1], lines[-1].rstrip(",")]


def _names(option: Action) -> str:
    if option.nargs == 0:
        return ", ".join(map(_bold, option.option_strings))
    return f"{_bold(option.option_strings[0])} {_italic('VALUE' if option.choices else value_of(option))}"


def _meaning(option: Action) -> str:
    choices = [str(choice) for choice in option.choices or ()]
    notes = [f"One of: {' '.join(choices)}."] if choices else []
    notes += [f"{bounds_of(option)}."] if bounds_of(option) else []
    notes += ["May be repeated."] if isinstance(option.default, list) else []
    notes += [f"Default: {default_of(option)}."] if default_of(option) else []
    notes += ["Required."] if option.required else []
    return " ".join([option.help or "", *notes])


def _help() -> str:
    return f"{_bold('-h')}, {_bold('--help')}"


def _bold(text: str) -> str:
    return f"\\fB{_escaped(text)}\\fR"


def _italic(text: str) -> str:
    return f"\\fI{_escaped(text)}\\fR"


def _text(text: str) -> list[str]:
    """A paragraph in lines of source, none of which looks like a request."""
    return [_line(line) for line in wrap(" ".join(text.split()), 72, break_long_words=False, break_on_hyphens=False)]


def _line(text: str) -> str:
    escaped = _escaped(text)
    return f"\\&{escaped}" if escaped[:1] in {".", "'"} else escaped


def _escaped(text: str) -> str:
    """Text whose backslashes, dashes and quotes are printed as what they are."""
    for plain, printed in (("\\", "\\e"), ("-", "\\-"), ("'", "\\(aq"), ("^", "\\(ha"), ("~", "\\(ti"), ("`", "\\(ga")):
        text = text.replace(plain, printed)
    return text


def written(folder: Path) -> Iterator[Path]:
    """Write all files below a folder."""
    for name, text in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        yield path


if __name__ == "__main__":
    list(written(Path(sys.argv[1])))
