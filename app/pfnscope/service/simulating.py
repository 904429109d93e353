"""The use case of asking what if: a text and a changed command line in, a document of a boot that was not out."""

import msgspec

from pfnscope.analysis import Analysis
from pfnscope.analysis.whatif import what_if
from pfnscope.bootlog import read
from pfnscope.kernel.command_line import arguments
from pfnscope.model.document import Document
from pfnscope.report.build import document
from pfnscope.report.simulated import simulation
from pfnscope.service.analyzing import DEFAULTS, Options, judged
from pfnscope.service.errors import BadOption, CannotSimulate
from pfnscope.simulation import NotSimulated

LONGEST_COMMAND_LINE = 4096
"""Characters; the kernel's own limit on x86 is half of it (COMMAND_LINE_SIZE)."""


class Change(msgspec.Struct, frozen=True):
    """How the command line differs from the log's: all of it, or arguments to take away, then others to append.

    ``remove`` names arguments (``memmap``) or gives one as it is written (``memmap=1G!4G``).
    """

    full: str | None = None
    remove: tuple[str, ...] = ()
    append: str = ""

    def of(self, command_line: str) -> str:
        """The changed command line."""
        if self.full is not None:
            return self.full
        kept = [item.text for item in arguments(command_line) if not {item.name, item.text} & set(self.remove)]
        return " ".join(filter(None, [*kept, self.append.strip()]))


NO_CHANGE = Change()


def simulate(text: bytes, change: Change = NO_CHANGE, options: Options = DEFAULTS) -> Document:
    """The document of the same machine with a changed command line, on the log's release or on ``options.kernel``.

    Raises what :func:`pfnscope.service.analyze` raises, and CannotSimulate where nothing can be said.
    """
    real = judged(read(text), msgspec.structs.replace(options, kernel=None))
    return simulated(real, change, options.kernel)


def simulated_beside(text: bytes, change: Change = NO_CHANGE, options: Options = DEFAULTS) -> tuple[Document, Document]:
    """The same, behind the document of the log as it is, on the release that the log tells if it does."""
    reading = read(text)
    real = judged(reading, msgspec.structs.replace(options, kernel=None))
    today = real if real.release else judged(reading, options)
    return document(today), simulated(real, change, options.kernel)


def simulated(real: Analysis, change: Change, kernel: str | None = None) -> Document:
    """The same for a log that is analysed already."""
    command_line = change.of(real.log.command_line or "")
    try:
        analysis, boot = what_if(real, command_line, kernel=kernel)
    except NotSimulated as error:
        raise CannotSimulate(str(error)) from error
    except ValueError as error:
        raise BadOption(f"Not a kernel release: {kernel!r}; give one such as 4.17 or 6.1.90.") from error
    return msgspec.structs.replace(document(analysis), simulation=simulation(real, boot))
