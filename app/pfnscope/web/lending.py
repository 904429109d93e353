"""Large values on their way to a process: in memory that both have. A pipe is fed by the event loop, byte for byte."""

import os
import pickle
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from io import BytesIO

from pfnscope.service.jobs import Call
from pfnscope.web.aside import aside

LARGE = 1 << 20
"""Bytes of a value from which others would feel that the loop copies it."""


@asynccontextmanager
async def lent(call: Call) -> AsyncIterator[tuple[bytes, tuple[str, ...]]]:
    """A call as bytes for :func:`pfnscope.service.jobs.borrowed`, and the paths of its large values until then."""
    packed = BytesIO()
    pickler = _Pickler(packed, pickle.HIGHEST_PROTOCOL)
    pickler.dump(call)
    with ExitStack() as stack:
        paths = []
        for value in pickler.large:
            file = os.memfd_create("pfnscope", os.MFD_CLOEXEC)
            stack.callback(os.close, file)
            await aside(_write, file, value)
            paths.append(f"/proc/{os.getpid()}/fd/{file}")
        yield packed.getvalue(), tuple(paths)


class _Pickler(pickle.Pickler):
    """Leaves large bytes out, each under its number."""

    def __init__(self, file: BytesIO, protocol: int) -> None:
        super().__init__(file, protocol)
        self.large: list[bytes] = []

    def persistent_id(self, value: object) -> int | None:
        if type(value) is not bytes or len(value) < LARGE:
            return None
        self.large.append(value)
        return len(self.large) - 1


def _write(file: int, value: bytes) -> None:
    view = memoryview(value)
    while view:
        view = view[os.write(file, view) :]
