"""The recorded reservations are whole and read whole: zones, RAM and crash kernels are where their kernels had them."""

import json
from pathlib import Path
from typing import Any

import pytest

from pfnscope.model.document import Document
from pfnscope.service import Options, analyze
from pfnscope.service.recording import verify_path
from pfnscope.units import KIB

PLACED = Path(__file__).parent / "recorded" / "placed"
FOLDERS = sorted(item.name for item in PLACED.iterdir() if item.is_dir())
FILES = {"cmdline.txt", "dmesg.txt", "iomem.txt", "meminfo.txt", "meta.json", "zoneinfo.txt"}
LARGEST = 80_000


@pytest.fixture(scope="module", params=FOLDERS)
def folder(request: pytest.FixtureRequest) -> Path:
    return PLACED / str(request.param)


@pytest.fixture(scope="module")
def meta(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "meta.json").read_text()))


@pytest.fixture(scope="module")
def document(folder: Path) -> Document:
    return analyze((folder / "dmesg.txt").read_bytes()).document


def test_a_folder_is_whole_and_small(folder: Path) -> None:
    sizes = {item.name: item.stat().st_size for item in folder.iterdir()}
    assert sizes.keys() >= FILES
    assert min(sizes.values()) > 0
    assert sum(sizes.values()) < LARGEST


def test_the_log_is_that_of_the_machine_which_meta_json_describes(
    folder: Path, meta: dict[str, Any], document: Document
) -> None:
    assert document.kernel.release == meta["release"]
    assert document.kernel.release in meta["package"]
    command_line = (folder / "cmdline.txt").read_text().strip()
    assert document.kernel.command_line == command_line
    _, _, arguments = command_line.removesuffix(" initrd=initrd").partition(" ")  # EFI firmware adds it
    assert arguments == meta["append"]
    assert (folder / "dmesg.txt").read_text().startswith("[    0.000000] ")


def test_no_line_about_memory_is_lost(document: Document) -> None:
    assert [item for item in document.diagnostics if item.severity != "info"] == []
    assert document.checks
    assert [item for item in document.checks if item.agrees is not True] == []


def test_zones_and_ram_are_those_of_the_files(folder: Path) -> None:
    held = verify_path(folder, Options())
    assert held.compared
    assert held.agrees


def test_the_ledger_ends_at_mem_total(folder: Path, document: Document) -> None:
    total = (folder / "meminfo.txt").read_text().split()[1]
    assert document.ledger is not None
    assert document.ledger.mem_total == int(total) * KIB


def test_the_crash_kernel_is_where_iomem_has_it(folder: Path, document: Document) -> None:
    rows = (row.strip().partition(" : ") for row in (folder / "iomem.txt").read_text().splitlines())
    held = sorted(place for place, _, name in rows if name == "Crash kernel")
    regions = (item for item in document.reserved_regions if item.kind == "crashkernel")
    assert sorted(f"{item.start:08x}-{item.end - 1:08x}" for item in regions) == held
