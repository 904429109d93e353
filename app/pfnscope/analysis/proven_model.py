"""The layout of a log, with the memory model and page size that its printed counts prove where no line names them."""

from collections.abc import Callable
from itertools import product

from pfnscope.analysis.checks import checks
from pfnscope.analysis.choice import choose
from pfnscope.bootlog.model import BootLog
from pfnscope.kernel.architecture import MemoryModel
from pfnscope.kernel.release import Release
from pfnscope.layout import Layout, build_layout
from pfnscope.layout.memory_model import ToldModel
from pfnscope.layout.page_size import CHOICES

_COUNTED = "the printed counts fit no other"
_NOT_COUNTED = "with the other one there would be counts of unavailable pages, and the log has none"

Wrong = tuple[int, int]
"""How many printed counts a layout contradicts, and how many that it gives are not printed."""


def proven_layout(log: BootLog, release: Release | None, arch: str | None, *, overridden: bool) -> Layout:
    """The layout under the usual model and page size, or under those that contradict the fewest printed counts.

    Where two models contradict alike, the one with the fewest counts that the log lacks is taken; that is no proof.
    ``overridden``: the release is not the log's own, so its counts prove nothing.
    """
    usual = build_layout(log, release, arch)
    counts = log.page_counts
    if overridden or not (counts.count_line or counts.zonelists or counts.zone_memmap):
        return usual
    sizes: tuple[int | None, ...] = (None,)
    guessed = any(name == "page_size" for name, _ in usual.assumed) and "page_size" not in log.assumed
    if guessed and _wrong(log, usual, release)[0]:
        sizes = CHOICES.get(usual.arch or "", sizes)
    models: tuple[ToldModel | None, ...] = (None,)
    if usual.memmap.assumed:
        models = tuple(ToldModel(model, _COUNTED) for model in MemoryModel)
    if len(sizes) * len(models) == 1:
        return usual
    return _best(usual, sizes, models, lambda model, size: build_layout(log, release, arch, model, size), log, release)


def _best(
    usual: Layout,
    sizes: tuple[int | None, ...],
    models: tuple[ToldModel | None, ...],
    build: Callable[[ToldModel | None, int | None], Layout],
    log: BootLog,
    release: Release | None,
) -> Layout:
    found: list[tuple[Wrong, ToldModel | None, int | None, Layout]] = []
    for model, size in product(models, sizes):
        layout = build(model, size)
        if layout.knows_struct_pages:
            found.append((_wrong(log, layout, release), model, size, layout))
    found.sort(key=lambda item: item[0])
    if len(found) < 2 or found[0][0] == found[1][0]:
        return usual
    wrong, model, size, best = found[0]
    if wrong[0] < found[1][0][0] or model is None:
        return best
    if model.model is usual.memmap.model and best.page_size == usual.page_size:
        return usual
    return build(ToldModel(model.model, _NOT_COUNTED, assumed=True), size)


def _wrong(log: BootLog, layout: Layout, release: Release | None) -> Wrong:
    """Where the log has some counts of unavailable pages, one that it lacks among them contradicts as well."""
    choice = choose(log.page_counts, layout, release, overridden=False)
    found = checks(log, layout, choice, release.stable if release else None)
    contradicted, lacking = sum(check.agrees is False for check in found), sum(not check.lines for check in found)
    return contradicted + (lacking if log.page_counts.count_line else 0), lacking
