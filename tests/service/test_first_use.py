"""Threads that use a type for the first time at the same time: msgspec would end the process."""

import subprocess
import sys
from pathlib import Path

import pytest

from pfnscope.service import jobs
from pfnscope.service.analyzing import DEFAULTS
from pfnscope.service.whatif import NO_QUESTION
from tests.support.samples import text

_CODE = """
import sys, threading
from pathlib import Path
{imports}
data = Path({file!r}).read_bytes()
begin = threading.Barrier(8)
def use():
    begin.wait()
    {use}
sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=use) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


@pytest.mark.parametrize(
    ("imports", "use"),
    [
        ("from pfnscope.service import jobs", "jobs.unpacked(data)"),
        ("from pfnscope.web import bodies", 'bodies.understand(b\'{"log": "x"}\', JSON, {}, 1 << 20)'),
        ("from pfnscope.web import bodies", "bodies.understand(b'x', {}, {'kernel': '4.17'}, 1 << 20)"),
        ("from pfnscope.formats import rulebook", "rulebook.rules()"),
    ],
)
def test_types_are_known_before_there_are_threads(tmp_path: Path, imports: str, use: str) -> None:
    file = tmp_path / "drawing"
    file.write_bytes(jobs.drawn(text("seed-1g-4g"), DEFAULTS, 200_000, NO_QUESTION))
    imports += "\nJSON = {'content-type': 'application/json'}"
    code = _CODE.format(imports=imports, file=str(file), use=use)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
