"""Where RAM went that somebody may miss: rows of the ledger that stand out, each with what gives the memory back."""

from collections.abc import Callable, Iterator
from functools import partial

from msgspec import Struct

from pfnscope.analysis import Analysis
from pfnscope.findings.drafts import Draft, failures, of_failure
from pfnscope.findings.regained import regained_with
from pfnscope.kernel.command_line import arguments
from pfnscope.model.findings import Remedy
from pfnscope.model.ledger import (
    APERTURE,
    BOOT_SERVICES,
    DEVICE_TREE,
    GIVEN_UP,
    GRAPHICS,
    NO_NODE,
    NO_PAE,
    NOT_CACHED,
    NOT_IN_MAP,
    SHADOW,
    SOFT_RESERVED,
    STRUCT_PAGES,
    TOO_HIGH,
    UNNAMED,
    Ledger,
    LedgerRow,
)
from pfnscope.units import MIB, format_size

_SMALL = 16 * MIB
"""Nobody misses less."""


class Case(Struct, frozen=True):
    """A row, with the ledger and the analysis that it is of."""

    analysis: Analysis
    account: Ledger
    row: LedgerRow

    @property
    def size(self) -> str:
        """``1.24 GiB of 3.98 GiB``."""
        return f"{format_size(self.row.bytes)} of {format_size(self.account.total)}"

    @property
    def stands_out(self) -> bool:
        """Whether the row takes much more than is usual."""
        return self.account.stands_out(self.row)


Speaks = Callable[[Case], Draft | None]


def drafts(analysis: Analysis) -> Iterator[Draft]:
    """The findings of this subject: what the kernel says itself, and rows of the ledger."""
    account = analysis.ledger
    rows = account.rows if account else ()
    covered = {_OF_FAILURE[row.what] for row in rows if row.what in _OF_FAILURE}
    for failure in failures(analysis.log, "ram"):
        if failure.code not in covered:
            yield of_failure(failure)
    if account is None:
        return
    for row in rows:
        draft = _ROWS.get(row.what, _by_taker)(Case(analysis, account, row))
        if draft is not None:
            yield draft


def _draft(
    code: str,
    text: str,
    row: LedgerRow,
    remedy: Callable[[], Remedy | None] | None = None,
    details: tuple[str, ...] = (),
) -> Draft:
    ranges = tuple(item.range for item in row.ranges)
    if remedy is None:
        return Draft(code, text, row.lines, ranges, details=lambda: details)
    return Draft(code, text, row.lines, ranges, details=lambda: details, remedy=remedy)


def _not_cached(case: Case) -> Draft | None:
    text = f"The firmware's MTRRs do not cover {case.size} of RAM, so the kernel gives it up."
    return _draft("mtrr-trim", text, case.row, partial(regained_with, case.analysis, "disable_mtrr_trim", _UNCACHED))


_UNCACHED = (
    "{keeps}; it is slow where the MTRRs are right that it is not cached. A firmware update, or the firmware's setting"
    " for memory above 4 GiB, is the cure"
)


def _taken_by_argument(case: Case) -> Draft | None:
    """Where the text has the command line, findings of its arguments say what each takes."""
    given = arguments(case.analysis.log.command_line or "")
    if case.row.bytes < 64 * MIB or any(item.name in ("mem", "memmap") for item in given):
        return None
    text = f"The user-defined map lacks {case.size} of RAM; the text does not have the command line that made it."
    return _draft("ram-taken-by-argument", text, case.row)


def _no_pae(case: Case) -> Draft | None:
    text = f"This 32-bit kernel has no PAE and cannot use {case.size} of RAM, which lies above 4 GiB."
    words = "Use a 64-bit kernel, or where the processor has none, a 32-bit one with PAE"
    return _draft("ram-above-4g", text, case.row, lambda: Remedy(f"{words}; no argument helps."))


def _too_high(case: Case) -> Draft | None:
    if case.row.bytes < _SMALL:
        return None
    text = f"This kernel cannot use {case.size} of RAM: it lies beyond what it can address."
    arm = case.analysis.layout.arch == "arm"
    words = "Use a kernel with CONFIG_HIGHMEM, and CONFIG_ARM_LPAE for memory above 4 GiB." if arm else _BIGGER
    return _draft("ram-too-high", text, case.row, lambda: Remedy(words))


_BIGGER = "Use a kernel that is built for more memory; no argument helps."


def _no_node(case: Case) -> Draft | None:
    """RAM of no node; where the text has lost lines of node ranges, it is they that are missing."""
    if case.row.bytes < _SMALL or case.analysis.layout.missing:
        return None
    text = f"{case.size} of RAM belongs to no node that the kernel takes, so it is lost."
    keeps = "{keeps}, all as one node"
    return _draft(
        "ram-without-node",
        text,
        case.row,
        partial(regained_with, case.analysis, "numa=off", keeps),
    )


def _not_in_map(case: Case) -> Draft | None:
    modules = [item.size for item in case.analysis.log.files.installed]
    if not case.stands_out:
        return None
    sizes = ", ".join(format_size(size) for size in modules) if len(modules) > 1 else ""
    text = f"The firmware's memory map lacks {case.size} of installed memory."
    details = (f"Modules: {sizes}.",) if sizes else ()
    whole = len(modules) > 1 and case.row.bytes >= min(modules) // 2
    words = (
        "About a whole module is missing: look in the firmware's setup whether it counts all modules, seat them anew"
        " and try each alone; no argument helps."
        if whole
        else "A device of the board has it, mostly the graphics unit: its size is a setting of the firmware."
    )
    code = "ram-not-in-map" if whole else "ram-kept-by-devices"
    return _draft(code, text, case.row, lambda: Remedy(words), details)


