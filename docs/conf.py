"""How Sphinx makes the site of docs/ and of the pages beside README.md: `make site`.

The pages are plain Markdown, which a code browser shows as well; what only a site has is here and in docs/site/.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

from pfnscope import __version__
from pfnscope.drawing import palette

ROOT = Path(__file__).parent.parent

PARTS = {
    "Tutorial": ["docs/tutorial"],
    "How to": [
        "docs/installing",
        "docs/terminal",
        "docs/ways",
        "docs/what-if",
        "docs/verify",
        "docs/reports",
        "docs/fleet",
        "docs/library",
        "docs/sharing",
        "docs/operating",
        "CONTRIBUTING",
    ],
    "Reference": [
        "docs/commands",
        "docs/settings",
        "docs/requests",
        "docs/api",
        "docs/findings",
        "docs/notes",
        "docs/kernel-rules",
        "docs/log-formats",
        "docs/kinds",
        "docs/words",
        "CHANGELOG",
    ],
    "Explanation": ["docs/spans", "docs/ledger", "docs/architecture", "docs/decisions"],
}
"""Where each page stands; Sphinx warns of one that stands nowhere, and a warning fails the build."""

ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
BY_FILE = re.compile(r"\[[\w/-]+\.md\]\(([\w./-]+\.md)\)")

project = "pfnscope"
version = release = __version__
copyright = "The pfnscope authors"  # noqa: A001 - Sphinx reads this name
extensions = ["myst_parser"]

# The folder above is the source, so that links to CONTRIBUTING.md and CHANGELOG.md are links of the site too.
root_doc = "docs/index"
source_suffix = {".md": "markdown"}
include_patterns = ["CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md"]
exclude_patterns = [path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "docs"]
myst_heading_anchors = 3
myst_heading_anchors_html_ids = True
nitpicky = True
smartquotes = False
highlight_language = "none"

html_theme = "furo"
html_title = "pfnscope"
html_favicon = "../static/icon.svg"
html_static_path = ["site/static"]
html_css_files = ["site.css"]
html_additional_pages = {"index": "first.html"}
templates_path = ["site/templates"]
html_copy_source = html_show_sourcelink = html_show_copyright = html_use_index = False
html_theme_options = {
    name: {"color-brand-primary": accent, "color-brand-content": accent, "color-brand-visited": accent}
    | {"color-background-primary": palette.CARD[dark], "color-foreground-primary": palette.INK[dark]}
    | {"content-padding": "2em"}
    for name, dark, accent in (("light_css_variables", 0, "#0b5cad"), ("dark_css_variables", 1, "#7db7f2"))
}


def setup(app: Sphinx) -> None:
    """Called by Sphinx: what would be noise in a code browser is added to the pages as they are read."""
    app.connect("source-read", _for_the_site)


def _for_the_site(_app: Sphinx, name: str, source: list[str]) -> None:
    # an anchor in HTML is nothing that links are checked against; a target is
    source[0] = ANCHOR.sub(r"(\1)=", source[0])
    # a site's reader knows pages by their titles, which an empty link becomes
    source[0] = BY_FILE.sub(r"[](\1)", source[0])
    if name == root_doc:
        for caption, pages in PARTS.items():
            names = "\n".join(f"/{page}" for page in pages)
            source[0] += f"\n```{{toctree}}\n:caption: {caption}\n:hidden:\n\n{names}\n```\n"
