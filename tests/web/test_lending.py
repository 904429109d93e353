"""Large values reach a process without passing through the event loop, and leave nothing behind."""

import pickle
from pathlib import Path
from typing import Any

import anyio
import anyio.to_process
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.service.jobs import borrowed
from pfnscope.web.lending import LARGE, lent
from pfnscope.web.workers import Workers

values = st.recursive(
    st.binary(max_size=40) | st.sampled_from([b"x" * LARGE, b"yz" * LARGE]) | st.integers(),
    lambda inner: st.tuples(inner, inner) | st.lists(inner, max_size=3),
    max_leaves=6,
)


def both(*args: object, **kwargs: object) -> tuple[object, object]:
    """What it was given."""
    return args, kwargs


def files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@given(st.lists(values, max_size=3), values)
def test_a_call_arrives_as_it_was(args: list[object], named: object) -> None:
    async def arrive() -> object:
        async with lent((both, tuple(args), {"named": named})) as (packed, paths):
            assert len(packed) < LARGE
            return borrowed(packed, paths)

    before = files()
    assert anyio.run(arrive) == (tuple(args), {"named": named})
    assert files() <= before + 1  # a loop has some of its own, which are collected later


def test_a_process_gets_a_large_text_of_which_its_pipe_carries_little(monkeypatch: pytest.MonkeyPatch) -> None:
    run, sizes = anyio.to_process.run_sync, []

    async def weighed(call: Any, *args: Any, **kwargs: Any) -> Any:
        sizes.append(len(pickle.dumps(call)))
        return await run(call, *args, **kwargs)

    async def ask() -> tuple[int, int]:
        before = files()
        count = await Workers(1, 30).in_process("192.0.2.1", len, b"x" * 5_000_000)
        return count, files() - before

    monkeypatch.setattr(anyio.to_process, "run_sync", weighed)
    with start_blocking_portal() as portal:
        count, more = portal.call(ask)
    assert count == 5_000_000
    assert max(sizes) < 2000
    assert more <= 3  # the pipes of the process
    assert [path for path in Path("/proc/self/fd").iterdir() if "memfd:pfnscope" in _target(path)] == []


def _target(path: Path) -> str:
    try:
        return str(path.readlink())
    except FileNotFoundError:
        return ""
