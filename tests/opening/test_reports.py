"""Reports of machines: which files are read, in which order, and that they say what the log alone says."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.model.document import Document
from pfnscope.opening.reports import KINDS, MOST_USED, selection
from pfnscope.opening.texts import opened, opened_path
from pfnscope.service.analyzing import analyze
from tests.support.reports import ABRT, CAPTURE, CRASH, LOG, PSTORE, SOSREPORT, SUPPORTCONFIG, TREE, below, write
from tests.support.wrappings import tar_of

ALL = {
    "sosreport": below(TREE, SOSREPORT),
    "supportconfig": below("scc_web1_261130", SUPPORTCONFIG),
    "ABRT directory": below("oops-2026-11-30-10:00:00-1", ABRT),
    "crash directory": CRASH,
    "pstore": PSTORE,
    "capture": CAPTURE,
}
FACTS = (
    "kernel",
    "firmware_map",
    "efi_map",
    "srat",
    "node_ranges",
    "zone_ranges",
    "zone_spans",
    "holes",
    "page_counts",
)


def facts(document: Document) -> list[Any]:
    """What the log says of memory, without the lines that say it."""
    return [_without_lines(getattr(document, name)) for name in FACTS]


def _without_lines(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_without_lines, value))
    if not isinstance(value, msgspec.Struct):
        return value
    return [_without_lines(getattr(value, name)) for name in value.__struct_fields__ if name != "lines"]


PLAIN = facts(analyze(LOG).document)


@pytest.mark.parametrize("kind", ALL)
def test_a_report_says_what_its_log_says_as_a_folder_and_as_an_archive(kind: str, tmp_path: Path) -> None:
    chosen = selection([*ALL[kind]])
    assert chosen is not None
    assert chosen.kind == kind
    folder = opened_path(write(tmp_path, ALL[kind]))
    document = analyze(folder).document
    assert facts(document) == PLAIN
    assert opened(tar_of(ALL[kind])) == folder
    assert sorted(source.name for source in document.sources) == sorted(map(chosen.shown, chosen.used))


def test_the_running_boot_of_a_sosreport_is_shown_and_its_journal_is_the_same_boot() -> None:
    text = opened(tar_of(below(TREE, SOSREPORT)))
    document = analyze(text).document
    assert [(row.source, row.host) for row in document.boots] == [
        ("sos_commands/logs/journalctl_--no-pager_--catalog_--boot_-1", "web1"),
        ("sos_commands/kernel/dmesg", "web1"),
    ]
    assert document.boot.index == 2
    assert (len(document.zoneinfo), len(document.iomem), document.memory_blocks.size) == (10, 34, 128 << 20)
    (note,) = (item for item in document.diagnostics if item.code == "same-log")
    assert "sos_commands/kernel/dmesg:1 stands at sos_commands/logs/journalctl_--no-pager_--catalog_--boot:1" in (
        note.message
    )
    assert [(item.name, item.reason) for item in document.unused_files] == [
        ("2 other files", "what they say is not about memory at boot")
    ]


def test_a_line_of_a_source_is_that_line_of_its_file() -> None:
    text = opened(tar_of(below(TREE, SOSREPORT)))
    document = analyze(text).document
    lines = text.split(b"\n")
    source = next(item for item in document.sources if item.name == "sos_commands/kernel/dmesg")
    assert lines[source.first_line - 2] == b"==> sos_commands/kernel/dmesg <=="
    assert b"\n".join(lines[source.first_line - 1 : source.first_line - 1 + source.lines]) + b"\n" == LOG.replace(
        b"\t", b" "
    )
    (line,) = document.node_ranges[0].lines
    assert b"node   0: [mem " in LOG.split(b"\n")[line - source.first_line]


def test_a_folder_is_read_without_its_links_and_special_files(tmp_path: Path) -> None:
    folder = write(tmp_path / "report", below(TREE, SOSREPORT))
    (tmp_path / "outside").write_bytes(LOG.replace(b"5.10.0", b"6.66.6"))
    (folder / TREE / "sos_commands/kernel/dmesg_-T").symlink_to(tmp_path / "outside")
    (folder / TREE / "proc/meminfo").symlink_to("/dev/zero")
    os.mkfifo(folder / TREE / "var")
    text = opened_path(folder)
    assert b"6.66.6" not in text
    assert text.endswith(b"==> 3 links and special files <== not used: not followed\n\v\f")


def test_logs_of_earlier_boots_come_first_the_oldest_of_all_in_front() -> None:
    names = [f"{TREE}/{name}" for name in (
        "var/log/kern.log", "var/log/messages", "var/log/kern.log.2.gz", "sos_commands/kernel/dmesg", "proc/zoneinfo",
        "var/log/messages-20261101.xz", "var/log/kern.log.10.gz", "var/log/messages-20261108", "var/log/kern.log.1",
        "var/crash/127.0.0.1-2026/vmcore", "var/crash/127.0.0.1-2026/vmcore-dmesg.txt",
    )]  # fmt: skip
    chosen = selection(names)
    assert chosen is not None
    assert [chosen.shown(name) for name in chosen.used] == [
        "var/log/messages-20261101.xz", "var/log/messages-20261108", "var/log/messages",
        "var/log/kern.log.10.gz", "var/log/kern.log.2.gz", "var/log/kern.log.1", "var/log/kern.log",
        "var/crash/127.0.0.1-2026/vmcore-dmesg.txt", "sos_commands/kernel/dmesg", "proc/zoneinfo",
    ]  # fmt: skip
    ((name, why),) = chosen.unused
    assert (chosen.shown(name), why.startswith("a dump of memory")) == ("var/crash/127.0.0.1-2026/vmcore", True)


def test_what_sos_cut_to_its_end_and_what_the_firmware_kept_of_crashes_is_read_too() -> None:
    kept = [f"{TREE}/{name}" for name in (
        "sos_strings/logs/var.log.messages.tailed", "var/crash/127.0.0.1-2026/kexec-dmesg.log",
        "var/lib/systemd/pstore/1795425853/dmesg.txt", "var/lib/systemd/pstore/1795425853/001/dmesg-efi-179542585301",
        "sys/fs/pstore/dmesg-erst-7000001", "sys/fs/pstore/console-ramoops-0",
        "sos_strings/logs/journalctl_--no-pager.tailed", "sos_strings/logs/journalctl_--no-pager_--boot_-1.tailed",
        "sos_strings/logs/journalctl_--no-pager_--boot.tailed", "sos_strings/kernel/dmesg.tailed", "proc/zoneinfo",
    )]  # fmt: skip
    chosen = selection([*reversed(kept), f"{TREE}/sos_reports/sos.txt"])
    assert chosen is not None
    assert list(chosen.used) == kept


def test_links_in_the_archive_of_a_report_are_counted_and_what_they_lead_to_is_read() -> None:
    files = {name: data for name, data in SOSREPORT.items() if name != "sos_commands/kernel/dmesg"}
    files["sos_strings/kernel/dmesg.tailed"] = LOG
    packed = tar_of(below(TREE, files), {f"{TREE}/sos_commands/kernel/dmesg": "../../sos_strings/kernel/dmesg.tailed"})
    text = opened(packed)
    assert facts(analyze(text).document) == PLAIN
    assert b"==> sos_strings/kernel/dmesg.tailed <==\n" in text
    assert text.endswith(b"==> 1 link or special file <== not used: not followed\n\v\f")


def test_of_a_folder_with_too_much_the_running_boot_is_read_first(tmp_path: Path) -> None:
    noise = b"Nov 30 10:00:00 web1 CROND[1]: run-parts\n" * (len(LOG) // 30)
    older = {f"var/log/messages-202611{day}": noise for day in range(10, 20)}
    files = below(TREE, {**older, **SOSREPORT})
    text = opened_path(write(tmp_path, files), limit=6 * len(noise))
    assert facts(analyze(text).document) == PLAIN
    assert b"==> proc/zoneinfo <==\n" in text
    assert b"==> var/log/messages-20261110 <== not used: behind the " in text


def test_folders_of_logs_are_no_report() -> None:
    assert selection(["a/dmesg.txt", "b/dmesg.txt", "c/messages", "README"]) is None
    assert selection([]) is None


def test_of_many_files_the_last_are_read_and_the_others_are_counted() -> None:
    names = [f"127.0.0.1-{at:05}/vmcore-dmesg.txt" for at in range(MOST_USED + 150)]
    chosen = selection(names)
    assert chosen is not None
    assert chosen.used == tuple(names[150:])
    assert len(chosen.unused) == 101
    assert chosen.unused[0][1] == f"behind the {MOST_USED} files that are read"
    assert chosen.unused[-1][0] == "50 other files"


@given(st.lists(st.text("ab/*.-0123dmesgvcoretx\n", max_size=40), max_size=20), st.sampled_from(KINDS))
def test_any_names_are_sorted_out_and_none_is_read_twice_or_made_up(names: list[str], kind: Any) -> None:
    names += [f"{names[0] if names else ''}/{kind.marks[0].replace('*', '1')}"]
    chosen = selection(names)
    if chosen is not None:
        assert len(set(chosen.used)) == len(chosen.used)
        assert set(chosen.used) <= set(names)


def test_every_file_of_the_table_is_found_where_it_lies() -> None:
    for kind in KINDS:
        patterns = (*kind.earlier, *kind.log, *kind.facts)
        names = [f"top/{text.replace('*', '7')}" for text in (*kind.marks, *patterns)]
        chosen = selection(names)
        assert chosen is not None
        assert chosen.kind == kind.name
        assert {f"top/{text.replace('*', '7')}" for text in patterns} <= {*chosen.used, *dict(chosen.unused)}
