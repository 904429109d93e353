"""An environment with the packages of ``pip install pfnscope`` alone, made of those of this one without a network."""

import sys
import sysconfig
import tomllib
import venv
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


def core() -> dict[str, set[str]]:
    """The packages that the command needs, each with the names of its folders and files."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    return {name: files for need in declared for name, files in _with_needs(need)}


def _with_needs(need: str) -> Iterator[tuple[str, set[str]]]:
    requirement = Requirement(need)
    if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
        package = distribution(requirement.name)
        yield requirement.name, {file.parts[0] for file in package.files or () if file.parts[0] != ".."}
        for other in package.requires or ():
            yield from _with_needs(other)


def make(home: Path) -> None:
    """An environment in ``home/env`` with those packages and with this checkout; its command is env/bin/pfnscope."""
    venv.create(home / "env", with_pip=False, symlinks=True)
    packages, lent = Path(sysconfig.get_path("purelib")), home / "lent"
    lent.mkdir()
    for name in set().union(*core().values()):
        (lent / name).symlink_to(packages / name)
    site = home / "env" / packages.relative_to(sys.prefix)
    (site / "lent.pth").write_text(f"{lent}\n{ROOT / 'app'}\n")
    command = home / "env/bin/pfnscope"
    command.write_text(f"#!{home}/env/bin/python\nfrom pfnscope.cli.main import main\nmain()\n")
    command.chmod(0o755)
