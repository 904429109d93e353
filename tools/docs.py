"""Writes what is committed and made from code: reference pages, pictures, palette.css; --check only compares.

usage: python -m tools.docs [--check]
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from pfnscope.bootlog.forms import FORMS, Form
from pfnscope.drawing import palette
from pfnscope.formats import rulebook
from pfnscope.formats.rulebook import Rule
from pfnscope.model.answers import Lookup, Placements
from pfnscope.model.document import Document
from pfnscope.model.encoding import SCHEMA_NAMES
from pfnscope.model.log import MemoryType
from pfnscope.model.ranges import Address
from pfnscope.opening import archives, budget
from pfnscope.opening.packing import LIMIT
from pfnscope.units import format_size
from tools import pictures, reference

ROOT = Path(__file__).parent.parent

INTRODUCTION = """# The document

What `--format json`, `GET /l/{id}.json` and `POST /api/v1/analyze` give, format 1. Made from `app/pfnscope/model/` by
`make docs`.

An address is a lower-case hex string in bytes, because 2^64 does not fit a JSON number; page frame numbers and counts
are integers. `start` and `start_pfn` belong to a range, `end` and `end_pfn` do not. `lines` are line numbers of the
text as given, from 1. Unknown is `null`, never 0 or a guess; what the log does not have is an empty list.
"""

LINE_FORMS = """# The lines that are read

Every line family of a boot log that is read, in all its spellings, made from the tables in
`app/pfnscope/bootlog/forms/` by `make docs`. Each spelling is one row there;
[CONTRIBUTING.md](../CONTRIBUTING.md) shows how to add one.

Whether the printed end belongs to a range is decided by the spelling, never by the release, because distributions
backport. Releases are those in which the spelling was seen; it is read whatever release the text names. A line that
says *under* counts only while the section of that name is open. All of them are read behind any prefix, with any
number of blanks.
"""

OPENED = f"""
## What can be opened

A log is taken out of what it is wrapped in, told by the first bytes and never by the name: by each command, for the
API and on the page alike. `scan` has a row for each file of an archive, and opens what that is wrapped in again.

| wrapping | what is read |
|---|---|
| gzip, zstd, xz, bzip2, lz4* | the text, also of streams one after another, and one packing in another |
| tar, as it is or packed; zip; 7z* | every file in which the reader recognises something; archives in archives |
| a folder | the same, for the commands; links are not followed, and only regular files are read |
| a mail | parts in base64, packed or not, HTML, mails in mails; plain and quoted-printable text is read as it stands |
| an mbox of several | each mail, named by subject and author |
| base64 | a text, or a packed one, as `base64` and the consoles of clouds print it |
| JSON | fields in base64, such as `Output` of `aws ec2 get-console-output` |
| a report of apport (`.crash`) | its fields in base64, and those in clear |
| Word (`.docx`)*, PDF* | its paragraphs, its pages; a terminal's text is better, since both may break lines |

\\* by libraries of the extra `files` ([installing.md](installing.md)).

A log alone in its wrapping is as if it had been sent plain. Of several files, a line `==> NAME <==` stands before each
that is read, and lines `==> NAME <== not used: REASON` at the end name the others; `lines` of a document are those of
this whole text. What is encrypted with a password, cut off or damaged is told by a sentence of its own.

