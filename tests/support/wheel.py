"""The wheel and sdist of this checkout, built without a network, and an environment that has the wheel alone."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LENT = ("plotly.js-basic-dist-min", "dejavu-fonts-ttf")
"""Packages that a build takes from npm."""


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints; it has to succeed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def build(root: Path, folder: Path, kind: str = "wheel", **variables: str) -> subprocess.CompletedProcess[str]:
    """Build a tree into a folder, with what this environment has."""
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", folder],
        cwd=root, env=os.environ | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip


def build_wheel(folder: Path) -> None:
    """Build this checkout."""
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stderr


def bare(folder: Path) -> Path:
    """The files under version control alone, as a clone has them."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def path_with_npm(folder: Path, script: str) -> str:
    """A PATH whose first npm is a shell script."""
    folder.mkdir()
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def install(wheel: Path, home: Path) -> None:
    """Make an environment with the wheel and nothing else of this checkout.

    What the wheel needs is lent by this environment: its folder is on the path, but not the link to the checkout.
    """
    venv.create(home / "env", with_pip=False)
    python = home / "env/bin/python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "-q", "--no-index", "--no-deps", wheel, cwd=home)
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).strip())
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
