"""A page's scripts and styles inside one HTML file: no bundler, no request, a policy that names each by its hash."""

import base64
import hashlib
import re
from pathlib import Path

import msgspec

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([a-z]+\.js)";\n', re.MULTILINE)
_END = re.compile(r"</(script|style)", re.IGNORECASE)
_EXPORT = re.compile(r"^export (?:(?:async )?function|class|const) ([A-Za-z_]\w*)", re.MULTILINE)


class Inline(msgspec.Struct, frozen=True):
    """The text of a script or style element. ``source`` is how a content security policy names it."""

    text: str
    source: str


def inline(text: str) -> Inline:
    """A text that does not end its own element: an end tag can only stand in a string, where a backslash is nothing."""
    safe = _END.sub(r"<\\/\1", text)
    digest = base64.b64encode(hashlib.sha256(safe.encode()).digest()).decode()
    return Inline(safe, f"'sha256-{digest}'")


def script(folder: Path, name: str) -> str:
    """A module with all that it imports as one script: each module a function that gives what it exports."""
    done: dict[str, str] = {}
    _collect(folder, name, done)
    return '"use strict";\nconst modules = {};\n' + "".join(done.values())


def _collect(folder: Path, name: str, done: dict[str, str]) -> None:
    text = (folder / name).read_text()
    for found in _IMPORT.finditer(text):
        if found[2] not in done:
            _collect(folder, found[2], done)
    names = ", ".join(_EXPORT.findall(text))
    body = _IMPORT.sub(lambda found: f'const {{{found[1]}}} = modules["{found[2]}"];\n', text)
    body = re.sub(r"^export ", "", body, flags=re.MULTILINE)
    done[name] = f'modules["{name}"] = (() => {{\n{body}\nreturn {{ {names} }};\n}})();\n'
