"""Several boots of one machine: their firmware maps compared, and the report for the maker of the firmware."""

from collections.abc import Iterator, Sequence

from msgspec import structs

from pfnscope.analysis.stability import BootedMap, matching_pairs, one_machine, stability
from pfnscope.findings.stability_words import ram_only_words
from pfnscope.kernel.architectures import X86
from pfnscope.kernel.vendors import parse_release
from pfnscope.model.document import Document
from pfnscope.model.log import MapEntry
from pfnscope.model.stability import ResumePair, Stability, UnstableRegion
from pfnscope.units import format_size
from pfnscope.words import counted, printable

MOST_REPORTED = 64
"""Regions and entries that a report names; what a machine's firmware moves is a handful."""

_NAMED = 6
"""Pairs of boots that a sentence names."""


def stability_of(documents: Sequence[Document]) -> Stability | None:
    """Their firmware maps compared; None where one has none or was simulated, or where they are of several machines."""
    if any(document.origin == "simulated" for document in documents):
        return None
    boots = [_map_of(number, document) for number, document in enumerate(documents, 1)]
    known = stability(boots) if all(one_machine(boots[0], boot) for boot in boots[1:]) else None
    if known is None:
        return None
    return structs.replace(known, report="\n".join(_report(known, boots)) + "\n" if known.maps > 1 else "")


def _map_of(number: int, document: Document) -> BootedMap:
    kernel = document.kernel
    host = next((row.host for row in document.boots if row.index == document.boot.index), None)
    release = parse_release(kernel.release) if kernel.release else None
    return BootedMap(
        number,
        kernel.release,
        release.stable if release else None,
        kernel.arch,
        document.firmware_map,
        document.extended_map,
        host,
        document.hardware,
    )


def resume_words(known: Stability) -> str:
    """What x86 makes of it, in one clause; empty where no kernel compares such maps."""
    judged = [pair for pair in known.pairs if pair.resumes is not None]
    refused = [pair for pair in judged if not pair.resumes]
    if not judged:
        return ""
    release = known.boots[judged[0].b - 1].release
    kernel = f"Linux {release}" if release else "the kernel"
    if len(known.boots) == 2:
        return f"{kernel} {'does not resume' if refused else 'resumes'} B from a hibernation image of A"
    if not refused:
        return f"{kernel} resumes in each from an image of each other"
    same, pairs = matching_pairs(known)
    return f"{kernel} resumes only between equal maps: {same} of {counted(pairs, 'pair')} of boots"


def stability_lines(known: Stability) -> Iterator[str]:
    """Sentences for a report: each region over all boots, each pair, and what a check of usable memory would say."""
    for region in known.regions[:MOST_REPORTED]:
        yield f"{region.label or region.type}: {_over_boots(region)}"
    alike: dict[tuple[bool | None, str], list[ResumePair]] = {}
    for pair in known.pairs:
        if pair.b == pair.a + 1 or not pair.same_map:
            alike.setdefault((pair.resumes, pair.why), []).append(pair)
    for (resumes, why), pairs in alike.items():
        answer = {True: "would resume", False: "would not resume", None: "not known"}[resumes]
        named = [f"boot {pair.b} from an image of boot {pair.a}" for pair in pairs[:_NAMED]]
        more = [counted(len(pairs) - _NAMED, "more pair")] if len(pairs) > _NAMED else []
        text = f"{', '.join([*named, *more])}: {answer}; {why}."
        yield text[0].upper() + text[1:]
    different = [pair for pair in known.pairs if not pair.same_map]
    if different:
        yield ram_only_words(different)


def _over_boots(region: UnstableRegion) -> str:
    return ", ".join(
        f"boot {number}: {'absent' if place is None else _place(place)}"
        for number, place in enumerate(region.places, 1)
    )


def _place(entry: MapEntry) -> str:
    return f"{entry.range} {format_size(entry.range.size)}"


def _report(known: Stability, boots: Sequence[BootedMap]) -> Iterator[str]:
    """Plain text to mail: no colours, no letters beyond ASCII, entries as the kernel prints them."""
    releases = sorted({boot.release for boot in boots if boot.release})
    machines = [_ascii(text) for text in sorted({boot.hardware for boot in boots if boot.hardware})]
    usable = {boot.usable for boot in known.boots}
    yield "Subject: the firmware's memory map (E820) is not the same at each boot"
    yield ""
    yield f"Machine:  {'; '.join(machines) or 'not named in the logs'}"
    yield f"Kernel:   {', '.join(f'Linux {_ascii(release)}' for release in releases) or 'not named in the logs'}"
    yield f"Boots:    {len(boots)}, with {known.maps} different maps"
    same = "the same in all" if len(usable) == 1 else "not the same in all"
    yield f"RAM:      {', '.join(format_size(size) for size in sorted(usable))} usable, {same}"
    if boots[0].arch in X86:
        yield ""
        yield "Linux hashes the whole map when it hibernates, and does not resume where the hash"
        yield 'is another one ("Hibernate inconsistent memory map detected!",'
        yield "arch/x86/power/hibernate.c). The session is lost then."
    yield ""
    yield "What moves from boot to boot:"
    for region in known.regions[:MOST_REPORTED]:
        yield f"  {region.label or region.type}"
        for number, place in enumerate(region.places, 1):
            yield f"    boot {number}: {_printed(place) if place else 'no such entry'}"
    yield ""
    yield "Entries that are not the same in all boots:"
    common = set.intersection(*({_key(entry) for entry in boot.table} for boot in boots))
    for number, (boot, short) in enumerate(zip(boots, known.boots, strict=True), 1):
        hashed = f", {short.hash}" if short.hash else ""
        yield f"  boot {number}{hashed}" + (f", as boot {short.same_as}" if short.same_as < number else "")
        if short.same_as == number:
            own = [entry for entry in boot.table if _key(entry) not in common]
            yield from (f"    {_printed(entry)}" for entry in own[:MOST_REPORTED])
    yield ""
    yield "Wanted: the same addresses at each boot with the same hardware."


def _ascii(text: str) -> str:
    return printable(text).encode("ascii", "replace").decode()


def _key(entry: MapEntry) -> tuple[int, int, str]:
    return entry.start, entry.end, entry.type


def _printed(entry: MapEntry) -> str:
    return f"[mem {entry.start:#018x}-{entry.end - 1:#018x}] {entry.label or entry.type}"
