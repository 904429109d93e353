"""Sizes as the kernel parses and prints them."""

import re

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30

PAGE_SIZE = 4 * KIB
"""Bytes of a page where nothing tells otherwise: the only size of x86, the smallest of all others."""

_SUFFIXES = "KMGTPE"
# re compiles them on first use, and keeps them; many reports need neither.
_NUMBER = r"(0[xX][0-9a-fA-F]{1,64}|0[0-7]{0,64}|[1-9][0-9]{0,64})([KMGTPEkmgtpe]?)"
_SIZE = r"(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})([KMGTPEkmgtpe]?)"


def parse_size(text: str) -> int | None:
    """Read a whole size such as ``1G``, ``0x1000`` or ``128k`` into bytes, or None.

    Source: ``memparse()`` in lib/cmdline.c (suffixes K to E, powers of 1024; 4.17 to 7.1). A leading 0
    means octal there, as it does here.
    """
    match = re.fullmatch(_SIZE, text.strip())
    if match is None:
        return None
    digits, suffix = match.groups()
    try:
        value = int(digits, 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10)
    except ValueError:  # 8 or 9 after an octal 0
        return None
    return value << (10 * (_SUFFIXES.index(suffix.upper()) + 1) if suffix else 0)


def leading_size(text: str, *, suffixes: bool = True) -> tuple[int | None, str]:
    """Read the size that a text begins with, and give what follows it; None where it begins with no digit.

    Source: ``memparse()`` and ``simple_strtoull()`` in lib/, 4.17 to 7.1: the number ends at the first character
    that is no digit of its base, and wraps at 2^64.
    """
    match = re.match(_NUMBER, text)
    if match is None:
        return None, text
    digits, suffix = match.groups()
    rest = text[match.end() :]
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10
    shift = 10 * (_SUFFIXES.index(suffix.upper()) + 1) if suffix and suffixes else 0
    if suffix and not suffixes:
        rest = suffix + rest
    return (int(digits, base) << shift) % (1 << 64), rest


def whole_number(text: str, digits: int = 10) -> int | None:
    """Read a decimal number of no more than so many digits, or None.

    For text of strangers: int() raises ValueError beyond 4,300 digits, and takes signs, blanks and other alphabets.
    """
    return int(text) if len(text) <= digits and text.isascii() and text.isdigit() else None


def address_words(value: int) -> str:
    """An address for a sentence: ``7 GiB`` where it is so many, else ``0xbffd7000``."""
    return f"{value // GIB} GiB" if value and value % GIB == 0 else f"{value:#x}"


def range_words(start: int, end: int) -> str:
    """``[7 GiB, 8 GiB)``, ``[0xbe000000, 0xbf000000)``: one way for both ends."""
    if start % GIB == 0 and end % GIB == 0:
        return f"[{start // GIB} GiB, {end // GIB} GiB)"
    return f"[{start:#x}, {end:#x})"


def argument_size(size: int) -> str:
    """A size or an address as memmap= takes it: ``1G``, ``512M``, ``0x1234000``."""
    for suffix, shift in (("G", 30), ("M", 20), ("K", 10)):
        if size and size % (1 << shift) == 0:
            return f"{size >> shift}{suffix}"
    return hex(size) if size >= KIB else str(size)


def format_size(size: int) -> str:
    """Print bytes with the largest binary unit that needs at most two decimals, such as ``164 KiB``."""
    value, unit = float(size), "B"
    for name in ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        if abs(value) < 1024:
            break
        value, unit = value / 1024, name
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{text} {unit}"
