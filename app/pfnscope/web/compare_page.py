"""Comparing two layouts: the page, what differs as JSON, the figure of both, and what ``find`` names."""

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pfnscope.errors import ServiceError
from pfnscope.pages import bars
from pfnscope.pages.compare import KNOWN, Pair, compare_form
from pfnscope.pages.query import ViewQuery, encoded
from pfnscope.pages.subjects import Subject
from pfnscope.service import Options, jobs
from pfnscope.service.errors import NoSuchBoot
from pfnscope.web import rendering, sharing
from pfnscope.web.aside import aside
from pfnscope.web.cache import tagged
from pfnscope.web.costs import answered
from pfnscope.web.deps import Services, ServicesDep
from pfnscope.web.errors import wants_page
from pfnscope.web.layout_page import data
from pfnscope.web.problems import problem_of
from pfnscope.web.query import LinkPairDep, PairForm, PairFormDep, ViewQueryDep, boot_number
from pfnscope.web.work import Work, WorkDep

router = APIRouter(include_in_schema=False)

Two = tuple[Subject, Subject]


@router.get("/compare")
async def compare(
    request: Request, services: ServicesDep, work: WorkDep, view: ViewQueryDep, form: PairFormDep
) -> Response:
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
            return await _page(services, work, pair, view, names)
        return await _form(services, work, pair, bars.ignored(names, KNOWN))
    except (ServiceError, HTTPException) as error:
        if not wants_page(request):
            raise
        faults = await _faults(services, work, form)
        if not faults:
            raise
        status = problem_of(error).status if isinstance(error, ServiceError) else error.status_code
        page = await aside(compare_form, services.templates, Pair("", ""), None, faults=faults, values=form.values)
        return HTMLResponse(page, status)


@router.get("/compare.json")
async def compare_json(request: Request, services: ServicesDep, work: WorkDep, pair: LinkPairDep) -> Response:
    """The same for programs; examples are called ``sample:NAME``."""
    one, other = await _two(work, pair)
    body = await answered(work, jobs.compared, one.side, other.side, services.settings.max_ranges)
    return await tagged(request, Response(body, media_type="application/json"))


@router.get("/compare/figure.json")
async def compare_figure(services: ServicesDep, work: WorkDep, view: ViewQueryDep, pair: LinkPairDep) -> Response:
    """The bars of both as one Plotly figure."""
    packed = await sharing.drawing_of_two(services, work, *await _two(work, pair))
    return data(await answered(work, rendering.figure, packed, view))


@router.get("/compare/find.json")
async def compare_find(services: ServicesDep, work: WorkDep, view: ViewQueryDep, pair: LinkPairDep) -> Response:
    """What ``find`` names, in the second layout or else in the first."""
    packed = await sharing.drawing_of_two(services, work, *await _two(work, pair))
    return data(await answered(work, rendering.place, packed, view))


async def _two(work: Work, pair: Pair) -> Two:
    one, other = pair.sides
    return await sharing.named(work, *one), await sharing.named(work, *other)


async def _page(services: Services, work: Work, pair: Pair, view: ViewQuery, names: list[str]) -> Response:
    two = await _two(work, pair)
    try:
        packed = await sharing.drawing_of_two(services, work, *two)
    except NoSuchBoot:
        if pair.a != pair.b:
            raise
        note = "Both are the same layout, and its text has no second boot: give another link."
        return await _form(services, work, pair, note)
    limit, (one, other) = services.settings.max_body_bytes, (subject.without_text() for subject in two)
    return HTMLResponse(await answered(work, rendering.comparison, packed, limit, pair, (one, other), view, names))


async def _faults(services: Services, work: Work, form: PairForm) -> dict[str, str]:
    """What is wrong with the fields of the form, by field, each in a sentence."""
    faults: dict[str, str] = {}
    values, most = form.values, services.settings.max_ranges
    for side in ("a", "b"):
        name, boot = values[side], f"boot_{side}"
        at = side
        try:
            subject = await sharing.named(work, name, Options()) if name else None
            at = boot
            options = Options(boot=boot_number("The boot", values[boot]))
            if subject:
                await answered(work, jobs.checked, subject.text, options, most)
                at = "kernel"
                options = Options(values["kernel"] or None, boot=options.boot)
                await answered(work, jobs.checked, subject.text, options, most)
        except HTTPException as error:
            faults[at] = str(error.detail)
        except ServiceError as error:
            words = str(error)
            faults[at] = f"{words[:1].upper()}{words[1:]}".removesuffix(".") + "."
    return faults


async def _form(services: Services, work: Work, pair: Pair, note: str) -> Response:
    """The form for two links; where one is given, with layouts that it could be compared with."""
    if not pair.a:
        return HTMLResponse(await aside(compare_form, services.templates, pair, None, note))
    subject = await sharing.named(work, pair.a, Options(boot=pair.boot_a))
    packed = await sharing.drawing(services, work, subject)
    return HTMLResponse(await answered(work, rendering.partners, packed, services.settings.max_body_bytes, pair, note))
