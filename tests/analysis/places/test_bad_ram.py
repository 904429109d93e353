"""Bad memory: what is given up for it, against a model that paints single pages and against the simulator."""

from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfnscope.analysis import Analysis, analyze
from pfnscope.analysis.places.bad_ram import bad_ram
from pfnscope.analysis.places.bad_search import joined
from pfnscope.analysis.whatif import what_if
from pfnscope.bootlog import read
from pfnscope.model.answers import Placements
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.simulation import NotSimulated, own_command_line
from tests.support.argument_logs import Machine, whole
from tests.support.samples import text

GIB, MIB, PAGE = 1 << 30, 1 << 20, 4096


def analysed(slug: str, kernel: str | None = None) -> Analysis:
    return analyze(read(text(slug)).boots[-1], kernel=kernel)


def machine(line: str = "", release: str = "6.1.20", **more: object) -> Analysis:
    """8 GiB of one node, with 1.87 GiB below 4 GiB."""
    return analyze(read(whole(Machine(line=line, release=release, **more)).encode()).boots[-1])  # type: ignore[arg-type]


def recorded(name: str) -> Analysis:
    return analyze(read((Path(__file__).parents[2] / "recorded" / name / "dmesg.txt").read_bytes()).boots[-1])


def said(places: Placements) -> str:
    return " ".join((places.text, *places.notes))


def test_addresses_of_one_page_give_up_one_page() -> None:
    places = bad_ram(analysed("seed-no-memmap", "6.1"), ("0x7ddf1234 0x7ddf1240",))
    assert places.command_line == "memmap=4K$0x7ddf1000"
    assert (places.outcome, places.cost, places.start) == ("fits", PAGE, 0x7DDF1000)
    assert "memmap= takes whole pages of 4 KiB: 2 addresses lie in 1 page of RAM." in places.notes
    assert [(item.address, item.where, item.region) for item in places.addresses] == [
        (0x7DDF1234, "RAM", 0x7DDF1000),
        (0x7DDF1240, "RAM", 0x7DDF1000),
    ]


def test_the_argument_comes_as_boot_loaders_take_it() -> None:
    places = bad_ram(analysed("seed-no-memmap", "6.1"), ("badram=0x7ddf0000,0xffffffffffffc000",))
    assert places.command_line == "memmap=16K$0x7ddf0000"
    forms = {form.command_line: form.text for form in places.other_forms}
    assert "/etc/default/grub; then run update-grub" in forms[r"memmap=16K\\\$0x7ddf0000"]
    assert "grub.cfg" in forms[r"memmap=16K\$0x7ddf0000"]
    assert "Secure Boot" in forms['GRUB_BADRAM="0x7ddf0000,0xffffffffffffc000"']
    assert "nothing has to be quoted" in forms["memmap=16K%0x7ddf0000-1+2"]
    assert "CONFIG_MEMTEST" in forms["memtest=17"]


def test_a_form_that_a_release_does_not_know_is_not_offered() -> None:
    forms = [form.command_line for form in bad_ram(machine(release="4.14.20"), ("0x7000000",)).other_forms]
    assert not any("%" in form for form in forms)


def test_what_is_no_ram_has_its_owner_and_its_lines() -> None:
    log = text("seed-1g-4g").decode()
    places = bad_ram(analysed("seed-1g-4g"), ("0xbffd7000", "0x100000000", "0xd0000000"))
    assert places.command_line is None
    assert places.outcome == "fits"
    assert places.text == "None of this is in RAM that the kernel uses: there is nothing to exclude."
    where = {int(item.address): item for item in places.addresses}
    assert where[0xBFFD7000].where == "reserved"
    assert any("bffd7000" in log.splitlines()[line - 1] for line in where[0xBFFD7000].lines)
    assert where[0x100000000].where == "RAM that memmap=1G!4G excludes"
    assert "memmap=1G!4G" in log.splitlines()[where[0x100000000].lines[0] - 1]
    assert where[0xD0000000].where == "no memory"
    assert "3 addresses are outside the RAM that the kernel uses: 0xbffd7000 is reserved." in places.notes


def test_a_page_that_would_leave_a_dangerous_hole_takes_its_section_with_it() -> None:
    places = bad_ram(analysed("seed-no-memmap", "4.17"), ("0x13ffff008",))
    assert places.command_line == "memmap=128M$4992M"
    assert places.cost == 128 * MIB
    assert "struct pages beside them would stay unwritten on 4.17" in said(places)
    newer = bad_ram(analysed("seed-no-memmap", "6.1"), ("0x13ffff008",))
    assert newer.command_line == "memmap=4K$0x13ffff000"
    assert newer.placements[0].dangerous_on == ("4.15 to 4.17.3", "4.19.9 to 4.19.102")


