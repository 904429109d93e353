"""The layout of a log, with the memory model that its printed counts prove where no line names it."""

from app.analysis.checks import checks
from app.analysis.choice import choose
from app.bootlog.model import BootLog
from app.kernel.architecture import MemoryModel
from app.kernel.release import Release
from app.layout import Layout, build_layout
from app.layout.memory_model import ToldModel

_COUNTED = "the printed counts fit no other"
_NOT_COUNTED = "with the other one there would be counts of unavailable pages, and the log has none"


def proven_layout(log: BootLog, release: Release | None, arch: str | None, *, overridden: bool) -> Layout:
    """The layout under the usual memory model, or under the one that contradicts the fewest printed counts.

    Where two contradict alike, the one with the fewest counts that the log lacks is taken; that is no proof.
    ``overridden``: the release is not the log's own, so its counts prove nothing.
    """
    usual = build_layout(log, release, arch)
    counts = log.page_counts
    if not usual.memmap.assumed or overridden or not (counts.count_line or counts.zonelists or counts.zone_memmap):
        return usual
    told = [ToldModel(model, _COUNTED) for model in MemoryModel]
    found = [(_wrong(log, layout, release), layout) for layout in (build_layout(log, release, arch, m) for m in told)]
    known = sorted(((wrong, layout) for wrong, layout in found if layout.knows_struct_pages), key=lambda item: item[0])
    if len(known) < 2 or known[0][0] == known[1][0]:
        return usual
    best = known[0][1]
    if known[0][0][0] < known[1][0][0] or best.memmap.model is None:
        return best
    if best.memmap.model is usual.memmap.model:
        return usual
    return build_layout(log, release, arch, ToldModel(best.memmap.model, _NOT_COUNTED, assumed=True))


def _wrong(log: BootLog, layout: Layout, release: Release | None) -> tuple[int, int]:
    """How many printed counts a layout contradicts, and how many that it gives are not printed.

    Where the log has some counts of unavailable pages, one that it lacks among them contradicts as well.
    """
    choice = choose(log.page_counts, layout, release, overridden=False)
    found = checks(log, layout, choice, release.stable if release else None)
    contradicted, lacking = sum(check.agrees is False for check in found), sum(not check.lines for check in found)
    return contradicted + (lacking if log.page_counts.count_line else 0), lacking
