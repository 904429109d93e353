"""Comparing two layouts: the page, what differs as JSON, the figure of both, and what ``find`` names."""

from functools import partial

import msgspec
from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pfnscope import service
from pfnscope.drawing import scene
from pfnscope.errors import ServiceError
from pfnscope.model.document import Document
from pfnscope.pages import bars
from pfnscope.pages.bars import Drawn
from pfnscope.pages.compare import KNOWN, NAMES, Pair, compare_form, compare_page
from pfnscope.pages.query import ViewQuery, encoded
from pfnscope.pages.subjects import Subject
from pfnscope.report.compared import compared
from pfnscope.service import Options
from pfnscope.service.errors import NoSuchBoot
from pfnscope.service.whatif import NO_QUESTION
from pfnscope.web import sharing
from pfnscope.web.cache import tagged
from pfnscope.web.deps import Services, ServicesDep
from pfnscope.web.errors import wants_page
from pfnscope.web.layout_page import figure, place
from pfnscope.web.problems import problem_of
from pfnscope.web.query import LinkPairDep, PairForm, PairFormDep, ViewQueryDep, boot_number

router = APIRouter(include_in_schema=False)


class Two(msgspec.Struct, frozen=True):
    """Both sides of a comparison, each with its document."""

    subjects: tuple[Subject, Subject]
    documents: tuple[Document, Document]


@router.get("/compare")
async def compare(request: Request, services: ServicesDep, view: ViewQueryDep, form: PairFormDep) -> Response:
    """The page: a form for two links, and what differs between two that are given.

    What is wrong with a field is said beside it, with all of them as they were.
    """
    parameters = request.query_params.multi_items()
    # unknown names stay in the address, so that the page can name them
    rest = [(name, value) for name, value in parameters if name not in KNOWN]
    fields = [*form.fields, *rest]
    if sorted(fields) != sorted(parameters):
        return RedirectResponse(f"/compare?{encoded(fields)}".removesuffix("?"), 303)
    names = [name for name, _ in rest]
    try:
        pair = form.pair
        if pair.a and pair.b:
            return await services.workers.run(_page, services, pair, view, names)
        return await services.workers.run(_form, services, pair, bars.ignored(names, KNOWN))
    except (ServiceError, HTTPException) as error:
        if not wants_page(request):
            raise
        faults = await services.workers.run(_faults, services, form)
        if not faults:
            raise
        status = problem_of(error).status if isinstance(error, ServiceError) else error.status_code
        page = compare_form(services.templates, Pair("", ""), None, faults=faults, values=form.values)
        return HTMLResponse(page, status)


@router.get("/compare.json")
async def compare_json(request: Request, services: ServicesDep, pair: LinkPairDep) -> Response:
    """The same for programs; examples are called ``sample:NAME``."""
    body = await services.workers.run(lambda: service.encode(compared(*_two(services, pair).documents)))
    return tagged(request, Response(body, media_type="application/json"))


@router.get("/compare/figure.json")
async def compare_figure(services: ServicesDep, view: ViewQueryDep, pair: LinkPairDep) -> Response:
    """The bars of both as one Plotly figure."""
    return await services.workers.run(lambda: figure(_drawn(services, _two(services, pair)), view))


@router.get("/compare/find.json")
async def compare_find(services: ServicesDep, view: ViewQueryDep, pair: LinkPairDep) -> Response:
    """What ``find`` names, in the second layout or else in the first."""
    return await services.workers.run(lambda: place(_drawn(services, _two(services, pair)), view))


def _two(services: Services, pair: Pair) -> Two:
    one, other = (sharing.named(services.layouts, *side) for side in pair.sides)
    return Two((one, other), (_document(services, one), _document(services, other)))


def _document(services: Services, subject: Subject) -> Document:
    return services.recent.of(subject, NO_QUESTION)[0].today


def _drawn(services: Services, two: Two) -> Drawn:
    """Both on one axis; kept for the next request."""
    one, other = two.subjects
    make = partial(_draw, two)
    return services.recent.get((one.text, other.text), (one.options, other.options), make)


def _draw(two: Two) -> Drawn:
    return Drawn(scene.of_two(*two.documents, NAMES), *two.documents)


def _page(services: Services, pair: Pair, view: ViewQuery, names: list[str]) -> Response:
    try:
        two = _two(services, pair)
    except NoSuchBoot:
        if pair.a != pair.b:
            raise
        note = "Both are the same layout, and its text has no second boot: give another link."
        return _form(services, pair, note)
    page = compare_page(services.templates, pair, two.subjects, _drawn(services, two), view, names)
    return HTMLResponse(page)


def _faults(services: Services, form: PairForm) -> dict[str, str]:
    """What is wrong with the fields of the form, by field, each in a sentence."""
    faults: dict[str, str] = {}
    values = form.values
    for side in ("a", "b"):
        name, boot = values[side], f"boot_{side}"
        at = side
        try:
            subject = sharing.named(services.layouts, name, Options()) if name else None
            at = boot
            options = Options(boot=boot_number("The boot", values[boot]))
            if subject:
                _document(services, msgspec.structs.replace(subject, options=options))
                at = "kernel"
                options = msgspec.structs.replace(options, kernel=values["kernel"] or None)
                _document(services, msgspec.structs.replace(subject, options=options))
        except HTTPException as error:
            faults[at] = str(error.detail)
        except ServiceError as error:
            words = str(error)
            faults[at] = f"{words[:1].upper()}{words[1:]}".removesuffix(".") + "."
    return faults


def _form(services: Services, pair: Pair, note: str) -> Response:
    """The form for two links; where one is given, with layouts that it could be compared with."""
    first = None
    if pair.a:
        first = _document(services, sharing.named(services.layouts, pair.a, Options(boot=pair.boot_a)))
    return HTMLResponse(compare_form(services.templates, pair, first, note))
