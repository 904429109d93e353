"""The layout of a log, with the memory model that its printed counts prove where no line names it."""

from app.analysis.choice import choose, printed_counts, same_counts
from app.analysis.replay import replay
from app.bootlog.model import BootLog
from app.kernel.architecture import MemoryModel
from app.kernel.release import Release
from app.layout import Layout, build_layout


def proven_layout(log: BootLog, release: Release | None, arch: str | None, *, overridden: bool) -> Layout:
    """The layout under the usual memory model, or under the one that alone explains every printed count.

    ``overridden``: the release is not the log's own, so its counts prove nothing.
    """
    usual = build_layout(log, release, arch)
    if not usual.memmap.assumed or overridden or log.page_counts.count_line is None:
        return usual
    layouts = {model: build_layout(log, release, arch, model) for model in MemoryModel}
    fitting = [layout for layout in layouts.values() if layout.knows_struct_pages and _explains(log, layout, release)]
    return fitting[0] if len(fitting) == 1 else usual


def _explains(log: BootLog, layout: Layout, release: Release | None) -> bool:
    rule = choose(log.page_counts, layout, release, overridden=False).rule
    if rule is None or rule.wording is not log.page_counts.count_line:
        return False
    return same_counts(rule.wording, replay(layout, rule)[1], printed_counts(log.page_counts))
