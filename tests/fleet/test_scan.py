"""A fleet on a Dask cluster of two worker processes of this machine."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from distributed import Client, LocalCluster

from pfnscope import __version__
from pfnscope.fleet.scan import State, scan
from tests.support import deadly, samples
from tests.support.fleet import by_name, here, make_logs

ROOT = Path(__file__).parents[2]
LOGS = 400


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address=None,
        silence_logs=60,
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fleet")
    make_logs(folder, LOGS)
    return folder


@pytest.fixture(scope="module")
def expected(logs: Path) -> list[dict[str, Any]]:
    """The rows of these logs, made without a scan."""
    return here(str(logs))


def rows(out: Path) -> list[dict[str, Any]]:
    return by_name(pq.read_table(out).to_pylist())


def test_a_table_is_whole_though_a_worker_is_killed_in_the_middle(
    cluster: LocalCluster, logs: Path, expected: list[dict[str, Any]], tmp_path: Path
) -> None:
    with Client(cluster) as client:
        victim = next(iter(client.run(os.getpid).values()))
    killed: list[int] = []

    def watch(state: State) -> None:
        if state.done and not killed:
            assert state.done.total() < 0.9 * LOGS, "the kill must fall in the middle"
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    out = tmp_path / "fleet.parquet"
    state = scan([str(logs)], out, cluster.scheduler_address, watch=watch)
    assert killed
    assert state.rows == LOGS
    assert rows(out) == expected
    assert {row["status"] for row in rows(out)} >= {"analysed", "damaged"}


def test_an_interrupted_scan_goes_on_where_it_stopped(
    cluster: LocalCluster, logs: Path, expected: list[dict[str, Any]], tmp_path: Path
) -> None:
    out, folder = tmp_path / "fleet.parquet", str(logs)

    def interrupt(state: State) -> None:
        if state.done.total() >= 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan([folder], out, cluster.scheduler_address, watch=interrupt)
    assert not out.exists()
    state = scan([folder], out, cluster.scheduler_address)
    assert state.skipped == state.known >= 100
    assert state.done.total() == LOGS - state.skipped
    assert rows(out) == expected
    assert [path.name for path in tmp_path.iterdir()] == ["fleet.parquet"]


def test_only_what_is_new_or_changed_is_analysed_again(cluster: LocalCluster, tmp_path: Path) -> None:
    folder, out = tmp_path / "logs", tmp_path / "fleet.parquet"
    make_logs(folder, 20)
    first = scan([str(folder)], out, cluster.scheduler_address)
    assert first.done.total() == 20
    changed = next((folder / "000").glob("*.log"))
    changed.write_bytes(samples.text("seed-1g-4g") + b"\n")
    (folder / "new.log").write_bytes(samples.text("seed-1g-7g"))
    again = scan([str(folder)], out, cluster.scheduler_address)
    assert (again.done.total(), again.skipped, again.rows) == (2, 19, 21)
    assert rows(out) == here(str(folder))


def test_a_log_that_kills_its_worker_costs_its_own_row_alone(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = tmp_path / "logs", tmp_path / "fleet.parquet"
    make_logs(folder, 5)
    (folder / "deadly.log").write_bytes(samples.text("seed-1g-4g"))
    monkeypatch.setattr("pfnscope.fleet.scan.work", deadly.deadly)
    scheduler = cluster.scheduler
    monkeypatch.setattr(scheduler, "allowed_failures", 0)  # else it is given three more workers
    state = scan([str(folder)], out, cluster.scheduler_address)
    assert state.done["failed"] == 1
    (failed,) = [row for row in rows(out) if row["status"] == "failed"]
    assert failed["name"].endswith("deadly.log")
    assert "killed" in failed["error"]
    monkeypatch.undo()
    assert scan([str(folder)], out, cluster.scheduler_address).done == {"analysed": 1}, "the next run tries it again"
    assert rows(out) == here(str(folder))


def test_without_an_address_the_cores_of_this_machine_do_it(tmp_path: Path) -> None:
    out = tmp_path / "fleet.parquet"
    paths = [str(samples.FOLDER / slug / "dmesg.txt") for slug in samples.SLUGS]
    assert scan(paths, out).rows == len(paths)
    assert rows(out) == here(*paths)
    assert {row["pfnscope"] for row in rows(out)} == {__version__}


def test_workers_in_another_folder_read_a_relative_path(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_logs(tmp_path / "logs", 5)
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "fleet.parquet"
    scan(["logs"], out, cluster.scheduler_address)
    assert [row["name"] for row in rows(out)] == [row["name"] for row in here("logs")]
    assert rows(out)[0]["name"].startswith("logs/")
    assert rows(out) == here("logs")


def test_workers_that_do_not_see_the_files_end_the_scan_with_status_1(cluster: LocalCluster, tmp_path: Path) -> None:
    make_logs(tmp_path / "logs", 5)
    code = """
from pfnscope.fleet import scan
from pfnscope.cli.main import main
from tests.support.deadly import blind
scan.work = blind
main()
"""
    words = ["scan", str(tmp_path / "logs"), "--out", str(tmp_path / "t"), "--scheduler", cluster.scheduler_address]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    first = tmp_path / "logs" / "000" / "000000.log"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"pfnscope: The workers of {cluster.scheduler_address} do not see {first}, which is here: "
        "mount it under the same path there, or give URLs.\n"
    )
    assert [item.name for item in tmp_path.iterdir()] == ["logs"]


def test_a_log_that_is_gone_from_here_too_does_not_end_a_scan_on_a_cluster(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_logs(tmp_path / "logs", 5)
    monkeypatch.setattr("pfnscope.fleet.scan.work", deadly.blind)
    monkeypatch.setattr("pfnscope.fleet.scan.os.path.exists", lambda _: False)
    assert scan([str(tmp_path / "logs")], tmp_path / "t", cluster.scheduler_address).done == {"unreadable": 5}
