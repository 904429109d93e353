"""Boot logs as people paste them, read into facts with line numbers."""

from pfnscope.bootlog.keeping import keep_memory_lines
from pfnscope.bootlog.reader import LOOKED_FOR, Reading, read
from pfnscope.bootlog.text import Text

__all__ = ["LOOKED_FOR", "Reading", "Text", "keep_memory_lines", "read"]
