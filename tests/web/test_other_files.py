"""Files that are no logs, sent to the server: API and page say what they are and how to get the log."""

import httpx
import pytest

from tests.support.headers import DUMPS, OTHERS
from tests.support.wrappings import zip_of

KDUMP = (
    "This is a kdump-compressed vmcore, not a log: `makedumpfile --dump-dmesg FILE dmesg.txt` writes the log out of it"
)
PAGE = {"Accept": "text/html"}


@pytest.mark.parametrize("where", ["/api/v1/analyze", "/api/v1/layouts", "/"])
def test_the_api_names_a_dump(where: str, client: httpx.Client) -> None:
    answer = client.post(where, content=DUMPS["kdump"])
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(KDUMP)


def test_the_api_names_what_is_in_an_archive(client: httpx.Client) -> None:
    answer = client.post("/api/v1/analyze", content=zip_of({"screen.png": OTHERS["png"], "vmcore": DUMPS["kdump"]}))
    assert answer.status_code == 422
    assert "screen.png (a PNG picture); vmcore (a kdump-compressed vmcore)" in answer.json()["detail"]


@pytest.mark.parametrize("where", ["/", "/preview"])
def test_the_page_names_a_dump_and_shows_the_command(where: str, client: httpx.Client) -> None:
    answer = client.post(where, files={"file": ("vmcore", DUMPS["kdump"])}, headers=PAGE)
    assert answer.status_code == 422
    assert "<h1>This is a kdump-compressed vmcore, not a log</h1>" in answer.text
    assert "<code>makedumpfile --dump-dmesg FILE dmesg.txt</code> writes the log out of it" in answer.text
    assert "No memory layout" not in answer.text
    assert "What was looked for" not in answer.text


def test_a_name_in_a_core_is_no_markup(client: httpx.Client) -> None:
    core = OTHERS["core"].replace(b"page-types", b"<b>page</b")
    answer = client.post("/", files={"file": ("core", core)}, headers=PAGE)
    assert "<h1>This is the core of a process, &lt;b&gt;page&lt;/b, not a log</h1>" in answer.text
