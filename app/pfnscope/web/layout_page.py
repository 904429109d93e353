"""A layout, stored or an example: its page, its figure, what ``find`` names, and its other formats.

The same handlers serve ``/l/ID`` and ``/samples/SLUG``, except where the two differ: formats of stored layouts are part
of the API, with an ETag and strict parameters.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pfnscope.drawing.axis import AxisName
from pfnscope.formats.registry import BY_SUFFIX
from pfnscope.pages.query import LayoutQuery, encoded
from pfnscope.pages.subjects import Subject
from pfnscope.pages.unfurl import PICTURE
from pfnscope.report.plain import PLAIN
from pfnscope.service import jobs
from pfnscope.web import rendering, schema, sharing
from pfnscope.web.cache import ASK_EACH_TIME, tagged
from pfnscope.web.costs import answered
from pfnscope.web.deps import Services, ServicesDep, absolute
from pfnscope.web.errors import wants_page
from pfnscope.web.previews import makes_previews
from pfnscope.web.query import AddressDep, LayoutQueryDep, OverridesDep
from pfnscope.web.security import PICTURE_POLICY
from pfnscope.web.work import Work, WorkDep

router = APIRouter(include_in_schema=False)
exports = APIRouter()

_STORED, _SAMPLE = "/l/{layout_id}", "/samples/{slug}"  # their parameters are read by _source
Axis = Literal["schematic", "scale"]
Width = Annotated[int, Query(ge=72, le=1000, description="Columns of the text report; 72 for a mail")]

_HEADERS = {
    "svg": {"Content-Security-Policy": PICTURE_POLICY, "Cross-Origin-Resource-Policy": "cross-origin"},
    # a file to keep: here the server's own policy would forbid the scripts that it carries
    "html": {"Content-Disposition": 'attachment; filename="layout.html"'},
}


Source = Callable[[], Awaitable[Subject]]


async def _source(request: Request, work: WorkDep, overrides: OverridesDep) -> Source:
    """What fetches the layout of this address."""
    names = request.path_params

    async def fetch() -> Subject:
        if "slug" in names:
            return sharing.sample(names["slug"], overrides)
        return await sharing.stored(work, names["layout_id"], overrides)

    return fetch


SourceDep = Annotated[Source, Depends(_source)]


@router.get(_SAMPLE + ".{form}")
async def sample_format(
    services: ServicesDep,
    work: WorkDep,
    source: SourceDep,
    form: str,
    query: LayoutQueryDep,
    axis: Annotated[str, Query(max_length=40)] = "",
    width: Width = PLAIN.width,
) -> Response:
    """An example in another format; an axis that does not exist is the usual one. Before ``{slug}``, which has dots."""
    return await _exported(services, work, source, form, query, "scale" if axis == "scale" else "schematic", width)


@router.get(_STORED)
async def layout(
    request: Request, services: ServicesDep, work: WorkDep, source: SourceDep, address: AddressDep
) -> Response:
    """The page of a stored layout; what does not ask for a page, such as curl, gets the text report or the document.

    Programs that show links in chats accept anything, and want the page.
    """
    is_json = "application/json" in request.headers.get("accept", "")
    if wants_page(request) or (makes_previews(request.headers.get("user-agent", "")) and not is_json):
        response = await sample_page(request, services, work, source, address)
        if response.status_code != 200:
            return response
    else:
        suffix = "json" if is_json else "txt"
        response = await tagged(request, await _exported(services, work, source, suffix, address.query))
    response.headers["Vary"] = "Accept, User-Agent"
    return response


@router.get(_SAMPLE)
async def sample_page(
    request: Request, services: ServicesDep, work: WorkDep, source: SourceDep, address: AddressDep
) -> Response:
    """The page of an example, or of any layout."""
    query = address.query
    if sorted(query.canonical) != sorted(query.pairs):
        return RedirectResponse(f"{request.url.path}?{encoded(query.canonical)}".removesuffix("?"), 303)
    subject, packed = await _drawn(services, work, source, query)
    limit, base = services.settings.max_body_bytes, absolute(request, services, "")
    return HTMLResponse(await answered(work, rendering.page, packed, limit, subject, address, base))


@router.get(_STORED + PICTURE)
@router.get(_SAMPLE + PICTURE)
async def layout_picture(services: ServicesDep, work: WorkDep, source: SourceDep, address: AddressDep) -> Response:
    """What chats show beside a link: a PNG."""
    _, packed = await _drawn(services, work, source, address.query)
    body = await answered(work, rendering.card, packed)
    return Response(body, media_type="image/png", headers={"X-Robots-Tag": "noindex"})


@router.get(f"{_STORED}/figure.json")
@router.get(f"{_SAMPLE}/figure.json")
async def layout_figure(services: ServicesDep, work: WorkDep, source: SourceDep, address: AddressDep) -> Response:
    """The bars as a Plotly figure, those between ``from`` and ``to`` as fine as a screen shows."""
    _, packed = await _drawn(services, work, source, address.query)
    return data(await answered(work, rendering.figure, packed, address.view))


@router.get(f"{_STORED}/find.json")
@router.get(f"{_SAMPLE}/find.json")
async def layout_find(services: ServicesDep, work: WorkDep, source: SourceDep, address: AddressDep) -> Response:
    """What ``find`` names, as page frames and in words."""
    _, packed = await _drawn(services, work, source, address.query)
    return data(await answered(work, rendering.place, packed, address.view))


@exports.get(
    "/l/{layout_id}.{form}",
    tags=["layouts"],
    response_class=Response,
    responses={
        200: {
            "description": "The layout in that form",
            "content": {item.media_type.partition(";")[0]: {} for item in BY_SUFFIX.values()}
            | {"application/json": {"examples": {"example": {"$ref": "#/components/examples/Document"}}}},
        },
        **schema.problems(*schema.MISSES),
    },
)
async def export(
    request: Request,
    layout_id: str,
    form: Annotated[str, Path(json_schema_extra={"enum": list(BY_SUFFIX)})],
    services: ServicesDep,
    work: WorkDep,
    source: SourceDep,
    query: LayoutQueryDep,
    axis: Annotated[Axis, Query(description="How the picture's axis runs")] = "schematic",
    width: Width = PLAIN.width,
) -> Response:
    """A stored layout as JSON, plain text, Markdown, CSV of its holes or a standalone picture.

    With ``set``, ``remove`` or ``append``, the layout that this command line would give; the picture shows both.
    """
    del layout_id  # read by the source; here it is only described
    return await tagged(request, await _exported(services, work, source, form, query, axis, width))


async def _drawn(services: Services, work: Work, source: Source, query: LayoutQuery) -> tuple[Subject, bytes]:
    """A layout, and its drawing with the answer to the question, packed."""
    subject = await source()
    return subject, await sharing.drawing(services, work, subject, query.question)


def data(body: bytes) -> Response:
    """What a script of a page asks for, each time anew."""
    return Response(body, media_type="application/json", headers={"Cache-Control": ASK_EACH_TIME})


async def _exported(
    services: Services,
    work: Work,
    source: Source,
    suffix: str,
    query: LayoutQuery,
    axis: AxisName = "schematic",
    width: int = PLAIN.width,
) -> Response:
    """A layout in the format of that suffix. Raises 404 for a suffix that no format has."""
    if suffix not in BY_SUFFIX:
        raise HTTPException(404)
    subject, most = await source(), services.settings.max_ranges
    body = await answered(work, jobs.exported, subject.text, subject.options, most, query.question, suffix, axis, width)
    return Response(body, headers=_HEADERS.get(suffix), media_type=BY_SUFFIX[suffix].media_type)
