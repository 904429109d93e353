"""``pfnscope capture`` records this machine, by no read that could crash it; ``verify`` holds a log against that."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from pfnscope.analysis import Analysis
from pfnscope.analysis import analyze as judge
from pfnscope.analysis.hazards import left_out, top_of
from pfnscope.analysis.verify import verify
from pfnscope.bootlog import LOOKED_FOR, read
from pfnscope.errors import ServiceError
from pfnscope.files import FileRefused, read_file
from pfnscope.kernel.architectures import architecture_of_machine
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import ALL_WRITTEN
from pfnscope.kernel.vendors import parse_release
from pfnscope.layout.blocks import block_size
from pfnscope.model.answers import Verification
from pfnscope.model.log import BootLog, Files
from pfnscope.opening.packing import read_log_file
from pfnscope.opening.texts import opened_path
from pfnscope.recording.kpageflags import plan, read_flags
from pfnscope.recording.machine import kernel_log, small_files
from pfnscope.recording.model import SUMMARY
from pfnscope.recording.reading import Summary, read_record, read_summary, record_of
from pfnscope.service.analyzing import Options, chosen, judged
from pfnscope.service.errors import NoMemoryLayout
from pfnscope.units import PAGE_SIZE

Say = Callable[[str], None]

_FLAGS = "kpageflags.runs.txt"
_LOG = "dmesg.txt"
_UNFINISHED = b"left to deferred_grow_zone"
"""Printed by kernels that initialise some struct pages only when a zone runs short of memory."""
_NO_WALKERS = "valid_zones and removable left out: on this release they walk unwritten struct pages"


class CannotRecord(ServiceError):
    """The folder cannot be written, or nothing could be read."""


def capture(folder: Path, root: Path, say: Say) -> Summary:
    """Record the machine whose /proc, /sys and /dev are below ``root`` into a new or empty folder.

    What cannot be read is noted with the reason, and the rest is recorded. ``say`` is called with progress messages.
    Raises CannotRecord.
    """
    if sys.platform != "linux" and root == Path("/"):
        raise CannotRecord("This machine runs no Linux: there is nothing to record.")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise CannotRecord(f"{folder} is not empty; give a new folder, so that two records are never mixed.")
        summary = _record(folder, root, say)
    except OSError as error:
        raise CannotRecord(f"Cannot write {error.filename or folder}: {error.strerror}.") from error
    if not any(item.name != SUMMARY for item in folder.iterdir()):
        raise CannotRecord(f"Nothing could be read below {root}: {'; '.join(summary.not_recorded.values())}.")
    return summary


def _record(folder: Path, root: Path, say: Say) -> Summary:
    not_recorded: dict[str, str] = {}
    partly_recorded: dict[str, str] = {}
    release = _release(root)
    parsed = parse_release(release)
    version = parsed.stable if parsed else None
    log = kernel_log(root)
    if not log.text:
        not_recorded["dmesg.txt"] = "; ".join(log.refused)
    else:
        (folder / "dmesg.txt").write_bytes(log.text)
        if not log.whole:
            partly_recorded["dmesg.txt"] = "; ".join(log.refused)
    walkers = ALL_WRITTEN.reached(version)
    for name, text, why in small_files(root, walkers=walkers):
        if text is None:
            not_recorded[name] = why
        else:
            (folder / name).write_text(text, encoding="utf-8")
            if name == "memory-blocks.txt" and not walkers:
                partly_recorded[name] = _NO_WALKERS
    this_machine = root == Path("/")
    machine, page_size = (os.uname().machine, os.sysconf("SC_PAGE_SIZE")) if this_machine else (None, None)
    summary = Summary(release, machine, page_size, not_recorded, partly_recorded)
    _write(folder, summary)  # now: the record is usable even if the next step crashes the machine
    try:
        _flags(folder, root, summary, log.text, version, say)
    except OSError as error:
        not_recorded[_FLAGS] = _why_no_flags(error)
        (folder / _FLAGS).unlink(missing_ok=True)
    _write(folder, summary)
    return summary


def _write(folder: Path, summary: Summary) -> None:
    (folder / SUMMARY).write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=1) + b"\n")


def _release(root: Path) -> str | None:
    try:
        return read_file(root / "proc/sys/kernel/osrelease", 4096).decode("utf-8", "replace").strip()
    except OSError:
        return None


def _why_no_flags(error: OSError) -> str:
    if isinstance(error, FileRefused):
        return str(error.strerror)
    if isinstance(error, FileNotFoundError):
        return "the kernel was built without CONFIG_PROC_PAGE_MONITOR, or this is a container"
    return f"{error.strerror}: only root may read it, and no container without CAP_SYS_ADMIN"


def _flags(folder: Path, root: Path, summary: Summary, log: bytes, version: Version | None, say: Say) -> None:
    analysis = _analysis(log, summary.release)
    page_size = summary.page_size or (analysis.layout.page_size if analysis else PAGE_SIZE)
    record = read_record(folder, page_size)
    top = top_of(analysis, record, version)
    if top == 0:
        raise OSError(0, "nothing tells where memory is")
    reasons = left_out(analysis, record, version, top, unfinished=_UNFINISHED in log)
    steps = plan(top, reasons, _borders(analysis) if analysis else ())
    skipped = sum(step.frames.pages for step in steps if step.why_not is not None)
    if skipped:
        say(f"/proc/kpageflags: {skipped} of {top} frames are left out")
    with (folder / _FLAGS).open("w", encoding="ascii", buffering=1) as out:
        read_flags(
            root / "proc/kpageflags",
            steps,
            out,
            lambda done, total: say(f"/proc/kpageflags: {100 * done // total} % of {total} frames"),
        )


def _analysis(log: bytes, release: str | None) -> Analysis | None:
    """The analysis of the running kernel's log; None where it has no layout, or is another kernel's."""
    boots = read(log).boots if log else ()
    boot = next((boot for boot in reversed(boots) if boot.node_ranges), None)
    if boot is None or (release is not None and boot.release != release):
        return None
    return judge(boot)


def _borders(analysis: Analysis) -> tuple[int, ...]:
    """Where runs have to end: from NO_FLAG on a frame without a struct page has no flag of its own."""
    layout = analysis.layout
    sets = (layout.struct_pages, layout.memory_frames)
    return tuple(border for frames in sets for item in frames for border in (item.start, item.end))


class CannotVerify(ServiceError):
    """The folder or its log cannot be read."""


def verify_path(path: Path, options: Options) -> Verification:
    """Compare the analysis of a log with the other files of a record of ``capture``, or of a report.

    A report is a folder or an archive as sos, supportconfig or a person makes them; its log is that of the boot which
    its files of /proc lie beside, or which the options name. Of a record, release and architecture are those of the
    log, else of the options, else of the record's summary. Raises CannotVerify, CannotOpen, and as the analysis does:
    NoMemoryLayout, BadOption.
    """
    try:
        if any((path / name).exists() for name in (_LOG, SUMMARY)):
            return _verify_record(path, options)
        return _verify_report(opened_path(path), options)
    except OSError as error:
        raise CannotVerify(f"Cannot read {error.filename or path}: {error.strerror}.") from error


def _verify_record(folder: Path, options: Options) -> Verification:
    log = read_log_file(folder / _LOG)
    analysis = _completed(log, options, read_summary(folder))
    return verify(analysis, read_record(folder, analysis.layout.page_size))


def _verify_report(text: bytes, options: Options) -> Verification:
    reading = read(text)
    log = chosen(reading, options)
    alone = _without_files(log)
    if not alone.has_layout:
        raise NoMemoryLayout(LOOKED_FOR, reading.seen, reading.line_count)
    analysis = judged(msgspec.structs.replace(reading, boots=(alone,)), msgspec.structs.replace(options, boot=None))
    size = block_size(analysis.log, analysis.layout)
    return verify(analysis, record_of(log, analysis.layout.page_size, size.size if size else None))


def _without_files(log: BootLog) -> BootLog:
    """The boot as its log alone says it: no file may be held against facts that were taken from it."""
    taken = {note.code for note in log.diagnostics}
    return msgspec.structs.replace(
        log,
        files=Files(),
        node_ranges=() if "node-ranges-from-debugfs" in taken else log.node_ranges,
        firmware_map=() if "firmware-map-from-sysfs" in taken else log.firmware_map,
    )


def verify_live(root: Path, options: Options, say: Say) -> Verification:
    """Capture this machine into a temporary folder, and verify that. Raises as both do."""
    with tempfile.TemporaryDirectory(prefix="pfnscope-") as folder:
        summary = capture(Path(folder), root, say)
        if "dmesg.txt" in summary.not_recorded:
            raise CannotVerify(f"No log to analyse: {summary.not_recorded['dmesg.txt']}.")
        if "dmesg.txt" in summary.partly_recorded:
            say(f"dmesg.txt is not whole: {summary.partly_recorded['dmesg.txt']}")
        return verify_path(Path(folder), options)


def _completed(log: bytes, options: Options, summary: Summary) -> Analysis:
    """The analysis of the boot that the options choose, with what its log lacks from the record's summary."""
    reading = read(log)
    plain = judged(reading, options)
    kernel = options.kernel or (summary.release if plain.log.release is None else None)
    machine = architecture_of_machine(summary.machine)
    arch = options.arch or (machine if plain.log.arch is None else None)
    if (kernel, arch) == (options.kernel, options.arch):
        return plain
    return judged(reading, Options(kernel=kernel, arch=arch, boot=options.boot))
