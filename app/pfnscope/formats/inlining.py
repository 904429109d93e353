"""A page's scripts and styles inside one HTML file: no bundler, no request, a policy that names each by its hash."""

import base64
import hashlib
import re
from pathlib import Path

import msgspec

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)
_COMMENT = re.compile(r"^ */\*(?:[^*]|\*(?!/))*\*/\n", re.MULTILINE)  # of whole lines
_END = re.compile(r"</(script|style)", re.IGNORECASE)


class Inline(msgspec.Struct, frozen=True):
    """The text of a script or style element. ``source`` is how a content security policy names it."""

    text: str
    source: str


def inline(text: str) -> Inline:
    """A text that does not end its own element: an end tag can only stand in a string, where a backslash is nothing."""
    safe = _END.sub(r"<\\/\1", text)
    digest = base64.b64encode(hashlib.sha256(safe.encode()).digest()).decode()
    return Inline(safe, f"'sha256-{digest}'")


def module(folder: Path, name: str) -> str:
    """A module and all that it imports as one module: their code in order of need, without imports and exports.

    They share one scope then: a name may be declared in one of them only, and is imported under that name.
    """
    texts: dict[str, str] = {}
    _collect(folder, name, texts)
    return "".join(texts.values())


def _collect(folder: Path, name: str, texts: dict[str, str]) -> None:
    text = (folder / name).read_text()
    for imported in _IMPORT.findall(text):
        if imported not in texts:
            _collect(folder, imported, texts)
    texts[name] = _COMMENT.sub("", _EXPORT.sub("", _IMPORT.sub("", text)))