def test_a_few_pages_of_one_huge_page_are_one_region_where_kaslr_would_else_not_avoid_all() -> None:
    near = [0x7000000 + at * 0x4000 for at in range(6)]
    few = bad_ram(machine(), tuple(map(hex, near[:4])))
    assert few.cost == 4 * PAGE
    many = bad_ram(machine(), tuple(map(hex, near)))
    assert many.command_line is not None
    assert many.command_line.count("$") == 4
    assert many.cost == (6 + 2 * 3) * PAGE
    assert "Neighbours are joined to fewer regions, and 24 KiB between them are given up." in many.notes


def test_pages_far_apart_stay_single_and_keep_kaslr_from_moving_the_kernel() -> None:
    places = bad_ram(machine(), tuple(hex(64 * MIB * at) for at in range(1, 8)))
    assert places.cost == 7 * PAGE
    assert places.command_line is not None
    assert places.command_line.count("memmap=") == 1
    assert "KASLR does not move the kernel in physical memory" in said(places)


def test_as_many_regions_as_the_command_line_has_room_for() -> None:
    addresses = tuple(hex(16 * MIB * at + 0x3000) for at in range(9, 110))
    short = bad_ram(machine(), addresses)
    assert short.outcome == "fits"
    assert short.command_line is not None
    assert short.command_line.count("$") == 61  # (128 - 5 entries of the map) / 2
    long = machine(f"quiet note={'x' * 1600}")
    places = bad_ram(long, addresses)
    assert places.command_line is not None
    assert len(f"{own_command_line(long.booted_from)} {places.command_line}") <= 2047
    assert places.command_line.count("$") < 61
    full = bad_ram(machine(f"note={'x' * 2030}"), addresses[:1])
    assert (full.command_line, full.outcome) == (None, "fails")
    assert "do not fit on the command line of the kernel" in full.text


def test_on_old_kernels_each_region_is_an_argument_of_its_own() -> None:
    assert (
        bad_ram(machine(release="3.8.13"), ("0x7000000", "0x8000000")).command_line == "memmap=4K$112M memmap=4K$128M"
    )
    assert bad_ram(machine(release="3.9.1"), ("0x7000000", "0x8000000")).command_line == "memmap=4K$112M,4K$128M"


IMAGE = "0x1200000"
FAR = ("0x20000000", "0x30000000", "0x40000000", "0x50000000")


def test_kaslr_keeps_the_kernel_off_and_without_it_its_own_image_cannot_be_excluded() -> None:
    moving = bad_ram(machine(), (IMAGE,))
    assert (moving.command_line, moving.outcome) == ("memmap=4K$18M", "fits")
    places = bad_ram(machine("nokaslr"), (IMAGE, FAR[0]))
    assert (places.command_line, places.outcome) == ("memmap=4K$512M", "may-fail")
    assert "[0x1200000, 0x1201000) cannot be excluded: it holds the kernel image." in places.text
    assert "let KASLR move it" in said(places)
    assert [item.where for item in places.addresses] == ["kernel image", "RAM"]
    blocked = next(item for item in places.placements if item.blocked_by)
    assert (blocked.start, blocked.safe, blocked.blocked_by[0].name) == (0x1200000, False, "kernel image")
    alone = bad_ram(machine("nokaslr"), (IMAGE,))
    assert (alone.command_line, alone.outcome) == (None, "fails")


def test_an_image_of_unknown_size_may_reach_further() -> None:
    places = bad_ram(machine("nokaslr"), ("0x2200000",))
    assert (places.command_line, places.outcome) == ("memmap=4K$34M", "may-fail")
    assert "addresses below 144 MiB may be in its image, which stays RAM." in said(places)
    assert bad_ram(machine("nokaslr"), ("0x9000000",)).outcome == "fits"


def test_more_regions_than_kaslr_avoids_leave_the_kernel_on_bad_memory_unless_joined_or_fixed() -> None:
    places = bad_ram(machine(), (IMAGE, *FAR))
    assert places.command_line == "memmap=4K$512M,4K$768M,4K$1G,4K$1280M nokaslr"
    assert "nokaslr is added" in said(places)
    close = bad_ram(machine(), ("0x1200000", "0x2200000", *FAR[:3]))
    assert close.command_line == "memmap=16388K$18M,4K$512M,4K$768M,4K$1G"
    assert close.outcome == "fits"


def test_regions_that_the_command_line_has_count_for_kaslr() -> None:
    four = "memmap=1M$5G memmap=1M$5121M memmap=1M$5122M memmap=1M$5123M"
    places = bad_ram(machine(four), (FAR[0],))
    assert places.command_line == "memmap=4K$512M nokaslr"
    assert "KASLR keeps out of no more: nokaslr is added" in said(places)
    assert bad_ram(machine("memmap=1M$5G"), (FAR[0],)).command_line == "memmap=4K$512M"


