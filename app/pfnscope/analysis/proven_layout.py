"""The layout of a log, with the memory model, its unit, page size and NOMAP memory that its printed counts prove.

No line tells which ranges the kernel does not map (MEMBLOCK_NOMAP). But ranges of a node that touch each other are not
merged, so their marks differ, and on arm64 that mark is NOMAP; and up to 5.11 the count of struct pages without memory
has them in it.
"""

from collections.abc import Iterator
from functools import cache
from itertools import islice, product

from msgspec import Struct, structs

from pfnscope.analysis.checks.checks import checks
from pfnscope.analysis.choice import choose, printed_counts, same_counts
from pfnscope.analysis.replay import PassCount, counts_of
from pfnscope.kernel.architecture_row import MemoryModel
from pfnscope.kernel.architectures import BUDDY_ORDERS, SECTION_BITS, X86, architecture, asks_memblock
from pfnscope.kernel.release import Release
from pfnscope.kernel.rules import RULES, CountWording, StructPageRule
from pfnscope.layout import build_layout
from pfnscope.layout.evidence import ModelEvidence
from pfnscope.model.analysis import Check, Choice
from pfnscope.model.counts import PrintedCounts
from pfnscope.model.layout import Layout, MemoryRange
from pfnscope.model.log import BootLog, Diagnostic
from pfnscope.model.ranges import FrameSet
from pfnscope.units import format_size

_COUNTED = "the printed counts fit no other"
_PROVEN = "proven by the kernel's counts"
_ALIKE = "one of several that the kernel's counts fit alike"
_NOT_COUNTED = "with the other one there would be counts of unavailable pages, and the log has none"


class Fit(Struct, frozen=True):
    """A layout with the rule of its kernel, and the kernel's own counts compared with it.

    ``booted_from`` is the log without the late nodes that it has of another kernel: see Analysis. ``explained``: the
    rule gives every count of unavailable pages as printed. ``notes`` are remarks on what the counts choose.
    """

    booted_from: BootLog
    layout: Layout
    choice: Choice
    checks: tuple[Check, ...]
    explained: bool = False
    notes: tuple[Diagnostic, ...] = ()

    @property
    def wrong(self) -> tuple[int, int]:
        """How many printed counts the layout contradicts, and how many that it gives are not printed.

        Where the log has some counts of unavailable pages, one that it lacks among them contradicts as well.
        """
        contradicted = sum(check.agrees is False for check in self.checks)
        lacking = sum(not check.lines for check in self.checks)
        return contradicted + (lacking if self.booted_from.page_counts.count_line else 0), lacking


def fit_layout(
    log: BootLog, release: Release | None, arch: str | None, own: Release | None, demanded: ModelEvidence | None = None
) -> Fit:
    """The layout under the usual model and page size, or under those that contradict the fewest printed counts.

    Where two models contradict alike, the one with the fewest counts that the log lacks is taken; that is no proof.
    Where neither gives the counts of unavailable pages, another unit may: see :func:`_by_unit`. ``own`` is the log's
    own release: where ``release`` is another one, the log's counts prove nothing of it. ``demanded`` is the model that
    the caller gives.
    """
    if release is not own:
        # like every count, the lines of late initialisation are of the log's own kernel
        plain = structs.replace(log, page_counts=structs.replace(log.page_counts, deferred=()))
        return _fit(log, build_layout(plain, release, arch, demanded), release, own)
    usual = _fit(log, build_layout(log, release, arch, demanded), release, own)
    best = usual if demanded else _by_unit(_best(usual, log, release, arch), log, release, arch)
    layout = with_nomap(best.layout, log.page_counts)
    if layout is best.layout:
        return best
    return structs.replace(_fit(log, layout, release, own), notes=best.notes)


def _fit(log: BootLog, layout: Layout, release: Release | None, own: Release | None) -> Fit:
    @cache
    def counted(rule: StructPageRule) -> tuple[PassCount, ...]:
        return counts_of(layout, rule)

    choice = choose(log, layout, counted, release, overridden=release is not own)
    # the log's own kernel printed the counts, whichever release they are judged as
    counting = choice if release is own or own is None else choose(log, layout, counted, own, overridden=False)
    checked = checks(log, layout, counting, counted, own.stable if own else None)
    deferred = log.page_counts.deferred if release is own else ()
    booted_from = structs.replace(log, page_counts=structs.replace(log.page_counts, deferred=deferred))
    printed = printed_counts(log.page_counts)
    rule = choice.rule if printed else None  # without a printed count a replay would explain nothing
    explained = rule is not None and same_counts(rule.wording, counted(rule), printed)
    return Fit(booted_from, layout, choice, checked, explained)


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


