"""Completion files of the shells, written from the options and operands of all commands.

The same text is what ``pfnscope completion`` prints and what a build puts where each shell looks for such files.
"""

from argparse import Action
from collections.abc import Callable, Iterator

from pfnscope.cli.commands import COMMANDS
from pfnscope.cli.parsing import Parser, loaded

_FILES = ("DIR", "FILE", "PATH", "REPORT", "A", "B")
"""Words of a metavar that stand for files."""
_OPTIONS = {"--version": "Show the version and exit.", "--help": "Show the commands and exit."}
_HEAD = "for pfnscope, written from its options by app/pfnscope/cli/completions.py"


def bash() -> str:
    """A function for ``complete``; needs nothing of the package bash-completion.

    Readline takes ``=`` for the end of a word, so that ``--format=m`` comes as three. Where the function answers with
    nothing, ``-o default`` completes files; bash before 4 has no ``compopt`` to forbid that where none belongs.
    """
    cases = "".join(_bash_case(name, parser) for name, parser in loaded())
    return f"""# bash completion {_HEAD}
_pfnscope() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} number options= operands= values=
    [[ $word == = ]] && word=
    [[ $before == = ]] && before=${{COMP_WORDS[COMP_CWORD - 2]}}
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        compopt +o default 2>/dev/null
        COMPREPLY=($(compgen -W '{" ".join([*COMMANDS, *_OPTIONS])}' -- "$word"))
        return
    fi
    case ${{COMP_WORDS[1]}} in
{cases}    *) operands=none ;;
    esac
    for ((number = 2; number < COMP_CWORD; number++)); do
        [[ ${{COMP_WORDS[number]}} == -- ]] && options=$operands values=
    done
    [[ $word == -* ]] && operands=$options
    [[ -n $values ]] && operands=$values
    [[ $operands == files ]] && return
    compopt +o default 2>/dev/null
    [[ $operands == none ]] || COMPREPLY=($(compgen -W "$operands" -- "$word"))
}}
complete -o default -F _pfnscope pfnscope
"""


def _bash_case(name: str, parser: Parser) -> str:
    """The branch of one command: its options, what its operands are, and the values of the option before the word."""
    options = [option for option in parser.options if option.nargs != 0]
    values = "".join(
        f"        {'|'.join(option.option_strings)}) values='{' '.join(_values(option)) or 'none'}' ;;\n"
        for option in options
    )
    names = " ".join(name for option in parser.options for name in option.option_strings)
    operands = " ".join(_values(parser.operands[0])) if parser.operands else ""
    choice = f"        case $before in\n{values}        esac\n" if values else ""
    return f"    {name})\n        options='{names}' operands='{operands or 'none'}'\n{choice}        ;;\n"


def zsh() -> str:
    """A function for ``_arguments``, which works both as a file of ``fpath`` and behind ``eval``."""
    commands = "\n".join(f"            {_zsh_quoted(f'{name}:{line}')}" for name, line in COMMANDS.items())
    first = " ".join(_zsh_quoted(f"{name}[{text}]") for name, text in _OPTIONS.items())
    cases = "".join(
        f"        {name}) _arguments -S \\\n"
        + " \\\n".join(f"            {spec}" for spec in _zsh_specs(parser))
        + " ;;\n"
        for name, parser in loaded()
    )
    return f"""#compdef pfnscope
# zsh completion {_HEAD}
_pfnscope() {{
    local curcontext=$curcontext state line
    _arguments -C {first} '1: :->command' '*:: :->words'
    case $state in
    command)
        local -a commands=(
{commands}
        )
        _describe command commands ;;
    words)
        curcontext=${{curcontext%:*:*}}:pfnscope-$line[1]:
        case $line[1] in
{cases}        esac ;;
    esac
}}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _pfnscope "$@"
else
    compdef _pfnscope pfnscope
fi
"""


def _zsh_specs(parser: Parser) -> Iterator[str]:
    for option in parser.options:
        again = "*" if isinstance(option.default, list) else ""
        text = _zsh_text(option.help or "")
        value = "" if option.nargs == 0 else f"=:{_zsh_text(str(option.dest))}:{_zsh_action(option)}"
        for name in option.option_strings:
            equals, rest = ("=", value[1:]) if value else ("", "")
            yield _zsh_quoted(f"{again}{name}{equals}[{text}]{rest}")
    for number, operand in enumerate(parser.operands, 1):
        place = "*" if operand.nargs in {"*", "+"} else f"{number}"
        yield _zsh_quoted(f"{place}:{_zsh_text(operand.dest)}:{_zsh_action(operand)}")


def _zsh_action(action: Action) -> str:
    values = _values(action)
    return "_files" if values == ["files"] else f"({' '.join(values)})" if values else " "


def _zsh_text(text: str) -> str:
    """Text within a spec, whose brackets and colons have a meaning."""
    return "".join(f"\\{letter}" if letter in "[]:\\" else letter for letter in text)


def _zsh_quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def fish() -> str:
    """A ``complete`` for each command, option and operand."""
    first = "complete -c pfnscope -n __fish_use_subcommand -f"
    lines = [f"# fish completion {_HEAD}", first]
    lines += [f"{first} -l {name.removeprefix('--')} -d {_fish_quoted(text)}" for name, text in _OPTIONS.items()]
    lines += [f"{first} -a {name} -d {_fish_quoted(line)}" for name, line in COMMANDS.items()]
    for name, parser in loaded():
        within = f"complete -c pfnscope -n '__fish_seen_subcommand_from {name}'"
        values = _values(parser.operands[0]) if parser.operands else []
        if values != ["files"]:
            lines.append(f"{within} -f" + (f" -a {_fish_words(values)}" if values else ""))
        lines += [f"{within}{_fish_option(option)}" for option in parser.options]
    return "\n".join(lines) + "\n"


def _fish_option(option: Action) -> str:
    names = "".join(f" -l {name[2:]}" if name.startswith("--") else f" -s {name[1:]}" for name in option.option_strings)
    values = _values(option)
    offered = f" -x -a {_fish_words(values)}" if values else " -x"
    value = "" if option.nargs == 0 else " -r -F" if values == ["files"] else offered
    return f"{names}{value} -d {_fish_quoted(option.help or '')}"


def _fish_words(values: list[str]) -> str:
    """Words to offer, in which fish replaces variables once more."""
    return _fish_quoted(" ".join(values).replace("$", "\\$"))


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _values(action: Action) -> list[str]:
    """What an option's value or an operand can be: words, ``["files"]``, or nothing that can be offered."""
    if action.dest == "arch":
        from pfnscope.service.analyzing import ARCHITECTURES

        return sorted(ARCHITECTURES)
    if action.choices:
        return [str(choice) for choice in action.choices]
    words = "".join(letter if letter.isalpha() else " " for letter in str(action.metavar)).split()
    return ["files"] if any(word in _FILES for word in words) else []


SHELLS: dict[str, Callable[[], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
