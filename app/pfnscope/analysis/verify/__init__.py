"""An analysis held against what the machine itself said: pure comparisons of ranges."""

from pfnscope.analysis.verify.verify import verify

__all__ = ["verify"]
