"""What a text costs follows its length: calls are counted, which are the same on every machine, and never seconds."""

import cProfile
import pstats
from collections.abc import Sequence

import pytest

import pfnscope.analysis.ledger
import pfnscope.findings
from benchmarks.machines import Shape, of_samples
from benchmarks.shapes import SHAPES as ALL
from benchmarks.texts import SAMPLES
from pfnscope import service
from pfnscope.analysis import Analysis
from pfnscope.findings import remedies
from pfnscope.findings.drafts import Draft
from pfnscope.model.log import BootLog
from pfnscope.service import analyze, encode

ZONE = "  Normal   [mem 0x0000000100000000-0x000000083fffffff]"
SHAPES: dict[str, tuple[int, Shape]] = {
    "gaps behind nodes": (45_000, ALL["gaps behind nodes"]),
    "gaps behind nodes and arguments": (45_000, ALL["gaps behind nodes and arguments"]),
    "one node in pieces": (28_000, ALL["one node in pieces"]),
    "failures": (24_000, ALL["failures"]),
    "zones behind zones": (11_000, ALL["zones behind zones"]),
}


def calls(text: bytes) -> int:
    profile = cProfile.Profile()
    profile.runcall(lambda: encode(analyze(text).document))
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_text_of_twice_the_length_takes_little_more_than_twice_the_calls(shape: str) -> None:
    size, make = SHAPES[shape]
    calls(make(2_000))  # what is worked out once in a process
    half, whole = calls(make(size)), calls(make(2 * size))
    assert whole / half < 2.4


def test_lines_above_are_searched_for_prose_once_and_not_again_for_each_line() -> None:
    lines = 300
    text = of_samples([ZONE])(75 * lines)
    profile = cProfile.Profile()
    profile.runcall(lambda: analyze(text))
    stats: dict[tuple[str, int, str], tuple[int, ...]] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    assert sum(row[0] for (_, _, name), row in stats.items() if name == "is_prose") < 2 * lines


def test_a_document_works_out_its_ledger_its_findings_and_the_remedy_of_its_dangers_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []

    def counting(module: object, name: str) -> None:
        real = getattr(module, name)

        def counted(*args: object) -> object:
            seen.append(name)
            return real(*args)

        monkeypatch.setattr(module, name, counted)

    counting(pfnscope.analysis.ledger, "ledger")
    counting(remedies, "_other_argument")
    shown: list[object] = []
    drafts_of = pfnscope.findings.drafts_of

    def drafted(analysis: Analysis, boots: Sequence[BootLog] = ()) -> list[Draft]:
        shown.append(analysis)
        return drafts_of(analysis, boots)

    monkeypatch.setattr(pfnscope.findings, "drafts_of", drafted)
    document = service.analyze((SAMPLES / "oops-1g-4g" / "dmesg.txt").read_bytes()).document
    own = [item for item in shown if item is shown[0]]
    assert document.boots[0].severity == document.findings[0].severity == "danger"
    assert (seen.count("_other_argument"), len(own)) == (1, 2)  # of the boot and, to compare, within its trials
