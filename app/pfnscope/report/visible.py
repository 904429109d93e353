"""Characters that steer instead of being seen, made visible: a log may not turn a page's text around."""

import re
from typing import Any

from markupsafe import Markup

# Control characters but tab and line breaks; marks, embeddings, overrides and isolates of the bidirectional algorithm.
_STEERING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def visible(value: Any) -> Any:
    """For Jinja's ``finalize``: what a template prints, with such characters by name. Markup is ours and stays."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _STEERING.sub(lambda match: f"\u27e8U+{ord(match[0]):04X}\u27e9", value)
