"""Where a reservation lands, on the page: the question that a log suggests, and the answer in front of the bars."""

import re
from html import unescape
from pathlib import Path

import msgspec
import pytest

from pfnscope.model.answers import Placements
from pfnscope.pages.layout import LayoutAddress
from pfnscope.pages.places import placing, question_of
from pfnscope.pages.query import LayoutQuery, parsed
from pfnscope.pages.subjects import Subject
from pfnscope.service import Options, analyze
from pfnscope.service.jobs import packed
from pfnscope.service.places import Reservation
from pfnscope.service.whatif import Question, ask
from pfnscope.web import rendering
from tests.support import placements as example
from tests.support.samples import text

FAILURES = Path(__file__).parents[1] / "recorded" / "failures"


def _recorded(name: str) -> bytes:
    return (FAILURES / name / "dmesg.txt").read_bytes()


def _placed(name: str) -> bytes:
    return (FAILURES.parent / "placed" / name / "dmesg.txt").read_bytes()


def _page(places: Placements | None, raw: bytes = text("seed-no-memmap"), query: LayoutQuery | None = None) -> str:
    answer = msgspec.structs.replace(ask(raw), places=places)
    subject = Subject("x", "/l/x", "", raw, Options())
    address = LayoutAddress(query=query or LayoutQuery())
    return rendering.page(packed(answer), 1 << 20, subject, address, "http://here").decode()


def _words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.partition("<body>")[2])).split())


@pytest.mark.parametrize("places", example.EVERY, ids=lambda places: f"{places.what}-{places.outcome}")
def test_the_answer_stands_in_front_of_the_bars(places: Placements) -> None:
    page = _page(places)
    tone = {"fits": "none", "may-fail": "caution", "fails": "danger"}[places.outcome or "fits"]
    assert f'class="verdict t-{tone}" aria-label="Answer"' in page
    front = unescape(page[: page.index('id="bars"')])
    assert places.text in " ".join(re.sub(r"<[^>]+>", " ", front).split())
    for argument in {form.command_line for form in places.other_forms} or {places.command_line or ""}:
        assert f'data-copy-text="{argument}"' in front
    said = _words(page)
    for placement in places.placements:
        assert f"[{placement.start}, " in said
    assert all(note in said for note in places.notes)


def test_only_the_first_sentence_of_an_answer_is_its_heading() -> None:
    page = unescape(_page(msgspec.structs.replace(example.GIGANTIC, text="It can give 4 pages. Ask for 6: KASLR.")))
    assert "<h1>It can give 4 pages.</h1>" in page
    assert ">Ask for 6: KASLR.</p>" in page[: page.index('id="bars"')]


def test_what_fits_instead_can_be_asked_for() -> None:
    page = unescape(_page(example.MAY_FAIL))
    assert 'href="/l/x?crashkernel=1G"' in page
    assert 'href="/l/x?crashkernel=2G,high"' in page
    both = msgspec.structs.replace(example.FAILS.other_forms[0], command_line="crashkernel=2G,high crashkernel=72M,low")
    page = unescape(_page(msgspec.structs.replace(example.FAILS, other_forms=(both,))))
    assert 'href="/l/x?crashkernel=crashkernel%3D2G,high%20crashkernel%3D72M,low"' in page.replace(
        "=2G", "%3D2G"
    ).replace("=72M", "%3D72M")


def test_evidence_leads_to_its_lines() -> None:
    page = _page(example.FAILS)
    assert page.count('href="#L30"') >= 1
    assert "In the way" in _words(page)


