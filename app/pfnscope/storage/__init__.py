"""Where shared layouts are kept: a small protocol and one SQL implementation for SQLite and PostgreSQL."""

from pfnscope.storage.protocol import Claim, Claimed, LayoutStore, Record, StoreUnavailable, Tombstone
from pfnscope.storage.sql import open_store

__all__ = ["Claim", "Claimed", "LayoutStore", "Record", "StoreUnavailable", "Tombstone", "open_store"]
