"""The RAM ledger in words: one line where nothing stands out, else a row a cause with a bar of letters."""

from msgspec import Struct

from pfnscope.model.findings import Span
from pfnscope.model.ledger import Ledger, LedgerRow
from pfnscope.units import KIB, format_size

TITLE = "Where the RAM went"
BAR = 16
"""Letters of a bar that is all of the RAM."""

_LEAST_SHARE = 0.0005
"""Of the RAM: smaller rows of the kernel's own are told together."""

_NAMED = 2
_FEW = 4
"""Ranges that a row names."""

_SURE = {"evidence": "", "release": "computed", "assumed": "estimated"}


class Words(Struct, frozen=True):
    """A row to show: what, size, share of the RAM in percent, where it begins and how long it is as parts of it.

    ``begin`` and ``share`` are between 0 and 1: the bars of all rows under each other are a waterfall. ``role`` is
    "total", "taken", "returned" or "left"; ``basis`` is empty, "computed" or "estimated". ``row`` is null for sums.
    """

    what: str
    size: str
    percent: str
    begin: float
    share: float
    role: str
    basis: str
    text: str
    lines: tuple[int, ...]
    row: LedgerRow | None = None

    @property
    def hull(self) -> Span | None:
        """From the first to the last of its ranges; None where no line places the memory."""
        ranges = self.row.ranges if self.row else ()
        return Span(ranges[0].start, max(item.end for item in ranges)) if ranges else None

    @property
    def place(self) -> str:
        """The hull in addresses as the find box reads it; empty where there is none."""
        return f"{self.hull.start:#x}..{self.hull.end:#x}" if self.hull else ""

    def frames(self, page_size: int) -> str:
        """The hull in page frames, ``0xA-0xB``."""
        if self.hull is None:
            return ""
        frames = self.hull.range.frames_outward(page_size)
        return f"{frames.start:#x}-{frames.end:#x}"

    @property
    def places(self) -> str:
        """Its ranges in words, the first few."""
        ranges = self.row.ranges if self.row else ()
        words = [f"{item.range} {format_size(item.range.size)}" for item in ranges[:_FEW]]
        return ", ".join([*words, *([f"{len(ranges) - _FEW} more"] if len(ranges) > _FEW else [])])


def sentence(ledger: Ledger) -> str:
    """The ledger in one line: what it begins with, what is left, and what has most of the rest."""
    share = 100 * ledger.mem_total / ledger.total if ledger.total else 0.0
    about = "" if ledger.mem_total_basis == "evidence" else "about "
    left = f"the kernel has {about}{format_size(ledger.mem_total)} to hand out (MemTotal, {share:.1f} %)"
    kept = [(ledger.kept(row), row.what) for row in ledger.rows if row.bytes > 0]
    largest = sorted(kept, key=lambda item: -item[0])[:_NAMED]
    rest = ", ".join(f"{what} ({format_size(size)})" for size, what in largest if size)
    return f"Of {format_size(ledger.total)} of RAM {left}." + (f" Most of the rest: {rest}." if rest else "")


def brief(ledger: Ledger) -> str:
    """The same in as few words as can be, with what stands out."""
    share = 100 * ledger.mem_total / ledger.total if ledger.total else 0.0
    about = "" if ledger.mem_total_basis == "evidence" else "about "
    largest = [f"{row.what} {format_size(row.bytes)}" for row in ledger.rows if ledger.stands_out(row)][:_NAMED]
    left = f"{about}{format_size(ledger.mem_total)} of {format_size(ledger.total)} ({share:.1f} %) are MemTotal"
    return f"RAM: {'; '.join([left, *([', '.join(largest)] if largest else [])])}."


def waterfall(ledger: Ledger) -> list[Words]:
    """All rows between the RAM that there is and MemTotal, small ones of the kernel together."""
    rows = [_sum(_capital(ledger.begins), ledger.total, ledger, "total", ledger.begins_lines)]
    level, small = ledger.total, []
    for row in ledger.rows:
        if row.taker == "kernel" and 0 < row.bytes < _LEAST_SHARE * ledger.total:
            small.append(row)
            continue
        if row.taker == "returned" and small:
            level = _together(rows, small, level, ledger)
            small = []
        level -= row.bytes
        rows.append(_words(row, level, ledger))
    if small:
        _together(rows, small, level, ledger)
    text = f"{_capital(ledger.mem_total_text)}." if ledger.mem_total_text else ""
    rows.append(_sum("MemTotal", ledger.mem_total, ledger, "left", ledger.lines, text))
    return rows


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _together(rows: list[Words], small: list[LedgerRow], level: int, ledger: Ledger) -> int:
    size = sum(row.bytes for row in small)
    first = sorted(small, key=lambda row: -row.bytes)
    what = ", ".join(row.what for row in first[:_NAMED])
    lines = tuple(sorted({line for row in small for line in row.lines}))
    what = f"{what} and others" if len(small) > _NAMED else what
    one = LedgerRow(what, size, lines, "release", "", "kernel")
    rows.append(_words(one, level - size, ledger))
    return level - size


def _words(row: LedgerRow, level: int, ledger: Ledger) -> Words:
    begin, share = _part(level if row.bytes > 0 else level + row.bytes, ledger), _part(abs(row.bytes), ledger)
    sign = "+" if row.bytes < 0 else "\N{MINUS SIGN}"
    size = f"{sign}{format_size(abs(row.bytes))}"
    role = "returned" if row.bytes < 0 else "taken"
    percent = f"{100 * share:.1f} %"
    return Words(row.what, size, percent, begin, share, role, _SURE[row.basis], row.text, row.lines, row)


def _sum(what: str, size: int, ledger: Ledger, role: str, lines: tuple[int, ...], text: str = "") -> Words:
    share = _part(size, ledger)
    basis = _SURE[ledger.mem_total_basis] if role == "left" else ""
    return Words(what, format_size(size), f"{100 * share:.1f} %", 0.0, share, role, basis, text, lines)


def _part(size: int, ledger: Ledger) -> float:
    return min(max(size / ledger.total, 0.0), 1.0) if ledger.total else 0.0


def bar(words: Words, taken: str = "#", left: str = "=") -> str:
    """The bar of a row in :data:`BAR` letters, with blanks in front of what is taken."""
    begin, end = round(BAR * words.begin), round(BAR * (words.begin + words.share))
    if words.role in ("total", "left"):
        return left * end
    return " " * min(begin, BAR - 1) + taken * max(end - begin, 1)


def printed(ledger: Ledger) -> str:
    """That /proc/meminfo of the text says the same, or how far off the ledger is; empty where it is not there."""
    if ledger.mem_total_printed is None:
        return ""
    off = ledger.mem_total - ledger.mem_total_printed
    if not off:
        return f"/proc/meminfo says the same: {ledger.mem_total_printed // KIB} kB."
    more = "less" if off > 0 else "more"
    return f"/proc/meminfo has {format_size(abs(off))} {more}: {ledger.mem_total_printed // KIB} kB."
