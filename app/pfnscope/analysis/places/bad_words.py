"""What is said of bad memory: what is given up, why, what cannot be excluded, and what else there is."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.places.bad_addresses import BadRanges
from pfnscope.kernel.architectures import X86
from pfnscope.kernel.bad_memory import (
    DEVICE_TREE,
    DEVICE_TREE_WORDS,
    EARLY_TEST,
    EARLY_TEST_WORDS,
    has_early_test,
    reserved_node,
)
from pfnscope.kernel.boot_loaders import BADRAM_ON_EFI, badram, written
from pfnscope.kernel.kaslr import AVOIDED_REGIONS
from pfnscope.model.answers import BadAddress, Obstacle, OtherForm
from pfnscope.model.ranges import FrameSet, Pairs
from pfnscope.units import GIB, MIB, format_size, range_words
from pfnscope.words import counted

_MOST_NODES = 32
"""Children of reserved-memory that are written out."""


IMAGE = "kernel image"


class Plan(Struct, frozen=True):
    """What is done about bad frames. ``bad`` are those in RAM that can be excluded, ``kept`` those that cannot.

    ``runs`` are the frames of the regions, ``argument`` takes them away; empty where it is not safe, or none is needed.
    ``fixed`` says why it has nokaslr besides, where it has; ``retyped`` is the same without a “$”, empty where that
    does something else. ``widened``: some regions are whole sections. ``danger``: struct pages that would be one.
    ``too_many``: the regions have no room. ``doubt`` is what depends on what no line tells, in a sentence.
    """

    bad_ranges: BadRanges
    bad: FrameSet
    page: int
    early_test: bool
    runs: FrameSet = FrameSet()
    kept: tuple[Obstacle, ...] = ()
    argument: str = ""
    fixed: str = ""
    retyped: str = ""
    widened: bool = False
    danger: FrameSet = FrameSet()
    too_many: bool = False
    doubt: str = ""

    @classmethod
    def of(cls, analysis: Analysis, bad_ranges: BadRanges, bad: FrameSet, **more: Any) -> "Plan":
        """A plan that does nothing yet."""
        layout = analysis.layout
        early = has_early_test(layout.arch, analysis.booted_from.stable_of(analysis.release))
        return cls(bad_ranges, bad, layout.page_size, early, **more)

    @property
    def bytes(self) -> Pairs:
        """The bytes of the regions, or of the bad frames where there are none."""
        return tuple((start * self.page, end * self.page) for start, end in (self.runs or self.bad).pairs)


def sentence(analysis: Analysis, plan: Plan) -> str:
    """The answer."""
    on = f" on {analysis.release.text}" if analysis.release else ""
    kept = _kept(plan)
    if not plan.bad:
        return kept or "None of this is in RAM that the kernel uses: there is nothing to exclude."
    pages = f"{counted(plan.bad.pages, 'page')} with bad memory"
    if analysis.layout.arch not in X86:
        arch = analysis.layout.arch
        none = f"{arch} has no memmap=" if arch else "The text tells no architecture, and memmap= is of x86"
        return f"{none}: {pages} cannot be excluded on the command line."
    if plan.too_many:
        return f"{pages} cannot be excluded: as regions of memmap= they do not fit on the command line of the kernel."
    if plan.danger:
        return (
            f"No argument for {pages} is safe{on}: even whole sections left out make struct pages of"
            f" {_first(plan.danger)} that nothing writes."
        )
    if not plan.argument:
        return f"The kernel does not boot{on} without {pages}."
    size, many = format_size(plan.runs.pages * plan.page), len(plan.runs) > 1
    regions = f"{counted(len(plan.runs), 'region')} of memmap= {'keep' if many else 'keeps'}"
    return f"{regions} the kernel off {pages}, at the cost of {size} of RAM. {kept}".strip()


def _first(frames: FrameSet) -> str:
    first = next(iter(frames))
    more = f" and {counted(len(frames) - 1, 'more range')}" if len(frames) > 1 else ""
    return f"pfn {first}{more}"


def _kept(plan: Plan) -> str:
    """What cannot be excluded."""
    names = dict.fromkeys(item.name for item in plan.kept)
    said = []
    for name in names:
        first, *others = [item for item in plan.kept if item.name == name]
        more = f" and {counted(len(others), 'more range')}" if others else ""
        said.append(f"{range_words(first.start, first.end)}{more} cannot be excluded: it holds the {name}.")
    return " ".join(said)


def notes(analysis: Analysis, plan: Plan, addresses: Sequence[BadAddress]) -> Iterator[str]:
    """What else there is to know."""
    if plan.argument:
        yield from _of_regions(analysis, plan, sum(item.region is not None for item in addresses))
    yield from filter(None, (plan.fixed if plan.argument else "", plan.doubt))
    if any(item.name == IMAGE for item in plan.kept):
        yield (
            "The kernel makes its own image RAM again, whatever memmap= says. Swap the modules, or let KASLR move it:"
            " without nokaslr, and with no more than 4 regions in memmap=, it keeps out of them."
        )
    inside = {"RAM", *(item.name for item in plan.kept)}
    outside = [item for item in addresses if item.where not in inside]
    if outside:
        some = "1 address is" if len(outside) == 1 else f"{len(outside):,} addresses are"
        which = f"{outside[0].address} is {outside[0].where}"
        yield f"{some} outside the RAM that the kernel uses: {which}."
    if plan.bad_ranges.narrow and analysis.layout.memory_frames.end * plan.page > 4 * GIB:
        yield (
            "Masks of 32 bits are taken for addresses below 4 GiB; older memory tests leave out the bits above, and for"
            " GRUB any will do."
        )
    if plan.bad_ranges.unread:
        lines = plan.bad_ranges.unread
        yield f"{counted(lines, 'line')} of the text {'holds' if lines == 1 else 'hold'} no address."


def _of_regions(analysis: Analysis, plan: Plan, count: int) -> Iterator[str]:
    """What is given up besides ``count`` addresses, and what comes of it."""
    page = format_size(plan.page)
    what = "1 address lies" if count == 1 else f"{count:,} addresses lie"
    yield f"memmap= takes whole pages of {page}: {what} in {counted(plan.bad.pages, 'page')} of RAM."
    more = format_size((plan.runs.pages - plan.bad.pages) * plan.page)
    if plan.widened:
        on = f" on {analysis.release.text}" if analysis.release else " on some releases"
        yield (
            f"Without single pages at this place, struct pages beside them would stay unwritten{on}: what is left of"
            f" their sections goes with them, {more}."
        )
    elif plan.runs.pages > plan.bad.pages:
        yield f"Neighbours are joined to fewer regions, and {more} between them are given up."
    if len(plan.runs) > AVOIDED_REGIONS and not plan.fixed:
        yield f"With more than {AVOIDED_REGIONS} regions in memmap=, KASLR does not move the kernel in physical memory."
    for item in analysis.booted_from.reserved_regions:
        frames = item.range.frames_outward(plan.page)
        if item.kind == "initrd" and plan.runs.touches(frames):
            damaged = ", and what it finds there may be damaged" if plan.bad.touches(frames) else ""
            yield (
                f"The boot loader put the initrd on {range_words(item.start, item.end)}, since it knows nothing of"
                f" memmap=: the kernel copies it to another place{damaged}."
            )
    if plan.runs.start * plan.page < MIB:
        yield "Below 1 MiB, firmware and boot loader use the memory before the kernel reads its command line."


def other_forms(plan: Plan) -> Iterator[OtherForm]:
    """The argument as files of boot loaders have to hold it, and what does without it."""
    if not plan.argument:
        if plan.bad:
            yield from _tests_and_grub(plan)
        return
    for row in written(plan.argument):
        yield OtherForm(row.arguments, f"The same, quoted for {row.file}; {row.more}.")
    if plan.retyped:
        yield OtherForm(
            plan.retyped,
            "The same without a “$”, so that nothing has to be quoted; KASLR then does not move the kernel.",
        )
    yield from _tests_and_grub(plan)


def _tests_and_grub(plan: Plan) -> Iterator[OtherForm]:
    yield OtherForm(badram(plan.bytes), f"In /etc/default/grub, instead of memmap=: {BADRAM_ON_EFI}")
    if plan.early_test:
        yield OtherForm(EARLY_TEST, EARLY_TEST_WORDS)


def without_memmap(analysis: Analysis, plan: Plan) -> Iterator[OtherForm]:
    """What there is on architectures without memmap=."""
    if not plan.bad:
        return
    if plan.early_test:
        yield OtherForm(EARLY_TEST, EARLY_TEST_WORDS)
    if analysis.layout.arch in DEVICE_TREE:
        nodes = [reserved_node(start, end) for start, end in plan.bytes[:_MOST_NODES]]
        more = f" The first {_MOST_NODES} of {len(plan.bytes)}." if len(plan.bytes) > _MOST_NODES else ""
        yield OtherForm(" ".join(nodes), f"Written {DEVICE_TREE_WORDS}{more}")
