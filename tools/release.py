"""Builds a release from what is committed, checks and tries it: dist/. Publishes nothing.

usage: python -m tools.release. Sdist and wheel are built in two folders, a clone and what the sdist unpacks to;
they have to be the same bytes, and their files have the day that CHANGELOG.md gives this version. The wheel is tried
in an empty environment, and in a container where an engine runs.
"""

import calendar
import filecmp
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pfnscope import __version__
from tools.manual import released

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
_SAMPLE = "sample_logs/seed-1g-4g/dmesg.txt"
_PORT = 8765


def main() -> None:
    """Do all of it; ends with one sentence where something is wrong."""
    if _command("git", "-C", str(ROOT), "status", "--porcelain"):
        sys.exit("release: there are changes that are not committed")
    try:
        day = released()
    except LookupError as error:
        sys.exit(f"release: {error}")
    with TemporaryDirectory() as folder:
        here = Path(folder)
        tools = _environment(here / "tools")
        _run(tools, "-m", "pip", "install", "--require-hashes", *_lists("runtime", "release"))
        first = _build(tools, _clone(here / "clone"), day)
        (here / "unpacked").mkdir()
        _command("tar", "-xzf", str(next(first.glob("*.tar.gz"))), "-C", str(here / "unpacked"))
        second = _build(tools, next((here / "unpacked").iterdir()), day)
        names = sorted(path.name for path in first.iterdir())
        same, *others = filecmp.cmpfiles(first, second, names, shallow=False)
        if sorted(same) != names or len(names) != 2:
            sys.exit(f"release: two builds differ: {others}")
        _say("built twice, the same bytes")
        files = [first / name for name in names]
        _run(tools, "-m", "twine", "check", "--strict", *files)
        _run(tools, "-m", "check_wheel_contents", *(path for path in files if path.suffix == ".whl"))
        _say("twine and check-wheel-contents have no complaint")
        _try_wheel(next(path for path in files if path.suffix == ".whl"), here)
        _try_container(here / "clone")
        shutil.rmtree(DIST, ignore_errors=True)
        shutil.copytree(first, DIST)
    for path in sorted(DIST.iterdir()):
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  dist/{path.name}")
    _say(f"{__version__} is ready; nothing was published")


def _clone(folder: Path) -> Path:
    _command("git", "clone", "--quiet", "--no-local", str(ROOT), str(folder))
    return folder


def _build(python: Path, source: Path, day: str) -> Path:
    epoch = calendar.timegm(time.strptime(day, "%Y-%m-%d"))
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(epoch)}
    command = [str(python), "-m", "build", "--no-isolation", "--sdist", "--wheel", str(source)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"release: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return source / "dist"


def _try_wheel(wheel: Path, here: Path) -> None:
    """The command with what it alone needs, then the server, as somebody installs them."""
    python = _environment(here / "core")
    _run(python, "-m", "pip", "install", wheel)
    command = python.with_name("pfnscope")
    report = _command(str(command), "analyze", str(ROOT / _SAMPLE), "--format", "json")
    if json.loads(report)["verdict"]["severity"] != "danger":
        sys.exit("release: the installed command judges the sample otherwise")
    packages = _command(str(python), "-m", "pip", "list", "--format=freeze").split()
    _say(f"the command works with {' '.join(packages)}")
    _run(python, "-m", "pip", "install", f"{wheel}[server]")
    with _served([str(command), "serve", "--port", str(_PORT)], here):
        _look()
    _say("the server works")


def _try_container(source: Path) -> None:
    engine = next((name for name in ("docker", "podman") if _answers(name)), None)
    if engine is None:
        _say("container: not tried, no engine runs here")
        return
    form = ["--format", "docker"] if engine == "podman" else []
    image = f"pfnscope:{__version__}"
    _command(engine, "build", *form, "-q", "-f", str(source / "deploy/Containerfile"), "-t", image, str(source))
    with _served([engine, "run", "--rm", "-p", f"127.0.0.1:{_PORT}:8000", image], source):
        _look()
    _say(f"the container works: {image}")


def _answers(engine: str) -> bool:
    if shutil.which(engine) is None:
        return False
    return subprocess.run([engine, "info"], capture_output=True, check=False, timeout=60).returncode == 0


@contextmanager
def _served(command: list[str], folder: Path) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _look() -> None:
    """Pages and what they load, once the server answers; a minute is enough for that."""
    end = time.monotonic() + 60
    for path in (
        "readyz",
        "",
        "samples/seed-1g-4g",
        "static/plotly.min.js".replace("static", "static/vendor"),
        "rules",
    ):
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{_PORT}/{path}", timeout=30) as answer:
                    answer.read()
                break
            except urllib.error.HTTPError as error:
                sys.exit(f"release: /{path} answers {error.code}")
            except OSError:
                if time.monotonic() > end:
                    sys.exit("release: the server does not answer")
                time.sleep(0.2)


def _lists(*names: str) -> list[str]:
    return [f"--requirement={ROOT}/requirements/{name}.txt" for name in names]


def _environment(folder: Path) -> Path:
    _command(sys.executable, "-m", "venv", str(folder))
    return folder / "bin" / "python"


def _run(python: Path, *words: str | Path) -> None:
    _command(str(python), *map(str, words))


def _command(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"release: {' '.join(words)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def _say(text: str) -> None:
    print(f"release: {text}", flush=True)


if __name__ == "__main__":
    main()
