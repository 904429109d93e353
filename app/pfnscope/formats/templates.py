"""The templates of the pages and of the HTML file, as Jinja2 reads them."""

import jinja2

from pfnscope import resources
from pfnscope.report.visible import visible


def environment() -> jinja2.Environment:
    """The folder ``templates``: all values escaped, control characters shown by name, a missing value an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.folder("templates")),
        autoescape=True,
        finalize=visible,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
