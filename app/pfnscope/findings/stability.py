"""What the kernel says of a memory map that moved between boots, whether it moves, and what hibernation leaves out."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise

from msgspec import structs

from pfnscope.analysis import Analysis
from pfnscope.analysis.stability import BootedMap, matching_pairs, one_machine, stability
from pfnscope.findings.drafts import Draft, failures, of_failure
from pfnscope.findings.stability_words import moved_words, ram_only_words
from pfnscope.kernel.architectures import X86
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.hibernation import NOSAVE_BY_ADDRESS
from pfnscope.kernel.release import short
from pfnscope.kernel.vendors import parse_release
from pfnscope.model.findings import Remedy
from pfnscope.model.log import BootLog, E820Change, MapEntry, MemoryType, ReservedRegion
from pfnscope.model.ranges import FrameRange, FrameSet
from pfnscope.model.stability import Stability
from pfnscope.units import format_size
from pfnscope.words import counted

MOST_COMPARED = 64
"""Boots of one text that are compared; a text with more is a journal of months, or hostile."""

_REFUSED = "hibernation-map"
_IN_USE = {
    "node-data": "the node's own data (NODE_DATA)",
    "kernel": "the kernel's image",
    "kernel image": "the kernel's image",
    "initrd": "the initrd",
}


def drafts(analysis: Analysis, boots: Sequence[BootLog] = ()) -> Iterator[Draft]:
    """The findings of this subject. ``boots`` are all those of the text."""
    known = _of_machine(analysis, boots)
    refused = list(failures(analysis.log, "stability"))
    for failure in refused:
        draft = of_failure(failure, partial(_explained, known), partial(_remedy, known))
        yield structs.replace(draft, cause=partial(_cause, known))
    if known is not None and known.maps > 1 and not refused:
        code = "map-unstable-resume" if _hibernates(boots) else "map-unstable"
        yield Draft(
            code,
            _moved(known),
            _lines(known, analysis.log),
            details=partial(_told, known),
            remedy=partial(_remedy, known),
        )
    yield from _left_out(analysis)


def _of_machine(analysis: Analysis, boots: Sequence[BootLog]) -> Stability | None:
    """The firmware's maps of the boots that are of the machine of the one that is shown, the latest of them."""
    own = analysis.log
    if not own.firmware_map or analysis.origin == "simulated":
        return None
    shown = _map_of(own, analysis.layout.arch)
    others = [boot for boot in boots if boot.firmware_map and not boot.capture_kernel and boot.index != own.index]
    maps = [_map_of(boot, boot.arch or analysis.layout.arch) for boot in others[-MOST_COMPARED + 1 :]]
    same = [item for item in maps if one_machine(shown, item)]
    return stability(sorted((shown, *same), key=lambda item: item.boot))


def _map_of(log: BootLog, arch: str | None) -> BootedMap:
    release = parse_release(log.release, log.banner)
    stable = log.stable_of(release)
    return BootedMap(log.index, log.release, stable, arch, log.firmware_map, log.extended_map, log.host, log.hardware)


def _hibernates(boots: Sequence[BootLog]) -> bool:
    """Whether the machine is meant to resume: an argument names the image, or a kernel refused one."""
    named = any(
        item.name in ("resume", "resume_offset") for boot in boots for item in arguments(boot.command_line or "")
    )
    return named or any(failure.code == _REFUSED for boot in boots for failure in boot.failures)


def _moved(known: Stability) -> str:
    boots = f"{known.maps} different maps in {counted(len(known.boots), 'boot')}"
    return f"The firmware's memory map is not the same at each boot of this machine ({boots}): {moved_words(known)}."


def _lines(known: Stability, own: BootLog) -> tuple[int, ...]:
    places = (place for region in known.regions for place in region.places if place is not None)
    return tuple(sorted({line for place in places for line in place.lines})) or own.release_lines


def _told(known: Stability) -> Iterator[str]:
    """Which boots match, what resuming makes of it, and what a check of usable memory would say."""
    same, pairs = matching_pairs(known)
    if len(known.boots) > 2:
        yield f"{same} of {counted(pairs, 'pair')} of boots have the same map."
    refused = [pair for pair in known.pairs if pair.resumes is False]
    if refused:
        pair = refused[-1]
        yield f"Boot {_boot(known, pair.b)} does not resume from an image of boot {_boot(known, pair.a)}: {pair.why}."
        yield ram_only_words(refused)


def _boot(known: Stability, number: int) -> int:
    return known.boots[number - 1].boot


