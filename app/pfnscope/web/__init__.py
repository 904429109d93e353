"""The web room: pages and API over the service. Nothing here computes."""

from pfnscope.web.app import create_app

__all__ = ["create_app"]
