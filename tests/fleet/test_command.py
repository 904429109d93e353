"""``pfnscope scan`` as users start it."""

import subprocess
import sys
from pathlib import Path

import pytest

from pfnscope import extras
from tests.support import samples


def scan(*arguments: str, without: str | None = None) -> subprocess.CompletedProcess[str]:
    """The command; ``without`` a package, as where the extra is not installed."""
    missing = f"sys.modules[{without!r}] = None\n" if without else ""
    code = f"import sys\n{missing}from pfnscope.cli.main import main\nif __name__ == '__main__':\n    main()\n"
    command = [sys.executable, "-c", code, "scan", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("package", ["dask", "distributed", "pyarrow"])
def test_without_the_extra_one_line_says_how_to_get_it(package: str, tmp_path: Path) -> None:
    done = scan(str(samples.path("odd-size")), "--out", str(tmp_path / "t.parquet"), without=package)
    assert done.returncode == 2
    assert done.stdout == ""
    needs = f"scan needs packages that are not installed ({package})"
    assert done.stderr == f"pfnscope: {needs}: {extras.installing('fleet')}\n"


def test_progress_goes_to_stderr_and_the_table_to_its_file(tmp_path: Path) -> None:
    out = tmp_path / "t.parquet"
    first = scan(str(samples.path("odd-size")), "--out", str(out), "--workers", "1")
    assert (first.returncode, first.stdout) == (0, "")
    assert first.stderr == f"1 of 1 log analysed\n{out}: 1 row\n"
    again = scan(str(samples.path("odd-size")), "--out", str(out))
    assert again.stderr == f"going on: 1 log is done\n0 of 0 logs analysed, 1 done before\n{out}: 1 row\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.log", "--out", "t.parquet"], "Cannot read nowhere.log: there is no such file or folder."),
        ([".", "--out", "no/t.parquet"], "Cannot write no/t.parquet: it is a folder, or lies in none."),
        ([".", "--out", "other"], "other is no table that this pfnscope can go on with; give --out another name."),
        ([".", "--out", "s3://b/t.parquet"], "--out must be a file of this machine"),
        ([".", "--out", "t.parquet", "--scheduler", "tcp://127.0.0.1:1"], "No Dask scheduler answers at"),
        ([".", "--out", "t.parquet", "--scheduler", "nonsense://x"], "No Dask scheduler answers at"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "1s")
    Path("log").write_bytes(samples.text("odd-size"))
    if "other" in arguments:
        Path("other").write_bytes(b"PAR1 but not really")
    done = scan(*arguments)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not Path("t.parquet.parts").exists()


def test_where_nothing_can_be_read_the_status_says_so(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.symlink_to(tmp_path / "nowhere")
    done = scan(str(gone), "--out", str(tmp_path / "t.parquet"), "--workers", "1")
    assert done.returncode == 2
    assert "no log could be read" in done.stderr
