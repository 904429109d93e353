"""The use case of placing a memmap= region: a text and a size in, safe and unsafe starts out."""

from typing import Literal

from pfnscope.analysis import Analysis
from pfnscope.analysis.placement import placements
from pfnscope.bootlog import read
from pfnscope.kernel.architectures import X86
from pfnscope.model.document import Document
from pfnscope.model.placement import Placements
from pfnscope.report.build import document
from pfnscope.service.analyzing import DEFAULTS, Options, judged
from pfnscope.service.errors import BadOption, CannotSimulate
from pfnscope.units import MIB, parse_size

Kind = Literal["!", "$"]


def place(
    text: bytes, size: str, kind: Kind = "!", align: str | None = None, options: Options = DEFAULTS
) -> Placements:
    """Where a region of ``size`` such as ``1G`` can go, at multiples of ``align``, by default of a section.

    Raises what :func:`pfnscope.service.analyze` raises, BadOption for sizes that cannot be read, and CannotSimulate
    where the text does not tell memory, nodes and zones.
    """
    return place_in(judged(read(text), options), size, kind, align)


def placed_beside(
    text: bytes, size: str, kind: Kind = "!", align: str | None = None, options: Options = DEFAULTS
) -> tuple[Document, Placements]:
    """The same, behind the document of the layout that the places are in."""
    analysis = judged(read(text), options)
    return document(analysis), place_in(analysis, size, kind, align)


def place_in(analysis: Analysis, size: str, kind: Kind = "!", align: str | None = None) -> Placements:
    """The same for a log that is analysed already."""
    layout = analysis.layout
    region = _bytes(size, layout.page_size)
    step = _bytes(align, layout.page_size) if align else layout.section_size or 128 * MIB
    if not layout.memory or not layout.zone_spans:
        raise CannotSimulate("the text has no node ranges, so where memory can be taken is not known")
    if layout.arch not in X86:
        raise CannotSimulate(f"memmap= regions exist on x86 only, not on {layout.arch or 'an unknown architecture'}")
    if "numa=fake" in (analysis.log.command_line or ""):
        raise CannotSimulate("with numa=fake= the nodes depend on how much memory there is; simulate one place instead")
    return Placements(
        size=region,
        align=step,
        kind=kind,
        release=analysis.release.text if analysis.release else None,
        assumed=tuple(name for name, _ in analysis.assumed),
        placements=placements(analysis, region // layout.page_size, kind, step // layout.page_size),
    )


def _bytes(text: str, page_size: int) -> int:
    size = parse_size(text)
    if not size or size % page_size or size >= 1 << 64:
        raise BadOption(f"{text!r} is no size; give whole pages, such as 1G, 128M or 0x40000000.")
    return size