def test_the_stub_of_some_releases_knows_nothing_of_regions() -> None:
    places = bad_ram(machine(release="6.6.20"), (FAR[0],))
    assert places.outcome == "may-fail"
    assert "Started by EFI, this release may move the kernel into a region: add nokaslr then." in places.notes
    assert bad_ram(machine(release="6.6.33"), (FAR[0],)).outcome == "fits"
    line = "efi: mem05: [Loader Data        |   |  |WB|WT|UC] range=[0x0000000000100000-0x00000000001fffff] (1MB)"
    log = whole(Machine(line="", release="6.6.20")).replace("Zone ranges:", f"{line}\nZone ranges:")
    by_efi = bad_ram(analyze(read(log.encode()).boots[-1]), (FAR[0],))
    assert (by_efi.command_line, by_efi.outcome) == ("memmap=4K$512M nokaslr", "fits")
    newer = bad_ram(machine(release="6.12.1"), (IMAGE,))
    assert newer.outcome == "may-fail"
    assert "Started by EFI, a kernel with memmap= is not moved: it lies at 16 MiB" in said(newer)


def test_processors_keep_what_they_start_with() -> None:
    places = bad_ram(machine(), ("0x1000-0x9ffff",))
    assert (places.command_line, places.outcome) == (None, "fails")
    assert "start-up code of processors" in places.text
    one = bad_ram(machine(), ("0x9000",))
    assert one.command_line == "memmap=4K$0x9000"
    assert "Below 1 MiB, firmware and boot loader use the memory" in said(one)
    assert bad_ram(machine(), ("0x10",)).command_line is None  # no kernel uses frame 0


def test_a_section_is_given_up_without_what_the_kernel_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    dangers = iter((FrameSet.of([FrameRange(0x7000, 0x7001)]), FrameSet()))
    monkeypatch.setattr("pfnscope.analysis.places.bad_search.Search._danger", lambda *_: next(dangers))
    places = bad_ram(machine("nokaslr"), ("0x7000000",))
    assert places.command_line == "memmap=15M$1M,96M$32M"


def test_no_argument_is_offered_that_stays_a_danger(monkeypatch: pytest.MonkeyPatch) -> None:
    danger = FrameSet.of([FrameRange(0x7000, 0x7001)])
    monkeypatch.setattr("pfnscope.analysis.places.bad_search.Search._danger", lambda *_: danger)
    places = bad_ram(machine(), ("0x7000000",))
    assert (places.command_line, places.cost, places.outcome) == (None, 0, "fails")
    assert "make struct pages of pfn [0x7000, 0x7001) that nothing writes" in places.text
    assert {form.command_line for form in places.other_forms} >= {"memtest=17"}


def test_an_initrd_is_copied_and_may_be_damaged() -> None:
    places = bad_ram(analysed("uneven-nodes"), ("0xbffd6000",))
    assert "copies it to another place, and what it finds there may be damaged." in said(places)


def test_architectures_without_memmap_have_other_means() -> None:
    analysis = recorded("arm64")
    address = analysis.layout.memory_frames.start * analysis.layout.page_size + 0x5008
    places = bad_ram(analysis, (hex(address), "0x10"))
    assert (places.command_line, places.outcome) == (None, None)
    assert places.text == "arm64 has no memmap=: 1 page with bad memory cannot be excluded on the command line."
    forms = {form.command_line: form.text for form in places.other_forms}
    assert "CONFIG_MEMTEST" in forms["memtest=17"]
    page = address // analysis.layout.page_size * analysis.layout.page_size
    node = f"bad@{page:x} {{ reg = <{page >> 32:#x} {page & 0xFFFFFFFF:#x} 0x0 0x1000>; no-map; }};"
    assert "reserved-memory of the device tree" in forms[node]


def test_a_boot_that_cannot_be_simulated_is_not_answered() -> None:
    lines = text("seed-no-memmap").decode().splitlines()
    log = "\n".join(line for line in lines if "BIOS-e820" not in line)
    with pytest.raises(NotSimulated):
        bad_ram(analyze(read(log.encode()).boots[-1]), ("0x7000000",))


ANALYSES = {
    f"{slug}-{kernel}": analysed(slug, kernel)
    for slug in ("seed-no-memmap", "seed-1g-4g", "uneven-nodes", "odd-size", "memoryless-node")
    for kernel in ("4.17", "6.1")
}
ANALYSES |= {
    "i386": recorded("i386"),
    "nokaslr": machine("nokaslr"),
    "old": machine(release="3.2.1"),
    "limit": machine("mem=6G memmap=4K$0x7000000"),
}
ADDRESSES = st.lists(
    st.one_of(
        st.integers(0, 10 * GIB),
        st.sampled_from(
            (0x1000, 0x100000, 0x1000000, 0xBFFD6FF8, 0xBFFD7000, 4 * GIB, 5 * GIB - 8, 5 * GIB, 6 * GIB - 1)
        ),
        st.integers(0x7000, 0x7040).map(lambda at: at << 12),
    ),
    min_size=1,
    max_size=40,
)


