"""Templates to HTML, with what every page has: version, glossary, addresses of static files."""

from collections.abc import Callable
from typing import Any

from pfnscope import __version__
from pfnscope.formats.templates import environment
from pfnscope.opening.packing import LIMIT
from pfnscope.report import glossary
from pfnscope.units import format_size


class Templates:
    """The templates of the pages. ``asset_url`` gives the address of a file in ``static``.

    ``most`` is how many bytes of a text the server takes.
    """

    def __init__(self, asset_url: Callable[[str], str], most: int = LIMIT) -> None:
        self._environment = environment()
        self._environment.globals.update(
            version=__version__,
            asset_url=asset_url,
            most=most,
            most_words=format_size(most),
            terms=glossary.BY_ID,
            lane_word=glossary.of_lane,
            kind_words=glossary.BY_KIND,
            change_words=glossary.BY_CHANGE,
        )

    def render(self, template: str, **values: Any) -> str:
        """The HTML of a template with these values."""
        return self._environment.get_template(template).render(**values)
