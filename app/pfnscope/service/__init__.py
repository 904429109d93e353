"""The use cases. Sharing is in ``pfnscope.service.layouts``, apart, because it brings a database with it."""

from pfnscope.errors import ServiceError
from pfnscope.service.analyzing import Analyzed, Options, analyze, encode
from pfnscope.service.errors import BadOption, NoMemoryLayout, NoSuchBoot

__all__ = ["Analyzed", "BadOption", "NoMemoryLayout", "NoSuchBoot", "Options", "ServiceError", "analyze", "encode"]
