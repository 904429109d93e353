"""What server and page both compute: the still drawing and the live bars that replace it must not differ.

``cases.json`` has for each of it what is given and what comes out; Python and JavaScript are both held to it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pfnscope.drawing import svg, view
from pfnscope.drawing.axis import Axis, labelled
from pfnscope.drawing.breaks import breaks
from pfnscope.model.ranges import FrameRange
from pfnscope.units import format_size

HERE = Path(__file__).parent
CASES: dict[str, list[dict[str, Any]]] = json.loads((HERE / "cases.json").read_text())


def _axis(given: dict[str, Any]) -> Axis:
    return Axis(given.get("axis", "schematic"), tuple(given["pfn"]), tuple(given["at"]))


def _labels(given: dict[str, Any]) -> list[list[Any]]:
    axis = _axis(given["axis"]).within(*given["window"])
    inside = [pfn for pfn in given["boundaries"] if axis.pfns[0] <= pfn <= axis.pfns[-1]]
    return [[tick.label, tick.anchor, tick.at, tick.width] for tick in labelled(inside, axis, given["page_size"])]


def _breaks(given: dict[str, Any]) -> list[tuple[float, float]]:
    scale = Axis("scale", tuple(given["scale"]), (0.0, 1.0))
    return breaks(_axis(given["axis"]).within(*given["window"]), scale)


SECTIONS: dict[str, Callable[[Any], Any]] = {
    "size in words": format_size,
    "position of a page frame": lambda given: _axis(given["knots"]).place(given["pfn"]),
    "page frame at a position": lambda given: _axis(given["knots"]).pfn(given["at"]),
    "label of a bar": svg.label_forms,
    "page frames to show": lambda given: view.around(_axis(given["axis"]), FrameRange(*given["frames"])),
    "labels of an axis": _labels,
    "broken parts of an axis": _breaks,
}


def _rounded(value: Any) -> Any:
    """The value with numbers to a millionth: two ways of adding the same may differ in the last bit."""
    return json.loads(json.dumps(value), parse_float=lambda text: round(float(text), 6), parse_int=float)


@cache
def _javascript() -> dict[str, list[Any]]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["node", f"{HERE}/answers.js"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"PATH": path})
    answers: dict[str, list[Any]] = json.loads(done.stdout)
    return answers


EVERY = [pytest.param(name, i, id=f"{name}-{i}") for name, rows in CASES.items() for i in range(len(rows))]


@pytest.mark.parametrize(("section", "row"), [param for param in EVERY if param.values[0] in SECTIONS])
def test_python_gives_what_the_case_says(section: str, row: int) -> None:
    case = CASES[section][row]
    assert _rounded(SECTIONS[section](case["given"])) == _rounded(case["gives"])


@pytest.mark.parametrize(("section", "row"), EVERY)
def test_javascript_gives_what_the_case_says(section: str, row: int) -> None:
    assert _rounded(_javascript()[section][row]) == _rounded(CASES[section][row]["gives"])


@pytest.mark.parametrize("case", CASES["page frames in addresses"], ids=lambda case: case["gives"])
def test_an_address_is_read_as_the_page_frame_that_was_written(case: dict[str, Any]) -> None:
    read = view.read({"v": "2", "from": case["gives"], "to": "0xffffffffffffff"})
    assert read.start is not None
    assert abs(read.start - case["given"]) <= 1 / 131072
