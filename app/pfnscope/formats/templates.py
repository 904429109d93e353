"""The templates of the pages and of the HTML file, as Jinja2 reads them: a log may not turn a page's text around."""

import re
from typing import Any

import jinja2
from markupsafe import Markup

from pfnscope import resources
from pfnscope.model.sources import line_words

# Control characters but tab and line breaks; marks, embeddings, overrides and isolates of the bidirectional algorithm;
# characters without width.
_STEERING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def environment() -> jinja2.Environment:
    """The folder ``templates``: all values escaped, control characters shown by name, a missing value an error."""
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.folder("templates")),
        autoescape=True,
        finalize=visible,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["line_words"] = line_words
    return pages


def visible(value: Any) -> Any:
    """For Jinja's ``finalize``: what a template prints, steering characters by name. Markup is ours and stays."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _STEERING.sub(lambda match: f"\u27e8U+{ord(match[0]):04X}\u27e9", value)
