"""The table's file: its columns, parts written as the scan goes on and joined at its end, and the rows it already has.

``FILE.parts`` lies beside the file until the scan is complete. A part appears whole or not at all, so an interrupted
scan loses only what was not written yet. About 300 bytes a log are held in memory, whatever its size.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self, get_args, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq

from pfnscope import __version__
from pfnscope.fleet.source import CannotScan, Source
from pfnscope.fleet.work import AGAIN, HOLE_COLUMNS, Row
from pfnscope.model.analysis import Hole

MARK = {b"pfnscope.scan": b"1"}
"""Metadata that marks the file as such a table, and the version of its format."""


def _type(hint: Any) -> pa.DataType:
    parts = [part for part in get_args(hint) if part not in (type(None), ...)]
    if hint is int:
        return pa.int64()
    if hint is bool:
        return pa.bool_()
    if get_origin(hint) is dict:
        return pa.struct([field for field in _fields(Hole) if field.name in HOLE_COLUMNS])
    if get_origin(hint) in (list, tuple):
        return pa.list_(_type(parts[0]))
    if len(parts) == 1:  # or None
        return _type(parts[0])
    return pa.string()  # text, or one of some words


def _fields(kind: type) -> list[pa.Field]:
    return [pa.field(name, _type(hint)) for name, hint in get_type_hints(kind).items()]


SCHEMA = pa.schema(_fields(Row), metadata=MARK)


PART_ROWS = 1024
PART_BYTES = 8 << 20
"""Of rows packed as the workers send them; as Python objects they take ten times as much."""
PART_SECONDS = 10.0
GROUP_BYTES = 16 << 20

_KEYS = ["name", "size", "stamp", "status", "pfnscope"]


class Table:
    """The rows of one ``--out``; use it as a context manager. Raises CannotScan where it cannot be read or written."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.parts = out.with_name(out.name + ".parts")
        self.known = 0
        self.of_other_versions = 0
        self._latest: dict[bytes, tuple[int, int | None, bytes | None]] = {}  # row number, size, stamp if final
        self._rows = 0
        self._buffer: list[dict[str, Any]] = []
        self._buffer_bytes = 0
        self._flushed = time.monotonic()
        self._lock: int | None = None
        self._locked = False

    def __enter__(self) -> Self:
        if self.out.is_dir() or not self.out.parent.is_dir():
            raise CannotScan(f"Cannot write {self.out}: it is a folder, or lies in none.")
        try:
            self.parts.mkdir(exist_ok=True)
            self._take_lock()
            for file in self._files():
                self._load(file)
        except (OSError, pa.ArrowException) as error:
            self._release()
            raise CannotScan(f"Cannot use {self.out}: {error}.") from error
        except CannotScan:
            self._release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.flush()
        finally:
            self._release()

    def finished(self, source: Source) -> bool:
        """Whether this log has a row that another run would give too."""
        known = self._latest.get(_digest(source.name))
        if known is None or known[2] is None:
            return False
        return known[2] == _digest(str(source.stamp)) and source.size in (None, known[1])

    def add(self, rows: list[dict[str, Any]], size: int) -> None:
        """Add rows, which are ``size`` bytes packed; they are written with enough others, or after PART_SECONDS."""
        self._buffer += rows
        self._buffer_bytes += size
        for row in rows:
            self._note(row["name"], row["size"], row["stamp"], row["status"])
        age = time.monotonic() - self._flushed
        if len(self._buffer) >= PART_ROWS or self._buffer_bytes >= PART_BYTES or age >= PART_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the buffered rows as a part."""
        if self._buffer:
            number = 1 + max((int(path.stem) for path in self._part_files()), default=0)
            try:
                new = self.parts / "new"
                pq.write_table(pa.Table.from_pylist(self._buffer, SCHEMA), new, compression="zstd")
                _replace(new, self.parts / f"{number:08d}.parquet")
            except OSError as error:
                raise CannotScan(f"Cannot write {self.parts}: {error}. Run again to go on.") from error
        self._buffer, self._buffer_bytes, self._flushed = [], 0, time.monotonic()

    def finish(self) -> int:
        """Join the newest row of each log into the file; the number of rows."""
        self.flush()
        try:
            if self._part_files() or not self.out.exists():
                self._join()
            shutil.rmtree(self.parts)
        except OSError as error:
            raise CannotScan(f"Cannot write {self.out}: {error}. Run again to go on.") from error
        return len(self._latest)

    def _join(self) -> None:
        new = self.parts / "new"
        with pq.ParquetWriter(new, SCHEMA, compression="zstd") as writer:
            group: list[pa.RecordBatch] = []
            size = 0
            for batch in self._newest():
                group.append(batch)
                size += batch.nbytes
                if size >= GROUP_BYTES:
                    writer.write_table(pa.Table.from_batches(group, SCHEMA))
                    group, size = [], 0
            if group:
                writer.write_table(pa.Table.from_batches(group, SCHEMA))
        _replace(new, self.out)

    def _newest(self) -> Iterator[pa.RecordBatch]:
        at = 0
        for file in self._files():
            for batch in pq.ParquetFile(file).iter_batches(batch_size=256):
                names = batch.column("name").to_pylist()
                keep = [self._latest[_digest(name)][0] == number for number, name in enumerate(names, at)]
                at += len(names)
                kept = batch.filter(pa.array(keep, pa.bool_()))
                if kept.num_rows:
                    yield kept

    def _load(self, file: Path) -> None:
        try:
            table = pq.ParquetFile(file)
        except pa.ArrowInvalid as error:
            raise _foreign(file) from error
        schema = table.schema_arrow
        if not MARK.items() <= (schema.metadata or {}).items() or not schema.equals(SCHEMA):
            raise _foreign(file)
        for batch in table.iter_batches(columns=_KEYS):
            columns = [batch.column(name).to_pylist() for name in _KEYS]
            for name, size, stamp, status, version in zip(*columns, strict=True):
                self._note(name, size, stamp, status)
                self.of_other_versions += version != __version__
        self.known = sum(known[2] is not None for known in self._latest.values())

    def _note(self, name: str, size: int | None, stamp: str | None, status: str) -> None:
        done = None if status in AGAIN else _digest(str(stamp))
        self._latest[_digest(name)] = self._rows, size, done
        self._rows += 1

    def _files(self) -> list[Path]:
        return [*([self.out] if self.out.exists() else []), *self._part_files()]

    def _part_files(self) -> list[Path]:
        return sorted(self.parts.glob("*.parquet"))

    def _take_lock(self) -> None:
        self._lock = os.open(self.parts / "lock", os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotScan(f"Another scan is writing {self.out}.") from error
        self._locked = True

    def _release(self) -> None:
        if self._lock is not None:
            if self._locked and not self._part_files():
                shutil.rmtree(self.parts, ignore_errors=True)
            os.close(self._lock)
            self._lock = None


def _foreign(file: Path) -> CannotScan:
    return CannotScan(f"{file} is no table that this pfnscope can go on with; give --out another name.")


def _replace(new: Path, path: Path) -> None:
    """Rename a complete file into place once its data is on the disk."""
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(path)


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
