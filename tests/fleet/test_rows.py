"""A row says what the document of that log says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pfnscope.fleet import work as rows
from pfnscope.service import analyze, encode
from tests.support import samples
from tests.support.fleet import here


@pytest.mark.parametrize("slug", samples.SLUGS)
def test_a_row_is_the_document_in_short(slug: str) -> None:
    document = json.loads(encode(analyze(samples.text(slug)).document))
    (row,) = here(str(samples.path(slug)))
    assert row["status"] == "analysed"
    assert row["release"] == document["kernel"]["release"]
    assert row["severity"] == document["verdict"]["severity"]
    ranks = ["danger", "caution", "info", "none"]
    worst = sorted(document["holes"], key=lambda hole: ranks.index(hole["severity"]))
    assert row["holes"] == [{name: hole[name] for name in row["holes"][0]} for hole in worst]
    assert [row[name] for name in ("danger", "caution", "info", "harmless")] == [
        [hole["severity"] for hole in worst].count(rank) for rank in ranks
    ]
    assert row["memory_bytes"] == sum(int(r["end"], 16) - int(r["start"], 16) for r in document["node_ranges"])


def test_a_log_without_a_verdict_is_not_called_harmless(tmp_path: Path) -> None:
    log = tmp_path / "map.log"
    log.write_bytes(b"BIOS-e820: [mem 0x0000000000000000-0x000000007fffffff] reserved\n")
    (row,) = here(str(log))
    assert (row["status"], row["severity"], row["pages_outside_zone_spans"]) == ("analysed", None, None)


def test_a_map_alone_has_a_verdict_and_says_that_its_nodes_are_assumed(tmp_path: Path) -> None:
    text = samples.text("oops-1g-4g")
    log = tmp_path / "map.log"
    log.write_bytes(b"".join(line + b"\n" for line in text.splitlines() if b"BIOS-e820: [mem" in line))
    (row,) = here(str(log))
    assert (row["status"], row["severity"], row["nodes"]) == ("analysed", "info", 1)
    assert "node_ranges" in row["assumed"]


def test_a_crash_alone_is_a_row_with_its_severity(tmp_path: Path) -> None:
    log = tmp_path / "oops.log"
    log.write_bytes(
        b"BUG: unable to handle page fault for address: fffffffffffffffe\nRIP: 0010:stable_page_flags+0x25/0x2f0\n"
    )
    (row,) = here(str(log))
    assert (row["status"], row["severity"], row["events"], row["nodes"]) == ("analysed", "danger", 1, None)


def test_a_row_keeps_the_worst_holes_and_counts_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    (whole,) = here(str(samples.path("oops-1g-4g")))
    monkeypatch.setattr(rows, "MOST_HOLES", 2)
    (row,) = here(str(samples.path("oops-1g-4g")))
    assert row["holes"] == whole["holes"][:2]
    assert row["holes"][0]["severity"] == "danger"
    assert row["holes_left_out"] == len(whole["holes"]) - 2
    assert row["info"] == whole["info"]


def test_a_worker_loads_neither_the_web_nor_the_table() -> None:
    heavy = (
        "pfnscope.web",
        "fastapi",
        "pydantic",
        "plotly",
        "sqlalchemy",
        "jinja2",
        "pyarrow",
        "fsspec",
        "pfnscope.cli",
    )
    code = f"import sys, pfnscope.fleet.work\nprint([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
