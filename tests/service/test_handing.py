"""Large values reach a process and come back without passing through the event loop, and leave nothing behind."""

import pickle
from pathlib import Path
from typing import Any

import anyio
import anyio.to_process
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.service.handing import LARGE, memory, pack, unpack
from pfnscope.web.workers import Workers

values = st.recursive(
    st.binary(max_size=40) | st.sampled_from([b"x" * LARGE, b"yz" * LARGE]) | st.integers(),
    lambda inner: st.tuples(inner, inner) | st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(values)
def test_a_value_arrives_as_it_was(value: object) -> None:
    with memory() as file:
        packed = pack(value, file)
        assert len(packed.pickled) < LARGE
        assert unpack(packed, file) == value


def doubled(text: bytes) -> bytes:
    return text + text


def test_a_large_text_and_what_is_made_of_it_pass_the_pipe_of_a_process_by(monkeypatch: pytest.MonkeyPatch) -> None:
    run, sizes = anyio.to_process.run_sync, []

    async def weighed(call: Any, *args: Any, **kwargs: Any) -> Any:
        result = await run(call, *args, **kwargs)
        sizes.append(len(pickle.dumps((call, result))))
        return result

    async def ask() -> bytes:
        return await Workers(1, 30).in_process("192.0.2.1", doubled, b"xy" * 2_000_000)

    monkeypatch.setattr(anyio.to_process, "run_sync", weighed)
    with start_blocking_portal() as portal:
        assert portal.call(ask) == b"xy" * 4_000_000
    assert max(sizes) < 2000
    assert [path for path in Path("/proc/self/fd").iterdir() if "memfd:pfnscope" in _target(path)] == []


def _target(path: Path) -> str:
    try:
        return str(path.readlink())
    except FileNotFoundError:
        return ""
