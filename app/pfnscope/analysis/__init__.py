"""What one layout means on one kernel: holes, states, severities, checks."""

from pfnscope.analysis.analyze import Analysis, analyze
from pfnscope.analysis.model import Choice, Era, Hole, PageState, State

__all__ = ["Analysis", "Choice", "Era", "Hole", "PageState", "State", "analyze"]
