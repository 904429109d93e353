"""Fixtures that several rooms share.

What a fixture needs is imported in its body: tests of a room with neither server nor database start without both.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    import httpx

    from tests.support.postgres import Cluster
    from tests.support.redis import Counting
    from tests.support.server import Serve


_LONGEST = ("test_schema_fuzz.py", "test_soak.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests in front, so that no worker waits at the end for another that begins with them."""
    items.sort(key=lambda item: item.path.name not in _LONGEST)


settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator["Serve"]:
    """Start servers with settings of their own; each call gives a client of a new one."""
    from tests.support.server import clients

    with clients(tmp_path) as start:
        yield start


@pytest.fixture
def client(serve: "Serve") -> "httpx.Client":
    """A client of a server with an empty database and no rate limit."""
    return serve()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of an empty database, on one server for all tests."""
    from tests.support.postgres import cluster

    with cluster() as server:
        yield server.url


@pytest.fixture
def own_cluster() -> Iterator["Cluster"]:
    """A PostgreSQL server that a test may stop and start."""
    from tests.support.postgres import cluster

    with cluster() as server:
        yield server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator["Counting"]:
    """A Redis server that is running."""
    from tests.support.redis import running

    with running(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the documentation site."""
    from tests.support.once import made_once
    from tests.support.site import build_site

    return made_once(tmp_path_factory, "site", build_site) / "site"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    from tests.support.once import made_once
    from tests.support.wheel import build_wheel

    (path,) = made_once(tmp_path_factory, "dist", build_wheel).glob("*.whl")
    return path


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment with the wheel and nothing else of this checkout."""
    from functools import partial

    from tests.support.once import made_once
    from tests.support.wheel import install

    return made_once(tmp_path_factory, "home", partial(install, wheel)) / "env/bin"
