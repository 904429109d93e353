"""The reference pages of docs/ that come from tables: commands, settings, findings, requests, words."""

import os
import tempfile
import tomllib
from argparse import Action
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from annotated_types import Ge, Gt, Le

from pfnscope.cli.commands import COMMANDS
from pfnscope.cli.commands.share import SERVER
from pfnscope.cli.parsing import Parser, bounds_of, default_of, load, value_of
from pfnscope.extras import NEEDS
from pfnscope.findings.codes import CODES
from pfnscope.opening import kinds
from pfnscope.report import notes
from pfnscope.report.glossary import WORDS
from pfnscope.web import create_app
from pfnscope.web.settings import Settings

ROOT = Path(__file__).parent.parent

INSTALLING = """# Install it

    pip install pfnscope              # or: pipx install pfnscope, uv tool install pfnscope
    uvx pfnscope analyze dmesg.txt    # without installing it
    pip install 'pfnscope[server]'    # with one extra of those below; 'pfnscope[html,png]' with two

Without an extra it runs every command but `serve` and `scan`, writes all formats but HTML and PNG, opens what the
standard library can unpack, and is the [library](library.md) without its figure. What is missing is told in a sentence
with the command that installs it, and exit status 2. In a checkout `make setup` installs the extras `server`,
`postgres`, `redis` and `files`, in versions that are pinned by hash. Made from `pyproject.toml` and
`app/pfnscope/extras.py` by `make docs`.
"""

COMMANDS_HEAD = """# Commands

All of `pfnscope`, as `--help` tells it, made from `app/pfnscope/cli/` by `make docs`. [terminal.md](terminal.md) shows
them at work.
"""

SETTINGS = """# Settings

Of the server: environment variables, made from `app/pfnscope/web/settings.py` by `make docs`. A value that cannot be
right is refused at start. [operating.md](operating.md) tells when to change what.
"""

FINDINGS = """# Findings

What a report begins with, and what stands under `findings` of a document, by code, made from
`app/pfnscope/findings/codes.py` by `make docs`. The gravest comes first; of one severity what happened comes before
what could happen, and that before what is not as it was meant. `--fail-on` and the exit statuses of the command follow
these severities.
"""

NOTES = """# Notes

What can stand under `diagnostics` of a document and at the end of a report, by code: what the text lacks, and what the
analysis took for granted. Made from `app/pfnscope/report/notes.py` by `make docs`. A note names its lines; none of them
adds a fact to the layout.
"""

REQUESTS = """# Requests

The HTTP API, made from its own description by `make docs`; a server gives that at `/openapi.json`, with types and
examples. Documents are those of [api.md](api.md). A log is sent as `text/plain`, packed with gzip or zstd too, as JSON
`{"log": …}`, or as the file `log` of a form. Errors are problems as in RFC 9457; [operating.md](operating.md) tells the
limits behind 408, 413, 429 and 503, [sharing.md](sharing.md) what happens to a log.
"""

KINDS = """# Files that are no logs

What a file is in which no layout is found, by its first bytes, and what to do instead; in an archive the files that are
not read are named so. Made from `app/pfnscope/opening/kinds.py` by `make docs`. FILE stands for the file. Pictures,
videos and other files are named by the library puremagic. A text is never named, and what
has a layout in it is read, whatever it begins with. [ways.md](ways.md) has the line to type for logs.
"""

