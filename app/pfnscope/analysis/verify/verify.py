"""One analysis against one record."""

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.verify.blocks import changes, compare_blocks
from pfnscope.analysis.verify.pages import compare_pages
from pfnscope.analysis.verify.zones import compare_zones
from pfnscope.model.verification import Verification
from pfnscope.recording.model import Record


def verify(analysis: Analysis, record: Record) -> Verification:
    """Hold zones, struct pages, Reserved bits, deaths of readers and memory blocks against the record.

    The analysis must be that of the log alone: a file is never held against facts that were taken from it.
    """
    layout = analysis.layout
    changed = changes(layout, record)
    comparisons = (
        compare_zones(layout, record, changed),
        *compare_pages(analysis, record, changed),
        compare_blocks(layout, record, changed),
    )
    compared = any(item.agreed is not None for item in comparisons)
    return Verification(
        agrees=compared and not any(item.mismatches for item in comparisons),
        compared=compared,
        release=analysis.release.text if analysis.release else None,
        assumed=tuple(name for name, _ in analysis.assumed),
        changes=tuple(changed.words()),
        comparisons=comparisons,
    )
