"""The ways to back up and restore that docs/operating.md names, tried while the store is in use."""

import sqlite3
import subprocess
from pathlib import Path

from pfnscope.storage import Record, Tombstone, open_store
from tests.support.postgres import Cluster, program


def record(name: str) -> Record:
    return Record(name * 16, b"BIOS-e820", b"{}", "mine", 1, 2_000_000_000, b"\1" * 32, note="a note")


def test_sqlite_is_copied_while_it_serves(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/live.db")
    store.put(record("a"))
    store.put(record("b"))
    store.delete("b" * 16)
    connection = sqlite3.connect(tmp_path / "live.db")
    connection.execute("VACUUM INTO ?", [f"{tmp_path}/backup.db"])
    connection.close()
    store.put(record("c"))
    store.close()
    restored = open_store(f"sqlite:///{tmp_path}/backup.db")
    assert restored.get("a" * 16) == record("a")
    assert restored.get("b" * 16) == Tombstone("b" * 16)
    assert restored.get("c" * 16) is None
    restored.close()


def test_postgresql_is_dumped_while_it_serves_and_restored_elsewhere(own_cluster: Cluster, tmp_path: Path) -> None:
    store = open_store(own_cluster.url)
    store.put(record("a"))
    store.put(record("b"))
    store.delete("b" * 16)
    dump = tmp_path / "backup.dump"
    subprocess.run([program("pg_dump"), "--format=custom", f"--file={dump}", own_cluster.url], check=True)
    store.put(record("c"))
    store.close()
    elsewhere = own_cluster.url.replace("/postgres?", "/restored?")
    subprocess.run([program("psql"), "--quiet", own_cluster.url, "--command", "CREATE DATABASE restored"], check=True)
    subprocess.run([program("pg_restore"), "--no-owner", f"--dbname={elsewhere}", dump], check=True)
    restored = open_store(elsewhere)
    assert restored.get("a" * 16) == record("a")
    assert restored.get("b" * 16) == Tombstone("b" * 16)
    assert restored.get("c" * 16) is None
    restored.put(record("d"))
    restored.close()
