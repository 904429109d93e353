"""Writes requirements/*.txt: each package that set-up installs, by version and by the hashes of its files.

uv resolves the extras and groups of pyproject.toml for all systems; versions change only with ``--upgrade``. A list has
only what the lists that it builds on lack. Files for other systems than Linux, or for releases of Python before ours,
are left out: there pip builds from source.
"""

import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "requirements"
_OLDEST = 11  # of Python 3
_RUNTIME = ("--extra", "server", "--extra", "postgres", "--extra", "redis", "--extra", "files", "--group", "build")
_LISTS: dict[str, tuple[str, ...]] = {
    "runtime": _RUNTIME,
    "docs": (*_RUNTIME, "--group", "docs"),
    "fleet": (*_RUNTIME, "--extra", "fleet"),
    "dev": ("--all-extras", "--group", "build", "--group", "docs", "--group", "dev"),
    "fuzz": (*_RUNTIME, "--group", "fuzz"),
    "npm": ("--group", "npm"),
    "lock": ("--group", "lock"),
    "release": (*_RUNTIME, "--group", "release"),
}
_BELOW: dict[str, tuple[str, ...]] = {"runtime": (), "dev": ("runtime", "docs", "fleet")}  # all others: runtime
_HEAD = "# Written by `make lock`; pip install --require-hashes takes nothing else.\n"


def main(words: list[str]) -> None:
    """Write all lists."""
    pins = {} if "--upgrade" in words else _pins()
    packages = {name: _resolved(options, pins) for name, options in _LISTS.items()}
    for name, needs in packages.items():
        below = {
            (key, item.get("marker")) for on in _BELOW.get(name, ("runtime",)) for key, item in packages[on].items()
        }
        lacking = [item for _, item in sorted(needs.items()) if not _held(item, below)]
        (FOLDER / f"{name}.txt").write_text(_HEAD + "".join(map(_lines, lacking)))


def _held(package: Mapping[str, Any], lists: set[tuple[str, str | None]]) -> bool:
    """Whether lists have a package, wherever it is needed: one that they have for another Python alone is lacking."""
    return bool({(package["name"], None), (package["name"], package.get("marker"))} & lists)


def _pins() -> dict[str, str]:
    """The versions in the lists, by name."""
    lines = [line.partition(" ")[0] for path in FOLDER.glob("*.txt") for line in path.read_text().splitlines()]
    return {line.partition("==")[0]: line.partition("==")[2] for line in lines if "==" in line}


def _resolved(options: tuple[str, ...], pins: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The packages that a part of the project needs, by name."""
    with TemporaryDirectory() as folder:
        out, constraints = Path(folder, "pylock.toml"), Path(folder, "pins.txt")
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
        command = ["uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", f"3.{_OLDEST}"]
        command += [
            "-q",
            "--no-config",
            "--fork-strategy",
            "fewest",
            "-c",
            str(constraints),
            "--format",
            "pylock.toml",
            "-o",
            str(out),
            *options,
        ]
        subprocess.run([f"{sys.prefix}/bin/{command[0]}", *command[1:]], cwd=ROOT, check=True)
        lock = tomllib.loads(out.read_text())
    return {package["name"]: package for package in lock["packages"]}


def _lines(package: Mapping[str, Any]) -> str:
    marker = f" ; {package['marker']}" if "marker" in package else ""
    hashes = sorted({file["hashes"]["sha256"] for file in _files(package)})
    return (
        " \\\n    ".join([f"{package['name']}=={package['version']}{marker}", *(f"--hash=sha256:{h}" for h in hashes)])
        + "\n"
    )


def _files(package: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "sdist" in package:
        yield package["sdist"]
    for wheel in package.get("wheels", ()):
        name = wheel.get("name") or urlsplit(wheel["url"]).path.rpartition("/")[2]
        if any(map(_runs, parse_wheel_filename(name)[3])):
            yield wheel


def _runs(tag: Tag) -> bool:
    """Whether a file with this tag runs on a Linux with glibc on usual machines."""
    platform = tag.platform == "any" or (
        tag.platform.startswith("manylinux") and tag.platform.endswith(("x86_64", "aarch64"))
    )
    python = tag.interpreter.removeprefix("cp").removeprefix("py")
    minor = int(python[1:] or 0) if python.startswith("3") else -1
    new = tag.abi in ("abi3", "none") or (minor >= _OLDEST and not tag.abi.endswith("t"))
    return platform and new and minor >= 0


if __name__ == "__main__":
    main(sys.argv[1:])
