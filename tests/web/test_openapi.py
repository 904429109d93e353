"""The OpenAPI description: complete, and true of what the server answers."""

from typing import Any

import httpx
import msgspec

from pfnscope.model.document import Document
from pfnscope.model.encoding import dec_hook


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(item) for item in value.values()))
    return set().union(*(references(item) for item in value)) if isinstance(value, list) else set()


def test_every_reference_is_defined(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()
    components = described["components"]
    known = {f"#/components/{kind}/{name}" for kind in ("schemas", "examples") for name in components[kind]}
    assert references(described) <= known


def test_the_routes_of_the_api_are_described_with_their_errors(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {
        "/api/v1/analyze", "/api/v1/layouts", "/api/v1/layouts/{layout_id}", "/api/v1/layouts/{layout_id}/lookup",
        "/api/v1/rules", "/api/v1/limits", "/l/{layout_id}.{form}", "/healthz", "/readyz",
    } <= set(paths)  # fmt: skip
    for path, methods in paths.items():
        for method, described in methods.items():
            for status, answer in described["responses"].items():
                shown = [kind for kind in answer.get("content", {}).values() if "example" in kind or "examples" in kind]
                assert shown or status == "204", (path, method, status)
                assert int(status) < 400 or "application/problem+json" in answer["content"], (path, method, status)


def test_the_example_request_gives_the_example_answer(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()
    body = described["paths"]["/api/v1/analyze"]["post"]["requestBody"]["content"]
    answer = client.post("/api/v1/analyze", content=body["text/plain"]["example"]).json()
    assert answer == described["components"]["schemas"]["Document"]["examples"][0]
    assert client.post("/api/v1/analyze", json=body["application/json"]["example"]).status_code == 200
    assert answer["holes"], "an example without a hole explains nothing"
    msgspec.convert(answer, Document, dec_hook=dec_hook)


def test_the_document_is_described_field_by_field(client: httpx.Client) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert set(schemas["Document"]["properties"]) == set(Document.__struct_fields__)
