"""Texts of several files: where each line is from, what goes on from file to file, the same log twice."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.bootlog import Reading, keep_memory_lines, read
from pfnscope.model.sources import Source, UnusedFile, line_words
from pfnscope.opening.assembly import Part, Unused, assembled
from tests.bootlog.test_hostile import work
from tests.support import samples
from tests.support.reports import LOG, OLDER, PSTORE, journal

LOG_LINES = LOG.count(b"\n")
SECONDS = b"rtc_cmos 00:04: setting system clock to 2026-11-30T10:00:00 UTC (1796032800)"


def together(*files: bytes, unused: tuple[Unused, ...] = ()) -> bytes:
    return assembled([Part(f"file-{at}", data) for at, data in enumerate(files, 1)], unused)


def hosted(log: bytes) -> bytes:
    """A log as a log daemon stores it, with the time stamps of the kernel."""
    return re.sub(rb"(?m)^(?=\[)", b"Nov 30 10:00:00 web1 kernel: ", log)


def later(log: bytes) -> bytes:
    """The same kernel booted once more: other times, nothing else."""
    log = re.sub(rb"(?m)^\[ *([1-9][0-9]*|0)\.([0-9]{5})[0-9]\]", rb"[    \1.\g<2>7]", log)
    return log.replace(b"1795425853", b"1795999999").replace(b"1795425855", b"1796000001")


def boots(*files: bytes) -> Reading:
    """The reading of the files, which what is kept of it must give again."""
    text = together(*files)
    reading = read(text)
    again = read(keep_memory_lines(text, reading))
    assert (again.boots, again.sources) == (reading.boots, reading.sources)
    return reading


def test_each_file_has_its_lines_and_each_boot_its_file() -> None:
    reading = boots(OLDER, b"nothing\n", LOG)
    older = OLDER.count(b"\n")
    assert reading.sources == (
        Source("file-1", 2, older),
        Source("file-2", older + 4, 1),
        Source("file-3", older + 7, LOG_LINES),
    )
    assert [boot.source for boot in reading.boots] == ["file-1", "file-3"]
    assert reading.boots[0].at(1) == "line 1"
    assert reading.boots[0].at(2) == "file-1:1"
    assert reading.boots[1].at(older + 7 + LOG_LINES) == f"line {older + 7 + LOG_LINES}"


def test_what_tail_prints_of_several_files_and_files_that_are_not_used_are_known() -> None:
    text = b"==> a <==\n" + OLDER + b"\n==> b c <==\n" + LOG + b"\n==> vmcore <== not used: a dump of memory\n"
    reading = read(text)
    assert [source.name for source in reading.sources] == ["a", "b c"]
    assert reading.unused_files == (UnusedFile("vmcore", "a dump of memory", (text.count(b"\n"),)),)
    assert [boot.source for boot in reading.boots] == ["a", "b c"]


def test_nothing_goes_on_in_the_next_file() -> None:
    wrapped = b"[    0.000000] Command line: ro quiet\n"
    entry = b"[    0.000000] BIOS-e820: [mem 0x0000000000100000-"
    text = b"==> a <==\n" + wrapped + entry + b"\n==> b <==\n0x000000000badffff] usable\nconsole=ttyS0 memmap=1G!4G\n"
    reading = read(text + LOG)
    assert [boot.command_line for boot in reading.boots if boot.source == "a"] in ([], ["ro quiet"])
    assert 0xBAE0000 not in {int(item.end) for boot in reading.boots for item in boot.firmware_map}


def test_a_kernel_line_names_no_file_and_names_of_sysfs_are_read_as_before() -> None:
    assert read(b"[    1.000000] ==> passwd <==\n" + LOG).sources == ()
    text = b"==> /sys/firmware/memmap/0/start <==\n0x0\n\n==> /sys/kernel/debug/memblock/memory <==\n" + LOG
    assert read(text).sources == ()
    assert read(b"==> node   0: [mem 0x0000000000001000-0x000000000009efff] <==\n" + LOG).sources == ()


@pytest.mark.parametrize("turned", [False, True])
def test_parts_of_pstore_in_files_of_their_own_are_one_log(turned: bool) -> None:
    names = sorted(PSTORE, reverse=turned)
    (boot,) = read(assembled([Part(name, PSTORE[name]) for name in names])).boots
    whole = read(LOG).boots[0]
    assert [item.range for item in boot.firmware_map] == [item.range for item in whole.firmware_map]
    assert (boot.command_line, boot.release) == (whole.command_line, whole.release)


def test_a_pasted_list_of_pstore_files_last_part_first_is_put_in_order() -> None:
    names = sorted(PSTORE)
    text = b"".join(f"==> {name} <==\n".encode() + PSTORE[name] for name in names)
    reading = read(text)
    assert reading.turned
    (boot,) = reading.boots
    assert [source.name for source in reading.sources] == names
    line = boot.node_ranges[0].lines[0]
    assert b"node   0: [mem " in text.split(b"\n")[line - 1]
    assert boot.source == names[-1]


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        (LOG, LOG, "file-1"),
        (LOG, LOG + b"[  100.000000] the end\n", "file-1"),
        (b"".join(LOG.splitlines(keepends=True)[:1000]), LOG, "file-2"),
        (LOG, hosted(LOG), "file-1"),
        (LOG, journal(LOG), "file-1"),
        (journal(LOG), hosted(LOG), "file-2"),
    ],
)
def test_the_same_log_twice_is_one_boot_that_names_both(one: bytes, other: bytes, kept: str) -> None:
    reading = boots(one, other, OLDER)
    first, second = reading.boots
    assert (first.source, second.source) == (kept, "file-3")
    notes = [note.message for note in first.diagnostics if note.code == "same-log"]
    assert len(notes) == 1
    assert "file-1:1" in notes[0]
    assert "file-2:1" in notes[0]


def rest(log: bytes, lines: int) -> bytes:
    """What is left of a log of which the kernel's buffer had no room for the first lines."""
    return b"".join(log.splitlines(keepends=True)[lines:])


