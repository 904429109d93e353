"""The layout of a log, with the memory model and page size that its printed counts prove where no line names them."""

from functools import cache
from itertools import product

from msgspec import Struct, structs

from pfnscope.analysis.checks import checks
from pfnscope.analysis.choice import choose
from pfnscope.analysis.nomap import with_nomap
from pfnscope.analysis.replay import PassCount, replay
from pfnscope.kernel.architectures import MemoryModel, architecture
from pfnscope.kernel.release import Release
from pfnscope.kernel.rules import StructPageRule
from pfnscope.layout import build_layout
from pfnscope.layout.memory_model import ModelEvidence
from pfnscope.model.analysis import Check, Choice
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog

_COUNTED = "the printed counts fit no other"
_NOT_COUNTED = "with the other one there would be counts of unavailable pages, and the log has none"


class Fit(Struct, frozen=True):
    """A layout with the rule of its kernel, and the kernel's own counts compared with it.

    ``booted_from`` is the log without the late nodes that it has of another kernel: see Analysis.
    """

    booted_from: BootLog
    layout: Layout
    choice: Choice
    checks: tuple[Check, ...]

    @property
    def wrong(self) -> tuple[int, int]:
        """How many printed counts the layout contradicts, and how many that it gives are not printed.

        Where the log has some counts of unavailable pages, one that it lacks among them contradicts as well.
        """
        contradicted = sum(check.agrees is False for check in self.checks)
        lacking = sum(not check.lines for check in self.checks)
        return contradicted + (lacking if self.booted_from.page_counts.count_line else 0), lacking


def fit_layout(log: BootLog, release: Release | None, arch: str | None, own: Release | None) -> Fit:
    """The layout under the usual model and page size, or under those that contradict the fewest printed counts.

    Where two models contradict alike, the one with the fewest counts that the log lacks is taken; that is no proof.
    ``own`` is the log's own release: where ``release`` is another one, the log's counts prove nothing of it.
    """
    if release is not own:
        # like every count, the lines of late initialisation are of the log's own kernel
        plain = structs.replace(log, page_counts=structs.replace(log.page_counts, deferred=()))
        return _fit(log, build_layout(plain, release, arch), release, own)
    usual = _fit(log, build_layout(log, release, arch), release, own)
    best = _best(usual, log, release, arch)
    layout = with_nomap(best.layout, log.page_counts)
    return best if layout is best.layout else _fit(log, layout, release, own)


def _fit(log: BootLog, layout: Layout, release: Release | None, own: Release | None) -> Fit:
    @cache
    def counted(rule: StructPageRule) -> tuple[PassCount, ...]:
        return replay(layout, rule)[1]

    choice = choose(log, layout, counted, release, overridden=release is not own)
    checked = checks(log, layout, choice, counted, own.stable if own else None)
    deferred = log.page_counts.deferred if release is own else ()
    booted_from = structs.replace(log, page_counts=structs.replace(log.page_counts, deferred=deferred))
    return Fit(booted_from, layout, choice, checked)


def _best(usual: Fit, log: BootLog, release: Release | None, arch: str | None) -> Fit:
    counts = log.page_counts
    if not (counts.count_line or counts.zonelists or counts.zone_memmap):
        return usual
    sizes: tuple[int | None, ...] = (None,)
    guessed = any(name == "page_size" for name, _ in usual.layout.assumed) and "page_size" not in log.assumed
    if guessed and usual.wrong[0]:
        choices = architecture(usual.layout.arch).page_sizes
        sizes = tuple(sorted(choices)) if len(choices) > 1 else sizes
    models: tuple[ModelEvidence | None, ...] = (None,)
    if usual.layout.memmap.assumed:
        models = tuple(ModelEvidence(model, _COUNTED) for model in MemoryModel)
    if len(sizes) * len(models) == 1:
        return usual

    def fit(model: ModelEvidence | None, size: int | None) -> Fit:
        return _fit(log, build_layout(log, release, arch, model, size), release, release)

    tried = [(fit(model, size), model, size) for model, size in product(models, sizes)]
    fits = sorted((item for item in tried if item[0].layout.knows_struct_pages), key=lambda item: item[0].wrong)
    if len(fits) < 2 or fits[0][0].wrong == fits[1][0].wrong:
        return usual
    best, model, size = fits[0]
    if best.wrong[0] < fits[1][0].wrong[0] or model is None:
        return best
    if model.model is usual.layout.memmap.model and best.layout.page_size == usual.layout.page_size:
        return usual
    return fit(ModelEvidence(model.model, _NOT_COUNTED, assumed=True), size)
