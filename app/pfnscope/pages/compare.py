"""The page that compares two layouts: their bars on one axis, and what differs, in words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from pfnscope.model.document import Document
from pfnscope.pages import presenting
from pfnscope.pages.bars import Drawn, bars
from pfnscope.pages.query import ViewQuery, encoded
from pfnscope.pages.subjects import SAMPLE, Subject, samples
from pfnscope.pages.templates import Templates
from pfnscope.report.compared import compared, worded_changes
from pfnscope.report.stability import stability_lines
from pfnscope.report.words import SEVERITY_WORDS
from pfnscope.service import Options

NAMES = ("A", "B")
KNOWN = ("a", "b", "boot_a", "boot_b", "kernel")
"""All names that the address of a comparison may have, beside the view."""

_LINED = ("firmware_map", "srat", "node_ranges", "zone_ranges", "movable_start", "holes")
_EXAMPLES = (
    ("seed-no-memmap", "seed-1g-4g", "2018 report: without and with memmap=1G!4G"),
    ("oops-1g-4g", "fixed-1g-4g", "The same guest and option on 4.17 and on 6.12"),
    ("seed-1g-4g", "seed-1g-7g", "2018 report: memmap=1G!4G and memmap=1G!7G"),
)


class Pair(msgspec.Struct, frozen=True):
    """Two layouts to compare, each with the boot that is meant; ``kernel`` overrides the release of both."""

    a: str
    b: str
    boot_a: int | None = None
    boot_b: int | None = None
    kernel: str | None = None

    @property
    def sides(self) -> tuple[tuple[str, Options], tuple[str, Options]]:
        """Name and options of each. Of one layout twice they are its first two boots where no boot is named."""
        boots = (self.boot_a, self.boot_b)
        if self.a == self.b and boots == (None, None):
            boots = (1, 2)
        return (
            (self.a, Options(kernel=self.kernel, boot=boots[0])),
            (self.b, Options(kernel=self.kernel, boot=boots[1])),
        )

    @property
    def fields(self) -> list[tuple[str, str]]:
        """What the address of the comparison holds, without the view."""
        return [(name, str(value)) for name, value in msgspec.structs.asdict(self).items() if value is not None]


class SourceLines(msgspec.Struct, frozen=True):
    """The lines of a log that items of its document come from, by what a comparison calls an item."""

    lines: dict[tuple[str, object], list[int]]

    def of(self, what: str, item: dict[str, object] | None) -> list[int]:
        """The lines of one side of a change."""
        return [] if item is None else self.lines.get((what, _key(item)), [])


def source_lines(document: Document) -> SourceLines:
    """The lines of all that a comparison of this document can name."""
    lists: dict[str, Iterable[Any]] = {
        "map_in_force": document.map_in_force,
        **{what: getattr(document, what) for what in _LINED},
    }
    lines: dict[tuple[str, object], list[int]] = {
        (what, _key(msgspec.structs.asdict(item))): item.lines for what, items in lists.items() for item in items
    }
    return SourceLines(lines)


def _key(item: Mapping[str, object]) -> object:
    names = ("start_pfn", "end_pfn") if "start_pfn" in item else ("node", "zone", "start", "end")
    return tuple(item.get(name) for name in names)


def compare_page(
    templates: Templates,
    pair: Pair,
    subjects: tuple[Subject, Subject],
    drawn: Drawn,
    view: ViewQuery,
    names: Sequence[str],
) -> str:
    """The HTML of a comparison. ``names`` are those of the address that are not the pair's."""
    comparison = compared(*drawn.documents)
    stable = comparison.stability
    query = encoded(pair.fields)
    return templates.render(
        "compare.html",
        here="/compare",
        pair=pair,
        note="",
        suggestions=[],
        listed=all(subject.listed for subject in subjects),
        sides=[_side(*side) for side in zip(NAMES, subjects, drawn.documents, strict=True)],
        comparison=comparison,
        firmware=list(stability_lines(stable)) if stable and stable.maps > 1 else [],
        changes=worded_changes(comparison),
        lines=[source_lines(document) for document in drawn.documents],
        path="/compare",
        query=f"?{query}",
        more_query=f"&{query}",
        **bars(drawn, view, KNOWN, names),
        fields=pair.fields,
        paged=False,
        absent=[],
        blank="blank: no memory, no struct page",
        severity_words=SEVERITY_WORDS,
    )


def _side(name: str, subject: Subject, document: Document) -> dict[str, Any]:
    options = {"kernel": subject.options.kernel, "boot": subject.options.boot}
    query = encoded((key, str(value)) for key, value in options.items() if value is not None)
    boot = f"boot {document.boot.index} of {document.boot.count}" if document.boot.count > 1 else ""
    return {
        "name": name,
        "title": " · ".join(filter(None, [subject.title or subject.path, boot])),
        "href": f"{subject.path}?{query}" if query else subject.path,
        "facts": presenting.facts(document),
        "document": document,
    }


def compare_form(templates: Templates, pair: Pair, first: Document | None, note: str = "") -> str:
    """The HTML of the form for two links. ``first`` is the document of the one that is given already."""
    return templates.render(
        "compare.html",
        here="/compare",
        pair=pair,
        note=note,
        suggestions=_examples() if first is None else _partners(pair, first),
        listed=not pair.a,
        sides=[],
        lanes=(),
    )


def _examples() -> list[tuple[str, str]]:
    """Comparisons of examples, in words with their query."""
    slugs = {item.slug for item in samples()}
    return [
        (words, encoded({"a": SAMPLE + one, "b": SAMPLE + other}.items()))
        for one, other, words in _EXAMPLES
        if one in slugs and other in slugs
    ]


def _partners(pair: Pair, first: Document) -> list[tuple[str, str]]:
    """What the first layout could be compared with: other boots of its text, and the examples."""
    partners = []
    index, count = first.boot.index, first.boot.count
    for boot in range(1, count + 1) if count > 1 else ():
        if boot != index:
            fields = {"a": pair.a, "b": pair.a, "boot_a": str(index), "boot_b": str(boot)}
            partners.append((f"Boot {boot} of the same text", encoded(fields.items())))
    for item in samples():
        name = SAMPLE + item.slug
        if name != pair.a:
            fields = {"a": pair.a, "b": name} | ({"boot_a": str(pair.boot_a)} if pair.boot_a else {})
            partners.append((f"Example: {item.title}", encoded(fields.items())))
    return partners