def _by_unit(best: Fit, log: BootLog, release: Release | None, arch: str | None) -> Fit:
    """The layout with the section size or largest buddy that explains the counts, where the usual one does not.

    A vendor's kernel may have kept another SECTION_SIZE_BITS or ARCH_FORCE_MAX_ORDER. Where exactly one combination
    explains all counts of unavailable pages, they prove it; of several the first is taken, and all are named.
    """
    layout = best.layout
    if best.explained or not log.page_counts.count_line or layout.arch in X86 or not layout.knows_struct_pages:
        return best
    if with_nomap(layout, log.page_counts) is not layout:
        return best
    tried = (
        (evidence, _fit(log, build_layout(log, release, arch, evidence, layout.page_size), release, release))
        for evidence in islice(_units(layout), _MOST_TRIES)
    )
    fits = [(evidence, fit) for evidence, fit in tried if fit.explained and fit.layout.knows_struct_pages]
    if not fits:
        return best
    evidence, fit = fits[0]
    line = next((check.lines[0] for check in fit.checks if check.ranges and check.lines), None)
    if len(fits) == 1:
        words = _unit_words(evidence)
        message = f"{words[0].upper()}{words[1:]} {'are' if evidence.section else 'is'} {_PROVEN}."
        return structs.replace(fit, notes=(Diagnostic("info", "memmap-proven", message, line, None),))
    names = [_unit_words(item) for item, _ in fits]
    message = f"The kernel's counts fit {', '.join(names[:-1])} and {names[-1]} alike; the first is taken."
    fit = _fit(
        log, build_layout(log, release, arch, structs.replace(evidence, why=_ALIKE, assumed=True)), release, release
    )
    return structs.replace(fit, notes=(Diagnostic("warning", "memmap-candidates", message, line, None),))


def _units(layout: Layout) -> Iterator[ModelEvidence]:
    """Models, section sizes and largest buddies to try, the layout's own model first."""
    models = [layout.memmap.model]
    if layout.memmap.assumed:
        models += [model for model in MemoryModel if model is not layout.memmap.model]
    for model in models:
        if model is MemoryModel.SPARSEMEM:
            yield from (ModelEvidence(model, _PROVEN, section=1 << bits) for bits in SECTION_BITS)
        elif model is MemoryModel.FLATMEM:
            yield from (ModelEvidence(model, _PROVEN, buddy=1 << order) for order in BUDDY_ORDERS)


def _unit_words(evidence: ModelEvidence) -> str:
    if evidence.section:
        return f"sections of {format_size(evidence.section)}"
    return f"a largest buddy of {evidence.buddy} frames"


_MOST_TRIES = 64


def with_nomap(layout: Layout, counts: PrintedCounts) -> Layout:
    """The layout with the NOMAP memory that explains the printed count, or as it was where none is needed or does.

    Of touching ranges every other one is NOMAP, in each run the second first: firmware keeps pieces of RAM for itself.
    Source: should_skip_region() in mm/memblock.c, 5.4 and 5.11; an arm64 boot of 5.1 that counts 416 pages.
    """
    if counts.count_line is not CountWording.ZEROED or layout.version is None:
        return layout
    if layout.nomap or not asks_memblock(layout.arch, layout.version) or _explained(layout, counts):
        return layout
    for nomap in islice(_candidates(layout), _MOST_TRIES):
        tried = structs.replace(layout, nomap=nomap)
        if _explained(tried, counts):
            return tried
    return layout


def _explained(layout: Layout, counts: PrintedCounts) -> bool:
    """Whether a rule that prints such a line, of this release, gives the printed number."""
    printed = sum(count.pages for count in printed_counts(counts))
    rules = (rule for rule in RULES if rule.wording is CountWording.ZEROED and layout.version is not None)
    return any(sum(count.pages for count in counts_of(layout, rule)) == printed for rule in rules)


def _candidates(layout: Layout) -> Iterator[FrameSet]:
    runs = list(_touching(layout.memory))
    for first in product((1, 0), repeat=len(runs)):
        yield FrameSet.of(item.frames for run, start in zip(runs, first, strict=True) for item in run[start::2])


def _touching(memory: tuple[MemoryRange, ...]) -> Iterator[list[MemoryRange]]:
    """Runs of two ranges or more of a node that follow each other without a gap."""
    run: list[MemoryRange] = []
    for item in memory:
        if run and (run[-1].frames.end, run[-1].node) != (item.frames.start, item.node):
            if len(run) > 1:
                yield run
            run = []
        run.append(item)
    if len(run) > 1:
        yield run
