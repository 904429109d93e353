"""Where shared layouts are kept: a store in SQL for SQLite and PostgreSQL."""

from pfnscope.storage.schema import Claim, Claimed, Record, Tombstone
from pfnscope.storage.sql import LayoutStore, open_store
from pfnscope.storage.trouble import StoreUnavailable

__all__ = ["Claim", "Claimed", "LayoutStore", "Record", "StoreUnavailable", "Tombstone", "open_store"]
