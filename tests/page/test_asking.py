"""What if, where to put it and compare as answers: by GET, sharable, and the same as the commands say."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope import service
from pfnscope.kernel.map_arguments import ArgumentNote
from pfnscope.model.document import Document
from pfnscope.model.encoding import dec_hook
from pfnscope.pages import command_lines
from pfnscope.pages.query import parsed
from pfnscope.report.compared import compared
from pfnscope.service.analyzing import documents
from pfnscope.service.whatif import Change, Question, simulate
from tests.findings.test_stability import FIRST, SECOND, boot
from tests.support.samples import text

HTML = {"Accept": "text/html"}
NONE, AT_4G = text("seed-no-memmap"), text("seed-1g-4g")
PAGE = "/samples/seed-no-memmap"


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """A client of a running server, which follows where it is sent."""
    with httpx.Client(base_url=address, timeout=30, trust_env=False, follow_redirects=True, headers=HTML) as client:
        yield client


@pytest.fixture
def arm64() -> bytes:
    """A recorded boot of another architecture."""
    return (Path(__file__).parents[1] / "recorded" / "arm64" / "dmesg.txt").read_bytes()


def stored(client: httpx.Client, raw: bytes) -> str:
    """The name of a stored layout."""
    return str(client.post("/api/v1/layouts", content=raw).json()["id"])


def words(page: httpx.Response) -> str:
    """The text of a page, blanks as one."""
    assert page.status_code == 200, page.text
    return " ".join(re.sub(r"<[^>]+>", " ", page.text.partition("<body>")[2]).replace("&#39;", "'").split())


def test_a_change_is_told_by_its_outcome_and_by_what_differs(client: httpx.Client) -> None:
    """One sentence first, with the argument to copy, then range by range what is there today and what then."""
    page = client.get(PAGE, params={"append": "memmap=1G!4G"})
    said = words(page)
    assert "Simulated, not booted" in said
    first = "With memmap=1G!4G nothing writes the struct pages of [0xbffd7, 0xc0000) · 164 KiB · 0xbffd7000 : danger."
    assert said.index(first) < said.index("Today harmless → , then with this change danger") < said.index("Cause")
    assert 'data-copy-text="memmap=1G!4G"' in page.text[: page.text.index('id="bars"')]
    order = ["Command line", "Memory map in force", "Node ranges", "Zone spans", "Holes", "Frames with a struct page"]
    table = said[said.index("What changes today → with this command line") :]
    assert [table.index(title) for title in order] == sorted(table.index(title) for title in order)
    assert "[0x100000, 0x140000) · 1 GiB · 0x100000000 usable persistent (type 12)" in table
    assert "inside DMA32, node 0, initialised, harmless in no zone, never written, danger" in table


def test_asking_stores_nothing(client: httpx.Client) -> None:
    """A stored layout is what it was, and a question of it is shown as simulated only while it is asked."""
    path = f"/l/{stored(client, NONE)}"
    before = client.get(path).text
    assert "Simulated, not booted" in client.get(path, params={"append": "memmap=1G!4G", "size": "1G"}).text
    assert client.get(path).text == before


def test_a_release_alone_is_a_question_when_the_form_asks(client: httpx.Client) -> None:
    """4.17 today beside 6.12; the bars of both are one figure."""
    answer = client.get("/samples/seed-1g-4g", params={"kernel": "6.12", "append": "", "add_size": ""})
    assert answer.url.query == b"kernel=6.12&append="
    said = words(answer)
    assert "Today danger → , then on 6.12 harmless" in said
    assert "On 6.12 the 41 struct pages [0xbffd7, 0xc0000) · 164 KiB · 0xbffd7000 are initialised: no danger." in said
    assert "The same in both: Firmware map, User map, Nodes, Zones." in said
    figure = client.get("/samples/seed-1g-4g/figure.json", params=answer.url.params).json()
    assert len(figure["layout"]["yaxis"]["tickvals"]) == 4
    every = client.get("/samples/seed-1g-4g/figure.json", params={**answer.url.params, "lanes": "firmware,holes"})
    assert len(every.json()["layout"]["yaxis"]["tickvals"]) == 3


def test_small_forms_become_arguments_of_an_address_that_can_be_shared(client: httpx.Client) -> None:
    """What a form sends beside them is not in the address."""
    fields = {"add_size": "1G", "add_kind": "$", "add_start": "4G", "add_mem": "8G", "add_core": "kernelcore",
              "add_core_size": "2G", "append": "quiet", "kernel": "", "axis": "scale"}  # fmt: skip
    answer = client.get(PAGE, params=fields)
    assert answer.url.params["append"] == "quiet memmap=1G$4G mem=8G kernelcore=2G"
    assert set(answer.url.params) == {"append", "axis"}
    assert [step.status_code for step in answer.history] == [303]
    assert client.get(PAGE, params=dict.fromkeys(fields, "")).url.query == b""


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    *("set", "append", "remove", "kernel", "size", "kind", "axis", "add_size", "add_start", "x"),
                    *("move", "crashkernel", "gigantic", "node", "bad"),
                ]
            ),
            st.sampled_from(["", "1G", "a  b", " memmap=1G!4G\r\nquiet ", "!", "0x1\r\n\r\n 0x2\n"]),
        ),
        max_size=6,
    )
)
def test_the_tidy_address_is_its_own_tidy_address(pairs: list[tuple[str, str]]) -> None:
    """Else a browser would be sent round for ever."""

    def canonical(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return parsed(pairs, Question(Change())).canonical

    once = canonical(tuple(pairs))
    assert canonical(once) == once


def test_the_other_forms_of_a_question_are_those_of_its_outcome(client: httpx.Client) -> None:
    """The document is the command's; the drawing has both; what has no layout is refused."""
    query = {"append": "memmap=1G!4G"}
    assert client.get(f"{PAGE}.json", params=query).content == service.encode(
        simulate(NONE, Change(append="memmap=1G!4G"))
    )
    drawing = client.get(f"{PAGE}.svg", params=query).text
    assert ">today</tspan>" in drawing
    assert "simulated, not booted" in drawing
    path = f"/l/{stored(client, NONE)}"
    assert client.get(f"{path}.json", params=query).json()["origin"] == "simulated"
    assert client.get(f"{path}.txt", params={"set": "memmap=exactmap"}).status_code == 422


