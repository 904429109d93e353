"""An address that is too long is refused before anything takes it apart, wherever it leads."""

from collections.abc import Iterator

import httpx
import pytest

from pfnscope.web.heads import LONGEST_PATH, LONGEST_QUERY, MOST_PARAMETERS
from tests.support.server import clients

PATHS = ["/", "/l/AAAAAAAAAAAAAAAA", "/samples/seed-1g-4g", "/static/page.css", "/api/v1/rules", "/healthz", "/nowhere"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with clients(tmp_path_factory.mktemp("heads")) as serve:
        yield serve()


@pytest.mark.parametrize("path", PATHS)
def test_a_query_is_bounded(client: httpx.Client, path: str) -> None:
    def status(query: str) -> int:
        return client.get(f"{path}?{query}", headers={"Accept": "text/html"}).status_code

    longest, most = "x" * LONGEST_QUERY, "x&" * MOST_PARAMETERS
    assert {status(longest), status(most), status(f"&&{most}&&")} <= {200, 303, 404}
    assert [status(longest + "x"), status(most + "x"), status("x=&" * MOST_PARAMETERS + "=")] == [400] * 3


def test_a_path_is_bounded_as_it_was_sent(client: httpx.Client) -> None:
    def detail(path: str) -> str:
        answer = client.get(path)
        assert answer.status_code == 404
        return str(answer.json()["detail"])

    assert "longer" not in detail("/" + "x" * (LONGEST_PATH - 1))
    assert "longer" in detail("/" + "x" * LONGEST_PATH)
    assert "longer" in detail("/" + "%20" * (LONGEST_PATH // 3 + 1))


def test_a_refusal_is_a_page_for_people_and_a_problem_for_programs(client: httpx.Client) -> None:
    page, problem = (client.get("/?" + "x&" * 999, headers={"Accept": kind}) for kind in ("text/html", "*/*"))
    assert "A query has at most 16384 bytes and 200 parameters." in page.text
    assert page.headers["content-type"].startswith("text/html")
    assert problem.json()["detail"] == "A query has at most 16384 bytes and 200 parameters."
    assert {response.headers["x-content-type-options"] for response in (page, problem)} == {"nosniff"}