@pytest.mark.parametrize(
    ("raw", "kind", "field", "value"),
    [
        (text("seed-1g-4g"), "memmap", "move", "memmap=1G!4G"),
        (text("seed-no-memmap"), "memmap", "size", "1G"),
        (_recorded("crashkernel-too-large-6.1"), "crashkernel", "crashkernel", "900M"),
        (_recorded("arm64-crashkernel-low"), "crashkernel", "crashkernel", "crashkernel=512M,high crashkernel=3G,low"),
        (_recorded("huge-pages-1G"), "gigantic", "gigantic", "1"),
        (_placed("crash-high-7.3"), "crashkernel", "crashkernel", "512M,high"),
        (_placed("gigantic-nokaslr-6.12"), "gigantic", "gigantic", "1"),
        (_placed("cma-7.3"), "cma", "cma", "64M"),
        (_placed("hugetlb-cma-7.3"), "hugetlb_cma", "hugetlb_cma", "2G"),
    ],
    ids=[
        "move",
        "new",
        "failed",
        "two arguments",
        "huge pages failed",
        "crash kernel",
        "huge pages",
        "CMA",
        "huge CMA",
    ],
)
def test_the_question_that_a_log_suggests_is_chosen_and_filled_in(
    raw: bytes, kind: str, field: str, value: str
) -> None:
    page = unescape(_page(None, raw))
    panel = page[page.index('id="placing"') :]
    assert re.findall(r'value="(\w+)" checked', panel) == [kind]
    first = re.search(rf'data-kind="{kind}".*?</form>', panel, re.DOTALL)
    assert first
    if field == "move":
        assert f"<option>{value}</option>" in first[0]
    else:
        assert re.search(rf'name="{field}"[^>]* value="{re.escape(value)}"', first[0])


def test_who_has_asked_sees_the_ranges_below_the_bars_and_the_question_first_in_the_panel() -> None:
    page = _page(example.FAILS)
    places = [page.index(f'id="{name}"') for name in ("bars", "place", "releases", "whatif", "placing")]
    assert places == sorted(places)
    assert places[-1] < page.index("Pick arguments")
    assert page.count('id="placing"') == 1
    fresh = _page(None)
    assert fresh.index("Pick arguments") < fresh.index('id="placing"')


def test_a_question_stays_in_its_form() -> None:
    for reservation, field in (
        (Reservation(crashkernel="1G,high"), 'name="crashkernel" class="m" size="28" maxlength="200" value="1G,high"'),
        (Reservation(gigantic=True, node=1), 'value="1" placeholder="all"'),
        (Reservation(bad=("0x1000 0x2000",)), ">0x1000 0x2000</textarea>"),
    ):
        page = _page(None, query=parsed((), Question(reservation=reservation)))
        assert field in page
        assert re.findall(r'value="(\w+)" checked', page.partition('id="placing"')[2]) == [reservation.kinds[0]]


def test_only_what_a_kernel_knows_is_offered() -> None:
    def kinds(raw: bytes) -> list[str]:
        return list(placing(analyze(raw).document, LayoutQuery()).kinds)

    assert kinds(text("seed-1g-4g")) == ["memmap", "crashkernel", "gigantic", "cma", "bad"]
    assert kinds(_recorded("crashkernel-too-large-6.12")) == [
        "memmap", "crashkernel", "gigantic", "cma", "reserve_mem", "hugetlb_cma", "bad",
    ]  # fmt: skip
    assert kinds(_recorded("arm64-huge-pages")) == ["crashkernel", "gigantic", "cma", "hugetlb_cma", "bad"]
    assert list(placing(analyze(text("seed-1g-4g"), Options(arch="alpha")).document, LayoutQuery()).kinds) == []


def test_a_failure_asks_where_its_memory_would_be() -> None:
    page = unescape(_page(None, _recorded("crashkernel-too-large-6.1")))
    assert re.search(
        r'<a href="/l/x\?crashkernel=900M">What is in the way, and what fits\?</a>', page[: page.index('id="bars"')]
    )
    huge = analyze(_recorded("huge-pages-1G")).document
    assert question_of(huge, "huge-pages-failed") == "gigantic=1"
    assert question_of(huge, "small-node") == ""
    kernel = msgspec.structs.replace(huge.kernel, command_line="hugepages=99999")
    assert question_of(msgspec.structs.replace(huge, kernel=kernel), "huge-pages-failed") == "", "pages of 2 MiB"


def test_nothing_of_a_command_line_is_markup() -> None:
    hostile = msgspec.structs.replace(
        example.RESERVE_MEM, text="<b>x", notes=("<script>",), command_line="reserve_mem=<i>"
    )
    page = _page(hostile)
    assert not re.search(r"<b>x|<i>|<script>", page.partition("<main")[2].partition('id="bars"')[0])
    assert "&lt;script&gt;" in page