def test_a_line_that_does_not_boot_leaves_the_page_and_says_why(client: httpx.Client) -> None:
    """Today's layout stays; the form keeps what was written."""
    page = client.get(PAGE, params={"set": "memmap=exactmap"})
    said = words(page)
    assert said.index("This cannot be simulated: the kernel panics with this command line") < said.index("Firmware map")
    assert "Simulated, not booted" not in page.text
    assert ">memmap=exactmap</textarea>" in page.text
    assert "not a kernel release" in words(client.get(PAGE, params={"set": "quiet", "kernel": "new"})).lower()


def test_the_self_check_stands_before_the_forms(client: httpx.Client, arm64: bytes) -> None:
    """It agrees, or it differs and tells where; where nothing can be simulated, nothing is offered."""
    page = words(client.get(PAGE))
    assert page.index("Self-check: the log's own command line") < page.index("Pick arguments")
    wrong = AT_4G.replace(b"memmap=1G!4G", b"memmap=1G!5G")
    said = words(client.get(f"/l/{stored(client, wrong)}"))
    assert "Self-check FAILED" in said
    assert "[0x100000000, 0x140000000) pram" in said[said.index("Self-check FAILED") : said.index("Pick arguments")]
    path = f"/l/{stored(client, arm64.replace(b'arm64', b'riscv64').replace(b'aarch64', b'riscv64'))}"
    assert "Pick arguments" not in client.get(path).text
    assert "This cannot be simulated: only x86 and arm64 are simulated, not riscv64." in words(
        client.get(path, params={"append": "a"})
    )


def test_arm64_is_asked_about_arguments_and_not_about_regions_of_a_memory_map(
    client: httpx.Client, arm64: bytes
) -> None:
    path = f"/l/{stored(client, arm64)}"
    page = client.get(path)
    said = words(page)
    assert said.index("Self-check: the log's own command line") < said.index("Pick arguments")
    assert 'name="add_mem"' in page.text
    assert 'name="add_size"' not in page.text
    assert "where to put" not in said.lower()
    changed = words(client.get(path, params={"append": "mem=512M"}))
    assert "Simulated, not booted" in changed
    assert "arm64 1 node 512 MiB RAM" in changed
    refused = words(client.get(path, params={"append": "memmap=1G!4G"}))
    assert "arm64 has no memmap=: this is ignored." in refused


@pytest.mark.parametrize("query", [{"remove": "memmap=1G!4G", "size": "1G"}, {"move": "memmap=1G!4G"}], ids=str)
def test_each_start_does_what_the_table_says(client: httpx.Client, query: dict[str, str]) -> None:
    """The sentence in front has the start to write; each link simulates a region there, in place of what moves."""
    page = client.get("/samples/seed-1g-4g", params=query)
    said = words(page)
    assert said.index("Use memmap=1G!5G : no danger on any release.") < said.index("Possible starts")
    assert ("Simulated, not booted" in said) == ("move" not in query)
    trial, *starts = re.findall(r'class="button" href="([^"]+)">Try', page.text)
    outcomes = re.findall(r'pill t-\w+">(safe|unsafe)</span>', page.text)
    assert outcomes == ["safe", "unsafe", "safe"]
    for outcome, link in zip(["safe", *outcomes], [trial, *starts], strict=True):
        tried = client.get(link.replace("&amp;", "&"))
        tag = re.search(r'class="verdict t-(\w+)"', tried.text)
        assert tag
        assert (tag[1] == "danger") == (outcome == "unsafe"), link
        assert f'name="append" class="m" maxlength="4096" value="{tried.url.params["append"]}"' in tried.text
        assert tried.url.params.get_list("remove") == ["memmap=1G!4G"]


