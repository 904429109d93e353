"""What one layout means on one kernel: holes, states, severities, checks."""

from app.analysis.analyze import analyze
from app.analysis.model import Analysis, Choice, Era, Hole, PageState, State

__all__ = ["Analysis", "Choice", "Era", "Hole", "PageState", "State", "analyze"]
