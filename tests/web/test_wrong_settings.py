"""What `serve` says: a setting or port that cannot be in one line, without passwords."""

import os
import socket
import subprocess
from pathlib import Path

import pytest
import uvicorn

from pfnscope.cli.main import run
from tests.support.process import COMMAND, free_port

SECRET = "hush-4711"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RATE_LIMIT", f"{SECRET}/minute", "PFNSCOPE_RATE_LIMIT: a rate is N/second"),
        ("RATE_LIMIT_STORAGE", f"disk://u:{SECRET}@h", "PFNSCOPE_RATE_LIMIT_STORAGE: must be auto"),
        ("RATE_LIMIT_STORAGE", f"redis+cluster://u:{SECRET}@127.0.0.1:1", "PFNSCOPE_RATE_LIMIT_STORAGE: Redis Cluster"),
        ("DATABASE_URL", f"mysql://u:{SECRET}@h/x", "PFNSCOPE_DATABASE_URL: sqlite and postgresql"),
        ("DATABASE_URL", f"postgresql://u:{SECRET}@127.0.0.1:1/x", "the storage does not answer"),
        ("RETENTION_DAYS", "0", "PFNSCOPE_RETENTION_DAYS: "),
        ("BASE_URL", f"ftp://{SECRET}", "PFNSCOPE_BASE_URL: must start with"),
        ("TRUSTED_PROXIES", "*", "PFNSCOPE_TRUSTED_PROXIES: must be addresses or networks"),
        ("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/33", "PFNSCOPE_TRUSTED_PROXIES: must be addresses or networks"),
    ],
)
def test_the_server_says_what_is_wrong(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    name: str,
    value: str,
    message: str,
) -> None:
    for key in [key for key in os.environ if key.startswith("PFNSCOPE_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv(f"PFNSCOPE_{name}", value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: pytest.fail("it serves"))
    status = run(["serve", "--port", str(free_port())])
    printed = capfd.readouterr()
    assert status == 2
    assert printed.err.startswith(f"Error: {message}")
    assert printed.err.count("\n") == 1
    assert SECRET not in printed.err + printed.out


def test_the_command_ends_with_that_line(tmp_path: Path) -> None:
    environment = {key: text for key, text in os.environ.items() if not key.startswith("PFNSCOPE_")}
    done = subprocess.run(
        [COMMAND, "serve", "--port", str(free_port())],
        cwd=tmp_path, env={**environment, "PFNSCOPE_RATE_LIMIT": f"{SECRET}/minute"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("Error: PFNSCOPE_RATE_LIMIT: a rate is N/second")
    assert done.stderr.count("\n") == 1
    assert SECRET not in done.stderr + done.stdout


def test_a_port_that_is_taken_is_said_in_a_line_and_another_is_named(tmp_path: Path) -> None:
    environment = {key: text for key, text in os.environ.items() if not key.startswith("PFNSCOPE_")}
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = subprocess.run(
            [COMMAND, "serve", "--port", str(port)],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    another = port + 1 if port < 65535 else port - 1
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: Port {port} is taken: pfnscope serve --port {another}\n"
