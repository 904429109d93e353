"""Analyse one boot. Costly parts are computed on first use and kept."""

from collections.abc import Iterator
from functools import cached_property
from typing import Literal

from msgspec import Struct, structs

from pfnscope.analysis.choice import possible_releases
from pfnscope.analysis.computed import completed
from pfnscope.analysis.doubt import doubted
from pfnscope.analysis.eras import eras, weigh_unknown
from pfnscope.analysis.events import place_events
from pfnscope.analysis.evidence import Evident, Proof, proofs, with_evidence
from pfnscope.analysis.holes import Surroundings, find_holes
from pfnscope.analysis.machine import Machine, blame, causes
from pfnscope.analysis.nomap import nomap_memory
from pfnscope.analysis.pointers import Pointers, pointers_of
from pfnscope.analysis.proven_layout import fit_layout
from pfnscope.analysis.releases import dangerous_releases
from pfnscope.kernel.architecture_row import MemoryModel
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.release import Bounds, Release
from pfnscope.kernel.thresholds import KHO_FIXED, SHARED_TAILS
from pfnscope.kernel.vendors import parse_release
from pfnscope.layout.evidence import ModelEvidence
from pfnscope.model.analysis import Cause, Check, Choice, Era, Event, Hole, NomapMemory
from pfnscope.model.layout import Layout
from pfnscope.model.ledger import Ledger
from pfnscope.model.log import BootLog, Diagnostic
from pfnscope.words import plural

_WHY = {
    "release": "an oops in the text names it",
    "arch": "only x86 prints such a memory map, and 64 bits are usual",
    "page_size": "numbers of page frames are taken for pages of 4 KiB",
    "node_ranges": "the lists of memblock, which do not tell all nodes",
}


