"""The pages: paste, rules, list of examples. Handlers only fetch, choose and render."""

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from pfnscope import service
from pfnscope.formats import rulebook, rulepage
from pfnscope.pages.samples import samples
from pfnscope.service.layouts import DAY
from pfnscope.web import sharing
from pfnscope.web.deps import Services, ServicesDep, SubmissionDep, absolute, services
from pfnscope.web.errors import Problem
from pfnscope.web.rendering import render
from pfnscope.words import counted

router = APIRouter(include_in_schema=False)


@router.get("/")
def paste(request: Request, owned: ServicesDep) -> Response:
    """The paste page."""
    return _paste(request, owned)


@router.post("/")
async def take(request: Request, owned: ServicesDep, sent: SubmissionDep) -> Response:
    """Store what was pasted: on to its page, or for a terminal the report and the permalink."""
    if sent.form:
        made = await sharing.store_and_draw(owned, sent)
        # The token travels in the fragment: no server, log or cookie sees it, and the page shows it once.
        fragment = f"#delete={made.delete_token}" if sent.fields.tell_token else ""
        return RedirectResponse(f"{made.url}{fragment}", 303, {"Cache-Control": "no-store"})
    made, report = await sharing.store_and_report(owned, sent)
    link = absolute(request, owned, made.url)
    body = f"{report}\ndelete token: {made.delete_token}\n{link}\n"
    return PlainTextResponse(body, 201, {"Location": link, "Cache-Control": "no-store"})


@router.get("/samples")
def sample_list(owned: ServicesDep) -> Response:
    """All examples."""
    return render(owned, "samples.html", here="/samples", samples=samples())


@router.get("/samples.json")
def sample_list_json() -> Response:
    """All examples, for programs."""
    return Response(msgspec.json.encode(samples()), media_type="application/json")


@router.get("/rules")
def rules(owned: ServicesDep) -> Response:
    """What each release does to struct pages."""
    book = rulebook.rules()
    return render(
        owned,
        "rules.html",
        here="/rules",
        rules=book,
        words=rulebook.state_words,
        commits=rulepage.commit_rows(book),
        readers=rulepage.reader_rows(),
        vendors=rulepage.vendor_rows(),
        reserves=rulepage.reserve_rows(),
    )


@router.get("/rules.json")
def rules_json() -> Response:
    """The same for programs."""
    return Response(service.encode(rulebook.rules()), media_type="application/json")


def error_page(request: Request, problem: Problem) -> Response:
    """A problem for people; where the text had no memory layout, the paste page with what was looked for."""
    owned = services(request)
    if problem.looked_for:
        return _paste(request, owned, problem)
    return render(owned, "problem.html", problem.status, here="", problem=problem)


def _paste(request: Request, owned: Services, problem: Problem | None = None) -> Response:
    days = owned.settings.retention_days
    lifetimes = [(DAY * n, f"{counted(n, 'day')}") for n in (1, 7, 30) if n < days] + [(DAY * days, f"{days} days")]
    return render(
        owned,
        "paste.html",
        problem.status if problem else 200,
        here="/",
        problem=problem,
        samples=samples(),
        lifetimes=lifetimes,
        retention_days=days,
        base_url=absolute(request, owned, ""),
    )
