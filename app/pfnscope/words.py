"""Numbers with their nouns, and text that can be shown: what every sentence needs, whoever says it."""


def plural(count: int, noun: str) -> str:
    """``range`` for one of them, else ``ranges``."""
    return noun if count == 1 else f"{noun}s"


def counted(count: int, noun: str) -> str:
    """``1 page``, ``41 pages``, ``262,144 pages``."""
    return f"{count:,} {plural(count, noun)}"


def printable(text: str, instead: str = "\N{REPLACEMENT CHARACTER}") -> str:
    """The text with ``instead`` for each character that is none to look at: line breaks and control characters."""
    return text if text.isprintable() else "".join(char if char.isprintable() else instead for char in text)


def shortened(text: str, most: int = 64) -> str:
    """The beginning of a text of strangers, for a sentence: printable, with “…” where there is more."""
    text = printable(text[: most + 1])
    return text if len(text) <= most else f"{text[:most]}…"


def escaped(text: str) -> str:
    """The text with its control characters by number, as JSON writes them."""
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
