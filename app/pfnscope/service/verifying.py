"""The use case behind ``pfnscope verify``: compares the analysis of a recorded log with the files of the record."""

import tempfile
from pathlib import Path

from pfnscope.analysis import Analysis
from pfnscope.analysis.verify import verify
from pfnscope.bootlog import read
from pfnscope.kernel.architectures import architecture_of_machine
from pfnscope.model.answers import Verification
from pfnscope.recording.reading import Summary, read_record, read_summary
from pfnscope.service.analyzing import Options, judged
from pfnscope.service.errors import ServiceError
from pfnscope.service.recording import Say, capture
from pfnscope.service.unpacking import read_log_file


class CannotVerify(ServiceError):
    """The folder or its log cannot be read."""


def verify_folder(folder: Path, options: Options) -> Verification:
    """Compare the analysis of ``folder``/dmesg.txt with the other files of the folder.

    Release and architecture are those of the log, else of the options, else of the record's summary. Raises
    CannotVerify, and as the analysis does: NoMemoryLayout, BadOption.
    """
    try:
        log = read_log_file(folder / "dmesg.txt")
        summary = read_summary(folder)
        analysis = _analysis(log, options, summary)
        record = read_record(folder, analysis.layout.page_size)
    except OSError as error:
        raise CannotVerify(f"Cannot read {error.filename or folder}: {error.strerror}.") from error
    return verify(analysis, record)


def verify_live(root: Path, options: Options, say: Say) -> Verification:
    """Capture this machine into a temporary folder, and verify that. Raises as both do."""
    with tempfile.TemporaryDirectory(prefix="pfnscope-") as folder:
        summary = capture(Path(folder), root, say)
        if "dmesg.txt" in summary.not_recorded:
            raise CannotVerify(f"No log to analyse: {summary.not_recorded['dmesg.txt']}.")
        if "dmesg.txt" in summary.partly_recorded:
            say(f"dmesg.txt is not whole: {summary.partly_recorded['dmesg.txt']}")
        return verify_folder(Path(folder), options)


def _analysis(log: bytes, options: Options, summary: Summary) -> Analysis:
    """The analysis of the boot that the options choose, with what its log lacks from the record's summary."""
    reading = read(log)
    plain = judged(reading, options)
    kernel = options.kernel or (summary.release if plain.log.release is None else None)
    machine = architecture_of_machine(summary.machine)
    arch = options.arch or (machine if plain.log.arch is None else None)
    if (kernel, arch) == (options.kernel, options.arch):
        return plain
    return judged(reading, Options(kernel=kernel, arch=arch, boot=options.boot))