Texts may have {format_size(LIMIT)}, or what a server allows, and {budget.TIMES} times as much may be unpacked to find
them, in at most {budget.MOST_FILES:,} files and {budget.MOST_DEPTH} wrappings within each other. A name or header of
more than {format_size(archives.MOST_HEADER)} in a tar and members of a zip that share their bytes are refused.
"""


def line_forms_page() -> str:
    """What is opened, and all rows of the form tables, by family in the order of the tables."""
    families: dict[str, list[Form]] = {}
    for form in FORMS:
        families.setdefault(form.family, []).append(form)
    return LINE_FORMS + OPENED + "".join(_family(name, forms) for name, forms in families.items())


def _family(name: str, forms: list[Form]) -> str:
    rows = "".join(_form_row(form) for form in forms)
    title = name[0].upper() + name[1:]
    return f"\n## {title}\n\n| row | sample lines | meaning | source |\n|---|---|---|---|\n{rows}"


def _form_row(form: Form) -> str:
    samples = "<br>".join(f"`{_cell(sample)}`" for sample in form.samples)
    source, _, convention = form.source.partition("; ")
    needs = [f"under *{' or '.join(form.needs)}*"] if form.needs else []
    return (
        f"| {form.name} | {samples} | {_cell('; '.join([*filter(None, [convention]), *needs]))} | {_cell(source)} |\n"
    )


def _cell(text: str) -> str:
    return text.replace("\t", " ").replace("|", "\\|").strip()


def document_page() -> str:
    """The wire schema, every type once, in the order in which a reader meets them."""
    order: list[type] = []
    _collect(Document, order)
    _collect(Lookup, order)
    _collect(Placements, order)
    _collect(Rule, order)
    return INTRODUCTION + "".join(_section(kind) for kind in order)


def _collect(kind: Any, order: list[type]) -> None:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind not in order:
            order.append(kind)
            for field in get_type_hints(kind).values():
                _collect(field, order)
    else:
        for part in get_args(kind):
            _collect(part, order)


def _section(kind: type) -> str:
    info = msgspec.inspect.type_info(kind)
    hints = get_type_hints(kind)
    names = {field.name: field.encode_name for field in info.fields}  # type: ignore[attr-defined]
    rows = "".join(f"| `{names[name]}` | {_words(hint)} |\n" for name, hint in hints.items())
    return f"\n## {_name(kind)}\n\n{' '.join((kind.__doc__ or '').split())}\n\n| key | value |\n|---|---|\n{rows}"


def _words(hint: Any) -> str:
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (list, tuple):
        return f"list of {_words(parts[0])}"
    if origin is dict:
        return f"{_words(parts[1])} by {_words(parts[0])}"
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin is UnionType or len(parts) > 1:
        return " or ".join(_words(part) for part in parts)
    if hint is type(None):
        return "`null`"
    if issubclass(hint, msgspec.Struct):
        return f"[{_name(hint)}](#{_name(hint).lower()})"
    return {str: "text", Address: "text", MemoryType: "text", int: "integer", bool: "true or false"}[hint]


def _name(kind: type) -> str:
    return SCHEMA_NAMES.get(kind, kind.__name__)


PICTURES = ROOT / "docs" / "pictures"

FILES: dict[Path, Callable[[], str]] = {
    ROOT / "docs" / "api.md": document_page,
    ROOT / "docs" / "commands.md": reference.commands_page,
    ROOT / "docs" / "findings.md": reference.findings_page,
    ROOT / "docs" / "installing.md": reference.installing_page,
    ROOT / "docs" / "kinds.md": reference.kinds_page,
    ROOT / "docs" / "notes.md": reference.notes_page,
    ROOT / "docs" / "kernel-rules.md": rulebook.markdown,
    ROOT / "docs" / "log-formats.md": line_forms_page,
    ROOT / "docs" / "requests.md": reference.requests_page,
    ROOT / "docs" / "settings.md": reference.settings_page,
    ROOT / "docs" / "words.md": reference.words_page,
    ROOT / "static" / "palette.css": palette.style_sheet,
    **{PICTURES / f"{name}.svg": draw for name, draw in pictures.PICTURES.items()},
}


def main() -> int:
    """Write what is out of date, or with --check only name it."""
    texts = {path: text() for path, text in FILES.items()}
    stale = [path for path, text in texts.items() if not _same(path, text)]
    unused = sorted(set(PICTURES.glob("*")) - FILES.keys())
    if "--check" not in sys.argv:
        for path in stale:
            path.write_text(texts[path])
        for path in unused:
            path.unlink()
        return 0
    for path in [*stale, *unused]:
        print(f"{path.relative_to(ROOT)} is out of date: run `make docs`")
    return 1 if stale or unused else 0


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text() == text


if __name__ == "__main__":
    sys.exit(main())
