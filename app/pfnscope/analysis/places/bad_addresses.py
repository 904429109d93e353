"""Addresses of bad memory, as memory tests, kernels, daemons and boot loaders print them, and as people write them."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct

from pfnscope.model.ranges import Pairs
from pfnscope.patterns import Match, compiled
from pfnscope.units import leading_size
from pfnscope.words import printable

MOST_RANGES = 100_000
"""Addresses and ranges that are looked at; masks count by what they stand for."""

PHYSICAL = 1 << 52
"""Physical addresses of every architecture end here."""
_NARROW = 1 << 32
_SHOWN = 60


class BadRanges(Struct, frozen=True):
    """Bytes ``[start, end)`` that are bad, each once, by address.

    ``unread`` is how many lines of a paste say nothing of an address. ``narrow``: a mask has 32 bits.
    """

    ranges: Pairs
    unread: int
    narrow: bool


def bad_addresses(texts: Iterable[str], page: int) -> BadRanges:
    """Read addresses, each text one or a paste of many lines; ``page`` is the size of a page in bytes.

    Raises ValueError for a text without an address, for one that can be read in two ways, and for too many.
    """
    reader = _Reader(page)
    for text in texts:
        reader.read(text)
    if not reader.ranges:
        raise ValueError(f"There is no address to look at. {_HELP}")
    return BadRanges(tuple(sorted(reader.ranges)), reader.unread, reader.narrow)


_HELP = "Give addresses as a memory test or the kernel prints them: 0x7ddf1234, 0x1000-0x1fff, pfn:0x7ddf1."


class _Reader:
    """What has been read; below "Bad pages" plain numbers are frames."""

    def __init__(self, page: int) -> None:
        self.page, self.unread, self.narrow, self.frames = page, 0, False, False
        self.ranges: set[tuple[int, int]] = set()

    def read(self, text: str) -> None:
        """One text. Raises ValueError."""
        self.frames = False
        lines = [self._line(line) for line in _whole(text)]
        if not any(lines):
            raise ValueError(f"“{_short(text)}” is no address. {_HELP}")
        self.unread += lines.count(False)

    def add(self, start: int, end: int) -> None:
        """Bytes that are bad. Raises ValueError for what no memory has, and for too much."""
        if not start < end:
            raise ValueError(f"The range from {start:#x} to {end - 1:#x} ends before it begins.")
        if start >= PHYSICAL:
            raise ValueError(f"{start:#x} is no physical address: they have 52 bits at most.")
        self.ranges.add((start, min(end, PHYSICAL)))
        if len(self.ranges) > MOST_RANGES:
            raise ValueError(f"More than {MOST_RANGES:,} addresses are not looked at; such a module has to go.")

    def add_frames(self, first: int, last: int) -> None:
        """Page frames, with the last."""
        self.add(first * self.page, (last + 1) * self.page)

    def add_masked(self, address: int, mask: int) -> None:
        """All addresses that equal one in the bits of a mask; what is finer than a page is dropped."""
        if 0 < mask < _NARROW:
            self.narrow = True
            mask |= (1 << 64) - _NARROW
        mask &= PHYSICAL - self.page
        if not mask:
            raise ValueError(f"The mask of {address:#x} stands for all of memory.")
        size = mask & -mask
        free = [bit for bit in range(size.bit_length(), PHYSICAL.bit_length() - 1) if not mask >> bit & 1]
        if 1 << len(free) > MOST_RANGES:
            raise ValueError(f"The mask of {address:#x} stands for {1 << len(free):,} ranges; that is too many.")
        starts = [address & mask]
        for bit in free:
            starts += [start | 1 << bit for start in starts]
        for start in starts:
            self.add(start, start + size)

    def _line(self, line: str) -> bool:
        """Whether the line is understood, be it that it has no address."""
        raw = line.encode("utf-8", "replace")
        if compiled(_ALL_PLAIN).fullmatch(raw):
            return self._plain(line)
        for pattern, why in _REFUSED:
            if compiled(pattern).search(raw):
                raise ValueError(why)
        if compiled(_HEADING).search(raw):
            self.frames = b"pages" in raw.lower()
            return True
        for form in _FORMS:
            matches = list(compiled(form.pattern).finditer(raw))
            for match in matches:
                form.take(self, match)
            if matches:
                return True
        return not line or bool(compiled(_EMPTY).search(raw)) or self._plain(line)

    def _plain(self, line: str) -> bool:
        """Numbers and ranges between blanks and commas, and pairs of address and mask."""
        for between in (" - ", " .. "):
            line = line.replace(between, between.strip())
        masked: list[tuple[int, int]] = []
        spans: list[tuple[int, int] | None] = []
        for word in line.replace(";", " ").replace("'", " ").replace('"', " ").split():
            parts = [part for part in word.split(",") if part]
            pairs = [] if self.frames or len(parts) % 2 else _masks(parts)
            masked += pairs
            spans += () if pairs else [_span(part, frames=self.frames) for part in parts]
        if None in spans:
            return False
        for address, mask in masked:
            self.add_masked(address, mask)
        for first, last in filter(None, spans):
            if min(first, last) < 0:
                raise ValueError(
                    f"“{_short(line)}” may be decimal or hexadecimal: write 0x before what is hexadecimal."
                )
            if self.frames:
                self.add_frames(first, last)
            else:
                self.add(first, last + 1)
        return True


def _whole(text: str) -> Iterator[str]:
    """The lines of a text; a line that ends with a comma goes on in the next."""
    pieces: list[str] = []
    for line in text.splitlines():
        pieces.append(line.strip())
        if not pieces[-1].endswith(","):
            yield "".join(pieces)
            pieces = []
    if pieces:
        yield "".join(pieces)


def _masks(parts: list[str]) -> list[tuple[int, int]]:
    """Pairs of an address and a mask; empty where they are none.

    Upper bits of a mask are set, and the address has no other bits than the mask.
    """
    pairs = [(_number(address), _number(mask)) for address, mask in zip(parts[::2], parts[1::2], strict=True)]
    out = [(address, mask) for address, mask in pairs if address is not None and mask is not None and mask > 0]
    masks = (mask >> 56 == 0xFF or (max(address, mask) < _NARROW and mask >> 24 == 0xFF) for address, mask in out)
    return out if len(out) == len(pairs) and all(masks) and not any(address & ~mask for address, mask in out) else []


def _span(text: str, *, frames: bool) -> tuple[int, int] | None:
    """First and last of ``A``, ``A-B`` or, for frames, ``A..B``; None where it is neither."""
    first, sign, last = text.partition("..")
    if sign and not frames:
        raise ValueError(
            f"“{_short(text)}” may be addresses or page frames: write 0x1000-0x1fff, or pfn:0x1-0x2 for frames."
        )
    if not sign:
        first, _, last = text.strip("[]").partition("-")
    low, high = _number(first), _number(last or first)
    return None if low is None or high is None else (low, high)


_UNITS = "kmgt"
_LEAST_DIGITS = 5
"""Of a hexadecimal number without 0x, so that it is no word."""


def _number(text: str) -> int | None:
    """A hexadecimal number with or without 0x, or a decimal one with a unit; -1 for digits that can be either.

    None where it is no number.
    """
    if len(text) > 18 or not text.isascii():
        return None
    lower = text.lower()
    hexadecimal = lower.removeprefix("0x")
    if hexadecimal != lower or (lower.endswith("h") and lower[:1].isdigit()):
        return _hex(hexadecimal.removesuffix("h") if hexadecimal == lower else hexadecimal)
    if lower[-1:] in _UNITS and lower[:-1].isdigit():
        return int(lower[:-1]) << 10 * (_UNITS.index(lower[-1]) + 1)
    if not lower.isdigit():
        return _hex(lower) if len(lower) >= _LEAST_DIGITS and any(char.isdigit() for char in lower) else None
    if len(lower) == 1 or (lower[0] == "0" and len(lower) >= _LEAST_DIGITS):
        return int(lower, 16)
    return -1


def _hex(digits: str) -> int | None:
    return int(digits, 16) if digits and all(char in "0123456789abcdef" for char in digits) else None


def _short(text: str) -> str:
    text = printable(" ".join(text[: 4 * _SHOWN].split()))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _group(match: Match, at: int = 1) -> str:
    return (match.group(at) or b"").decode("ascii", "replace")


def _badram(reader: _Reader, match: Match) -> None:
    numbers = [_number(part) for part in _group(match).split(",") if part]
    if len(numbers) % 2 or None in numbers:
        raise ValueError(f"“{_short(_group(match, 0))}” is not made of pairs of an address and a mask.")
    for address, mask in zip(numbers[::2], numbers[1::2], strict=True):
        reader.add_masked(address or 0, mask or 0)


def _memmap(reader: _Reader, match: Match) -> None:
    for part in _group(match).split(","):
        size, rest = leading_size(part)
        start, more = leading_size(rest.lstrip("\\")[1:])
        if not size or start is None or rest.lstrip("\\")[:1] not in tuple("$!#%") or more[:1] not in ("", "-", "+"):
            raise ValueError(f"“{_short(part)}” of memmap= is no SIZE$START.")
        reader.add(start, start + size)


def _edac(reader: _Reader, match: Match) -> None:
    start = int(_group(match), 16) * reader.page + int(_group(match, 2), 16) % reader.page
    grain = int(_group(match, 3) or "1")
    grain = grain if grain & (grain - 1) == 0 and grain else 1
    reader.add(start // grain * grain, (start // grain + 1) * grain)


def _frame(reader: _Reader, match: Match) -> None:
    reader.add_frames(int(_group(match), 16), int(_group(match), 16))


def _pfn(reader: _Reader, match: Match) -> None:
    """Decimal, as ``lookup`` takes it, unless 0x or a letter says otherwise."""
    first, last = (
        int(text, 10 if text.isdigit() else 16) for text in (_group(match), _group(match, 2) or _group(match))
    )
    reader.add_frames(first, last)


def _address(reader: _Reader, match: Match) -> None:
    reader.add(int(_group(match), 16), int(_group(match), 16) + 1)


def _decimal(reader: _Reader, match: Match) -> None:
    reader.add(int(_group(match)), int(_group(match)) + 1)


def _inclusive(reader: _Reader, match: Match) -> None:
    reader.add(int(_group(match), 16), int(_group(match, 2), 16) + 1)


def _exclusive(reader: _Reader, match: Match) -> None:
    reader.add(int(_group(match), 16), int(_group(match, 2), 16))


_HEX = r"(?:0[xX])?([0-9a-fA-F]{1,16})"
_WITH_0X = r"0[xX]([0-9a-fA-F]{1,16})"
_PFN = r"(?:0[xX])?[0-9a-fA-F]{1,13}"
_PADDED = r"[0-9a-fA-F]{8,16}"

_ALL_PLAIN = r"0[xX][0-9a-fA-F]{1,16}(?:[ ,\t-]+0[xX][0-9a-fA-F]{1,16})*,?"

_OFFSETS = "memtester prints offsets in its own memory, which tell no physical address; run it with -p, or memtest86+."
_BOUNDS = (
    "The lowest and the highest address do not tell what is bad between them: let memtest86+ print each address or"
    " memmap regions (F1, error report mode)."
)
_REFUSED = ((r"at offset 0x|[Ff]ail.*at offset", _OFFSETS), (r"(?i)(?:lowest|highest) error address", _BOUNDS))
_HEADING = r"(?i)^(?:BadRAM patterns|Linux memmap|Bad pages) \(|^bad pages:?$"
_EMPTY = (
    r"(?i)early_memtest|[0-9a-f]+ pattern [0-9a-f]{16}|physical_address_mask|failing address|^[-+=_ ]+$"
    r"|^badram=?$|^memmap=?$"
)
_LABEL = r"mc[0-9]+_addr|error_address|physical[_ ]addr(?:ess(?:es)?)?|addr(?:ess)?"


class _Form(NamedTuple):
    """What is looked for in a line, what is made of it, and who prints it."""

    pattern: str
    take: Callable[[_Reader, Match], None]
    source: str


_FORMS = (
    _Form(
        r"(?i)(?:\b|_)badram(?:=|\s+)[\"']?([0-9a-fx]+(?:,[0-9a-fx]+)*)",
        _badram,
        "badram_display() in app/badram.c, memtest86+ 7; GRUB_BADRAM= and the command badram of GRUB 2",
    ),
    _Form(r"\bmemmap=([^\s\"']+)", _memmap, "the same, in the mode Linux memmap; command lines"),
    _Form(
        rf"bad mem addr {_HEX} - {_HEX} reserved",
        _exclusive,
        "reserve_bad_mem() in mm/memtest.c, 6.1, which prints the end that it gives to memblock_reserve()",
    ),
    _Form(
        rf"\bpage[: ] ?{_WITH_0X},? offset[: ] ?{_WITH_0X}(?:,? grain[: ] ?([0-9]{{1,18}})\b)?",
        _edac,
        "drivers/edac/edac_mc.c: a frame, an offset, and up to how many bytes around it are bad; rasdaemon",
    ),
    _Form(
        rf"(?i)\b(?:memory failure:|soft[ _]offline:|soft offlining pfn|unpoison:|MCE) {_WITH_0X}\b",
        _frame,
        "mm/memory-failure.c, 6.1 and before",
    ),
    _Form(rf"(?i)\bbad page [^:]{{1,60}}pfn:{_HEX}\b", _frame, "bad_page() in mm/page_alloc.c, 6.1: %05lx"),
    _Form(rf"(?i)\bpfn[:=] ?({_PFN})(?:(?:\.\.|-)(?:pfn:)?({_PFN}))?\b", _pfn, "as pfnscope lookup has it"),
    _Form(
        rf"\b({_PADDED}) +(?:- +|\()[0-9]+(?:\.[0-9]+)? ?[kMGT]?B\b",
        _address,
        "common_err() in app/error.c, memtest86+ 7: “00007ddf1234 (1.97GB)”; up to 5: “0007ddf1234 - 2013.9MB”",
    ),
    _Form(
        rf"(?i)\b(?:{_LABEL})\b ?[:=]? ?{_WITH_0X}",
        _address,
        "machine checks of AMD, cper_print_mem() in drivers/firmware/efi/cper.c, 6.1, memtester -p, rasdaemon",
    ),
    _Form(
        r"\baddr ([0-9]{1,19}), grain [0-9]", _decimal, "ras-mc-ctl --errors of rasdaemon, which prints it in decimal"
    ),
    _Form(r"\bADDR ([0-9a-fA-F]{3,16})\b", _address, "__print_mce() in arch/x86/kernel/cpu/mce/core.c, 6.1; mcelog"),
    _Form(rf"\[mem {_WITH_0X}-{_WITH_0X}", _inclusive, "%pR in lib/vsprintf.c: the last byte belongs to it"),
    _Form(rf"^({_PADDED})-({_PADDED}) : ", _inclusive, "/proc/iomem"),
)
"""In this order; the first form that matches a line counts, as often as it does."""
