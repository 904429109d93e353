"""Serving: the app under uvicorn."""

import uvicorn

from app.service.layouts import StoreUnavailable
from app.web.factory import create_app


class CannotServe(Exception):
    """The settings or the storage do not allow serving; the message is fit for users."""


def serve(host: str, port: int) -> None:
    """Serve until interrupted. Raises CannotServe."""
    try:
        app = create_app()
    except (ValueError, StoreUnavailable) as error:
        raise CannotServe(str(error)) from error
    uvicorn.run(app, host=host, port=port, server_header=False, timeout_graceful_shutdown=5)