class Analysis(Struct, frozen=True, dict=True):
    """Everything known about one boot, read from a log or simulated.

    ``checks`` are of a boot that was read, ``assumed`` is what the log does not prove, each with a sentence that says
    where it is from. ``booted_from`` is the log whose firmware map, nodes and command line other boots of the same
    machine are simulated from: that of the boot itself, or of the real one. ``why_not`` is empty, or says why no layout
    is computed from the memory map of a log that prints no nodes.
    """

    log: BootLog
    release: Release | None
    layout: Layout
    choice: Choice
    checks: tuple[Check, ...]
    assumed: tuple[tuple[str, str], ...]
    diagnostics: tuple[Diagnostic, ...]
    booted_from: BootLog
    origin: Literal["log", "computed", "simulated"] = "log"
    why_not: str = ""

    @cached_property
    def holes(self) -> tuple[Hole, ...]:
        """Struct pages without memory, by address: as reports of the log show them, or else as the rule says."""
        shown = {item.hole.frames: item.hole for item in self.evident}
        return tuple(shown.get(hole.frames, hole) for hole in self._by_rule)

    @cached_property
    def evident(self) -> tuple[Evident, ...]:
        """Those of :attr:`holes` that reports speak of, by address."""
        known = self.release is not None
        return with_evidence(self._surroundings, self._by_rule, self.proofs, self.log.sources, release_known=known)

    @cached_property
    def proofs(self) -> tuple[Proof, ...]:
        """What reports of the log prove of single struct pages; of a kernel that was asked for instead, nothing."""
        if self.reports_of_another:
            return ()
        return tuple(proofs(zip(self.log.events, self.events, strict=True), self.layout))

    @property
    def reports_of_another(self) -> bool:
        """Whether the log has reports of its own release, and is judged as if it were of another."""
        own = parse_release(self.log.release, self.log.banner) if self.log.events else None
        return own is not None and self.release is not None and not own.same_version(self.release)

    @cached_property
    def nomap(self) -> tuple[NomapMemory, ...]:
        """Memory that is kept out of the kernel's map, by address."""
        return nomap_memory(self._surroundings, self.choice, self.release)

    @cached_property
    def eras(self) -> tuple[Era, ...]:
        """The holes outside zone spans under every rule; empty where struct pages are not known."""
        if not self.layout.memory or not self.layout.knows_struct_pages:
            return ()
        return eras(self._surroundings, self.choice.rule, self._by_rule)

    @cached_property
    def dangerous_on(self) -> Bounds:
        """The releases that make a danger of a hole of this layout."""
        return dangerous_releases(self._surroundings)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Trouble in the log, placed on page frames and holes."""
        return place_events(self.log, self.layout, self.pointers, self._by_rule)

    @cached_property
    def pointers(self) -> Pointers:
        """Where the struct pages of this boot lie, as far as its text tells."""
        return pointers_of(self.log, self.layout, self.release.version if self.release else None)

    @cached_property
    def _by_rule(self) -> tuple[Hole, ...]:
        """The holes by the rule alone. Where the release is unknown, the worst rule gives the severity."""
        layout = self.layout
        possible = possible_releases(self.log, self.release)
        holes = find_holes(self._surroundings, self.choice, self.release, layout.without_memory, possible)
        holes = doubted(holes, layout, self.choice, self.release, self.log.page_counts, self.checks)
        if self.choice.rule is None and layout.knows_struct_pages:
            return weigh_unknown(self._surroundings, holes, possible)
        return holes

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """The cause of each of :attr:`holes`, in their order."""
        by_argument: dict[int, Cause] = {}
        line = self.booted_from.command_line or ""
        if self.holes and (self.booted_from.user_map or any(item.shapes_layout for item in arguments(line))):
            by_argument = blame(self.machine, self.layout, self.holes)
        return causes(self.layout, self.holes, by_argument)

    @cached_property
    def ledger(self) -> Ledger | None:
        """Where the RAM went; None where no line tells of memory."""
        from pfnscope.analysis.ledger import ledger

        return ledger(self)

    @cached_property
    def machine(self) -> Machine:
        """The machine, to be booted with other command lines."""
        return Machine(self.booted_from, self.release, self.layout.arch, ModelEvidence.of(self.layout.memmap))

    @cached_property
    def _surroundings(self) -> Surroundings:
        return Surroundings(self.layout)


def analyze(
    log: BootLog,
    *,
    kernel: str | None = None,
    arch: str | None = None,
    model: MemoryModel | None = None,
    section: int | None = None,
) -> Analysis:
    """Analyse one boot. ``kernel`` and ``arch`` override what the log shows, and are marked as assumed.

    So do ``model``, the memory model, and ``section``, the size of a memory section in bytes, which implies SPARSEMEM.

    Raises ValueError when ``kernel`` is not a release.
    """
    own = parse_release(log.release, log.banner)
    release = parse_release(kernel) if kernel else own
    if kernel and release is None:
        raise ValueError(kernel)
    demanded = None
    if model or section:
        demanded = ModelEvidence(model or MemoryModel.SPARSEMEM, "asked for", section=section)
    full = completed(log, release, arch)
    fit = fit_layout(full.log, release, arch, own, demanded)
    assumed = (*full.assumed, *_assumed(log, fit.layout, kernel, arch, demanded))
    checks = (*full.checks, *fit.checks)
    return Analysis(
        log=full.log,
        release=release,
        layout=fit.layout,
        choice=fit.choice,
        checks=checks,
        assumed=assumed,
        diagnostics=(
            *log.diagnostics,
            *full.diagnostics,
            *_assumptions(assumed),
            *_bounds(log, release),
            *_missing(log, fit.layout, fit.choice, full.why_not),
            *_incomplete(log, fit.layout),
            *_memmap_notes(log, fit.layout),
            *fit.notes,
            *_empty_zones(fit.layout),
            *_disagreements(checks),
        ),
        booted_from=structs.replace(log, page_counts=fit.booted_from.page_counts),
        origin="computed" if full.log is not log else "log",
        why_not=full.why_not,
    )


def on_release(analysis: Analysis, kernel: str) -> Analysis:
    """The same boot judged as one of another release. Raises ValueError where ``kernel`` is none."""
    from pfnscope.analysis.whatif import what_if

    if analysis.origin == "simulated":
        return what_if(analysis, analysis.booted_from.command_line or "", kernel=kernel)[0]
    demanded = {name for name, source in analysis.assumed if source == "asked for"}
    memmap = analysis.layout.memmap
    return analyze(
        analysis.booted_from,
        kernel=kernel,
        arch=analysis.layout.arch if "arch" in demanded else None,
        model=memmap.model if "memory_model" in demanded else None,
        section=memmap.section_size if "section_size" in demanded else None,
    )


def _assumed(
    log: BootLog, layout: Layout, kernel: str | None, arch: str | None, demanded: ModelEvidence | None
) -> Iterator[tuple[str, str]]:
    if kernel:
        yield "release", "asked for"
    if arch and arch != log.arch:
        yield "arch", "asked for"
    if demanded:
        yield "memory_model", "asked for"
    if demanded and demanded.section:
        yield "section_size", "asked for"
    yield from layout.assumed
    for name in log.assumed:
        if name == "release" and log.release_lines == log.command_line_lines:
            yield name, "the boot loader's BOOT_IMAGE= names it"
        elif name == "release" and not set(log.release_lines) <= set(log.recognised):
            yield name, "another part of the text names it"
        else:
            yield name, _WHY.get(name, "another excerpt of the same text")


def _assumptions(assumed: tuple[tuple[str, str], ...]) -> Iterator[Diagnostic]:
    for name, source in assumed:
        yield Diagnostic("info", "assumed", f"{name} is assumed, not proven by the log: {source}.", None, None)


def _disagreements(checks: tuple[Check, ...]) -> Iterator[Diagnostic]:
    for check in checks:
        if check.agrees is False:
            message = f"{check.what}: printed {check.printed}, computed {check.computed or 'nothing'}."
            yield Diagnostic("warning", "check-differs", message, check.lines[0] if check.lines else None, None)


def _incomplete(log: BootLog, layout: Layout) -> Iterator[Diagnostic]:
    """What the lists lack, but for what their reader has said."""
    said = {note.message for note in log.diagnostics}
    for item in layout.missing if layout.knows_struct_pages else ():
        if item.why not in said:
            yield Diagnostic("warning", "missing-lines", item.why, item.lines[0] if item.lines else None, None)


def _bounds(log: BootLog, release: Release | None) -> Iterator[Diagnostic]:
    """What the lines of a kernel tell of its release, where nothing names it."""
    if release is None and log.printed_by:
        releases, lines = log.printed_by.releases, log.printed_by.lines
        where = f"{plural(len(lines), 'line')} {', '.join(map(str, lines))}"
        message = f"The release is one of {releases}, by the words of {where}."
        yield Diagnostic("info", "release-bounds", message, lines[0], None)


def _missing(log: BootLog, layout: Layout, choice: Choice, why_not: str) -> Iterator[Diagnostic]:
    """What the log lacks for a verdict that is sure."""
    if not layout.memory and layout.zone_spans:
        message = "Zone spans are those of /proc/zoneinfo; the text has no memory ranges, so holes are not known."
        yield Diagnostic("warning", "no-node-ranges", message, None, None)
        return
    if not layout.memory:
        because = f": {why_not}" if why_not else ""
        message = f"The text has no node ranges, so zone spans and holes are not known{because}."
        yield Diagnostic("warning", "no-node-ranges", message, None, None)
        return
    if not layout.knows_struct_pages:
        yield Diagnostic("warning", "no-memory-model", f"No verdict: {choice.why}.", None, None)
    if log.page_counts.count_line is None:
        message = "The log has no count of struct pages without memory; ours stands unchecked."
        yield Diagnostic("info", "no-printed-count", message, None, None)
    elif choice.rule and choice.rule.wording is not log.page_counts.count_line:
        message = f"The log prints “{log.page_counts.count_line.value}”, which the chosen release does not print."
        yield Diagnostic("warning", "count-line-of-another-release", message, None, None)


def _empty_zones(layout: Layout) -> Iterator[Diagnostic]:
    """Zones that span other nodes' memory alone: holes lie in them, and no table of populated zones has them.

    Source: calculate_node_totalpages() in mm/mm_init.c, 6.12 and 7.1.5: such a zone has its span, and no page.
    """
    for span in layout.zone_spans:
        if not span.present_pages and layout.without_memory.clip(span.start_pfn, span.end_pfn).pairs:
            message = (
                f"Node {span.node}, zone {span.zone} spans pfn {span.frames} and has no page of its own: /proc/zoneinfo"
                " gives it no start_pfn, and holes in there are inside a zone span all the same."
            )
            yield Diagnostic("info", "zone-without-pages", message, None, None)


def _memmap_notes(log: BootLog, layout: Layout) -> Iterator[Diagnostic]:
    """What else than holes makes struct pages of memory other than they are wont to be."""
    handover = next((item for item in log.diagnostics if item.code == "kexec-handover"), None)
    if handover and layout.deferred and layout.version and not KHO_FIXED.reached(layout.version):
        message = (
            "Struct pages are initialised late, and those of memory that was taken over (KHO) are read before that:"
            " 8b66ed2c3f42 of 6.17 no longer lets both be built."
        )
        yield Diagnostic("warning", "kho-deferred", message, handover.line, None)
    options = {item.name: item.value or "" for item in arguments(log.command_line or "")}
    shared = options.get("hugetlb_free_vmemmap", "off").lower() in ("on", "1", "y") and "hugepages" in options
    if shared and SHARED_TAILS.reached(layout.version):
        message = (
            "Huge pages of boot have struct pages whose tails share one page of memory (hugetlb_free_vmemmap=on), so"
            " that their frames look alike in /proc/kpageflags."
        )
        lines = log.command_line_lines
        yield Diagnostic("info", "shared-struct-pages", message, lines[0] if lines else None, None)
