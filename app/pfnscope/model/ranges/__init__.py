"""Byte ranges, page frame ranges, sets of them and labelled maps: sorted, half-open, never per page."""

from pfnscope.model.ranges.labelled import Painted, overlay, paint, value_at
from pfnscope.model.ranges.sets import FrameSet
from pfnscope.model.ranges.spans import ByteRange, FrameRange

__all__ = ["ByteRange", "FrameRange", "FrameSet", "Painted", "overlay", "paint", "value_at"]
