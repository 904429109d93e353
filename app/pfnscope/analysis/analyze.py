"""One boot log to its analysis."""

from collections.abc import Iterator

from msgspec import structs

from pfnscope.analysis.causes import causes
from pfnscope.analysis.checks import checks
from pfnscope.analysis.choice import choose
from pfnscope.analysis.eras import eras, weigh_unknown
from pfnscope.analysis.events import place_events
from pfnscope.analysis.holes import find_holes
from pfnscope.analysis.model import Analysis, Check, Choice
from pfnscope.analysis.nomap import with_nomap
from pfnscope.analysis.proven_model import proven_layout
from pfnscope.bootlog.model import BootLog, Diagnostic
from pfnscope.kernel.release import Release, parse_release
from pfnscope.layout import Layout

_WHY = {
    "release": "an oops in the text names it",
    "page_size": "numbers of page frames are taken for pages of 4 KiB",
    "node_ranges": "the lists of memblock, which do not tell all nodes",
}


def analyze(log: BootLog, *, kernel: str | None = None, arch: str | None = None) -> Analysis:
    """Analyse one boot. ``kernel`` and ``arch`` override what the log shows, and are marked as assumed.

    Raises ValueError when ``kernel`` is not a release.
    """
    release = parse_release(kernel) if kernel else parse_release(log.release, log.banner)
    if kernel and release is None:
        raise ValueError(kernel)
    layout = proven_layout(log, release, arch, overridden=kernel is not None)
    # the lines of late initialisation and of counts are of the log's own kernel, not of one that is asked for
    layout = structs.replace(layout, deferred=()) if kernel else with_nomap(layout, log.page_counts)
    choice = _choose(log, layout, release, overridden=kernel is not None)
    holes = find_holes(layout, choice, release, layout.without_memory)
    if choice.rule is None and layout.knows_struct_pages:
        holes = weigh_unknown(layout, holes)
    assumed = tuple(_assumed(log, layout, kernel, arch))
    own = parse_release(log.release, log.banner)
    checked = checks(log, layout, choice, own.stable if own else None)
    return Analysis(
        log=log,
        release=release,
        layout=layout,
        choice=choice,
        holes=holes,
        eras=eras(layout) if layout.memory and layout.knows_struct_pages else (),
        events=place_events(log, layout, release, holes),
        checks=checked,
        diagnostics=(
            *log.diagnostics,
            *_assumptions(assumed),
            *_findings(log, layout, choice),
            *_disagreements(checked),
        ),
        assumed=assumed,
        causes=causes(log, layout, release, holes),
    )


def _choose(log: BootLog, layout: Layout, release: Release | None, *, overridden: bool) -> Choice:
    if layout.memory and not layout.knows_struct_pages:
        where = layout.arch or "an unknown architecture"
        return Choice(None, "assumed", f"which page frames of {where} have a struct page is not known")
    choice = choose(log.page_counts, layout, release, overridden=overridden)
    if choice.basis == "release" and "release" in log.assumed:
        return structs.replace(choice, basis="assumed", why=f"{choice.why}, which the text names elsewhere")
    return choice


def _assumed(log: BootLog, layout: Layout, kernel: str | None, arch: str | None) -> Iterator[tuple[str, str]]:
    if kernel:
        yield "release", "asked for"
    if arch and arch != log.arch:
        yield "arch", "asked for"
    yield from layout.assumed
    for name in log.assumed:
        yield name, _WHY.get(name, "another excerpt of the same text")


def _assumptions(assumed: tuple[tuple[str, str], ...]) -> Iterator[Diagnostic]:
    for name, source in assumed:
        yield Diagnostic("info", "assumed", f"{name} is assumed, not proven by the log: {source}.")


def _disagreements(found: tuple[Check, ...]) -> Iterator[Diagnostic]:
    for check in found:
        if check.agrees is False:
            message = f"{check.what}: printed {check.printed}, computed {check.computed or 'nothing'}."
            yield Diagnostic("warning", "check-differs", message, check.lines[0] if check.lines else None)


def _findings(log: BootLog, layout: Layout, choice: Choice) -> Iterator[Diagnostic]:
    if not layout.memory and layout.zone_spans:
        message = "Zone spans are those of /proc/zoneinfo; the text has no memory ranges, so holes are not known."
        yield Diagnostic("warning", "no-node-ranges", message)
        return
    if not layout.memory:
        message = "The text has no node ranges, so zone spans and holes are not known."
        yield Diagnostic("warning", "no-node-ranges", message)
        return
    if not layout.knows_struct_pages:
        yield Diagnostic("warning", "no-memory-model", f"No verdict: {choice.why}.")
    if log.page_counts.count_line is None:
        message = "The log has no count of struct pages without memory; ours stands unchecked."
        yield Diagnostic("info", "no-printed-count", message)
    elif choice.rule and choice.rule.wording is not log.page_counts.count_line:
        message = f"The log prints “{log.page_counts.count_line.value}”, which the chosen release does not print."
        yield Diagnostic("warning", "count-line-of-another-release", message)
