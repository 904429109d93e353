"""The use cases. Sharing is in ``app.service.layouts``, apart, because it brings a database with it."""

from app.service.analyzing import Analyzed, Options, analyze, encode
from app.service.errors import BadOption, NoMemoryLayout, NoSuchBoot, ServiceError

__all__ = ["Analyzed", "BadOption", "NoMemoryLayout", "NoSuchBoot", "Options", "ServiceError", "analyze", "encode"]
