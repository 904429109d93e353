"""What other programs are given, beside the example of docs/library.md."""

import base64
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from pfnscope import (
    BadOption,
    Document,
    ServiceError,
    analyse,
    compare,
    encode,
    lookup,
    parse,
    place,
    rows,
    service,
    simulate,
    verify,
)
from pfnscope.service import lookup as looking
from pfnscope.service import places
from pfnscope.service.places import Reservation
from tests.support import samples

LOG = samples.text("seed-1g-4g")


def notebook(document: Document) -> str:
    """What a notebook shows of a value."""
    shown: str = getattr(document, "_repr_html_")()  # noqa: B009
    return shown


def test_encoding_gives_what_the_command_prints() -> None:
    assert encode(analyse(LOG)) + b"\n" == service.encode(service.analyze(LOG).document)


def test_rows_have_plain_integers_for_addresses_and_the_keys_of_the_document() -> None:
    holes = rows(analyse(LOG).holes)
    assert [(row["start_pfn"], row["start"], type(row["start"])) for row in holes][:1] == [(0, 0, int)]
    assert {row["end"] - row["start"] == row["pages"] * 4096 for row in holes} == {True}
    assert rows(analyse(LOG).firmware_map)[0]["type"] == "ram"


def test_placing_and_looking_up_give_what_the_command_prints() -> None:
    reservation = Reservation(move="memmap=1G!4G")
    assert place(parse(LOG), move="memmap=1G!4G") == place(LOG, move="memmap=1G!4G") == places.place(LOG, reservation)
    for wrong in ({"size": "1G", "move": "memmap=1G!4G"}, {"size": "none"}, {"bad": ["here"]}, {}):
        with pytest.raises(ServiceError):
            place(LOG, **wrong)
    assert lookup(analyse(LOG), "pfn:0xbffd7") == looking.lookup(service.analyze(LOG).document, "pfn:0xbffd7")
    with pytest.raises(BadOption):
        lookup(analyse(LOG), "nowhere")


def test_a_record_is_verified_and_what_is_none_is_refused(tmp_path: Path) -> None:
    record = Path(__file__).parent / "recorded" / "movable-nodes"
    shutil.copytree(record, tmp_path, dirs_exist_ok=True)
    (tmp_path / "dmesg.txt").write_bytes(samples.text("movable-nodes"))
    verification = verify(tmp_path)
    assert verification.agrees
    assert verification.compared
    assert verify(tmp_path, kernel="4.17") != verification
    with pytest.raises(ServiceError):
        verify(tmp_path / "nothing")


def test_boots_are_compared_in_one_text_or_in_several() -> None:
    none = samples.text("seed-no-memmap")
    two, one = compare(none, LOG), compare(none + LOG)
    assert two.summary.startswith(
        "From A to B, the command line adds memmap=1G!4G; in B nothing writes the struct pages"
    )
    assert (one.summary, one.changes) == (two.summary, two.changes)
    three = compare(none, LOG, none)
    assert [len(side.changes) for side in three.others] == [0]
    assert three.stability is not None
    assert three.stability.maps == 1


@pytest.mark.parametrize("document", [analyse(LOG), simulate(LOG, remove=["memmap"])], ids=["log", "simulated"])
def test_a_notebook_shows_the_verdict_and_a_picture_of_the_bars(document: Document) -> None:
    shown = notebook(document)
    assert f"<p>{document.verdict.severity}: {document.verdict.summary}</p>" in shown
    (image,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', shown)
    assert ET.fromstring(base64.b64decode(image)).tag.endswith("svg")


def test_what_a_log_says_is_text_in_a_notebook() -> None:
    document = analyse(LOG)
    evil = msgspec.structs.replace(document.verdict, summary="<script>alert(1)</script>")
    assert "<script>" not in notebook(msgspec.structs.replace(document, verdict=evil))
