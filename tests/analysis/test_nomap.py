"""NOMAP memory of arm64 and arm before 5.14: no hole, and its struct pages are not written as memory's are."""

from itertools import pairwise

import pytest

from pfnscope.analysis import Analysis, analyze
from pfnscope.bootlog import read
from pfnscope.findings import findings, severity

KEPT_OUT = (0x80000, 0x80300)
IN_A_BLOCK = (0x90080, 0x90100)


def boot(release: str, *, arch: str = "aarch64-linux-gnu", flags: str = "0x4") -> Analysis:
    """Memory from 1 GiB to 3 GiB, of which firmware keeps a page block and a half, and half a block behind memory."""
    edges = (0x40000, *KEPT_OUT, *IN_A_BLOCK, 0xC0000)
    marks = ("0x0", flags, "0x0", flags, "0x0")
    dump = [
        f" memory[{at:#x}]\t[{start << 12:#018x}-{(end << 12) - 1:#018x}], {(end - start) << 12:#x} bytes flags: {mark}"
        for at, ((start, end), mark) in enumerate(zip(pairwise(edges), marks, strict=True))
    ]
    lines = [
        "Booting Linux on physical CPU 0x0000000000 [0x411fd070]"
        if "64" in arch
        else "Booting Linux on physical CPU 0x0",
        f"Linux version {release} (a@b) ({arch}-gcc)",
        "MEMBLOCK configuration:",
        *dump,
        "Zone ranges:",
        "  DMA32    [mem 0x0000000040000000-0x00000000bfffffff]",
        "  Normal   empty",
        "Early memory node ranges",
        *(f"  node   0: [mem {start << 12:#018x}-{(end << 12) - 1:#018x}]" for start, end in pairwise(edges)),
    ]
    return analyze(read("".join(f"[    0.000000] {line}\n" for line in lines).encode()).boots[0])


@pytest.mark.parametrize(
    ("release", "states"),
    [
        ("4.14.0", [(*KEPT_OUT, "zeroed"), (*IN_A_BLOCK, "zeroed")]),
        ("4.18.0", [(*KEPT_OUT, "uninitialised"), (*IN_A_BLOCK, "uninitialised")]),
        ("5.4.10", [(*KEPT_OUT, "uninitialised"), (*IN_A_BLOCK, "zeroed")]),
        ("5.7.6", [(*KEPT_OUT, "uninitialised"), (*IN_A_BLOCK, "initialised")]),
        ("5.10.0", [(*KEPT_OUT, "initialised"), (*IN_A_BLOCK, "initialised")]),
        ("5.12.0", [(*KEPT_OUT, "initialised"), (*IN_A_BLOCK, "initialised")]),
        ("5.14.0", []),
    ],
)
def test_what_nomap_memory_holds_depends_on_the_release(release: str, states: list[tuple[int, int, str]]) -> None:
    """Passes over gaps take it for one and write page blocks that begin with memory; walks from 5.8 on write it all."""
    assert [(item.start_pfn, item.end_pfn, item.state) for item in boot(release).nomap] == states


def test_never_written_nomap_memory_is_no_hole_and_forbids_to_say_that_there_is_no_danger() -> None:
    analysis = boot("5.4.10")
    kept_out = analysis.nomap[0]
    assert (analysis.holes, kept_out.severity, kept_out.reachable_by) == ((), "caution", ("section walkers",))
    assert kept_out.lines
    first = findings(analysis)[0]
    assert (first.code, first.severity) == ("nomap-unwritten-far", "caution")
    assert first.text == (
        "768 struct pages of memory that firmware keeps out of the map (NOMAP) are never written on 5.4.10, and section"
        " walkers can reach them."
    )


def test_move_freepages_reads_it_up_to_4_18_on_arm64_and_not_on_arm() -> None:
    """The crash of August 2018: kernels without NUMA ask for no frame inside a page block."""
    assert boot("4.18.0").nomap[0].reachable_by == ("move_freepages", "section walkers")
    assert boot("4.19.0").nomap[0].reachable_by == ("section walkers",)
    of_arm = boot("4.18.0", arch="arm-linux-gnueabihf").nomap
    assert [(item.state, item.severity, item.reachable_by) for item in of_arm] == [
        ("zeroed", "none", ("section walkers",))
    ] * 2


def test_memory_without_the_mark_is_not_listed() -> None:
    assert boot("5.4.10", flags="0x0").nomap == ()
    assert severity(boot("5.4.10", flags="0x0")) == "none"
