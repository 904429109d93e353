"""Every lane that can be drawn has its line in the glossary."""

import inspect
import re

from pfnscope.drawing import lanes, places, scene
from pfnscope.report import glossary


def test_every_lane_is_explained() -> None:
    """Those of one document, of two and of possible starts, and those of one node each."""
    source = "".join(map(inspect.getsource, (lanes, scene, places)))
    keys = set(re.findall(r'(?:_map_lane|Lane|_by_node)\(\s*"([a-z-]+)"', source))
    assert {"firmware", "zones", "events", "places"} <= keys
    assert [key for key in keys if glossary.of_lane(key) is None] == []
    assert glossary.of_lane("zones-3") is glossary.of_lane("zones")


def test_a_line_is_a_line() -> None:
    """One sentence that fits beside a term, each term once."""
    assert len(glossary.BY_ID) == len(glossary.WORDS)
    assert all(word.line.endswith(".") and len(word.line) <= 120 for word in glossary.WORDS)
