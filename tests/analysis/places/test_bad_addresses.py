"""Addresses of bad memory: every form that somebody prints, what can be read in two ways, and any text at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfnscope.analysis.places import bad_addresses as module
from pfnscope.analysis.places.bad_addresses import bad_addresses

PAGE = 4096
WORD = [(0x7DDF1234, 0x7DDF1235)]
FRAME = [(0x7DDF1000, 0x7DDF2000)]
FORMS = [
    pytest.param("0x7ddf1234", WORD, id="with 0x"),
    pytest.param("7ddf1234", WORD, id="without"),
    pytest.param("000012345678", [(0x12345678, 0x12345679)], id="padded"),
    pytest.param("4G", [(1 << 32, (1 << 32) + 1)], id="size"),
    pytest.param("0x1000-0x1fff", [(0x1000, 0x2000)], id="range"),
    pytest.param("0x1000 - 0x1fff, 0x5000", [(0x1000, 0x2000), (0x5000, 0x5001)], id="list"),
    pytest.param("[mem 0x00001000-0x00001fff]", [(0x1000, 0x2000)], id="resource"),
    pytest.param("7ddf1000-7ddf1fff : System RAM", FRAME, id="iomem"),
    pytest.param("pfn:0x7ddf1", FRAME, id="frame"),
    pytest.param("pfn:515569", FRAME, id="decimal frame"),
    pytest.param("pfn:0x7ddf0-0x7ddf1", [(0x7DDF0000, 0x7DDF2000)], id="frames"),
    pytest.param("badram=0x7ddf0000,0xffffffffffffc000", [(0x7DDF0000, 0x7DDF4000)], id="badram"),
    pytest.param(
        "badram=0x7ddf0000,0xfffffffffffffff8,\n       0x1230000,0xffffffffffffe000",
        [(0x1230000, 0x1232000), (0x7DDF0000, 0x7DDF1000)],
        id="badram on two lines",
    ),
    pytest.param('GRUB_BADRAM="0x7DDF0000,0xffffc000"', [(0x7DDF0000, 0x7DDF4000)], id="grub"),
    pytest.param("0x1000,0xffffffffffffd000", [(0x1000, 0x2000), (0x3000, 0x4000)], id="mask with a gap"),
    pytest.param("memmap=0x1000$0x7ddf1000,8K$0x1230000", [(0x1230000, 0x1232000), *FRAME], id="memmap"),
    pytest.param(r"memmap=4K\\\$0x7ddf1000", FRAME, id="memmap as GRUB has it"),
    pytest.param(
        "Bad pages (excludes test 0 and test 7)\n--------------------------------------\n0x7ddf1,0x7ddf4..0x7ddf6",
        [*FRAME, (0x7DDF4000, 0x7DDF7000)],
        id="bad pages",
    ),
    pytest.param(" 12      3    5   00007ddf1234 (1.97GB)  00000000ffffffff  00000000fffffffe", WORD, id="memtest 7"),
    pytest.param("  5     0   0007ddf1234 -  2013.9MB  fffffff7 ffffffff 00000008  12  0", WORD, id="memtest 5"),
    pytest.param(
        "EDAC MC0: 1 CE read error on DIMM#1 (channel:1 slot:0 page:0x7ddf1 offset:0x240 grain:32 syndrome:0x0)",
        [(0x7DDF1240, 0x7DDF1260)],
        id="edac",
    ),
    pytest.param("EDAC MC1: CE page 0x7ddf1, offset 0x234, grain 0, row 6", WORD, id="edac of old"),
    pytest.param("mce: [Hardware Error]: TSC 0 ADDR 7ddf1234 MISC 86", WORD, id="mce"),
    pytest.param("[Hardware Error]: Error Addr: 0x000000007ddf1234", WORD, id="amd"),
    pytest.param(
        "1 2026-11-02 Corrected error(s): error at DIMM_A1 location: 0:0:0:-1, addr 2111771188, grain 6, syndrome 0",
        WORD,
        id="ras-mc-ctl",
    ),
    pytest.param(
        "mc_event: 1 Corrected error: read error on DIMM_A1 (mc:0 address:0x7ddf1234 grain:6)", WORD, id="ras"
    ),
    pytest.param("MC4_ADDR: 0x000000007ddf1234", WORD, id="amd of old"),
    pytest.param("{1}[Hardware Error]:   physical_address: 0x000000007ddf1234", WORD, id="ghes"),
    pytest.param("Memory failure: 0x7ddf1: recovery action for dirty LRU page: Recovered", FRAME, id="failure"),
    pytest.param("MCE 0x7ddf1: dirty LRU page recovery: Recovered", FRAME, id="failure of old"),
    pytest.param("Soft offlining pfn 0x7ddf1 at process virtual address 0x7f0000000000", FRAME, id="soft offline"),
    pytest.param("BUG: Bad page state in process cat  pfn:05123", [(0x5123000, 0x5124000)], id="bad page"),
    pytest.param(
        "  4c494e5558726c7a bad mem addr 0x000000007ddf1230 - 0x000000007ddf1238 reserved",
        [(0x7DDF1230, 0x7DDF1238)],
        id="memtest=",
    ),
    pytest.param("FAILURE: 0x1 != 0x2 at physical address 0x7ddf1234.", WORD, id="memtester"),
]


@pytest.mark.parametrize(("text", "ranges"), FORMS)
def test_every_form_is_read(text: str, ranges: list[tuple[int, int]]) -> None:
    read = bad_addresses((text,), PAGE)
    assert read.ranges == tuple(ranges)
    assert read.unread == 0


REFUSALS = [
    ("12345678", "“12345678” may be decimal or hexadecimal: write 0x before what is hexadecimal."),
    ("0x7ddf0..0x7ddf3", "may be addresses or page frames"),
    ("0x2000-0x1000", "The range from 0x2000 to 0x1000 ends before it begins."),
    ("0x10000000000000", "0x10000000000000 is no physical address: they have 52 bits at most."),
    ("FAILURE: 0x1 != 0x2 at offset 0x00000123.", "memtester prints offsets in its own memory"),
    (" Lowest Error Address: 00007ddf1234 (1.97GB)", "do not tell what is bad between them"),
    ("badram=0x1000", "is not made of pairs of an address and a mask"),
    ("badram=0x0,0xf000000000000fff", "The mask of 0x0 stands for all of memory."),
    ("badram=0x0,0xff55555555555000", "ranges; that is too many"),
    ("memmap=1M", "“1M” of memmap= is no SIZE$START."),
    ("dead beef", "“dead beef” is no address. Give addresses as"),
    ("", "“” is no address."),
    ("early_memtest: # of tests: 17", "There is no address to look at."),
]


@pytest.mark.parametrize(("text", "why"), REFUSALS)
def test_what_cannot_be_read_is_said(text: str, why: str) -> None:
    assert why in (refusal([text]) or "")


def test_lines_of_a_paste_that_say_nothing_are_counted() -> None:
    paste = (
        "Jan 1 host kernel: all is well\nADDR 7ddf1234\npCPU  Pass  Test  Failing Address  Expected  Found\n12 lines"
    )
    read = bad_addresses((paste, "0x5000"), PAGE)
    assert read.ranges == ((0x5000, 0x5001), *WORD)
    assert read.unread == 2


def test_masks_of_32_bits_are_below_4_gib() -> None:
    read = bad_addresses(("badram=0x7ddf0000,0xffffc000",), PAGE)
    assert read.narrow
    assert read.ranges == ((0x7DDF0000, 0x7DDF4000),)
    assert not bad_addresses(("badram=0x7ddf0000,0xffffffffffffc000",), PAGE).narrow


def test_too_many_addresses_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RANGES", 100)
    assert len(bad_addresses((" ".join(hex(at << 12) for at in range(1, 101)),), PAGE).ranges) == 100
    with pytest.raises(ValueError, match="More than 100 addresses are not looked at"):
        bad_addresses((" ".join(hex(at << 12) for at in range(1, 102)),), PAGE)


@settings(max_examples=300)
@given(st.integers(1, (1 << 52) - 1), st.sampled_from(("{:#x}", "{:#018x}", "address: {:#x}", "ADDR {:016x}", "{:x}h")))
def test_an_address_is_the_same_in_each_form(address: int, form: str) -> None:
    text = form.format(address)
    if form == "{:x}h" and not text[0].isdigit():
        text = f"0{text}"
    assert bad_addresses((text,), PAGE).ranges == ((address, address + 1),)


@settings(max_examples=200)
@given(st.integers(0, (1 << 52) - 1), st.sets(st.integers(0, 51), max_size=8), st.integers(0, 20))
def test_a_mask_stands_for_the_addresses_that_it_leaves_open(address: int, open_: set[int], low: int) -> None:
    mask = (1 << 64) - 1
    for bit in {*open_, *range(low)}:
        mask &= ~(1 << bit)
    read = bad_addresses((f"badram={address & mask:#x},{mask:#x}",), PAGE)
    frames = mask & ~(PAGE - 1)
    assert sum(end - start for start, end in read.ranges) == 1 << (64 - frames.bit_count())
    for start, end in read.ranges:
        assert start & frames == (end - 1) & frames == address & frames


@settings(max_examples=400)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=40),
            st.from_regex(r"[0-9a-fx,.$=: \n-]{0,40}", fullmatch=True),
            st.sampled_from([str(form.values[0]) for form in FORMS]),
        ),
        max_size=4,
    )
)
def test_any_text_is_read_or_refused_with_a_sentence(texts: list[str]) -> None:
    why = refusal(texts)
    if why is not None:
        assert why.endswith(".")
        assert why[0].isupper() or why[0] in "“0"
        return
    read = bad_addresses(tuple(texts), PAGE)
    assert read.ranges
    assert all(0 <= start < end <= 1 << 52 for start, end in read.ranges)
    assert list(read.ranges) == sorted(set(read.ranges))


def refusal(texts: list[str]) -> str | None:
    try:
        bad_addresses(tuple(texts), PAGE)
    except ValueError as error:
        return str(error)
    return None
