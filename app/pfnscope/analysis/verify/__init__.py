"""An analysis compared with what the machine itself reports, range by range."""

from pfnscope.analysis.verify.verify import verify

__all__ = ["verify"]
