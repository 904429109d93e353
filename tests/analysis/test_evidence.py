"""What the reports of a log prove of a hole decides its state, its severity and the verdict, before any rule."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfnscope.cli.main import run
from pfnscope.formats import markdown, text
from pfnscope.model.analysis import Hole
from pfnscope.model.document import Document
from pfnscope.report.plain import Look
from pfnscope.service import Options, analyze
from pfnscope.service.whatif import Change, simulate
from tests.support.samples import text as sample

SEED = sample("seed-1g-4g")
HOLE = 0xBFFD7  # [0xbffd7, 0xc0000), in no zone
INSIDE = 0x9F  # [0x9f, 0x100), in node 0, DMA

OOPS = """\
BUG: unable to handle page fault for address: fffffffffffffffe
Oops: 0000 [#1] SMP
RIP: 0010:{function}+0x25/0x2f0
RAX: fffffffffffffffe RBX: ffffffffffffffff RCX: 0000000000000000
RDX: 0000000000000001 RSI: 0000000000000000 RDI: {page:016x}
R13: {pfn:016x} R14: 0000000000000000 R15: 0000000000000000
CR2: fffffffffffffffe CR3: 0000000000000000
"""


def log(release: str, trouble: str, base: bytes = SEED, argument: str = "") -> bytes:
    """The seed's guest under another release, with trouble behind its boot."""
    named = base.replace(b"4.17.0-rc6-mm1", release.encode())
    return named.replace(b"console=ttyS0", f"console=ttyS0{argument}".encode()) + trouble.encode()


def oops(pfn: int, function: str = "stable_page_flags", base: int = 0xFFFFEA0000000000) -> str:
    return OOPS.format(function=function, page=base + pfn * 64, pfn=pfn)


def judged(data: bytes, **options: str) -> Document:
    return analyze(data, Options(**options)).document  # type: ignore[arg-type]


def said(document: Document) -> str:
    """All sentences of all findings."""
    return "\n".join(
        sentence for finding in document.findings for sentence in (finding.text, finding.cause or "", *finding.details)
    )


def hit(pfns: str, *, lines: str = "line 43", noun: str = "oops") -> str:
    """How a headline begins that tells of one crash."""
    return f"This is your panic: the {noun} in {lines} hit {pfns}"


ONE_OF_41 = "one of the 41 struct pages [0xbffd7, 0xc0000) · 164 KiB · 0xbffd7000"


def at(document: Document, pfn: int) -> Hole:
    (hole,) = [hole for hole in document.holes if hole.start_pfn <= pfn < hole.end_pfn]
    return hole


def test_a_reader_that_died_overrules_a_release_that_says_initialised() -> None:
    document = judged(log("6.1.0", oops(HOLE)))
    hole = at(document, HOLE)
    assert (hole.state, hole.basis, hole.severity, hole.by_rule) == (
        "uninitialised", "evidence", "danger", "initialised",
    )  # fmt: skip
    assert (hole.rule, hole.linked_node, hole.linked_zone) == ("holes-by-address", None, None)
    assert document.verdict.severity == "danger"
    assert document.verdict.summary == f"{hit(ONE_OF_41)} that nothing wrote."
    (sentence,) = [text for text in document.verdict.details if text.startswith("The rule of 6.1 says")]
    assert sentence.startswith("The rule of 6.1 says that the struct pages of [0xbffd7, 0xc0000) are initialised")
    assert "a backport, a -next tree or a regression" in sentence
    assert [item.message for item in document.diagnostics if item.code == "rule-contradicted"] == [sentence]
    assert "safe to read" not in text.render(document)
    assert text.render(document, Look(500)).count(sentence) == 1
    assert all(era.severity != "danger" for era in document.eras if era.current)


def test_every_form_shows_what_the_log_proves() -> None:
    from pfnscope.formats.registry import BY_NAME, Export

    data = log("6.1.0", oops(HOLE))
    document = judged(data)
    for name in ("text", "markdown", "json", "svg", "html"):
        shown = BY_NAME[name].write(Export(document, data, None, look=Look(500))).decode()
        assert "This is your panic: the oops in line 43 hit one of the 41 struct pages" in shown, name
    assert b"uninitialised,,,evidence,danger" in BY_NAME["csv"].write(Export(document, data, None))


@pytest.mark.parametrize(("release", "status"), [("6.1.0", 1), ("4.14.0", 1)])
def test_a_crash_trips_fail_on(tmp_path: Path, release: str, status: int) -> None:
    path = tmp_path / "dmesg.txt"
    path.write_bytes(log(release, oops(HOLE)))
    assert run(["analyze", str(path), "--fail-on", "danger"]) == status
    path.write_bytes(log(release, ""))
    assert run(["analyze", str(path), "--fail-on", "danger"]) == 0


def test_a_rule_that_says_the_same_is_not_contradicted() -> None:
    document = judged(log("4.17.0", oops(HOLE)))
    assert at(document, HOLE).basis == "evidence"
    assert "The rule of 4.17 says the same" in said(document)
    assert [item for item in document.diagnostics if item.code == "rule-contradicted"] == []


def test_a_commit_that_is_known_to_have_left_out_holes_is_named_on_trees_of_its_time() -> None:
    sentences = said(judged(log("5.11.0-rc5-next-20210125", oops(HOLE))))
    assert "d3921cb8be29" in sentences
    assert "377bf660d07a reverts it" in sentences
    assert "d3921cb8be29" not in said(judged(log("5.12.0", oops(HOLE))))


def test_the_reader_that_died_is_one_that_reaches_the_hole() -> None:
    assert (
        "get_nid_for_pfn()"
        in at(judged(log("6.1.0", oops(HOLE, "get_nid_for_pfn"), argument=" nokaslr")), HOLE).reachable_by
    )
    lsmem = at(judged(log("6.1.0", oops(HOLE, "is_mem_section_removable"))), HOLE)
    assert "lsmem" in lsmem.reachable_by


POISONED = "page:ffffea0002fff5c0 is uninitialized and poisoned\n"
DEAD = "page dumped because: VM_BUG_ON_PAGE(PagePoisoned(p))\n"


def test_a_poisoned_page_is_a_danger_where_an_ordinary_reader_gets_to_it() -> None:
    document = judged(log("6.1.0", POISONED, argument=" nokaslr"))
    hole = at(document, HOLE)
    assert (hole.state, hole.basis, hole.severity) == ("poisoned", "evidence", "danger")
    assert document.verdict.summary == f"Line 43 shows {ONE_OF_41} that nothing wrote."
    assert "this log shows that they are not" in said(document)


def test_an_assertion_on_poison_is_a_death() -> None:
    inside = POISONED.replace("2fff5c0", f"{INSIDE * 64:07x}") + DEAD
    document = judged(log("6.12.0", inside, argument=" nokaslr"))
    hole = at(document, INSIDE)
    assert (hole.state, hole.severity) == ("poisoned", "danger")
    assert document.verdict.summary.startswith(hit("the struct page [0x9f, 0xa0) · 4 KiB · 0x9f000", noun="crash"))


def test_a_poisoned_page_on_no_known_frame_forbids_a_calm_verdict() -> None:
    pointer = "page:000000001a2b3c4d is uninitialized and poisoned\n"
    document = judged(log("6.1.0", pointer + DEAD))
    assert document.verdict.severity == "danger"
    assert "the text does not tell of which page frame" in document.verdict.summary
    assert judged(log("6.1.0", pointer)).verdict.severity == "caution"
    assert all(hole.by_rule is None for hole in document.holes)


DUMP = """\
page:00000000abcd1234 refcount:1 mapcount:0 mapping:0000000000000000 index:0x0 pfn:{pfn:#x}
flags: 0x1fffc000001000(reserved|node={node}|zone={zone}|lastcpupid=0x1fffff)
"""


def test_printed_flags_set_the_links() -> None:
    """Node 0 and the first zone on a page of node 0, DMA32, where the rule says node 1, Normal."""
    document = judged(log("6.1.0", DUMP.format(pfn=HOLE, node=0, zone=0)))
    hole = at(document, HOLE)
    assert (hole.state, hole.linked_node, hole.linked_zone, hole.basis) == ("initialised", 0, "DMA", "evidence")
    assert hole.severity == "info"
    state = next(finding for finding in document.findings if finding.code == "report-of-state")
    assert state.text == f"Line 43 shows {ONE_OF_41}, linked to node 0, DMA."
    assert "linked to node 1, Normal; this log shows that they are not" in said(document)


def test_raw_flags_are_as_good() -> None:
    dump = DUMP.splitlines()[0].format(pfn=HOLE) + "\nflags: 0x1fffe000001000(reserved)\n"
    hole = at(judged(log("6.1.0", dump)), HOLE)
    assert (hole.state, hole.linked_node, hole.linked_zone, hole.basis) == ("initialised", 0, "DMA", "evidence")


ARM64_IN_2018 = """\
[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x411fd070]
[    0.000000] Linux version 4.18.0 (a@b)
[    0.000000] Zone ranges:
[    0.000000]   DMA32    [mem 0x0000000040000000-0x00000000ffffffff]
[    0.000000]   Normal   empty
[    0.000000] Early memory node ranges
[    0.000000]   node   0: [mem 0x0000000040000000-0x00000000f85dffff]
[    0.000000]   node   0: [mem 0x00000000f86c0000-0x00000000ffffffff]
[    0.000000] Dentry cache hash table entries: 524288 (order: 6, 4194304 bytes)
[ 1493.526129] page:fffffdff802e1780 is uninitialized and poisoned
[ 1493.529320] page dumped because: VM_BUG_ON_PAGE(PagePoisoned(p))
"""


def test_a_poisoned_page_is_a_danger_whatever_readers_of_the_release_get_to() -> None:
    """pfn_valid() of arm64 says no to such frames: by the rule no ordinary reader reaches them."""
    document = judged(ARM64_IN_2018.encode())
    hole = at(document, 0xF85E)
    assert not any(name.startswith("/proc") for name in hole.reachable_by)
    assert (hole.state, hole.severity) == ("poisoned", "danger")
    assert document.verdict.summary.startswith(hit("one of the", lines="line 10", noun="crash"))


def test_printed_flags_that_agree_with_the_rule_change_no_severity() -> None:
    before, after = judged(log("6.1.0", "")), judged(log("6.1.0", DUMP.format(pfn=HOLE, node=1, zone=2)))
    assert at(after, HOLE).basis == "evidence"
    assert after.verdict.severity == before.verdict.severity
    assert [item for item in after.diagnostics if item.code == "rule-contradicted"] == []


def test_zeroes_read_as_node_0_and_its_first_zone() -> None:
    document = judged(log("5.4.0", DUMP.format(pfn=HOLE, node=0, zone=0)))
    assert at(document, HOLE).state == "zeroed"
    assert [item for item in document.diagnostics if item.code == "rule-contradicted"] == []


@pytest.mark.parametrize(
    ("reason", "severity"),
    [
        ("VM_BUG_ON_PAGE(!zone_spans_pfn(page_zone(page), pfn))", "danger"),
        ("VM_WARN_ON_ONCE_PAGE(!zone_spans_pfn(page_zone(page), pfn))", "caution"),
    ],
)
def test_an_assertion_on_the_zone_shows_wrong_links(reason: str, severity: str) -> None:
    first = DUMP.splitlines()[0].format(pfn=INSIDE)
    document = judged(log("6.12.0", f"{first}\npage dumped because: {reason}\n"))
    hole = at(document, INSIDE)
    assert (hole.state, hole.linked_zone, hole.severity, hole.basis) == ("initialised", None, severity, "evidence")
    assert document.verdict.severity == severity
    assert document.verdict.summary.endswith(", of a wrong zone.")


def test_a_page_outside_its_zone_names_its_links() -> None:
    line = "page 0xbffd7 outside node 0 zone DMA32 [ 0x1000 - 0xbffd7 ]\n"
    hole = at(judged(log("6.1.0", line)), HOLE)
    assert (hole.linked_node, hole.linked_zone, hole.severity) == (0, "DMA32", "caution")


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("BUG: Bad page state in process swapper  pfn:bffd7", "caution"),
        ("BUG: Bad page map in process cat  pte:80000000bffd7067 pmd:b8380067", "caution"),
        ("Memory failure: 0xbffd7: recovery action for reserved kernel page: Ignored", "info"),
    ],
)
def test_a_complaint_about_a_frame_of_a_hole_is_a_caution_and_an_error_in_memory_is_not(
    line: str, severity: str
) -> None:
    document = judged(log("6.1.0", f"{line}\n"))
    hole = at(document, HOLE)
    assert (hole.state, hole.linked_zone, hole.severity) == ("initialised", "Normal", severity)
    assert document.verdict.severity == severity


