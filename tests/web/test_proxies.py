"""The server behind nginx and Caddy as ``deploy/`` has them, and what it does without one."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pfnscope.web.schema import EXAMPLE_LOG
from tests.support.process import command, free_port
from tests.support.proxies import NAME, client, proxy

_FORGED = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
_LARGEST = 64 << 20


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a proxy in front of a server that believes it."""
    folder, port = tmp_path_factory.mktemp("proxy"), free_port()
    settings = {
        "database_url": f"sqlite:///{folder}/a.db",
        "rate_limit": "2/hour",
        "base_url": f"https://{NAME}",
        "trusted_proxies": "127.0.0.1",
    }
    with command(port, folder / "log", **settings), proxy(request.param, folder, port) as own:
        yield own


def _asked(own: httpx.Client, method: str, path: str, **more: object) -> httpx.Response:
    return own.request(method, path, extensions={"sni_hostname": NAME}, **more)  # type: ignore[arg-type]


def test_links_have_the_public_name_and_requests_an_id(behind: int) -> None:
    with client(behind, "127.0.0.2") as own:
        created = _asked(own, "POST", "/api/v1/layouts", content=EXAMPLE_LOG, headers=_FORGED)
        assert created.json()["url"].startswith(f"https://{NAME}/l/")
        assert len(created.headers["x-request-id"]) >= 32
        page = _asked(
            own, "GET", created.json()["url"].removeprefix(f"https://{NAME}"), headers={"Accept": "text/html"}
        )
        assert page.status_code == 200
        assert "evil.example" not in page.text


def test_each_client_has_a_rate_of_its_own_whatever_it_says_of_itself(behind: int) -> None:
    with client(behind, "127.0.0.3") as own:
        answers = [
            _asked(own, "POST", "/api/v1/analyze", content=EXAMPLE_LOG, headers={"X-Forwarded-For": f"198.51.100.{n}"})
            for n in range(3)
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
    with client(behind, "127.0.0.4") as other:
        assert _asked(other, "POST", "/api/v1/analyze", content=EXAMPLE_LOG).status_code == 200


def test_metrics_are_not_shown_through_a_proxy(behind: int) -> None:
    with client(behind, "127.0.0.5") as own:
        assert _asked(own, "GET", "/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403


def test_a_body_that_is_too_large_is_refused(behind: int) -> None:
    with client(behind, "127.0.0.6") as own:
        try:
            status = _asked(own, "POST", "/api/v1/analyze", content=b"x" * (_LARGEST + 1)).status_code
        except httpx.WriteError:  # refused and closed before all of it was written
            status = 413
    assert status == 413


def test_without_a_proxy_the_server_believes_nobody_and_has_limits_of_its_own(tmp_path: Path) -> None:
    port = free_port()
    with (
        command(port, tmp_path / "log", database_url=f"sqlite:///{tmp_path}/a.db", rate_limit="2/hour"),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as own,
    ):
        answers = [
            own.post("/api/v1/analyze", content=EXAMPLE_LOG, headers={"X-Forwarded-For": f"198.51.100.{n}"})
            for n in range(3)
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert own.get("/", headers={"Host": "evil.example"}).status_code == 421
        assert own.get("/", headers={"X": "x" * 17_000}).status_code == 431
        assert own.get(f"/?{'x' * 17_000}").status_code == 400
        assert own.get("/metrics", headers=_FORGED).status_code == 403
