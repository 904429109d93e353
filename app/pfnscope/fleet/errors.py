"""What ends a scan. A log that cannot be read never does: it becomes a row that says why."""

from pfnscope.service.errors import ServiceError


class CannotScan(ServiceError):
    """Nothing can be scanned, or no table be written; the message is fit for users."""


class FilesNotShared(CannotScan):
    """The workers of a cluster do not have a file that is here."""