def painted(places: Placements) -> list[range]:
    """The regions of the argument, by pages, as a person would read it."""
    regions = []
    for word in (places.command_line or "").split():
        for part in word.removeprefix("memmap=").split(",") if "$" in word else ():
            size, start = (_number(item) for item in part.split("$"))
            assert size % PAGE == start % PAGE == 0
            regions.append(range(start // PAGE, (start + size) // PAGE))
    return regions


def _number(text: str) -> int:
    unit = {"K": 10, "M": 20, "G": 30}.get(text[-1])
    return int(text[:-1]) << unit if unit else int(text, 16)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(ANALYSES)), ADDRESSES)
def test_every_bad_page_of_ram_is_gone_and_nothing_but_ram(slug: str, addresses: list[int]) -> None:
    analysis = ANALYSES[slug]
    memory = [range(item.frames.start, item.frames.end) for item in analysis.layout.memory]
    places = bad_ram(analysis, tuple(map(hex, addresses)))
    regions = painted(places)

    # every bad page of RAM is painted once, or said to be out of reach
    for item in places.addresses:
        page = item.address // PAGE
        inside = any(page in part for part in memory)
        assert (item.where in ("RAM", "kernel image")) == (inside and page > 0), item
        covering = [part for part in regions if page in part]
        assert [part.start * PAGE for part in covering] == ([item.region] if item.region is not None else [])
        if item.where == "RAM" and places.command_line:
            assert covering
    assert {item.address for item in places.addresses} == set(addresses)
    assert all(one.stop <= other.start for one, other in pairwise(regions))
    assert sum(len(part) for part in regions) * PAGE == places.cost
    kept = {part.start // PAGE for part in places.placements if part.blocked_by}
    if places.command_line is None:
        assert places.outcome == "fails" or not any(item.where == "RAM" for item in places.addresses)
        return

    # booted again, exactly these pages are gone, and nothing is a danger that was none
    line = f"{own_command_line(analysis.booted_from)} {places.command_line}".strip()
    assert len(line) <= 2047
    after, _ = what_if(analysis, line)
    gone = FrameSet.of(FrameRange(part.start, part.stop) for part in regions)
    assert gone <= analysis.layout.memory_frames
    assert after.layout.memory_frames == analysis.layout.memory_frames - gone
    dangers = [FrameSet.of(hole.frames for hole in one.holes if hole.severity == "danger") for one in (analysis, after)]
    assert not dangers[1] - dangers[0]

    # as few pages as can be, unless a section goes with them or the kernel's limits join some
    pages = {address // PAGE for address in addresses if any(address // PAGE in part for part in memory)} - kept
    if len(regions) > 4 and "sections" not in said(places) and len(regions) < 55:
        assert {page for part in regions for page in part} == pages - {0}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(ANALYSES)), ADDRESSES)
def test_what_is_given_up_is_given_up_as_it_is(slug: str, addresses: list[int]) -> None:
    analysis = ANALYSES[slug]
    places = bad_ram(analysis, tuple(map(hex, addresses)))
    if places.command_line is None or "nokaslr" in places.command_line:
        return
    regions = tuple(f"{part.start * PAGE:#x}-{part.stop * PAGE - 1:#x}" for part in painted(places))
    assert bad_ram(analysis, regions).command_line == places.command_line
    assert bad_ram(analysis, (places.command_line,)).command_line == places.command_line


RUNS = st.lists(st.integers(1, 6), min_size=2, max_size=16)


@settings(max_examples=300)
@given(RUNS, st.sets(st.integers(1, 30), max_size=3), st.integers(1, 6))
def test_neighbours_are_joined_at_the_least_cost(lengths: list[int], holes: set[int], most: int) -> None:
    edges = list(accumulate(lengths))
    frames = FrameSet.of(FrameRange(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False))
    ram = FrameSet.of([FrameRange(0, edges[-1] + 1)]) - (
        FrameSet.of(FrameRange(hole, hole + 1) for hole in holes) - frames
    )
    out = joined(frames, ram, most)
    assert frames <= out <= ram
    gaps = [(one.end, other.start) for one, other in pairwise(frames)]
    open_ = [end - start for start, end in gaps if FrameSet.of([FrameRange(start, end)]) <= ram]
    closed = max(0, min(len(open_), len(frames) - most))
    assert len(out) == len(frames) - closed
    assert out.pages - frames.pages == sum(sorted(open_)[:closed])
