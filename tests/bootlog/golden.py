"""What each line form says of its samples. Rewrite after looking: ``python -m tests.bootlog.golden``."""

import json
from pathlib import Path
from typing import Any

from pfnscope.bootlog.forms import FORMS, Form
from pfnscope.model.encoding import builtins
from pfnscope.patterns import compiled

FILE = Path(__file__).with_name("golden") / "forms.json"


def meaning(form: Form, sample: str) -> dict[str, Any] | None:
    """The effect of a sample as JSON values, addresses in hexadecimal; None where the form does not match."""
    match = compiled(form.pattern).match(sample.encode())
    if match is None:
        return None
    effect = form.make(match.groups(), (1,))
    return {"effect": type(effect).__name__, **_without_lines(builtins(effect))}


def _without_lines(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_lines(item) for key, item in value.items() if key != "lines"}
    if isinstance(value, tuple):
        return [_without_lines(item) if isinstance(item, dict) else _pair(item) for item in value]
    return value


def _pair(value: Any) -> Any:
    """A range, or a register with what it holds."""
    return (
        [f"{item:#x}" if isinstance(item, int) and at else item for at, item in enumerate(value)]
        if isinstance(value, tuple)
        else value
    )


def everything() -> dict[str, dict[str, dict[str, Any] | None]]:
    """All forms, all samples."""
    return {form.name: {sample: meaning(form, sample) for sample in form.samples} for form in FORMS}


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(everything(), indent=1) + "\n")
