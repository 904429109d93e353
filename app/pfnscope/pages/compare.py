"""The page that compares two layouts: their bars on one axis, and what differs, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pfnscope.model.analysis import Severity
from pfnscope.model.document import Document
from pfnscope.pages import presenting
from pfnscope.pages.bars import Drawn, bars
from pfnscope.pages.query import ViewQuery, encoded
from pfnscope.pages.subjects import SAMPLE, Subject, samples
from pfnscope.pages.templates import Templates
from pfnscope.report.apart import told_apart
from pfnscope.report.compared import compared
from pfnscope.report.headline import tone
from pfnscope.report.stability import stability_lines
from pfnscope.report.words import SEVERITY_WORDS
from pfnscope.service import Options

NAMES = ("A", "B")
KNOWN = ("a", "b", "boot_a", "boot_b", "kernel")
"""All names that the address of a comparison may have, beside the view."""

_MOST_BOOTS = 12
"""Boots of a text in a row, around the one shown; others are in a menu."""

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
        faults={},
        note="",
        suggestions=[],
        listed=all(subject.listed for subject in subjects),
        sides=[_side(pair, *side) for side in zip(NAMES, subjects, drawn.documents, strict=True)],
        comparison=comparison,
        firmware=list(stability_lines(stable)) if stable and stable.maps > 1 else [],
        changes=told_apart(*drawn.documents),
        path="/compare",
        query=f"?{query}",
        more_query=f"&{query}",
        **bars(drawn, view, KNOWN, names),
        fields=pair.fields,
        paged=False,
        absent=[],
        simulated=False,
        blank="blank: no memory, no struct page",
        severity_words=SEVERITY_WORDS,
    )


class Boot(msgspec.Struct, frozen=True):
    """Another boot of a side's text; ``query`` compares it with the other side."""

    index: int
    severity: Severity | None
    words: str
    query: str
    shown: bool


def _side(pair: Pair, name: str, subject: Subject, document: Document) -> dict[str, Any]:
    options = {"kernel": subject.options.kernel, "boot": subject.options.boot}
    query = encoded((key, str(value)) for key, value in options.items() if value is not None)
    boot = f"boot {document.boot.index} of {document.boot.count}" if document.boot.count > 1 else ""
    return {
        "name": name,
        "title": " · ".join(filter(None, [subject.title or subject.path, boot])),
        "href": f"{subject.path}?{query}" if query else subject.path,
        "document": document,
        "severity": tone(document),
        "boots": _boots(pair, name, document) if document.boot.count > 1 else [],
    }


def _boots(pair: Pair, name: str, document: Document) -> list[Boot]:
    """The boots of a side's text, each to take the place of the one shown; neighbours of that one first."""
    one, other = (options.boot for _, options in pair.sides)
    both = msgspec.structs.replace(pair, boot_a=one, boot_b=other)
    shown = document.boot.index
    rows = sorted(presenting.boot_rows(document), key=lambda row: abs(row.index - shown))
    near, rest = sorted(rows[:_MOST_BOOTS], key=lambda row: row.index), rows[_MOST_BOOTS:]
    boots = []
    for row in (*near, *rest):
        query = encoded(msgspec.structs.replace(both, **{f"boot_{name.lower()}": row.index}).fields)
        boots.append(Boot(row.index, row.severity, row.words, query, row.index == shown))
    return boots


def compare_form(
    templates: Templates,
    pair: Pair,
    first: Document | None,
    note: str = "",
    *,
    faults: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
) -> str:
    """The HTML of the form. ``first`` is the document of the layout that is given already.

    ``faults`` say what is wrong, by field; then ``values`` are what stood in the fields.
    """
    return templates.render(
        "compare.html",
        here="/compare",
        pair=values or pair,
        faults=faults or {},
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
    """What the first layout could be compared with: other boots of its text, neighbours first, and the examples."""
    partners = []
    index, count = first.boot.index, first.boot.count
    for boot in sorted(range(1, count + 1), key=lambda boot: abs(boot - index)):
        if boot != index:
            fields = {"a": pair.a, "b": pair.a, "boot_a": str(index), "boot_b": str(boot)}
            partners.append((f"Boot {boot} of the same text", encoded(fields.items())))
    for item in samples():
        name = SAMPLE + item.slug
        if name != pair.a:
            fields = {"a": pair.a, "b": name} | ({"boot_a": str(pair.boot_a)} if pair.boot_a else {})
            partners.append((f"Example: {item.title}", encoded(fields.items())))
    return partners