def _given_up(case: Case) -> Draft | None:
    if not case.stands_out:
        return None
    text = f"The kernel takes {case.size} of RAM out of its memory map, and the text does not say why."
    details = ("Mostly it is memory that the firmware's MTRRs do not cover: a line with “MTRRs” says so.",)
    return _draft("ram-given-up", text, case.row, lambda: Remedy("Send the log from its first line."), details)


def _soft_reserved(case: Case) -> Draft | None:
    if not case.stands_out:
        return None
    text = f"The firmware sets {case.size} of RAM aside for a special purpose."
    words = "{keeps}; daxctl reconfigure-device --mode=system-ram gives it to a running kernel"
    return _draft(
        "ram-soft-reserved", text, case.row, partial(regained_with, case.analysis, "efi=nosoftreserve", words)
    )


def _graphics(case: Case) -> Draft | None:
    if not case.stands_out:
        return None
    text = f"The graphics unit has {case.size} of RAM."
    return _draft("ram-kept-by-firmware", text, case.row, lambda: Remedy(_SETTING))


_SETTING = (
    "The firmware's setup has a setting for the memory of the graphics unit (UMA frame buffer, DVMT, VRAM): choose the"
    " smallest; no argument helps."
)


def _aperture(case: Case) -> Draft | None:
    if case.row.bytes < _SMALL:
        return None
    size = format_size(case.row.bytes)
    text = f"The kernel takes {size} of RAM for the GART aperture, which the firmware has no room for."
    words = "Set an aperture in the firmware's setup, or switch its IOMMU setting on."
    return _draft("ram-aperture", text, case.row, lambda: Remedy(words))


def _struct_pages(case: Case) -> Draft | None:
    if not case.stands_out:
        return None
    flat = case.analysis.layout.flat
    why = ": they are one array from the first to the last frame, holes included" if flat else ""
    words = "Use a kernel with SPARSEMEM (CONFIG_SPARSEMEM), which has none for holes." if flat else None
    text = f"Struct pages take {case.size} of RAM{why}."
    return _draft("ram-struct-pages", text, case.row, lambda: Remedy(words) if words else None)


def _shadow(case: Case) -> Draft | None:
    text = f"KASAN takes {case.size} of RAM to watch the rest of it."
    return _draft("ram-debugging", text, case.row, lambda: Remedy("A kernel without CONFIG_KASAN has that memory."))


def _boot_services(case: Case) -> Draft | None:
    returned = any(item.what.startswith(BOOT_SERVICES) and item.bytes < 0 for item in case.account.rows)
    if returned or case.row.bytes < _SMALL:
        return None
    text = f"efi=debug keeps {format_size(case.row.bytes)} of RAM that EFI's boot services had."
    return _draft("ram-debugging", text, case.row, lambda: Remedy("Without efi=debug the kernel gives it back."))


def _unnamed(case: Case) -> Draft | None:
    if not case.stands_out or case.row.basis != "evidence":
        return None
    text = f"{case.size} of RAM is taken while the kernel starts, and no line says by what."
    words = "With memblock=debug the kernel prints each early allocation, and who asks for it."
    return _draft("ram-unaccounted", text, case.row, lambda: Remedy(words, "memblock=debug"))


def _device_tree(case: Case) -> Draft | None:
    if not case.stands_out:
        return None
    text = f"The device tree sets {case.size} of RAM aside."
    return _draft("ram-kept-by-firmware", text, case.row, details=("Its node /reserved-memory has the regions.",))


def _by_taker(case: Case) -> Draft | None:
    """Rows without a name of their own."""
    if case.row.taker == "argument" and case.row.bytes > 0:
        return _taken_by_argument(case)
    if case.row.taker != "firmware" or not case.stands_out:
        return None
    largest = max(case.row.ranges, key=lambda item: item.end - item.start, default=None)
    words = f", most of it {format_size(largest.end - largest.start)} at {largest.start}" if largest else ""
    sure = "" if case.row.basis != "assumed" else ", by its place in the map,"
    text = f"{case.size} of RAM is{sure} {case.row.what}{words}."
    return _draft(
        "ram-kept-by-firmware", text, case.row, lambda: Remedy(_SETTING) if case.row.basis != "release" else None
    )


_ROWS: dict[str, Speaks] = {
    NOT_CACHED: _not_cached,
    NO_PAE: _no_pae,
    TOO_HIGH: _too_high,
    NO_NODE: _no_node,
    NOT_IN_MAP: _not_in_map,
    GIVEN_UP: _given_up,
    SOFT_RESERVED: _soft_reserved,
    GRAPHICS: _graphics,
    APERTURE: _aperture,
    STRUCT_PAGES: _struct_pages,
    SHADOW: _shadow,
    BOOT_SERVICES: _boot_services,
    UNNAMED: _unnamed,
    DEVICE_TREE: _device_tree,
}
_OF_FAILURE = {NOT_CACHED: "mtrr-trim"}
"""Rows that say with numbers what a line of the kernel says."""
