"""Boot logs as people paste them, read into facts with line numbers."""

from pfnscope.bootlog.reader import LOOKED_FOR, Reading, keep_memory_lines, read
from pfnscope.bootlog.text.searchable import Text

__all__ = ["LOOKED_FOR", "Reading", "Text", "keep_memory_lines", "read"]
