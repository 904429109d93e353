"""The columns of the table in Arrow's types, made from the rows."""

from typing import Any, get_args, get_type_hints

import pyarrow as pa

from pfnscope.fleet.row import Hole, Row

MARK = {b"pfnscope.scan": b"1"}
"""What tells such a table from other Parquet files, and its format."""


def _type(hint: Any) -> pa.DataType:
    parts = [part for part in get_args(hint) if part is not type(None)]
    if hint is int:
        return pa.int64()
    if hint is bool:
        return pa.bool_()
    if hint is Hole:
        return pa.struct(_fields(Hole))
    if getattr(hint, "__origin__", None) is list:
        return pa.list_(_type(parts[0]))
    if len(parts) == 1:  # or None
        return _type(parts[0])
    return pa.string()  # text, or one of some words


def _fields(kind: type) -> list[pa.Field]:
    return [pa.field(name, _type(hint)) for name, hint in get_type_hints(kind).items()]


SCHEMA = pa.schema(_fields(Row), metadata=MARK)
