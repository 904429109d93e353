"""docs/fleet.md: its questions asked of a table of the samples, its columns held against the table."""

import re
from pathlib import Path

import duckdb
import pytest

from pfnscope import resources
from pfnscope.fleet.listing import sources
from pfnscope.fleet.table import SCHEMA, Table
from pfnscope.fleet.work import unpack, work

PAGE = (Path(__file__).parents[2] / "docs" / "fleet.md").read_text()
QUESTIONS = re.findall(r"```sql\n([^`]*)```\n\n((?:\|.*\n)*)", PAGE)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("questions")
    (home / "sample_logs").symlink_to(resources.folder("sample_logs"))
    with pytest.MonkeyPatch.context() as here, Table(home / "fleet.parquet") as table:
        here.chdir(home)
        answer = work(tuple(sources(["sample_logs"])))
        table.add(unpack(answer), len(answer.rows))
        table.finish()
    return home


def test_the_questions_have_the_answers_that_the_page_shows(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(table)
    assert len(QUESTIONS) == 7
    with duckdb.connect() as base:
        for question, shown in QUESTIONS:
            base.execute(question)
            if not shown:
                continue
            heads = [column[0] for column in base.description or ()]
            rows = [[str(value) for value in row] for row in base.fetchall()]
            expected = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown.splitlines()]
            assert [heads, *rows] == [expected[0], *expected[2:]], question


def test_the_page_names_every_column_and_no_other() -> None:
    cells = [line.split("|")[1] for line in PAGE.partition("## Columns")[2].splitlines() if line.startswith("| `")]
    assert [name for cell in cells for name in re.findall(r"`(\w+)`", cell)] == SCHEMA.names
