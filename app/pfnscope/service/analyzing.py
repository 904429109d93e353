"""A text to the document of one of its boots, or of two to compare: what all other use cases start from."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from pfnscope.analysis import Analysis
from pfnscope.analysis import analyze as judge
from pfnscope.bootlog import LOOKED_FOR, Reading, read
from pfnscope.kernel import architectures
from pfnscope.kernel.architecture_row import MemoryModel
from pfnscope.kernel.vendors import parse_release
from pfnscope.model import encoding
from pfnscope.model.document import Document
from pfnscope.model.log import BootLog
from pfnscope.report.build import document
from pfnscope.service.boots import rows, usual_boot
from pfnscope.service.errors import BadOption, NoMemoryLayout, NoSuchBoot
from pfnscope.units import whole_number

ARCHITECTURES = frozenset(row.name for row in architectures.ARCHITECTURES)


LEAST_SECTION = 1 << 20
"""Smaller than any SECTION_SIZE_BITS of arch/*/include/asm/sparsemem.h."""


class Options(msgspec.Struct, frozen=True):
    """What the caller overrides: the release, the architecture, and which boot of the text (1-based).

    So do the memory model and the size of a memory section in bytes, where the kernel's configuration is known.
    """

    kernel: str | None = None
    arch: str | None = None
    boot: int | None = None
    memory_model: str | None = None
    section_size: int | None = None


DEFAULTS = Options()
Item = TypeVar("Item")


class Analyzed(msgspec.Struct, frozen=True):
    """A document with the reading that it was made from."""

    document: Document
    reading: Reading


def analyze(text: bytes, options: Options = DEFAULTS) -> Analyzed:
    """Read a text and analyse one boot of it: the one that the options name, or the usual one.

    Raises NoMemoryLayout, NoSuchBoot or BadOption.
    """
    reading = read(text)
    return Analyzed(documented(reading, options), reading)


def documented(reading: Reading, options: Options = DEFAULTS) -> Document:
    """The document of one boot of a reading, which names the others. Raises what :func:`analyze` raises."""
    analysis = judged(reading, options)
    return document(analysis, rows(reading.boots, analysis.log, options.kernel, options.arch), reading.boots)


def encode(value: object) -> bytes:
    """JSON of a document or another answer: one line of UTF-8 with its end, the same bytes from command and API."""
    return encoding.encode(value) + b"\n"


def judged(reading: Reading, options: Options = DEFAULTS) -> Analysis:
    """The analysis of one boot of a reading, chosen and refused as :func:`analyze` does."""
    log = chosen(reading, options)
    model, section = options.memory_model, options.section_size
    if model is not None and model not in [item.value for item in MemoryModel]:
        raise BadOption(f"Unknown memory model {model!r}; known are sparsemem and flatmem.")
    if section is not None and (section < LEAST_SECTION or section & (section - 1) or model == "flatmem"):
        raise BadOption("A memory section has a power of two of at least 1 MiB, and SPARSEMEM alone has sections.")
    return judge(
        log,
        kernel=options.kernel,
        arch=options.arch,
        model=MemoryModel(model) if model else None,
        section=section,
    )


def chosen(reading: Reading, options: Options = DEFAULTS) -> BootLog:
    """The boot of a reading that the options mean. Raises what :func:`analyze` raises."""
    boots = reading.boots
    if not boots:
        from pfnscope.opening.kinds import kind_of

        raise NoMemoryLayout(LOOKED_FOR, reading.seen, reading.line_count, kind_of(reading.start))
    if options.arch is not None and options.arch not in ARCHITECTURES:
        raise BadOption(f"Unknown architecture {options.arch!r}; known are {', '.join(sorted(ARCHITECTURES))}.")
    if options.boot is not None and not 1 <= options.boot <= len(boots):
        raise NoSuchBoot(options.boot, len(boots))
    if options.kernel and parse_release(options.kernel) is None:
        raise BadOption(f"Not a kernel release: {options.kernel!r}; give one such as 4.17 or 6.1.90.")
    if options.boot is None:
        return usual_boot(boots, options.kernel, options.arch)
    return boots[options.boot - 1]


MOST_COMPARED = 64
"""Boots that are compared with each other at once."""


def documents(
    *texts: bytes, boots: Sequence[int | None] = (), kernel: str | None = None, arch: str | None = None
) -> tuple[Document, ...]:
    """The documents to compare: of one boot of each text, the one that ``boots`` names or the usual one.

    Of one text alone they are those of the boots that are named, or of all of them but capture kernels. ``kernel``
    and ``arch`` override what they say. Raises BadOption, and what :func:`pfnscope.service.analyze` raises for any.
    """
    if len(texts) == 1:
        reading = read(texts[0])
        numbers = tuple(boots) or _running(reading)
        return tuple(documented(reading, Options(kernel, arch, number)) for number in _few(numbers))
    if boots and len(boots) != len(texts):
        raise BadOption(f"{len(texts)} texts and {len(boots)} boots: name one boot for each text.")
    _few(texts)
    return tuple(
        analyze(text, Options(kernel, arch, boot)).document
        for text, boot in zip(texts, boots or [None] * len(texts), strict=True)
    )


def _running(reading: Reading) -> tuple[int, ...]:
    """The boots of a text that are compared where none are named; of a single one the second is asked for too."""
    running = tuple(boot.index for boot in reading.boots if not boot.capture_kernel)
    return running if len(running) > 1 else (1, 2)


def _few(items: Sequence[Item]) -> Sequence[Item]:
    if len(items) > MOST_COMPARED:
        raise BadOption(f"{len(items)} boots are too many to compare at once; name up to {MOST_COMPARED}.")
    return items


def parse_boots(text: str | None, files: int) -> tuple[int, ...]:
    """``N,M,…`` as numbers of boots from 1: two or more of one file, or one for each of several. Raises BadOption."""
    if text is None:
        return ()
    numbers = [whole_number(part.strip()) for part in text.split(",")]
    known = tuple(number for number in numbers if number is not None)
    if len(known) != len(numbers) or len(known) < 2 or files not in (1, len(known)):
        raise BadOption(f"{text[:40]!r} does not name the boots; give two numbers or more such as 1,2.")
    return known
