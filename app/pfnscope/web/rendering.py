"""Templates to answers."""

from typing import Any

from starlette.responses import HTMLResponse, Response

from pfnscope import __version__
from pfnscope.web.deps import Services


def render(owned: Services, template: str, status: int = 200, **values: Any) -> Response:
    """A page made from a template."""
    return HTMLResponse(owned.templates.get_template(template).render(version=__version__, **values), status)