def test_of_a_list_of_regions_only_the_one_that_moves_is_rewritten(client: httpx.Client) -> None:
    """And a region that can stay is said to."""
    log = AT_4G.replace(b"memmap=1G!4G", b"memmap=1G!4G,64M!8G")
    page = client.get(f"/l/{stored(client, log)}", params={"move": "1G!4G"}).text
    assert "memmap=1G!0x108000000,64M!8G" in page
    said = words(client.get("/samples/seed-1g-7g", params={"move": "memmap=1G!7G"}))
    assert "memmap=1G!7G can stay: no danger on any release." in said


def test_every_kind_is_asked_by_an_address_that_can_be_shared(client: httpx.Client) -> None:
    """What its form sends beside it is not in the address; the picture and the files have the same answer."""
    fields = {"kernel": "6.12.9", "size": "", "node": "", "crashkernel": " 512M,high ", "axis": ""}
    page = client.get(PAGE, params=fields)
    assert page.url.query == b"kernel=6.12.9&crashkernel=512M,high"
    said = words(page)
    assert said.index("The kernel finds 512 MiB") < said.index("May land at") < said.index("Where it lands")
    for suffix in ("svg", "html", "txt"):
        assert "The kernel finds 512 MiB" in client.get(f"{PAGE}.{suffix}", params=dict(page.url.params)).text, suffix
    lines = client.get(PAGE, params={"bad": " 0x12345678\r\n\r\n0x140004000\r\n", "node": "1"})
    assert lines.url.query == b"bad=0x12345678%0A%0A0x140004000"
    assert "memmap=4K$0x12345000" in words(lines)


def test_what_cannot_be_placed_is_told_in_front(client: httpx.Client) -> None:
    """The page stays."""
    for query, why in (
        ({"size": "much"}, "No places: 'much' is no size"),
        ({"move": "memmap=2G!4G"}, "No places: The command line has no region 'memmap=2G!4G'"),
        ({"size": "64G"}, "No place for memmap=64G!START on 4.17: no memory holds 64 GiB whole."),
        ({"cma": "1G", "crashkernel": "1G"}, "No places: One thing is placed at a time; here are crashkernel and cma."),
        ({"crashkernel": "much"}, "No places: The kernel takes a size for crashkernel="),
    ):
        said = words(client.get(PAGE, params=query))
        assert said.index(why) < said.index("Firmware map"), why
        assert ".." not in said.partition("Firmware map")[0], why


_LINES = st.lists(st.sampled_from(["mem=9G@", "memmap=1G!4G", "ro", '"a b"', "memmap=1G!", "quiet"]), max_size=6)


@given(_LINES, _LINES, st.sampled_from([" ", "  "]))
def test_a_command_line_is_cut_and_nothing_is_lost(new: list[str], old: list[str], blank: str) -> None:
    """Its pieces are the line; what is marked as new is what the other lacks, as often."""
    line, before = blank.join(new), " ".join(old)
    document = json.loads(service.encode(simulate(NONE)))
    document["kernel"]["command_line"] = line
    problem = ArgumentNote("warning", "odd", max(0, len(line) - 3), 2)
    document["simulation"]["problems"] = [json.loads(service.encode(problem))]
    simulated = msgspec.convert(document, Document, dec_hook=dec_hook)
    pieces = command_lines.pieces(simulated, before)
    assert "".join(piece.text for piece in pieces) == line
    assert "".join(piece.text for piece in pieces if piece.wrong) == line[problem.column :][:2]
    surplus = sum(max(0, new.count(item) - old.count(item)) * len(item) for item in set(new))
    assert sum(len(piece.text) for piece in pieces if piece.added) == surplus


def test_a_note_has_its_carets_under_the_text_that_it_is_about(client: httpx.Client) -> None:
    """As a compiler does; the page marks the same characters in the line."""
    page = client.get(PAGE, params={"append": "mem=9G@"}).text
    assert "<pre>mem=9G@\n      ^</pre>" in page
    assert re.search(r'<mark class="new wrong"[^>]*>@</mark>', page)


