"""The web room: pages and API over the service. Nothing here computes."""

from pfnscope.web.factory import create_app

__all__ = ["create_app"]
