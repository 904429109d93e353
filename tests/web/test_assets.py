"""Static files may be kept for ever under the hash of their content, and only there."""

from pathlib import Path

import httpx
import pytest

from pfnscope import resources, zstd
from pfnscope.web.assets import Assets


def test_the_url_changes_with_the_content(tmp_path: Path) -> None:
    (tmp_path / "page.css").write_text("a {}")
    assets = Assets(tmp_path)
    before = assets.url("page.css")
    assert before == assets.url("page.css")
    (tmp_path / "page.css").write_text("b {}")
    assert assets.url("page.css") != before


def test_the_url_of_a_script_changes_with_what_it_imports(tmp_path: Path) -> None:
    (tmp_path / "low.js").write_text("export const one = 1;\n")
    (tmp_path / "top.js").write_text('import { one } from "./low.js";\nwindow.one = one;\n')
    assets = Assets(tmp_path)
    before = assets.url("top.js")
    (tmp_path / "low.js").write_text("export const one = 2;\n")
    assert assets.url("top.js") != before


def test_a_missing_file_is_told_when_the_page_is_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Assets(tmp_path).url("page.css")


def test_only_the_url_with_the_hash_is_kept_for_ever(client: httpx.Client) -> None:
    url = Assets(resources.folder("static")).url("page.css")
    assert "immutable" in client.get(url).headers["cache-control"]
    for other in ("/static/page.css", "/static/page.css?v=0123456789ab"):
        assert client.get(other).headers["cache-control"] == "no-cache"


def test_a_page_and_the_plotting_library_come_from_here(client: httpx.Client) -> None:
    for name in ("page.css", "vendor/plotly.min.js"):
        assert client.get(f"/static/{name}").status_code == 200


@pytest.mark.parametrize(("accepted", "packed"), [("zstd, gzip", True), ("gzip", False), ("identity", False)])
def test_what_was_packed_at_set_up_is_sent_to_those_who_take_it(
    client: httpx.Client, accepted: str, packed: bool
) -> None:
    name = "vendor/plotly.min.js"
    plain = (resources.folder("static") / name).read_bytes()
    with client.stream("GET", f"/static/{name}", headers={"Accept-Encoding": accepted}) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"
    assert (answer.headers.get("content-encoding") == "zstd") is packed
    if packed:
        assert zstd.decompress(body) == plain
        assert len(body) < 0.9 * len(zstd.compress(plain))
    known = {"Accept-Encoding": accepted, "If-None-Match": answer.headers["etag"]}
    assert client.get(f"/static/{name}", headers=known).status_code == 304


@pytest.mark.parametrize("accepted", ["zstd", "gzip"])
@pytest.mark.parametrize(
    "name",
    [
        "a" * 300 + ".js", f"m-0123456789ab/{'a' * 300}.js", "a/" * 3000, "%00", "page.css%00", "%FF%FE", "%0A",
        "%2E%2E/pyproject.toml", "", "vendor",
    ],
    ids=["long", "long module", "deep", "nul", "nul behind", "no UTF-8", "line break", "above", "empty", "folder"],
)  # fmt: skip
def test_what_is_no_name_of_a_file_is_not_found(client: httpx.Client, name: str, accepted: str) -> None:
    answer = client.get(f"/static/{name}", headers={"Accept-Encoding": accepted})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