def test_a_crash_that_shows_no_state_keeps_that_of_the_rule_and_is_a_danger() -> None:
    trouble = oops(HOLE, "ext4_readpage").replace("fffffffffffffffe", "ffffc90000123450").replace("f" * 16, "0" * 16)
    document = judged(log("6.1.0", trouble, argument=" nokaslr"))
    hole = at(document, HOLE)
    assert (hole.state, hole.linked_zone, hole.severity) == ("initialised", "Normal", "danger")
    assert "does not show what they hold" in said(document)


def test_a_crash_on_memory_changes_no_hole() -> None:
    before, after = judged(log("6.1.0", "")), judged(log("6.1.0", oops(0x80000)))
    assert after.holes == before.holes
    assert [event.pfn for event in after.events] == [0x80000]


def test_another_release_that_is_asked_for_is_judged_by_its_rule() -> None:
    document = judged(log("4.17.0", oops(HOLE)), kernel="6.1")
    assert at(document, HOLE).by_rule is None
    assert document.verdict.severity == "info"
    assert "reports-of-another-release" in [finding.code for finding in document.findings]
    assert judged(log("4.17.0", oops(HOLE)), kernel="4.17").verdict.severity == "danger"


def test_what_if_says_that_the_log_contradicts_the_rule_it_simulates_by() -> None:
    doubt = "Not certain: line 43 of the log contradicts the rule"
    change = Change(append="quiet")
    assert doubt in said(simulate(log("6.1.0", oops(HOLE)), change))
    for calm in (log("4.17.0", oops(HOLE)), log("6.1.0", "")):
        assert doubt not in said(simulate(calm, change))


