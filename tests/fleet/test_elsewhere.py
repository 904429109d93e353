"""Logs on the web and in object stores, through the libraries that a user has, from servers of this machine."""

import gzip
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pfnscope.fleet.scan import scan
from tests.support import samples
from tests.support.fleet import here
from tests.support.stores import serving

LOG = samples.text("seed-1g-4g")


def packed() -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        item = tarfile.TarInfo("inside.log")
        item.size = len(LOG)
        archive.addfile(item, BytesIO(LOG))
    return out.getvalue()


FILES = {
    "logs/a.log": LOG,
    "logs/deep/b.log.gz": gzip.compress(LOG),
    "logs/all.tgz": packed(),
    "logs/readme": b"no log",
}
ROWS = {
    "logs/a.log": "analysed",
    "logs/all.tgz!inside.log": "analysed",
    "logs/deep/b.log.gz": "analysed",
    "logs/readme": "no-layout",
}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serving(FILES) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"{address}/s3")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "nowhere")
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        monkeypatch.setenv("NO_GCE_CHECK", "true")  # else the address of a metadata server is tried
        yield address


def statuses(*paths: str) -> dict[str, str]:
    return {row["name"]: row["status"] for row in here(*paths)}


@pytest.mark.parametrize("scheme", ["s3", "gs"])
@pytest.mark.usefixtures("store")
def test_a_bucket_is_read_as_a_folder_is(scheme: str) -> None:
    assert statuses(f"{scheme}://b/logs") == {f"{scheme}://b/{name}": status for name, status in ROWS.items()}
    assert statuses(f"{scheme}://b/logs/a.log", f"{scheme}://b/nothing") == {
        f"{scheme}://b/logs/a.log": "analysed",
        f"{scheme}://b/nothing": "unreadable",
    }
    (row,) = here(f"{scheme}://b/logs/*.log")
    assert (row["size"], bool(row["stamp"])) == (len(LOG), True)


def test_the_web_is_read_by_file_and_by_page_of_links(store: str) -> None:
    web = f"{store}/web/logs"
    assert statuses(f"{web}/a.log", f"{web}/all.tgz", f"{web}/deep/b.log.gz?id=1", f"{web}/gone") == {
        f"{web}/a.log": "analysed",
        f"{web}/all.tgz!inside.log": "analysed",
        f"{web}/deep/b.log.gz?id=1": "analysed",
        f"{web}/gone": "unreadable",
    }
    assert statuses(f"{web}/deep/") == {f"{web}/deep/b.log.gz": "analysed"}


@pytest.mark.usefixtures("store")
def test_worker_processes_read_from_elsewhere_and_know_it_again(tmp_path: Path) -> None:
    out = tmp_path / "t.parquet"
    first = scan(["s3://b/logs"], out, workers=1)
    assert first.done == {"analysed": 3, "no-layout": 1}
    assert set(pq.read_table(out)["name"].to_pylist()) == {f"s3://b/{name}" for name in ROWS}
    assert scan(["s3://b/logs"], out, workers=1).skipped == 4
