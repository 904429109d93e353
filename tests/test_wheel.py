"""The wheel, built here and installed into an empty environment without a network, works as the checkout does."""

import email
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from pfnscope import __version__
from pfnscope.cli.commands import COMMANDS
from tests.support.samples import SLUGS, path
from tests.support.wheel import LENT, ROOT, bare, build, path_with_npm, run


def test_the_wheel_holds_all_that_a_server_shows(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    bundled = [f"pfnscope/_bundled/sample_logs/{slug}/dmesg.txt" for slug in SLUGS]
    for folder, pattern in (("templates", "*.html"), ("static", "*.js"), ("static", "*.css"), ("static/vendor", "*")):
        bundled += [f"pfnscope/_bundled/{folder}/{item.name}" for item in (ROOT / folder).glob(pattern)]
    assert [name for name in [*bundled, "pfnscope/py.typed"] if name not in names] == []
    assert "pfnscope/_bundled/static/vendor/plotly.min.js" in names


def test_a_bare_clone_and_an_sdist_give_the_same_wheel_as_this_checkout(wheel: Path, tmp_path: Path) -> None:
    """Byte for byte, in another folder, with assets that npm brings; and so does an sdist, where npm brings none."""
    lent = " ".join(str(ROOT / "node_modules" / name) for name in LENT)
    fetching = path_with_npm(tmp_path / "fetching", f"mkdir node_modules && cp -r {lent} node_modules")
    failing = path_with_npm(tmp_path / "failing", "exit 1")
    clone, out = bare(tmp_path / "clone"), tmp_path / "out"
    for kind in ("wheel", "sdist"):
        assert build(clone, out, kind, PATH=fetching).returncode == 0
    assert not (clone / "node_modules").exists()
    assert (out / wheel.name).read_bytes() == wheel.read_bytes()

    (sdist,) = out.glob("*.tar.gz")
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "-xzf", sdist, "-C", tmp_path / "unpacked"], check=True)
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    for kind, first in (("wheel", wheel), ("sdist", sdist)):
        assert build(unpacked, tmp_path / "offline", kind, PATH=failing).returncode == 0
        assert (tmp_path / "offline" / first.name).read_bytes() == first.read_bytes()


def test_a_build_that_cannot_be_whole_refuses_with_a_sentence(tmp_path: Path) -> None:
    clone = bare(tmp_path / "clone")
    failing = path_with_npm(tmp_path / "failing", "echo 'npm error the registry is not reached' >&2; exit 1")
    nowhere = f"{tmp_path}/none"
    missing = "pfnscope cannot be built: the front-end assets are not in static/vendor, and"
    for which, why in (
        (failing, "npm could not fetch them: npm error the registry is not reached"),
        (nowhere, "there is no npm here to fetch them"),
    ):
        done = build(clone, tmp_path / "out", PATH=which)
        assert (done.returncode, done.stderr.strip()) == (1, f"{missing} {why}")
    assert not list(tmp_path.glob("out/*"))


def test_an_asset_of_an_older_list_is_fetched_anew(tmp_path: Path) -> None:
    clone = bare(tmp_path / "clone")
    shutil.copytree(ROOT / "static/vendor", clone / "static/vendor")
    check = [sys.executable, str(clone / "tools/assets.py"), "--check"]
    assert subprocess.run(check, check=False).returncode == 0
    with (clone / "package-lock.json").open("a") as lock:
        lock.write("\n")
    assert subprocess.run(check, check=False).returncode == 1


def test_the_metadata_says_who_may_use_it_and_shows_a_whole_readme(wheel: Path) -> None:
    packed = zipfile.ZipFile(wheel)
    about = email.message_from_bytes(packed.read(f"pfnscope-{__version__}.dist-info/METADATA"))
    assert (about["License-Expression"], about["License-File"]) == ("MIT", "LICENSE")
    assert packed.read(f"pfnscope-{__version__}.dist-info/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert not [line for line in about.get_all("Classifier", []) if line.startswith("License")]
    assert {line.partition(", ")[0] for line in about.get_all("Project-URL", [])} >= {"Homepage", "Issues"}
    targets = re.findall(r"\]\(([^)]+)\)", str(about.get_payload()))
    assert len(targets) > 10
    assert [target for target in targets if not target.startswith("https://")] == []


def test_each_command_has_its_manual_page_and_each_shell_its_file(wheel: Path) -> None:
    data = f"pfnscope-{__version__}.data/data/share/"
    files = {name.removeprefix(data) for name in zipfile.ZipFile(wheel).namelist() if name.startswith(data)}
    assert files == {
        "man/man1/pfnscope.1",
        *(f"man/man1/pfnscope-{name}.1" for name in COMMANDS),
        "bash-completion/completions/pfnscope",
        "zsh/site-functions/_pfnscope",
        "fish/vendor_completions.d/pfnscope.fish",
    }


def test_the_installed_completion_is_what_the_command_prints(installed: Path, tmp_path: Path) -> None:
    file = installed.parent / "share/bash-completion/completions/pfnscope"
    assert run(installed / "pfnscope", "completion", "bash", cwd=tmp_path) == file.read_text()


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
