"""pfnscope: which page frames a Linux boot log gives a struct page, and what that kernel did with it.

``parse``, ``analyse``, ``simulate``, ``compare``, ``place``, ``lookup``, ``verify``, ``figure``, ``rows`` and
``encode`` are what other programs use; docs/library.md shows how.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pfnscope.library import (
        BadOption,
        CannotSimulate,
        Comparison,
        Document,
        Lookup,
        MissingExtra,
        NoMemoryLayout,
        NoSuchBoot,
        Placements,
        Reading,
        ServiceError,
        Verification,
        analyse,
        compare,
        encode,
        figure,
        lookup,
        parse,
        place,
        rows,
        simulate,
        verify,
    )

__all__ = [
    "BadOption",
    "CannotSimulate",
    "Comparison",
    "Document",
    "Lookup",
    "MissingExtra",
    "NoMemoryLayout",
    "NoSuchBoot",
    "Placements",
    "Reading",
    "ServiceError",
    "Verification",
    "__version__",
    "analyse",
    "compare",
    "encode",
    "figure",
    "lookup",
    "parse",
    "place",
    "rows",
    "simulate",
    "verify",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Fetch a public name on first use: the command, whose start-up is measured, needs none of them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("pfnscope.library"), name)
