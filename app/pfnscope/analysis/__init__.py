"""What one layout means on one kernel: holes, states, severities, checks."""

from pfnscope.analysis.analyze import Analysis, analyze

__all__ = ["Analysis", "analyze"]