GLOSSARY = """# Words

What the terms on pages and in reports mean, made from `app/pfnscope/report/glossary.py` by `make docs`.
[spans.md](spans.md) explains how they hang together.
"""


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Every command with its options."""
    os.environ.pop(SERVER, None)  # else an option that is required would be none
    return COMMANDS_HEAD + "".join(map(_command, COMMANDS))


def _command(name: str) -> str:
    parser = Parser(f"pfnscope {name}")
    parser.configure(load(name))
    about = "\n\n".join(parser.about)
    options = [option for option in parser.options if option.dest != "help"]
    shown = table(("option", "default", "meaning"), map(_option, options))
    examples = "\n".join(f"$ {line}" for line in parser.examples)
    # a server runs until it is ended: its lines are none of those that the tests run
    block = f"\n```{'sh' if name == 'serve' else 'console'}\n{examples}\n```\n"
    return f"\n## {name}\n\n    {parser.usage}\n\n{_plain(about)}\n{block}" + (f"\n{shown}" if options else "")


def _option(option: Action) -> tuple[str, str, str]:
    values = [_code(choice) for choice in option.choices or ()]
    name = option.option_strings[0] + ("" if values or option.nargs == 0 else f" {value_of(option)}")
    meaning = [_plain(option.help or "")]
    meaning += [f"One of {', '.join(values)}."] if len(values) > 1 else [f"Only {values[0]}."] if values else []
    meaning += [f"{bounds_of(option)}."] if bounds_of(option) else []
    meaning += ["May be repeated."] if isinstance(option.default, list) else []
    default = "required" if option.required else default_of(option) and _code(default_of(option))
    return _code(name), default, " ".join(meaning)


def settings_page() -> str:
    """Every setting of the server."""
    return f"{SETTINGS}\n" + table(("variable", "default", "meaning"), map(_setting, Settings.model_fields))


def _setting(name: str) -> tuple[str, str, str]:
    field = Settings.model_fields[name]
    default = "none" if field.default in {None, ""} else _code(field.default)
    bounds = []
    for bound in field.metadata:
        bounds += [f"at least {bound.ge:,}"] if isinstance(bound, Ge) else []
        bounds += [f"more than {bound.gt:,}"] if isinstance(bound, Gt) else []
        bounds += [f"at most {bound.le:,}"] if isinstance(bound, Le) else []
    meaning = "; ".join([_plain(field.description or ""), *bounds])
    return _code(f"PFNSCOPE_{name.upper()}"), default, meaning


def requests_page() -> str:
    """Every request that the OpenAPI description has."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings.model_validate({"database_url": f"sqlite:///{folder}/none.db"}))
        paths = app.openapi()["paths"]
    each = [(path, method, request) for path, methods in paths.items() for method, request in methods.items()]
    return REQUESTS + "".join(_request(path, method, request) for path, method, request in each)


def _request(path: str, method: str, request: dict[str, Any]) -> str:
    description = _plain(" ".join(request.get("description", "").replace("``", "`").split()))
    rows = [
        (_code(item["name"]), item["in"] + (", required" if item.get("required") else ""), _plain(item["description"]))
        for item in request.get("parameters", ())
        if item.get("description")
    ]
    body = "\n\nTakes a log." if "text/plain" in request.get("requestBody", {}).get("content", {}) else ""
    shown = "\n" + table(("parameter", "in", "meaning"), rows) if rows else ""
    statuses = ", ".join(sorted(request["responses"]))
    return f"\n## {method.upper()} {path}\n\n{description}{body}\n{shown}\nStatus: {statuses}.\n"


def words_page() -> str:
    """Every word that the pages explain."""
    return f"{GLOSSARY}\n" + table(("term", "meaning"), ((word.term, _plain(word.line)) for word in WORDS))


def findings_page() -> str:
    """All codes of findings by subject, with severity, meaning and what helps where no remedy is worked out."""
    parts, subjects = [FINDINGS], dict.fromkeys(row.subject for row in CODES)
    for subject in subjects:
        rows = [row for row in CODES if row.subject == subject]
        cells = ((_code(row.code), row.severity, _plain(row.meaning), _plain(row.then)) for row in rows)
        title = f"{subject[:1].upper()}{subject[1:]}" if subject != "ram" else "RAM"
        parts.append(f"\n## {title}\n\n" + table(("code", "severity", "what it means", "what helps"), cells))
    return "".join(parts)


def kinds_page() -> str:
    """Every file that is no log and has a row of its own."""
    cells = [(_plain(kind.name), _plain(kind.advice), "elf(5), core(5)") for kind in kinds.ELF.values()]
    cells += [(_plain(row.name), _plain(row.advice), _plain(row.source)) for row in kinds.ROWS]
    return f"{KINDS}\n" + table(("what it is", "what to do", "known by"), cells)


def installing_page() -> str:
    """Every extra with what needs it and the packages that it brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    packages = project["optional-dependencies"]
    none = [need.partition(";")[0] for need in project["dependencies"]]
    cells = [("none", "every other command, the library", ", ".join(none))]
    cells += [(_code(extra), _plain(NEEDS[extra]), ", ".join(packages[extra])) for extra in sorted(NEEDS)]
    return f"{INSTALLING}\n" + table(("extra", "what needs it", "packages"), cells)


def notes_page() -> str:
    """All codes of notes with what they mean and what helps."""
    parts = [NOTES]
    for title, rows in notes.GROUPS:
        cells = ((_code(row.code), _plain(row.meaning), _plain(row.then)) for row in rows)
        parts.append(f"\n## {title}\n\n" + table(("code", "what it means", "what helps"), cells))
    return "".join(parts)


def _code(value: object) -> str:
    return f"`{value}`"


def _plain(text: str) -> str:
    """Text as Markdown shows it: what would be markup outside of code is escaped."""
    parts = text.split("`")
    parts[::2] = [part.replace("<", "&lt;").replace("*", "\\*").replace("$", "\\$") for part in parts[::2]]
    return "`".join(parts)
