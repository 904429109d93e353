"""A layout, stored or an example: its page, its figure, what ``find`` names, and its other formats.

The same handlers serve ``/l/ID`` and ``/samples/SLUG``, except where the two differ: formats of stored layouts are part
of the API, with an ETag and strict parameters.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pfnscope.drawing import plotly, svg
from pfnscope.drawing.axis import AxisName
from pfnscope.formats.registry import BY_SUFFIX, Export
from pfnscope.pages.bars import Drawn, find_on
from pfnscope.pages.layout import LayoutAddress, layout_page
from pfnscope.pages.query import LayoutQuery, ViewQuery, encoded
from pfnscope.pages.subjects import Subject
from pfnscope.pages.unfurl import PICTURE, picture
from pfnscope.report.plain import PLAIN, Look
from pfnscope.service import analyze, encode
from pfnscope.service.errors import CannotSimulate
from pfnscope.service.jobs import scene_of
from pfnscope.service.whatif import Question, ask
from pfnscope.web import schema, sharing
from pfnscope.web.cache import ASK_EACH_TIME, tagged
from pfnscope.web.deps import Services, ServicesDep, absolute
from pfnscope.web.drawings import with_drawing
from pfnscope.web.errors import wants_page
from pfnscope.web.previews import makes_previews
from pfnscope.web.query import AddressDep, LayoutQueryDep, OverridesDep
from pfnscope.web.security import PICTURE_POLICY

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


async def _source(request: Request, services: ServicesDep, overrides: OverridesDep) -> Callable[[], Subject]:
    """What fetches the layout of this address, blocking."""
    names = request.path_params
    if "slug" in names:
        return partial(sharing.sample, names["slug"], overrides)
    return partial(sharing.stored, services.layouts, names["layout_id"], overrides)


SourceDep = Annotated[Callable[[], Subject], Depends(_source)]


@router.get(_SAMPLE + ".{form}")
async def sample_format(
    services: ServicesDep,
    source: SourceDep,
    form: str,
    query: LayoutQueryDep,
    axis: Annotated[str, Query(max_length=40)] = "",
    width: Width = PLAIN.width,
) -> Response:
    """An example in another format; an axis that does not exist is the usual one. Before ``{slug}``, which has dots."""
    return await _exported(services, source, form, query, "scale" if axis == "scale" else "schematic", width)


@router.get(_STORED)
async def layout(request: Request, services: ServicesDep, source: SourceDep, address: AddressDep) -> Response:
    """The page of a stored layout; what does not ask for a page, such as curl, gets the text report or the document.

    Programs that show links in chats accept anything, and want the page.
    """
    is_json = "application/json" in request.headers.get("accept", "")
    if wants_page(request) or (makes_previews(request.headers.get("user-agent", "")) and not is_json):
        response = await sample_page(request, services, source, address)
        if response.status_code != 200:
            return response
    else:
        suffix = "json" if is_json else "txt"
        response = tagged(request, await _exported(services, source, suffix, address.query))
    response.headers["Vary"] = "Accept, User-Agent"
    return response


@router.get(_SAMPLE)
async def sample_page(request: Request, services: ServicesDep, source: SourceDep, address: AddressDep) -> Response:
    """The page of an example, or of any layout."""
    query = address.query
    if sorted(query.canonical) != sorted(query.pairs):
        return RedirectResponse(f"{request.url.path}?{encoded(query.canonical)}".removesuffix("?"), 303)
    return await _with_drawing(
        services, source, query.question, partial(_page, services, address, absolute(request, services, ""))
    )


@router.get(_STORED + PICTURE)
@router.get(_SAMPLE + PICTURE)
async def layout_picture(services: ServicesDep, source: SourceDep, address: AddressDep) -> Response:
    """What chats show beside a link: a PNG. Painting it holds up other requests, so a process does it."""
    question = address.query.question

    def work(subject: Subject) -> str:
        return picture(services.recent.of(subject, question)[0])

    drawing = await with_drawing(services.workers, services.recent, source, question, work)
    body = await services.workers.apart(svg.png, drawing, 1)
    return Response(body, media_type="image/png", headers={"X-Robots-Tag": "noindex"})


@router.get(f"{_STORED}/figure.json")
@router.get(f"{_SAMPLE}/figure.json")
async def layout_figure(services: ServicesDep, source: SourceDep, address: AddressDep) -> Response:
    """The bars as a Plotly figure, those between ``from`` and ``to`` as fine as a screen shows."""

    def work(subject: Subject) -> Response:
        return figure(services.recent.of(subject, address.query.question)[1], address.view)

    return await _with_drawing(services, source, address.query.question, work)


@router.get(f"{_STORED}/find.json")
@router.get(f"{_SAMPLE}/find.json")
async def layout_find(services: ServicesDep, source: SourceDep, address: AddressDep) -> Response:
    """What ``find`` names, as page frames and in words."""

    def work(subject: Subject) -> Response:
        return place(services.recent.of(subject, address.query.question)[1], address.view)

    return await _with_drawing(services, source, address.query.question, work)


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
    source: SourceDep,
    query: LayoutQueryDep,
    axis: Annotated[Axis, Query(description="How the picture's axis runs")] = "schematic",
    width: Width = PLAIN.width,
) -> Response:
    """A stored layout as JSON, plain text, Markdown, CSV of its holes or a standalone picture.

    With ``set``, ``remove`` or ``append``, the layout that this command line would give; the picture shows both.
    """
    del layout_id  # read by the source; here it is only described
    return tagged(request, await _exported(services, source, form, query, axis, width))


async def _with_drawing(
    services: Services, source: Callable[[], Subject], question: Question, work: Callable[[Subject], Response]
) -> Response:
    return await with_drawing(services.workers, services.recent, source, question, work)


def _page(services: Services, address: LayoutAddress, base: str, subject: Subject) -> Response:
    answer, drawn = services.recent.of(subject, address.query.question)
    return HTMLResponse(layout_page(services.templates, subject, answer, drawn, address, base))


def figure(drawn: Drawn, query: ViewQuery) -> Response:
    """The part of a drawing in view as a Plotly figure."""
    drawn = drawn.only(query.view.lanes)
    return _data(
        plotly.figure_json(drawn.scene, query.view.axis or "schematic", window=query.window, both_axes=drawn.axes)
    )


def place(drawn: Drawn, query: ViewQuery) -> Response:
    """What the words of ``find`` name on a drawing. Raises BadOption."""
    return _data(encode(find_on(drawn, query.words)))


def _data(body: bytes) -> Response:
    return Response(body, media_type="application/json", headers={"Cache-Control": ASK_EACH_TIME})


async def _exported(
    services: Services,
    source: Callable[[], Subject],
    suffix: str,
    query: LayoutQuery,
    axis: AxisName = "schematic",
    width: int = PLAIN.width,
) -> Response:
    """A layout in the format of that suffix. Raises 404 for a suffix that no format has."""
    if suffix not in BY_SUFFIX:
        raise HTTPException(404)
    body = await services.workers.run(lambda: _written(suffix, source(), query.question, axis, Look(width)))
    return Response(body, headers=_HEADERS.get(suffix), media_type=BY_SUFFIX[suffix].media_type)


def _written(suffix: str, subject: Subject, question: Question, axis: AxisName, look: Look) -> bytes:
    """A layout in a format, with a change the simulated one; the drawing also has the possible starts of a region.

    Raises CannotSimulate where the change leads to no layout.
    """
    write = BY_SUFFIX[suffix].write
    with_places = suffix == "svg" and question.places
    if question.change is None and not with_places:
        document = analyze(subject.text, subject.options).document
        return write(Export(document, subject.text, None, axis, look))
    answer = ask(subject.text, subject.options, question)
    if question.change is not None and answer.changed is None:
        raise CannotSimulate(answer.refused)
    if with_places:
        return svg.draw(scene_of(answer), axis).encode()
    today = answer.today if answer.changed else None
    return write(Export(answer.changed or answer.today, subject.text, today, axis, look))
