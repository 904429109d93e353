"""The documentation site, built by the command of `make site` into a folder of a test's own."""

import subprocess
from pathlib import Path

from tests.support.pages import ROOT


def build_site(folder: Path) -> None:
    """Build the pages into its folder ``site``; a warning of the generator, such as a broken link, fails it."""
    steps = subprocess.run(["make", "-n", "site"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (build,) = (line for line in steps.splitlines() if " sphinx " in line)
    done = subprocess.run(
        build.replace("build/", f"{folder}/").split(), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