def test_a_crash_decides_where_no_release_is_known() -> None:
    lines = [line for line in SEED.splitlines(True) if b"Linux version" not in line and b"BOOT_IMAGE" not in line]
    document = judged(b"".join(lines) + oops(HOLE).encode())
    assert document.rule is None
    assert (at(document, HOLE).state, at(document, HOLE).severity) == ("uninitialised", "danger")
    assert document.verdict.summary.startswith("This is your panic: the oops in line 41 hit one of the 41 struct pages")


COUNTED = """\
[    0.000000] On node 0, zone DMA: 1 pages in unavailable ranges
[    0.000000] On node 0, zone DMA: 97 pages in unavailable ranges
[    0.000000] On node 1, zone Normal: {pages} pages in unavailable ranges
"""


def test_a_count_that_the_layout_does_not_explain_forbids_a_calm_verdict() -> None:
    assert judged(log("6.1.0", COUNTED.format(pages=41))).verdict.severity == "info"
    document = judged(log("6.1.0", COUNTED.format(pages=42)))
    assert document.verdict.severity == "caution"
    assert document.verdict.summary.startswith("Not certain: the kernel printed 42 pages for “node 1, Normal")
    danger = judged(log("6.1.0", COUNTED.format(pages=42) + oops(HOLE)))
    assert danger.verdict.summary.startswith("This is your panic")
    assert "counts-differ" in [finding.code for finding in danger.findings[1:]]


