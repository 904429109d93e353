"""Comparing two layouts on a page: their bars on one axis, and what differs, in words."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from pfnscope import service
from pfnscope.drawing import plotly, scene
from pfnscope.model.document import Document
from pfnscope.pages import presenting
from pfnscope.pages.samples import samples
from pfnscope.report.compared import Comparison, compared
from pfnscope.report.words import SEVERITY_WORDS
from pfnscope.service import Options
from pfnscope.service.errors import NoSuchBoot
from pfnscope.service.whatif import NO_QUESTION
from pfnscope.web import subjects, viewing, views
from pfnscope.web.asked import encoded
from pfnscope.web.caching import tagged
from pfnscope.web.deps import Services, ServicesDep
from pfnscope.web.drawings import Drawn
from pfnscope.web.layout_page import figure_response
from pfnscope.web.query import Boot, boot_number
from pfnscope.web.rendering import render
from pfnscope.web.subjects import Subject
from pfnscope.web.viewing import Looked, LookedDep

router = APIRouter(include_in_schema=False)

NAMES = ("A", "B")
_KNOWN = ("a", "b", "boot_a", "boot_b", "kernel")

Link = Annotated[str, Query(max_length=2000)]


class Wanted(msgspec.Struct, frozen=True):
    """What is to be compared, as the query string says it: names or links, boots and one release for both."""

    a: str
    b: str
    boot_a: int | None
    boot_b: int | None
    kernel: str | None

    @property
    def query(self) -> str:
        """The address of the comparison, without the view."""
        return encoded((name, str(value)) for name, value in msgspec.structs.asdict(self).items() if value is not None)


class Two(msgspec.Struct, frozen=True):
    """Both sides, each with its document."""

    subjects: tuple[Subject, Subject]
    documents: tuple[Document, Document]

    @property
    def comparison(self) -> Comparison:
        """What changed from the first to the second."""
        return compared(*self.documents)

    def drawn(self, owned: Services) -> Drawn:
        """Both on one axis; kept for the next request."""
        one, other = self.subjects
        return owned.recent.get(
            (one.text, other.text),
            (one.options, other.options),
            lambda: Drawn(scene.of_two(*self.documents, NAMES), *self.documents),
        )


@router.get("/compare")
async def compare(
    request: Request,
    owned: ServicesDep,
    look: LookedDep,
    a: Link = "",
    b: Link = "",
    boot_a: str = "",
    boot_b: str = "",
    kernel: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The page: a form for two links, and for two that are there what differs."""
    links = [subjects.name_of(link) for link in (a, b)]
    told = {"a": links[0][0], "b": links[1][0], "boot_a": boot_a or links[0][1], "boot_b": boot_b or links[1][1]}
    given = request.query_params.multi_items()
    # what is not known here stays in the address too, so that the page can say so
    rest = [(name, value) for name, value in given if name not in _KNOWN]
    tidy = [(name, value) for name, value in [*told.items(), ("kernel", kernel.strip())] if value]
    if sorted([*tidy, *rest]) != sorted(given):
        return RedirectResponse(f"/compare?{encoded([*tidy, *rest])}" if tidy or rest else "/compare", 303)
    boots = [boot_number(name, told[name]) for name in ("boot_a", "boot_b")]
    wanted = Wanted(told["a"], told["b"], boots[0], boots[1], kernel.strip() or None)
    names = [name for name, _ in rest]
    if not wanted.a or not wanted.b:
        return await owned.workers.run(_form, owned, wanted, viewing.ignored(names, _KNOWN))
    return await owned.workers.run(lambda: _page(owned, wanted, look, names))


