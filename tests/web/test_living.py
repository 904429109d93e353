"""The storage is asked about a layout only where somebody may have written since, and never too seldom."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import anyio.to_thread
from anyio.from_thread import start_blocking_portal

from pfnscope.service import Options
from pfnscope.service.layouts import Created, Layouts, Terms
from pfnscope.storage import open_store
from pfnscope.web.cache import Living
from pfnscope.web.storage import StorageCalls


class Clock:
    """A time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


T = TypeVar("T")


def run(work: Callable[..., Awaitable[T]], *args: object) -> T:
    """Run a coroutine in a thread of its own: a browser's tests may leave a loop in this one."""
    with start_blocking_portal() as portal:
        return portal.call(work, *args)


def kept(layouts: Layouts) -> Created:
    return layouts.keep(b"text", b"text", Options(), Terms(expires_in=100))


def ends(created: Created) -> int:
    return int(datetime.fromisoformat(created.expires_at).timestamp())


def test_nobody_asks_twice_while_nothing_is_written(tmp_path: Path) -> None:
    with watched(tmp_path) as (layouts, queries):
        living, created = Living(layouts, StorageCalls()), kept(layouts)

        async def look(times: int) -> set[int | None]:
            return {await living.until(created.id) for _ in range(times)}

        assert run(look, 5) == {ends(created)}
        assert len(queries) == 1
        kept(layouts)
        assert run(look, 5) == {ends(created)}
        assert len(queries) == 2


def test_what_another_server_deleted_is_gone_for_the_next_request(tmp_path: Path) -> None:
    with watched(tmp_path) as (layouts, _), watched(tmp_path) as (other, _):
        living, created = Living(layouts, StorageCalls()), kept(layouts)

        async def look() -> list[int | None]:
            first = await living.until(created.id)
            await anyio.to_thread.run_sync(other.delete, created.id, created.delete_token)
            return [first, await living.until(created.id), await living.until("x" * 16)]

        assert run(look) == [ends(created), None, None]


def test_what_expires_is_gone_although_nothing_is_written(tmp_path: Path) -> None:
    clock = Clock()
    with watched(tmp_path, clock) as (layouts, queries):
        living, created = Living(layouts, StorageCalls()), kept(layouts)

        async def look() -> int | None:
            return await living.until(created.id)

        assert run(look) == ends(created)
        clock.now += 200
        assert run(look) is None
        assert len(queries) == 2


@contextmanager
def watched(tmp_path: Path, clock: Clock | None = None) -> Iterator[tuple[Layouts, list[Iterable[str]]]]:
    """Layouts in a new database, and a list that grows with every question whether they are there."""
    queries: list[Iterable[str]] = []

    class Watched(Layouts):
        def there(self, layout_ids: Iterable[str]) -> dict[str, int]:
            queries.append(layout_ids)
            return super().there(layout_ids)

    layouts = Watched(open_store(f"sqlite:///{tmp_path}/layouts.db"), clock=clock or Clock())
    try:
        yield layouts, queries
    finally:
        layouts.close()
