"""Settings of the server, from the environment."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.web.limits import parse_rate


class Settings(BaseSettings):
    """Each is an environment variable with the prefix ``PFNSCOPE_``."""

    model_config = SettingsConfigDict(env_prefix="PFNSCOPE_")

    database_url: Annotated[str, Field(description="SQLite file or PostgreSQL database")] = "sqlite:///var/pfnscope.db"
    max_body_bytes: Annotated[
        int, Field(ge=1024, description="Largest accepted text, also after unpacking, in bytes")
    ] = 64 << 20
    rate_limit: Annotated[str, Field(description="Texts taken from one client: N/second, N/minute, N/hour or off")] = (
        "60/minute"
    )
    base_url: Annotated[
        str | None, Field(description="Public address of the server where it differs from the request's")
    ] = None
    retention_days: Annotated[int, Field(ge=1, le=36500, description="How long a shared layout is kept at most")] = 90

    @field_validator("rate_limit")
    @classmethod
    def _readable_rate(cls, value: str) -> str:
        parse_rate(value)
        return value

    @field_validator("base_url")
    @classmethod
    def _absolute_base(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")
