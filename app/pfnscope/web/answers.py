"""Answers of the API that are no document."""

from typing import Annotated

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """What this server accepts. ``rate_limit`` holds for the texts of one client; sizes are in bytes.

    ``expires_in_seconds`` are the shortest and the longest life time. ``max_ranges`` are those of one boot;
    ``concurrent_analyses`` are at work at the same time in one server process.
    """

    max_body_bytes: int
    rate_limit: str
    retention_days: int
    expires_in_seconds: Annotated[list[int], msgspec.Meta(min_length=2, max_length=2)]
    title_characters: int
    note_characters: int
    max_ranges: int
    analysis_seconds: float
    concurrent_analyses: int
