"""The use cases. Sharing is in ``app.service.layouts``, apart, because it brings a database with it."""

from app.service.analyzing import Analyzed, Options, analyze, encode
from app.service.errors import BadOption, NoMemoryLayout, NoSuchBoot, ServiceError
from app.service.lookup import Lookup, lookup
from app.report.rulebook import Rule, rules

__all__ = [
    "Analyzed", "BadOption", "Lookup", "NoMemoryLayout", "NoSuchBoot", "Options", "Rule", "ServiceError",
    "analyze", "encode", "lookup", "rules",
]  # fmt: skip