ARM64 = """\
[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x411fd050]
[    0.000000] Linux version 5.15.112 (a@b)
[    0.000000] Zone ranges:
[    0.000000]   DMA      [mem 0x0000000000000000-0x00000000dfffffff]
[    0.000000]   Normal   empty
[    0.000000] Early memory node ranges
[    0.000000]   node   0: [mem 0x0000000000000000-0x000000000004ffff]
[    0.000000]   node   0: [mem 0x00000000b8800000-0x00000000dfffffff]
[    0.000000] Initmem setup node 0 [mem 0x0000000000000000-0x00000000dfffffff]
[    0.000000] On node 0, zone DMA: {first} pages in unavailable ranges
[    0.000000] On node 0, zone DMA: {second} pages in unavailable ranges
"""


def test_no_danger_is_never_said_beside_a_count_that_is_not_explained() -> None:
    """One page less than sections of 1 GiB give in both lines: no size of section explains it."""
    document = judged(ARM64.format(first=493487, second=131071).encode())
    assert document.verdict.severity == "caution"
    for shown in (text.render(document, Look(500)), markdown.render(document)):
        assert "No danger" not in shown
        assert "no struct page lies outside" not in shown
        assert "Not certain: the kernel printed 493487 pages and 131071 pages" in shown


LAYOUTS = ("seed-1g-4g", "seed-1g-7g", "seed-no-memmap", "uneven-nodes", "movable-nodes", "odd-size", "memoryless-node")
RELEASES = ("4.4.0", "4.14.7", "4.17.0", "4.18.0", "4.19.200", "5.2.0", "5.7.0", "5.11.3", "5.13.0", "6.1.9", "6.18.0")
FUNCTIONS = ("stable_page_flags", "kpagecount_read", "get_nid_for_pfn", "somebodys_function")
BOOTS = {slug: sample(slug).replace(b"nokaslr", b"quiet") for slug in LAYOUTS}
HOLES = {slug: judged(data).holes for slug, data in BOOTS.items()}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_crash_on_any_frame_of_any_hole_makes_it_evident_dangerous_and_first(data: st.DataObject) -> None:
    slug = data.draw(st.sampled_from([slug for slug in LAYOUTS if HOLES[slug]]))
    hole = data.draw(st.sampled_from(HOLES[slug]))
    pfn = data.draw(st.integers(hole.start_pfn, hole.end_pfn - 1))
    function = data.draw(st.sampled_from(FUNCTIONS))
    release = data.draw(st.sampled_from(RELEASES))
    moved = data.draw(st.integers(0, 1 << 13)) << 30
    base = 0xFFFFEA0000000000 + (0 if release == "4.4.0" else moved)  # the only one that cannot move them
    lines = [line for line in BOOTS[slug].decode().splitlines(True) if "unavailable" not in line]
    lines = [
        f"[    0.000000] Linux version {release} (a@b) #1 SMP\n" if "Linux version" in line else line for line in lines
    ]
    document = judged(("".join(lines) + oops(pfn, function, base)).encode())
    proven = at(document, pfn)
    assert (proven.state, proven.basis, proven.severity) == ("uninitialised", "evidence", "danger")
    assert document.verdict.severity == "danger"
    assert document.verdict.summary.startswith("This is your panic: the oops in line ")
    assert str(at(document, pfn).frames) in document.verdict.summary
    assert [hole.state for hole in document.holes if hole.by_rule is not None] == ["uninitialised"]