@pytest.mark.parametrize("lines", [8, 20])
@pytest.mark.parametrize("stamped", [True, False])
def test_a_copy_whose_beginning_was_overwritten_is_of_the_same_boot(lines: int, stamped: bool) -> None:
    cut = rest(LOG, lines) if stamped else journal(rest(LOG, lines))
    reading = boots(later(LOG), LOG, cut)
    assert [boot.source for boot in reading.boots] == ["file-1", "file-2"]
    notes = [[note.message for note in boot.diagnostics if note.code == "same-log"] for boot in reading.boots]
    assert [len(of_boot) for of_boot in notes] == [0, 1]
    assert "file-2:1 stands at file-3:" in notes[1][0]


def test_a_copy_of_a_copy_is_named_too() -> None:
    (boot,) = boots(journal(LOG), journal(LOG), LOG).boots
    notes = [note.message for note in boot.diagnostics if note.code == "same-log"]
    assert len(notes) == 2
    assert all(boot.source and f"begins at {boot.source}:1 stands" in note for note in notes)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LOG, later(LOG)),
        (journal(LOG), journal(later(LOG)).replace(b"10:00:00", b"11:11:11")),
        (LOG, journal(later(LOG))),
        (LOG, hosted(LOG).replace(b"Linux version 5.10.0", b"Linux version 5.10.9")),
        (journal(OLDER[:20_000]), journal(OLDER[:20_000]).replace(b"10:00:00", b"11:11:11")),
    ],
)
def test_two_boots_of_one_kernel_stay_two(one: bytes, other: bytes) -> None:
    assert len(boots(one, other).boots) == 2


def test_the_logs_of_two_hosts_stay_two() -> None:
    assert len(boots(hosted(LOG), hosted(LOG).replace(b" web1 ", b" web2 ")).boots) == 2


def test_files_of_proc_behind_a_copy_belong_to_the_boot() -> None:
    zoneinfo = (
        b"Node 0, zone      DMA\n  pages free     3584\n        spanned  4095\n        present  3998\n  start_pfn: 1\n"
    )
    reading = boots(LOG, OLDER, journal(LOG), zoneinfo)
    assert [bool(boot.files.zoneinfo) for boot in reading.boots] == [True, False]


def test_a_report_that_only_one_copy_has_is_kept() -> None:
    oops = LOG + b"[  101.000001] BUG: unable to handle page fault for address: fffffffffffffffe\n"
    for files in ((LOG, oops), (oops, LOG), (journal(oops), LOG + SECONDS + b"\n")):
        assert [len(boot.events) for boot in read(together(*files)).boots] == [1]


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_name_and_reason_stays_one_line_that_is_read_as_such(name: str, reason: str) -> None:
    text = assembled([Part(name, LOG[:400]), Part("b", b"x")], [Unused(name, reason or "-")])
    reading = read(text)
    assert [source.first_line for source in reading.sources] == [2, LOG[:400].count(b"\n") + 5]
    assert len(reading.unused_files) == 1
    assert all(item.name.isprintable() and len(item.name) <= 240 for item in reading.sources)


def test_very_many_names_are_bounded_and_said() -> None:
    text = b"".join(b"==> %d <==\nx\n" % at for at in range(3000)) + LOG
    reading = read(text)
    assert len(reading.sources) == 1000
    (boot,) = reading.boots
    (note,) = (note for note in boot.diagnostics if note.code == "more-files")
    assert note.line == 2001
    long = read(b"==> " + b"n" * 60_000 + b" <==\n" + LOG)
    assert len(long.sources[0].name) == 240


def test_work_grows_with_the_text_in_names_and_in_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    def names(count: int) -> bytes:
        return b"==> a <==\n\n==> b <== not used: x\n" * count

    def copies(count: int) -> bytes:
        banner = b"[    0.000001] Linux version 5.10.0 (a@b)\n[    0.000002] Zone ranges:\n"
        return b"".join(b"==> %d <==\n" % at + banner + b"[    0.%06d] x\n" % at for at in range(count))

    for text in (names, copies):
        assert work(text(800), monkeypatch) < 12 * work(text(100), monkeypatch)


def test_words_for_lines_name_file_and_line_and_few_files() -> None:
    sources = (Source("a", 2, 10), Source("b", 20, 10), Source("c", 40, 5))
    assert [line_words(lines, sources) for lines in ((), (1,), (2,), (2, 4), (3, 21), (3, 21, 41))] == [
        "", "line 1", "a:1", "a:1-3", "a:2, b:2", "a:2, b:2 and 1 more",
    ]  # fmt: skip
    assert [line_words(lines) for lines in ((7,), (7, 9))] == ["line 7", "lines 7-9"]


def test_a_text_of_one_file_has_no_sources() -> None:
    assert read(LOG).sources == ()
    assert samples.text("efi-nodes") == assembled([Part("", LOG)])
