"""The table's file: what is known of earlier runs, and that no row is lost or doubled."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pfnscope.fleet import table as tables
from pfnscope.fleet.source import CannotScan, Source
from pfnscope.fleet.table import SCHEMA, Table


def row(name: str, status: str = "analysed", **others: Any) -> dict[str, Any]:
    known = {"name": name, "size": 7, "stamp": "1", "pfnscope": "0", "status": status}
    return dict.fromkeys(SCHEMA.names) | known | others


def names(out: Path) -> list[str]:
    return sorted(pq.read_table(out)["name"].to_pylist())


@pytest.mark.parametrize(
    ("source", "done"),
    [
        (Source(name="a", size=7, stamp="1"), True),
        (Source(name="a", size=None, stamp="1"), True),
        (Source(name="a", size=8, stamp="1"), False),
        (Source(name="a", size=7, stamp="2"), False),
        (Source(name="b", size=7, stamp="1"), False),
        (Source(name="failed", size=7, stamp="1"), False),
        (Source(name="unreadable", size=7, stamp="1"), False),
        (Source(name="damaged", size=7, stamp="1"), True),
        (Source(name="unsized", size=None, stamp=None), True),
    ],
)
def test_a_log_is_done_while_it_is_the_same_and_its_row_is_final(tmp_path: Path, source: Source, done: bool) -> None:
    with Table(tmp_path / "t") as table:
        table.add([row("a"), *(row(name, name) for name in ("failed", "unreadable", "damaged"))], 0)
        table.add([row("unsized", stamp=None)], 0)
        assert table.finished(source) is done
        table.finish()
    with Table(tmp_path / "t") as again:
        assert again.finished(source) is done


def test_of_each_log_the_newest_row_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "PART_ROWS", 2)
    out = tmp_path / "t"
    with Table(out) as table:
        table.add([row("a", error="old"), row("b")], 0)
        assert len(list(table.parts.glob("*.parquet"))) == 1
        table.add([row("a", error="new")], 0)
    assert not out.exists()
    with Table(out) as table:
        table.add([row("c")], 0)
        assert table.finish() == 3
    assert names(out) == ["a", "b", "c"]
    assert "new" in pq.read_table(out)["error"].to_pylist()
    assert "old" not in pq.read_table(out)["error"].to_pylist()


def test_a_scan_killed_while_it_joins_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is in place already, its parts not yet gone; and a part that was being written is not taken."""
    out = tmp_path / "t"
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
    with Table(out) as table:
        table.add([row("a"), row("b")], 0)
        table.finish()
    monkeypatch.undo()
    (tmp_path / "t.parts" / "new").write_bytes(b"PAR1 half")
    with Table(out) as table:
        assert table.known == 2
        table.add([row("c")], 0)
        table.finish()
    assert names(out) == ["a", "b", "c"]
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_two_scans_do_not_write_one_table(tmp_path: Path) -> None:
    with Table(tmp_path / "t") as table:
        table.add([row("a")], 0)
        with pytest.raises(CannotScan, match="Another scan"), Table(tmp_path / "t"):
            pass
        assert table.finish() == 1


def test_a_table_of_others_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "t"
    pq.write_table(pq.read_table(_empty(tmp_path)).drop_columns(["stamp"]), out)
    before = out.read_bytes()
    with pytest.raises(CannotScan, match="no table that this pfnscope"), Table(out):
        pass
    assert out.read_bytes() == before
    assert not (tmp_path / "t.parts").exists()


def _empty(home: Path) -> Path:
    with Table(home / "empty") as table:
        table.finish()
    return home / "empty"
