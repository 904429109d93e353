"""Settings of the server, from the environment."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

import msgspec
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pfnscope.service.layouts import DAY, LONGEST_NOTE, LONGEST_TITLE, SHORTEST_SECONDS
from pfnscope.web.heads import LONGEST_QUERY, MOST_PARAMETERS
from pfnscope.web.intake import STRETCH_BYTES, STRETCH_SECONDS
from pfnscope.web.rates import check_storage, parse_rate
from pfnscope.web.workers import WAITING_FOR_PROCESSES


def networks(text: str) -> list[IPv4Network | IPv6Network]:
    """The addresses or networks of a setting, separated by commas. Raises ValueError."""
    return [ip_network(part) for part in (part.strip() for part in text.split(",")) if part]


class Limits(msgspec.Struct, frozen=True):
    """What this server accepts; sizes are in bytes. A client is an IPv4 address or a /64 of IPv6.

    ``rate_limit`` holds for the texts of one client and for the seconds of work that its requests take.
    ``expires_in_seconds`` are the shortest and the longest life time. ``max_ranges`` are those of one boot;
    ``concurrent_analyses`` are at work at the same time in one server process, ``analyses_of_one_client`` of them for
    one client, for which ``waiting_of_one_client`` more wait. Of a body, ``body_bytes`` more have to come in each
    ``body_seconds``.
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
    analyses_of_one_client: int
    waiting_of_one_client: int
    body_bytes: int
    body_seconds: int
    query_bytes: int
    query_parameters: int


class Settings(BaseSettings):
    """Each is an environment variable with the prefix ``PFNSCOPE_``."""

    model_config = SettingsConfigDict(env_prefix="PFNSCOPE_")

    database_url: Annotated[
        str,
        Field(
            description="SQLite file, or PostgreSQL: postgresql+psycopg://user@host/database (with pfnscope[postgres])"
        ),
    ] = "sqlite:///var/pfnscope.db"
    max_body_bytes: Annotated[
        int, Field(ge=1024, description="Largest accepted text, also after unpacking, in bytes")
    ] = 64 << 20
    max_ranges: Annotated[int, Field(ge=100, description="Most ranges of one boot that are analysed")] = 200_000
    analysis_seconds: Annotated[float, Field(gt=0, le=3600, description="Longest analysis, in seconds")] = 30
    analyses: Annotated[int, Field(ge=1, le=256, description="Analyses at the same time, in each server process")] = 2
    rate_limit: Annotated[
        str, Field(description="Texts, and seconds of work, for one client: N/second, N/minute, N/hour or off")
    ] = "60/minute"
    rate_limit_storage: Annotated[
        str,
        Field(
            description="Where they are counted: memory, database, or redis://… (with pfnscope[redis]); "
            "auto: database on PostgreSQL, else memory"
        ),
    ] = "auto"
    base_url: Annotated[
        str | None, Field(description="Public address of the server, for permalinks; without it the request's")
    ] = None
    allowed_hosts: Annotated[
        str,
        Field(
            description="Names, separated by blanks, under which requests reach the server, beside the base URL, "
            "localhost, addresses and the machine's own name"
        ),
    ] = ""
    metrics_networks: Annotated[
        str, Field(description="Addresses or networks, separated by commas, that may read /metrics")
    ] = "127.0.0.0/8, ::1"
    retention_days: Annotated[
        int,
        Field(
            ge=1,
            le=36500,
            description="How long a shared layout is kept at most; lowered, it holds for what is stored too",
        ),
    ] = 90
    cors_origins: Annotated[
        str, Field(description="Origins whose scripts may read the API, separated by blanks, or *")
    ] = ""
    trusted_proxies: Annotated[
        str,
        Field(description="Addresses or networks, separated by commas, whose X-Forwarded-For and -Proto are believed"),
    ] = ""

    @field_validator("rate_limit")
    @classmethod
    def _readable_rate(cls, value: str) -> str:
        parse_rate(value)
        return value

    @field_validator("rate_limit_storage")
    @classmethod
    def _known_storage(cls, value: str) -> str:
        check_storage(value)
        return value

    @field_validator("base_url")
    @classmethod
    def _absolute_base(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        if any(origin != "*" and not origin.startswith(("http://", "https://")) for origin in value.split()):
            raise ValueError("must be * or start with http:// or https://")
        return value

    @field_validator("trusted_proxies", "metrics_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        try:
            networks(value)
        except ValueError:
            # Not *: whoever is believed about everybody's address can be anybody, and send at any rate.
            raise ValueError("must be addresses or networks, separated by commas") from None
        return value

    @property
    def rates_in(self) -> str:
        """Where rates are counted: ``memory``, ``database`` or the address of a Redis server."""
        if self.rate_limit_storage != "auto":
            return self.rate_limit_storage
        return "database" if self.database_url.startswith("postgresql") else "memory"

    @property
    def limits(self) -> Limits:
        """What the API says of these settings, and of what is fixed."""
        return Limits(
            max_body_bytes=self.max_body_bytes,
            rate_limit=self.rate_limit,
            retention_days=self.retention_days,
            expires_in_seconds=[SHORTEST_SECONDS, self.retention_days * DAY],
            title_characters=LONGEST_TITLE,
            note_characters=LONGEST_NOTE,
            max_ranges=self.max_ranges,
            analysis_seconds=self.analysis_seconds,
            concurrent_analyses=self.analyses,
            analyses_of_one_client=1,
            waiting_of_one_client=WAITING_FOR_PROCESSES,
            body_bytes=STRETCH_BYTES,
            body_seconds=STRETCH_SECONDS,
            query_bytes=LONGEST_QUERY,
            query_parameters=MOST_PARAMETERS,
        )
