"""Brings the front-end assets into static/vendor: the plotting library, packed too, and the fonts of pictures.

usage: tools/assets.py [--dev] [--check|--of-plotly]. tools/setup and every build call it; quick where nothing changed.
npm fetches what package-lock.json pins by hash. ``--dev`` fetches what the checks need, too, into node_modules;
``--check`` fetches nothing; ``--of-plotly`` takes the larger library of the package plotly, for a server where npm
reaches nothing. Exit status 1 and one sentence where something is missing.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
VENDOR = ROOT / "static" / "vendor"
LOCK = ROOT / "package-lock.json"
BUNDLE = "plotly.min.js"
_FILES = {
    "plotly.js-basic-dist-min/plotly-basic.min.js": BUNDLE,
    "plotly.js-basic-dist-min/LICENSE": "plotly.LICENSE",
    "dejavu-fonts-ttf/ttf/DejaVuSans.ttf": "DejaVuSans.ttf",
    "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf": "DejaVuSans-Bold.ttf",
    "dejavu-fonts-ttf/ttf/DejaVuSansMono.ttf": "DejaVuSansMono.ttf",
    "dejavu-fonts-ttf/LICENSE": "DejaVu.LICENSE",
}
_STAMP = "package-lock.sha256"
_NPM = ("ci", "--no-audit", "--no-fund", "--ignore-scripts", "--no-progress", "--loglevel=error")


class Missing(Exception):
    """Assets that cannot be had; the message is a sentence for whoever builds."""


def complete(*, dev: bool = False) -> bool:
    """Whether all assets are there, made from package-lock.json as it is."""
    files = [VENDOR / name for name in (*_FILES.values(), f"{BUNDLE}.zst")]
    stamps = [VENDOR / _STAMP, *([ROOT / "node_modules" / _STAMP] if dev else [])]
    made_from = {path.read_text() if path.is_file() else None for path in stamps}
    return all(path.is_file() for path in files) and made_from == {_pinned()}


def fetch(*, dev: bool = False) -> None:
    """Fetch all assets; raises Missing."""
    with TemporaryDirectory() as folder:  # so that a build leaves no node_modules
        home = ROOT if dev else Path(folder)
        if not dev:
            for name in ("package.json", LOCK.name):
                shutil.copy(ROOT / name, home)
        _run_npm(home, "--include=dev" if dev else "--omit=dev")
        VENDOR.mkdir(parents=True, exist_ok=True)
        for source, name in _FILES.items():
            shutil.copyfile(home / "node_modules" / source, VENDOR / name)
        (home / "node_modules" / _STAMP).write_text(_pinned())
    _pack()
    (VENDOR / _STAMP).write_text(_pinned())


def take_from_plotly() -> None:
    """Copy the library that the package plotly has, where there is none; pictures are left to fonts of the machine."""
    spec = find_spec("plotly")
    if not (VENDOR / BUNDLE).is_file():
        if spec is None or spec.origin is None:
            raise Missing("there is no package plotly here to take the plotting library from")
        VENDOR.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(spec.origin).parent / "package_data" / BUNDLE, VENDOR / BUNDLE)
    _pack()


def _pack() -> None:
    """Compress the plotting library once and well: every new reader waits for it, and a server has no time for this."""
    from pfnscope.zstd import compress

    bundle = VENDOR / BUNDLE
    bundle.with_name(f"{BUNDLE}.zst").write_bytes(compress(bundle.read_bytes(), level=19))


def _run_npm(home: Path, which: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("the front-end assets are not in static/vendor, and there is no npm here to fetch them")
    done = subprocess.run(
        [npm, *_NPM, which],
        cwd=home, env=os.environ | {"NPM_CONFIG_UPDATE_NOTIFIER": "false"}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        why = next((line for line in done.stderr.splitlines() if line.strip()), "it does not say why")
        raise Missing(f"the front-end assets are not in static/vendor, and npm could not fetch them: {why}")


def _pinned() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest() + "\n"


def main(words: list[str]) -> int:
    """Do as the command line says; the exit status."""
    dev = "--dev" in words
    if complete(dev=dev):
        return 0
    if "--check" in words:
        return 1
    try:
        take_from_plotly() if "--of-plotly" in words else fetch(dev=dev)
    except Missing as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
