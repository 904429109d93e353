"""The web room: pages and API over the service. Nothing here computes."""

from app.web.factory import create_app

__all__ = ["create_app"]
