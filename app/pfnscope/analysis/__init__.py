"""What one layout means on one kernel: holes, states, severities, checks."""

from pfnscope.analysis.analyze import analyze
from pfnscope.analysis.model import Analysis, Choice, Era, Hole, PageState, State

__all__ = ["Analysis", "Choice", "Era", "Hole", "PageState", "State", "analyze"]
