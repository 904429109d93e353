"""Byte ranges, page frame ranges, sets of them and labelled maps: sorted, half-open, never per page."""

from pfnscope.ranges.labelled import Painted, overlay, paint, value_at
from pfnscope.ranges.sets import FrameSet
from pfnscope.ranges.spans import ByteRange, FrameRange

__all__ = ["ByteRange", "FrameRange", "FrameSet", "Painted", "overlay", "paint", "value_at"]
