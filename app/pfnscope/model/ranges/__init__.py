"""Byte ranges, page frame ranges, sets of them and labelled maps: sorted, half-open, never per page."""

from pfnscope.model.ranges.labelled import Painted, overlay, paint, value_at
from pfnscope.model.ranges.sets import FrameSet
from pfnscope.model.ranges.spans import Address, Bordered, ByteRange, FrameRange, MaybeBordered, borders

__all__ = [
    "Address",
    "Bordered",
    "ByteRange",
    "FrameRange",
    "FrameSet",
    "MaybeBordered",
    "Painted",
    "borders",
    "overlay",
    "paint",
    "value_at",
]
