"""Values on their way between two processes: small ones pickled, large bytes in a file in memory that both have.

A pipe between a server and its processes is fed and emptied by the event loop, which others wait for.
"""

import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, NamedTuple

LARGE = 1 << 20
"""Bytes of a value from which others would feel that the loop copies it."""


class Packed(NamedTuple):
    """A pickled value, and the sizes of the large bytes of it, which lie one behind the other in a file."""

    pickled: bytes
    sizes: tuple[int, ...]


@contextmanager
def memory() -> Iterator[int]:
    """A file in memory, which is gone when the context is left; another process opens it by :func:`path_of`."""
    file = os.memfd_create("pfnscope", os.MFD_CLOEXEC)
    try:
        yield file
    finally:
        os.close(file)


def path_of(file: int) -> str:
    """Where another process of the same user finds a file of this one."""
    return f"/proc/{os.getpid()}/fd/{file}"


def pack(value: object, file: int) -> Packed:
    """A value as small bytes; its large ones are written to the file."""
    out = BytesIO()
    pickler = _Pickler(out, file)
    pickler.dump(value)
    return Packed(out.getvalue(), tuple(pickler.sizes))


def unpack(packed: Packed, file: int) -> Any:
    """The value that :func:`pack` was given with this file."""
    return _Unpickler(BytesIO(packed.pickled), file, packed.sizes).load()


class _Pickler(pickle.Pickler):
    """Leaves large bytes out, each under its number."""

    def __init__(self, out: BytesIO, file: int) -> None:
        super().__init__(out, pickle.HIGHEST_PROTOCOL)
        self._file = file
        self.sizes: list[int] = []

    def persistent_id(self, value: object) -> int | None:
        if type(value) is not bytes or len(value) < LARGE:
            return None
        view = memoryview(value)
        while view:
            view = view[os.write(self._file, view) :]
        self.sizes.append(len(value))
        return len(self.sizes) - 1


class _Unpickler(pickle.Unpickler):
    def __init__(self, packed: BytesIO, file: int, sizes: tuple[int, ...]) -> None:
        super().__init__(packed)
        self._file = file
        self._sizes = sizes

    def persistent_load(self, number: Any) -> bytes:
        return os.pread(self._file, self._sizes[number], sum(self._sizes[:number]))
