"""The documentation site, built by the command of `make site` into a folder of a test's own."""

import subprocess
from pathlib import Path

import pytest

from tests.support.pages import ROOT


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built pages; a warning of the generator, such as a broken link, fails it."""
    folder = tmp_path_factory.mktemp("site")
    steps = subprocess.run(["make", "-n", "site"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (build,) = (line for line in steps.splitlines() if " sphinx " in line)
    done = subprocess.run(
        build.replace("build/", f"{folder}/").split(), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "site"