@router.get("/compare.json")
async def compare_json(
    request: Request,
    owned: ServicesDep,
    a: Link,
    b: Link,
    boot_a: Boot = None,
    boot_b: Boot = None,
    kernel: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The same for programs; examples are called ``sample:NAME``."""
    wanted = Wanted(a, b, boot_a, boot_b, kernel)
    body = await owned.workers.run(lambda: service.encode(_two(owned, wanted).comparison))
    return tagged(request, Response(body, media_type="application/json"))


@router.get("/compare/figure.json")
async def compare_figure(
    owned: ServicesDep,
    look: LookedDep,
    a: Link,
    b: Link,
    boot_a: Boot = None,
    boot_b: Boot = None,
    kernel: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The bars of both as one Plotly figure."""
    wanted = Wanted(a, b, boot_a, boot_b, kernel)

    def work() -> Response:
        drawn = _two(owned, wanted).drawn(owned).only(look.view.lanes)
        return figure_response(
            plotly.figure_json(drawn.scene, look.view.axis, window=look.window, both_axes=drawn.axes)
        )

    return await owned.workers.run(work)


@router.get("/compare/find.json")
async def compare_find(
    owned: ServicesDep,
    look: LookedDep,
    a: Link,
    b: Link,
    boot_a: Boot = None,
    boot_b: Boot = None,
    kernel: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """What ``find`` names, in the second layout or else in the first."""
    wanted = Wanted(a, b, boot_a, boot_b, kernel)
    return await owned.workers.run(
        lambda: figure_response(service.encode(viewing.found_in(_two(owned, wanted).drawn(owned), look.words)))
    )


def _two(owned: Services, wanted: Wanted) -> Two:
    boots = (wanted.boot_a, wanted.boot_b)
    if wanted.a == wanted.b and boots == (None, None):
        boots = (1, 2)
    one, other = (
        subjects.named(owned.layouts, name, Options(kernel=wanted.kernel, boot=boot))
        for name, boot in zip((wanted.a, wanted.b), boots, strict=True)
    )
    return Two((one, other), (_document(owned, one), _document(owned, other)))


def _document(owned: Services, subject: Subject) -> Document:
    return views.asked_drawn(owned.recent, subject, NO_QUESTION)[0].today


def _page(owned: Services, wanted: Wanted, look: Looked, names: Sequence[str]) -> Response:
    try:
        two = _two(owned, wanted)
    except NoSuchBoot:
        if wanted.a != wanted.b:
            raise
        return _form(owned, wanted, "Both are the same layout, and its text has no second boot: give another link.")
    told = [(name, str(value)) for name, value in msgspec.structs.asdict(wanted).items() if value is not None]
    lines = [views.source_lines(document) for document in two.documents]
    return render(
        owned,
        "compare.html",
        here="/compare",
        wanted=wanted,
        told="",
        suggestions=[],
        listed=all(subject.listed for subject in two.subjects),
        sides=[_side(*side) for side in zip(NAMES, two.subjects, two.documents, strict=True)],
        changes=views.changes(*two.documents),
        lines=lines,
        path="/compare",
        query=f"?{wanted.query}",
        more_query=f"&{wanted.query}",
        **viewing.shown(two.drawn(owned), look, _KNOWN, names),
        fields=told,
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


def _form(owned: Services, wanted: Wanted, told: str = "") -> Response:
    """The form for two links; where one is given, what it could be compared with."""
    suggestions: list[tuple[str, str]] = []
    if wanted.a:
        first = _document(owned, subjects.named(owned.layouts, wanted.a, Options(boot=wanted.boot_a)))
        for boot in range(1, first.boot.count + 1) if first.boot.count > 1 else ():
            if boot != first.boot.index:
                pair = {"a": wanted.a, "b": wanted.a, "boot_a": str(first.boot.index), "boot_b": str(boot)}
                suggestions.append((f"Boot {boot} of the same text", encoded(pair.items())))
    for item in samples():
        name = subjects.SAMPLE + item.slug
        if wanted.a and name != wanted.a:
            pair = {"a": wanted.a, "b": name} | ({"boot_a": str(wanted.boot_a)} if wanted.boot_a else {})
            suggestions.append((f"Example: {item.title}", encoded(pair.items())))
    if not wanted.a:
        slugs = [item.slug for item in samples()]
        for one, other, words in _EXAMPLES:
            if one in slugs and other in slugs:
                pair = {"a": subjects.SAMPLE + one, "b": subjects.SAMPLE + other}
                suggestions.append((words, encoded(pair.items())))
    return render(
        owned,
        "compare.html",
        here="/compare",
        wanted=wanted,
        told=told,
        suggestions=suggestions,
        listed=not wanted.a,
        sides=[],
        lanes=(),
    )


_EXAMPLES = (
    ("seed-no-memmap", "seed-1g-4g", "2018 report: without and with memmap=1G!4G"),
    ("oops-1g-4g", "fixed-1g-4g", "The same guest and option on 4.17 and on 6.12"),
    ("seed-1g-4g", "seed-1g-7g", "2018 report: memmap=1G!4G and memmap=1G!7G"),
)
