"""What all steps of decoding share."""

from collections.abc import Callable
from io import BytesIO

ADDED = b"\r"
"""Where a line ends that has no newline there in the text as given; no other carriage return is left."""
_BLOCK = 1 << 17
TAGS = (
    "a|article|b|big|blockquote|body|br|center|code|dd|details|div|dl|dt|em|font|h[1-6]|head|hr|html|i|img|kbd|label|li"
    "|link|log|main|mark|meta|ol|p|pre|samp|section|small|span|strong|style|sub|summary|sup|system-err|system-out"
    "|t[dhrt]|table|tbody|text|thead|title|u|ul|var|wbr"
)


def in_blocks(change: Callable[[bytes], bytes], raw: bytes) -> bytes:
    """Change a text block by block: a substitution keeps all its pieces, each many times as large as its text."""
    out, at = BytesIO(), 0
    while at < len(raw):
        end = at + _BLOCK
        if end < len(raw):
            cut = raw.rfind(b"\n", at, end)
            cut = cut if cut >= 0 else raw.rfind(b" ", at, end)
            end = cut + 1 if cut >= 0 else end
        out.write(change(raw[at:end]))
        at = end
    return out.getvalue()
