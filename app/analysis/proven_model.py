"""The layout of a log, with the memory model that its printed counts prove where no line names it."""

from app.analysis.checks import checks
from app.analysis.choice import choose
from app.bootlog.model import BootLog
from app.kernel.architecture import MemoryModel
from app.kernel.release import Release
from app.layout import Layout, build_layout


def proven_layout(log: BootLog, release: Release | None, arch: str | None, *, overridden: bool) -> Layout:
    """The layout under the usual memory model, or under the one that contradicts the fewest printed counts.

    ``overridden``: the release is not the log's own, so its counts prove nothing.
    """
    usual = build_layout(log, release, arch)
    counts = log.page_counts
    if not usual.memmap.assumed or overridden or not (counts.count_line or counts.zonelists or counts.zone_memmap):
        return usual
    layouts = [build_layout(log, release, arch, model) for model in MemoryModel]
    wrong = {at: _wrong(log, layout, release) for at, layout in enumerate(layouts) if layout.knows_struct_pages}
    best = min(wrong, key=lambda at: wrong[at])
    proven = all(count > wrong[best] for at, count in wrong.items() if at != best) and len(wrong) > 1
    return layouts[best] if proven else usual


def _wrong(log: BootLog, layout: Layout, release: Release | None) -> int:
    """How many printed counts a layout contradicts."""
    choice = choose(log.page_counts, layout, release, overridden=False)
    return sum(check.agrees is False for check in checks(log, layout, choice, release.stable if release else None))
