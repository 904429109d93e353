"""Steps that several commands share: reading a log, rendering a document, hints and the exit status."""

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from pfnscope.cli.startup import EXIT_FINDING
from pfnscope.cli.terminal import Refusal, WrongUsage, is_terminal, say, working

if TYPE_CHECKING:
    from pfnscope.model.analysis import Severity
    from pfnscope.model.document import Document
    from pfnscope.report.plain import Look
    from pfnscope.service.analyzing import Options


def assumptions(args: Namespace) -> "Options":
    """The values of ``--kernel``, ``--arch`` and ``--boot``, and of ``--memory-model`` and ``--section-size``."""
    from pfnscope.service.analyzing import Options
    from pfnscope.units import leading_size

    size = getattr(args, "section_size", None)
    section, rest = leading_size(size) if size else (None, "")
    if size and (rest or not section):
        raise WrongUsage(f"--section-size is a size such as 128M or 1G, not {size!r}")
    return Options(
        kernel=args.kernel,
        arch=args.arch,
        boot=args.boot,
        memory_model=getattr(args, "memory_model", None),
        section_size=section,
    )


def status(document: "Document", severity: "Severity | None") -> int:
    """1 where a boot of the text is as bad as ``severity`` or worse, else 0; None as severity is never reached."""
    from pfnscope.model.analysis import worse

    if severity is None:
        return 0
    severities = [document.verdict.severity, *(row.severity for row in document.boots if row.severity)]
    return EXIT_FINDING if any(not worse(severity, one) for one in severities) else 0


def read(log: str) -> bytes:
    """The text of a file, of a folder, or of standard input for ``-``, taken out of whatever it is wrapped in.

    Raises Refusal where it cannot be read, and as :func:`pfnscope.opening.texts.opened`.
    """
    from pfnscope.opening.texts import opened_path, opened_stream

    try:
        if log == "-":
            if sys.stdin is None:
                raise Refusal("standard input is closed")
            if is_terminal(sys.stdin):
                say("pfnscope: reading a log from the terminal; Ctrl-D ends it")
            return opened_stream(sys.stdin.buffer)
        with working(f"reading {log}"):
            return opened_path(log, pipes=True)
    except OSError as error:
        raise Refusal(f"cannot read {log}: {error.strerror}") from error


def render(document: "Document", form: str, look: "Look", text: bytes, today: "Document | None" = None) -> bytes:
    """A document in one of the formats, see ``pfnscope.formats.registry``. A Refusal of what a terminal cannot show."""
    from pfnscope.formats.registry import BY_NAME, Export

    if BY_NAME[form].binary and is_terminal(sys.stdout):
        raise Refusal(f"a terminal cannot show {form}; send it to a file: > layout.{form}")
    return BY_NAME[form].write(Export(document, text, today, look=look))


def hint(document: "Document", boot: int | None) -> None:
    """Print on standard error which option would add something: another boot, or what the text does not prove."""
    count, index, kernel = document.boot.count, document.boot.index, document.kernel
    if count > 1 and boot is None:
        other = index - 1 if index > 1 else index + 1
        pair = f"{min(index, other)},{max(index, other)}"
        say(f"pfnscope: boot {index} of {count}; --boot {other} shows another, compare --boots {pair} what differs")
    if document.node_ranges and kernel.arch is None:
        say("pfnscope: the text names no architecture; --arch ARCH judges it as one")
    if document.node_ranges and kernel.release is None:
        say("pfnscope: the text names no release; --kernel RELEASE judges it as one")