def test_compared_are_stored_layouts_and_examples_under_one_address(client: httpx.Client) -> None:
    """The twin is what the command prints; links are taken apart into names."""
    a = stored(client, NONE)
    query = {"a": a, "b": "sample:seed-1g-4g"}
    assert client.get("/compare.json", params=query).content == service.encode(compared(*documents(NONE, AT_4G)))
    page = client.get("/compare", params={"a": f"http://here/l/{a}?axis=scale#log", "b": "/samples/seed-1g-4g"})
    assert dict(page.url.params) == query
    said = words(page)
    assert said.index("Memory map in force") < said.index("Node ranges") < said.index("Zone spans")
    assert re.search(rf'href="/l/{a}#L\d+">line', page.text)
    figure = client.get("/compare/figure.json", params=query)
    assert len(figure.json()["layout"]["yaxis"]["tickvals"]) == page.text.count("<small>") - 1


def test_boots_of_one_text_are_compared_from_its_page(client: httpx.Client) -> None:
    """Its page links them; a text of one boot asks for another link."""
    name = stored(client, NONE + AT_4G)
    assert f"/compare?a={name}&amp;b={name}&amp;boot_a=1&amp;boot_b=2" in client.get(f"/l/{name}").text
    said = words(client.get("/compare", params={"a": name, "b": name, "boot_a": "1", "boot_b": "2"}))
    assert "boot 1 of 2" in said
    assert "[0x100000, 0x140000) · 1 GiB · 0x100000000 usable line" in said
    assert "boot_a=2&amp;boot_b=1" in client.get("/compare", params={"a": name}).text
    alone = stored(client, NONE)
    assert "has no second boot" in words(client.get("/compare", params={"a": alone, "b": alone}))


def test_a_comparison_begins_with_one_sentence_and_ends_with_what_the_firmware_moved(client: httpx.Client) -> None:
    """Before both verdicts; what moved, who resumes, and the report stand under what differs, where a map moved."""
    name = stored(client, (boot(FIRST) + boot(SECOND)).encode())
    page = client.get("/compare", params={"a": name, "b": name, "boot_a": "1", "boot_b": "2"})
    said = words(page)
    assert "From A to B, the firmware's map changed: ACPI data, 44 KiB, moved down by 16 KiB" in said
    assert page.text.index('<p class="answer">From A to B') < page.text.index('<div class="sides">')
    assert "Boot 2 from an image of boot 1: would not resume; Linux 6.6.20 compares the CRC32" in said
    assert '<pre class="m">Subject: the firmware&#39;s memory map' in page.text
    same = client.get("/compare", params={"a": "sample:seed-no-memmap", "b": "sample:seed-1g-4g"})
    assert "To mail to the maker of the firmware" not in same.text


@pytest.mark.parametrize("query", [{}, {"a": "sample:seed-1g-4g"}, {"a": "", "b": "", "boot_a": "", "kernel": ""}])
def test_without_two_links_there_is_a_form_and_something_to_try(client: httpx.Client, query: dict[str, str]) -> None:
    """No page without a next step."""
    page = client.get("/compare", params=query)
    assert page.status_code == 200
    assert page.text.count('<li><a href="/compare?a=') >= 3


def test_what_an_address_says_that_no_comparison_knows_is_told(client: httpx.Client) -> None:
    """With two links as with none, and lanes that are not there too; the comparison is shown all the same."""
    pair = {"a": "sample:seed-no-memmap", "b": "sample:seed-1g-4g"}
    page = client.get("/compare", params=pair | {"bogus": "1", "lanes": "zones,attic", "axis": "polar"})
    assert dict(page.url.params)["bogus"] == "1"
    said = words(page)
    assert "Not known here and ignored: bogus." in said
    assert "There are no such lanes here: attic." in said
    assert "“axis” in this address is neither schematic nor scale." in said
    assert "Memory map in force" in said
    assert "Not known here and ignored: bogus." in words(client.get("/compare", params={"bogus": "1"}))


def test_a_hole_that_differs_is_told_in_the_words_of_its_table(client: httpx.Client) -> None:
    """No name of a field or of a value of the document."""
    said = words(client.get("/compare", params={"a": "sample:seed-no-memmap", "b": "sample:seed-1g-4g"}))
    assert "[0xbffd7, 0xc0000) · 164 KiB · 0xbffd7000 inside DMA32, node 0, initialised, harmless" in said
    assert "in no zone, never written, danger" in said


def test_what_is_not_there_cannot_be_compared(client: httpx.Client) -> None:
    """404 for a name, 400 for a boot that is no number."""
    assert client.get("/compare", params={"a": "sample:nothing", "b": "sample:seed-1g-4g"}).status_code == 404
    assert client.get("/compare", params={"a": "x", "b": "y"}).status_code == 404
    assert client.get("/compare.json", params={"a": "x", "b": "y", "boot_a": "z"}).status_code == 400
