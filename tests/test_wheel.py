"""The wheel, built here and installed into an empty environment without a network, works as the checkout does."""

import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from functools import partial
from pathlib import Path

import pytest

from tests.support.once import made_once
from tests.support.samples import SLUGS, path

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def build(folder: Path) -> None:
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)


def install(wheel: Path, home: Path) -> None:
    venv.create(home / "env", with_pip=False)
    python = home / "env/bin/python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "-q", "--no-index", "--no-deps", wheel, cwd=home)
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).strip())
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (path,) = made_once(tmp_path_factory, "dist", build).glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment with the wheel and nothing else of this checkout.

    What the wheel needs is lent by this environment: its folder is on the path, but not the link to the checkout.
    """
    return made_once(tmp_path_factory, "home", partial(install, wheel)) / "env/bin"


def test_the_wheel_holds_all_that_a_server_shows(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    bundled = [f"pfnscope/_bundled/sample_logs/{slug}/dmesg.txt" for slug in SLUGS]
    for folder, pattern in (("templates", "*.html"), ("static", "*.js"), ("static", "*.css"), ("static/vendor", "*")):
        bundled += [f"pfnscope/_bundled/{folder}/{item.name}" for item in (ROOT / folder).glob(pattern)]
    assert [name for name in [*bundled, "pfnscope/py.typed"] if name not in names] == []
    assert "pfnscope/_bundled/static/vendor/plotly.min.js" in names


def test_the_installed_command_reports_and_makes_the_page_in_one_file(installed: Path, tmp_path: Path) -> None:
    log = path("seed-1g-4g")
    here = subprocess.run([Path(sys.executable).with_name("pfnscope"), "analyze", log], capture_output=True, check=True)
    assert run(installed / "pfnscope", "analyze", log, cwd=tmp_path) == here.stdout.decode()
    page = run(installed / "pfnscope", "analyze", log, "--format", "html", cwd=tmp_path)
    assert page.count("Plotly") > 1


def test_the_installed_server_has_its_pages_assets_and_examples(installed: Path, tmp_path: Path) -> None:
    code = """
import pfnscope, re
from starlette.testclient import TestClient
from pfnscope.web import create_app
from pfnscope.web.settings import Settings
client = TestClient(create_app(Settings(database_url="sqlite:///layouts.db")), "http://localhost")
page = client.get("/samples/seed-1g-4g", headers={"Accept": "text/html"}).text
for name in re.findall(r'(?:src|href|data-plotly)="(/static/[^"]+)"', page):
    assert client.get(name.replace("&amp;", "&")).status_code == 200, name
print(pfnscope.__file__, page.count("/static/"))
"""
    said = run(installed / "python", "-W", "ignore", "-c", code, cwd=tmp_path).split()
    assert str(installed.parent) in said[0]
    assert int(said[1]) > 4


def test_the_library_is_there_with_its_types(installed: Path, tmp_path: Path) -> None:
    code = f"""
from pfnscope import analyse, figure, parse, simulate
log = open({str(path("seed-1g-4g"))!r}, "rb").read()
print(analyse(parse(log)).verdict.severity, simulate(log, remove=["memmap"]).verdict.severity)
print(len(figure(analyse(log)).data))
"""
    assert run(installed / "python", "-c", code, cwd=tmp_path).split() == ["danger", "none", "4"]


def test_the_example_of_the_library_is_typed_for_who_installs_the_wheel(installed: Path, tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/library.md").read_text(), re.DOTALL)
    typed = example + "\nreveal_type(layout.holes[0].pages)\nreveal_type(changed)\nlayout.nothing\n"
    (tmp_path / "consumer.py").write_text(typed)
    python = str(installed / "python")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-executable", python]
    done = subprocess.run([*mypy, "consumer.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    *notes, count = done.stdout.splitlines()
    assert [line.partition(": ")[2] for line in notes] == [
        'note: Revealed type is "int"',
        'note: Revealed type is "pfnscope.model.document.Document"',
        'error: "Document" has no attribute "nothing"  [attr-defined]',
    ]
    assert count.startswith("Found 1 error in 1 file")
