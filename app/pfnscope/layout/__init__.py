"""One physical memory layout: memory of nodes, zone spans, sections and who owns the rest."""

from pfnscope.layout.build import build_layout
from pfnscope.layout.model import Layout, MemoryRange, Owner, ZoneLimit, ZoneSpan

__all__ = ["Layout", "MemoryRange", "Owner", "ZoneLimit", "ZoneSpan", "build_layout"]
