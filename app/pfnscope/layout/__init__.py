"""One physical memory layout: memory of nodes, zone spans, sections and who owns the rest."""

from pfnscope.layout.build import build_layout

__all__ = ["build_layout"]
