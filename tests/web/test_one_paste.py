"""One paste is analysed once, from the form to the bars; what is only stored is not analysed."""

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pfnscope.analysis.analyze import analyze
from pfnscope.analysis.holes import find_holes
from pfnscope.analysis.replay import replay
from pfnscope.bootlog.reader import read
from pfnscope.bootlog.text.decoding import searched
from pfnscope.layout import build_layout
from pfnscope.pages.gallery import pictures
from pfnscope.report.build import document
from pfnscope.simulation import simulate
from tests.support.samples import text
from tests.support.server import Serve

PAGE = {"Accept": "text/html"}
STEPS = (searched, read, analyze, document, build_layout, simulate, find_holes, replay)
SEED = "seed-1g-4g"

READ = {"read": 1, "searched": 2}
"""The second decoding is of the lines that are kept: whether it leaves them as they are."""

SHOWN = {"read": 2, "searched": 3}
"""What is shown is read from the lines that are kept, in which no names are: others see it, too."""

ANALYSED = {"analyze": 2, "document": 1, "build_layout": 7, "simulate": 4, "find_holes": 39, "replay": 52}
"""A layout and a simulation each for the log, its own command line, the one without its argument, and the two that the
remedy tries; the log is judged again as the release that the remedy names. 13 rules for each layout that is judged.
"""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each of the steps is called, in the server of this process, beside what its examples took once."""
    pictures()
    counter: Counter[str] = Counter()
    for step in STEPS:
        for module in [module for name, module in sys.modules.items() if name.startswith("pfnscope.")]:
            for name, value in list(vars(module).items()):
                if value is step:
                    monkeypatch.setattr(module, name, counting(counter, step))
    return counter


def counting(counter: Counter[str], step: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*args: Any, **kwargs: Any) -> Any:
        counter[step.__name__] += 1
        return step(*args, **kwargs)

    return counted


def pasted(client: httpx.Client) -> str:
    answer = client.post("/", data={"log": text(SEED).decode()}, follow_redirects=False)
    assert answer.status_code == 303
    return answer.headers["location"]


def test_from_the_form_to_the_bars_every_step_is_taken_once(serve: Serve, calls: Counter[str]) -> None:
    client = serve()
    page = pasted(client)
    assert client.get(page, headers=PAGE).status_code == 200
    assert client.get(f"{page}/figure.json").status_code == 200
    assert (calls["document"], calls["read"]) == (1, 2)
    assert not calls - Counter(SHOWN | ANALYSED)


def test_a_terminal_gets_its_report_from_the_same_analysis(serve: Serve, calls: Counter[str]) -> None:
    answer = serve().post("/", content=text(SEED), headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 201
    assert (calls["document"], calls["read"]) == (1, 2)
    assert not calls - Counter(SHOWN | ANALYSED)


def test_what_is_only_stored_is_read_and_not_analysed(serve: Serve, calls: Counter[str]) -> None:
    assert serve().post("/api/v1/layouts", content=text(SEED)).status_code == 201
    assert calls["read"] == 1
    assert not calls - Counter(READ)


def test_the_page_of_a_paste_is_the_page_of_the_lines_that_were_kept(serve: Serve) -> None:
    first = serve()
    page = pasted(first)
    other = serve()  # on the same database, with nothing in its memory
    one, again = (client.get(page, headers=PAGE).text.replace(str(client.base_url), "") for client in (first, other))
    assert again == one
    assert other.get(f"{page}/figure.json").content == first.get(f"{page}/figure.json").content
