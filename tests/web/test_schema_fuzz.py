"""The whole OpenAPI description held against the server by Schemathesis, with links from what was created."""

import subprocess
import sys
from pathlib import Path

from pfnscope.web.settings import Settings
from tests.support.server import serving

PROGRAM = Path(sys.executable).with_name("schemathesis")
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "allow_header_conformance", "use_after_free",
)  # fmt: skip


def test_no_request_finds_a_fault_or_an_undocumented_answer(tmp_path: Path) -> None:
    settings = {"database_url": f"sqlite:///{tmp_path}/fuzz.db", "rate_limit": "off", "max_body_bytes": 100_000}
    with serving(Settings.model_validate(settings)) as address:
        done = subprocess.run(
            [
                PROGRAM, "run", f"{address}/openapi.json", "--checks", ",".join(CHECKS), "--max-examples", "5",
                "--suppress-health-check", "all", "--generation-deterministic", "--continue-on-failure",
                "--no-color", "--warnings", "off",
            ],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "Stateful" in done.stdout
    assert "0 covered" not in done.stdout
