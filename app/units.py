"""Sizes as the kernel parses and prints them."""

import re

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
TIB = 1 << 40

_SUFFIXES = "KMGTPE"
_SIZE = re.compile(r"(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})([KMGTPEkmgtpe]?)")


def parse_size(text: str) -> int | None:
    """Read a whole size such as ``1G``, ``0x1000`` or ``128k`` into bytes, or None.

    Source: ``memparse()`` in lib/cmdline.c (suffixes K to E, powers of 1024; 4.17 to 7.1). A leading 0
    means octal there, as it does here.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        return None
    digits, suffix = match.groups()
    try:
        value = int(digits, 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10)
    except ValueError:  # 8 or 9 after an octal 0
        return None
    return value << (10 * (_SUFFIXES.index(suffix.upper()) + 1) if suffix else 0)


def format_size(size: int) -> str:
    """Print bytes with the largest binary unit that needs at most two decimals, such as ``164 KiB``."""
    value, unit = float(size), "B"
    for name in ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        if abs(value) < 1024:
            break
        value, unit = value / 1024, name
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{text} {unit}"
