"""A crash without a layout: what the kernel was doing, which frame, and what to paste next."""

import pytest

from pfnscope.kernel.readers import READERS
from pfnscope.kernel.walkers import WALKERS, doing_in
from pfnscope.model.document import Document
from pfnscope.service import Options, analyze

ONES = "fffffffffffffffe"
NEXT = "Now paste the boot part as well: journalctl -k -b -1 | head -300."


def shown(*rows: str, arch: str | None = None) -> Document:
    text = "".join(f"[  100.00000{at % 10}] {row}\n" for at, row in enumerate(rows))
    return analyze(text.encode(), Options(arch=arch)).document


def oops(function: str, address: str = ONES) -> list[str]:
    return [f"BUG: unable to handle page fault for address: {address}", f"RIP: 0010:{function}+0x25/0x2f0"]


def test_a_reader_that_died_on_an_unwritten_struct_page_is_the_answer() -> None:
    document = shown(*oops("stable_page_flags"))
    assert document.verdict.severity == "danger"
    assert document.verdict.summary == (
        "The kernel died in stable_page_flags() while reading /proc/kpageflags on a struct page that nothing ever wrote"
        " (line 1): the text does not tell of which page frame."
    )
    assert document.findings[0].remedy is not None
    assert document.findings[0].remedy.text == NEXT
    assert (document.node_ranges, document.holes, document.zone_spans) == ((), (), ())
    assert [event.kind for event in document.events] == ["oops"]


def test_hibernation_walks_struct_pages_too() -> None:
    assert "while looking for the pages that hibernation saves on a struct page that nothing ever wrote" in (
        shown(*oops("saveable_page")).verdict.summary
    )


def test_an_error_pointer_proves_nothing_of_struct_pages() -> None:
    """-2 is also ENOENT: outside code that walks struct pages the address is no poison."""
    document = shown(*oops("some_driver_probe"))
    assert (document.verdict.severity, document.verdict.summary) == (
        "info", "An oops in some_driver_probe() (line 1): not about memory layout."
    )  # fmt: skip


def test_a_frame_that_a_line_names_is_named() -> None:
    document = shown("BUG: Bad page state in process swapper  pfn:2ffc53")
    assert (
        document.verdict.summary == "The kernel found a bad struct page (line 1): that of pfn 0x2ffc53 · 0x2ffc53000."
    )


@pytest.mark.parametrize(("arch", "zone"), [("x86_64", "zone number 2 (usually Normal)"), (None, "zone number 2")])
def test_printed_flags_tell_node_and_zone(arch: str | None, zone: str) -> None:
    document = shown(
        "page:00000000abcd1234 refcount:0 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0xbffd7",
        "flags: 0x17ffffc0000000(node=0|zone=2|lastcpupid=0x1fffff)",
        arch=arch,
    )
    assert document.verdict.summary == (
        "The kernel found a bad struct page (line 1): that of pfn 0xbffd7 · 0xbffd7000, whose flags say node 0 and"
        f" {zone}."
    )


def test_a_poisoned_page_is_one_that_was_never_written() -> None:
    document = shown("page:81367080 is uninitialized and poisoned (pfn 8192)")
    assert document.verdict.summary == (
        "The kernel found a struct page that nothing ever wrote (line 1): that of pfn 0x2000 · 0x2000000."
    )


def test_of_several_reports_the_worst_leads() -> None:
    document = shown("BUG: Bad page state in process swapper  pfn:2ffc53", *oops("stable_page_flags"))
    assert document.verdict.severity == "danger"
    assert [(item.severity, item.code) for item in document.findings] == [
        ("danger", "crash-on-unwritten"), ("caution", "bad-page"),
    ]  # fmt: skip


def test_a_complaint_of_the_kernel_alone_is_something() -> None:
    """Two ranges and their overlap are in the text: a document with a finding, and not "no memory layout"."""
    document = analyze(
        b"OF: reserved mem: OVERLAP DETECTED!\n"
        b"secmem@50000000 (0x50000000--0x52000000) overlaps with fb@51000000 (0x51000000--0x51800000)\n"
    ).document
    assert [finding.code for finding in document.findings] == ["overlapping-reserved-memory"]


def test_a_map_of_another_architecture_beside_a_crash_is_named() -> None:
    document = shown("Determined physical RAM map:", " memory: 10000000 @ 00000000 (usable)", *oops("x"), arch="mips")
    assert any("x86, not for mips" in detail for detail in document.findings[0].details)


@pytest.mark.parametrize("function", ["kpagecount_read", "get_nid_for_pfn", "kmemleak_scan", "__init_single_page"])
def test_what_walks_struct_pages_is_known_by_its_functions(function: str) -> None:
    assert doing_in(function)


def test_a_function_is_in_one_row() -> None:
    names = [name for walker in WALKERS for name in walker.functions]
    assert len(set(names)) == len(names)
    assert {walker.reader for walker in WALKERS} - {reader.name for reader in READERS} == {None}
