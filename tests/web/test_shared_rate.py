"""One rate for several servers, on real Redis and PostgreSQL servers, and what happens while those are away."""

import logging
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from pfnscope.web.rates import make_rate_limit
from pfnscope.web.schema import EXAMPLE_LOG
from tests.support.postgres import Cluster
from tests.support.process import command, free_port
from tests.support.redis import Counting
from tests.support.server import Serve

ALONE = "pfnscope_rate_counted_alone_total"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def number(client: httpx.Client, name: str) -> float:
    return float(next(line.split()[1] for line in client.get("/metrics").text.splitlines() if line.startswith(name)))


def post(client: httpx.Client, path: str = "/api/v1/analyze") -> int:
    return client.post(path, content=EXAMPLE_LOG).status_code


def test_two_server_processes_share_one_rate_through_redis(tmp_path: Path, redis: Counting) -> None:
    with ExitStack() as stack:
        clients = []
        for name in ("one", "other"):
            port = free_port()
            settings = {"database_url": f"sqlite:///{tmp_path}/{name}.db", "rate_limit": "4/hour"}
            stack.enter_context(command(port, tmp_path / "log", **settings, rate_limit_storage=redis.url))
            client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60)
            clients.append(stack.enter_context(client))
        assert [post(client) for client in clients * 2] == [200] * 4
        assert [post(client) for client in clients] == [429] * 2
        refused = clients[0].post("/api/v1/analyze", content=EXAMPLE_LOG)
        assert 1 <= int(refused.headers["retry-after"]) <= 2 * 3600
        assert [number(client, ALONE) for client in clients] == [0, 0]


def test_redis_away_and_back(redis: Counting, caplog: pytest.LogCaptureFixture) -> None:
    clock, counted = Clock(), [0]
    caplog.set_level(logging.INFO, "pfnscope.events")

    def alone() -> None:
        counted[0] += 1

    limit = make_rate_limit("2/hour", redis.url, clock=clock)
    limit.alone = alone
    assert [limit.wait("192.0.2.1") > 0 for _ in range(3)] == [False, False, True]
    assert counted == [0]
    redis.stop()
    # Counted by this process, which begins anew and refuses all the same.
    assert [limit.wait("192.0.2.1") > 0 for _ in range(3)] == [False, False, True]
    assert counted == [3]
    redis.start()
    assert limit.wait("192.0.2.1") > 0, "asked again at once, or this process does not count"
    clock.now += 6
    assert [limit.wait("192.0.2.1") > 0 for _ in range(3)] == [False, False, True]
    assert counted == [4]
    said = [record.getMessage() for record in caplog.records]
    assert [message.rpartition(" rate limit ")[2] for message in said] == [
        "do not answer: counting alone",
        "answer again",
    ]


def test_a_server_starts_and_serves_while_redis_is_away(serve: Serve, redis: Counting) -> None:
    redis.stop()
    client = serve(rate_limit="2/hour", rate_limit_storage=redis.url)
    assert [post(client) for _ in range(3)] == [200, 200, 429]
    assert number(client, ALONE) == 3


def test_what_needs_no_database_is_served_while_it_is_away(serve: Serve, own_cluster: Cluster) -> None:
    client = serve(database_url=own_cluster.url, rate_limit="3/hour")
    assert post(client) == 200
    assert number(client, ALONE) == 0
    own_cluster.stop()
    assert [post(client), post(client, "/api/v1/layouts"), post(client), post(client)] == [200, 503, 200, 429]
    assert number(client, ALONE) == 4
    own_cluster.start()