def _cause(known: Stability | None) -> str:
    """What moved since the machine hibernated, where the text has that boot too."""
    if known is None:
        return "The map's hash is not the one in the image; the log of the boot that hibernated shows what moved."
    if known.maps == 1:
        return (
            "The map's hash is not the one in the image; no other boot of this text has another map, as it shows them."
        )
    if len(known.boots) == 2:
        return f"From boot {_boot(known, 1)} to boot {_boot(known, 2)}: {moved_words(known)}."
    return f"In {counted(len(known.boots), 'boot')} of this text: {moved_words(known)}."


def _explained(known: Stability | None) -> Iterator[str]:
    """What the refusal means, and what the maps of the text say of it."""
    yield (
        "The kernel puts a hash of the firmware's whole map into the image when it hibernates, and hashes its own map"
        " before it resumes: memory that the image would fill may be the firmware's now. The session in it is lost."
    )
    if known is not None and known.maps > 1:
        yield from _told(known)


def _remedy(known: Stability | None) -> Remedy:
    """What helps: nothing in the kernel. ``known``: where both maps are known, the report is ready."""
    report = (
        "with what pfnscope compare writes" if known is not None and known.maps > 1 else "with the log of both boots"
    )
    return Remedy(
        "Resume with the devices attached that were attached when it hibernated. Where GRUB loads the kernel, try"
        f" another loader, whose allocations move less. Report it to the maker of the firmware, {report}."
    )


def _left_out(analysis: Analysis) -> Iterator[Draft]:
    """Memory of the kernel that hibernation does not save; x86 alone registers the holes of its map so."""
    log, size = analysis.log, analysis.layout.page_size
    if analysis.layout.arch not in X86 or analysis.origin == "simulated":
        return

    def touched(item: ReservedRegion | E820Change) -> FrameRange:
        return item.range.frames_outward(size)

    nosave = [item for item in log.reserved_regions if item.kind == "nosave"]
    reserved_later = FrameSet.of(touched(item) for item in log.e820_changes if item.action == "update")
    memory = FrameSet.of(item.range.frames_inward(size) for item in log.node_ranges) - reserved_later
    in_use = [item for item in log.reserved_regions if item.kind in _IN_USE]
    known = FrameSet.of([*_shared(log.map_before_kernel, size), *(touched(item) for item in in_use)])
    unsaved = memory & FrameSet.of(touched(item) for item in nosave) & known
    if not unsaved.pages:
        return
    met = [item for item in (*nosave, *in_use) if unsaved.touches(touched(item))]
    named = list(dict.fromkeys(_IN_USE[item.kind] for item in met if item.kind in _IN_USE))
    ranges = tuple(frames.in_bytes(size) for frames in unsaved)
    more = f" and {counted(len(ranges) - 1, 'more range')}" if len(ranges) > 1 else ""
    text = (
        f"Hibernation does not save {counted(unsaved.pages, 'page')} of memory that the kernel uses,"
        f" {ranges[0]} {format_size(ranges[0].size)}{more}{f', with {_and(named)}' if named else ''}."
    )
    yield Draft(
        "nosave-in-use" if named else "nosave-usable",
        text,
        tuple(sorted({line for item in met for line in item.lines})),
        ranges,
        partial(_why_left_out, analysis),
        partial(_newer, analysis, in_use=bool(named)),
    )


def _shared(entries: Sequence[MapEntry], size: int) -> Iterator[FrameRange]:
    """Pages inside which an entry of usable memory ends and another begins; the rest of a range may be reserved."""
    for one, other in pairwise(entries):
        if one.type is other.type is MemoryType.RAM and one.end == other.start and one.end % size:
            yield FrameRange(one.end // size, one.end // size + 1)


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _saves_all(analysis: Analysis) -> bool:
    return NOSAVE_BY_ADDRESS.reached(analysis.log.stable_of(analysis.release))


def _why_left_out(analysis: Analysis) -> Iterator[str]:
    yield "After resuming, these pages hold what the kernel that loaded the image left there: it can hang or die."
    if not _saves_all(analysis):
        yield (
            "Before f2f29da9f0d4, x86 left out each page inside which an entry of its map ends and another begins, even"
            " where both are usable memory."
        )


def _newer(analysis: Analysis, *, in_use: bool) -> Remedy | None:
    """The nearest release with the fix: that of the kernel's own branch, or of mainline."""
    if _saves_all(analysis):
        return Remedy("Do not hibernate this machine, and report it with the log.") if in_use else None
    fix, version = NOSAVE_BY_ADDRESS.since, analysis.log.stable_of(analysis.release)
    own = next((point for point in fix.stable if version is not None and point[:2] == version[:2]), fix.mainline)
    until = "until then do not hibernate this machine" if in_use else "it matters where this machine hibernates"
    return Remedy(f"Linux {short(own)} has the fix ({fix}); {until}.", release=short(own))
