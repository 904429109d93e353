"""The first half of the RAM ledger: from what firmware tells of to the memory whose pages the kernel counts.

All sets are of bytes. What a cause takes is taken from what those before it left, so that no byte is counted twice.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from pfnscope.analysis.analyze import Analysis
from pfnscope.bootlog.forms.maps import memory_type
from pfnscope.kernel.architectures import X86
from pfnscope.kernel.command_line import arguments
from pfnscope.layout.evidence import has_pae
from pfnscope.layout.map_changes import mtrr_trims, own_changes
from pfnscope.model.analysis import Basis
from pfnscope.model.findings import Span
from pfnscope.model.ledger import (
    GIVEN_UP,
    GRAPHICS,
    NO_NODE,
    NO_PAE,
    NOT_CACHED,
    NOT_IN_MAP,
    SOFT_RESERVED,
    TOO_HIGH,
    LedgerRow,
    Taker,
    largest,
)
from pfnscope.model.log import BootLog, E820Change, MapEntry, MemoryType
from pfnscope.model.ranges import Address, FrameSet, Lines, Pairs, canonical, clip, difference, intersection
from pfnscope.simulation.firmware import BIOS_END, BIOS_START, first_map
from pfnscope.units import GIB, KIB, MIB

_NO_RAM = frozenset({MemoryType.RAM, MemoryType.PMEM, MemoryType.PRAM})
_DEVICES_START = 0xFEC00000
"""From here to 4 GiB a PC has its interrupt controllers, its TPM and the flash of its firmware, and no RAM."""
_MOST_BEHIND = 2 * GIB
"""More than that behind the last RAM below 4 GiB is no stolen memory: some firmware reserves the whole PCI window."""
_MOST_LINES = 16

_NAMES = {
    MemoryType.RESERVED: ("reserved by firmware", "The firmware keeps this memory for itself or for a device."),
    MemoryType.ACPI: ("ACPI tables", "The firmware's tables lie here; the kernel does not use the memory."),
    MemoryType.NVS: ("ACPI NVS", "The firmware keeps its state here, also while the machine sleeps."),
    MemoryType.UNUSABLE: ("unusable memory", "The firmware found errors in this memory, or so it says."),
    MemoryType.SOFT_RESERVED: (SOFT_RESERVED, "Memory for a special purpose, which a driver may hand out."),
    MemoryType.DISABLED: ("disabled memory", "The firmware has disabled this memory."),
}
_DEVICES = {
    "stolen": (GRAPHICS, "The graphics unit has this memory: its size is a setting of the firmware."),
    "sgx": ("SGX memory", "Enclaves have this memory: its size is a setting of the firmware."),
    "rmp": ("SEV-SNP table", "The table of page owners that encrypted guests need."),
}


class FirmwareSide(Struct, frozen=True):
    """What the ledger begins with, what was taken up to the pages that the kernel counts, and how many bytes these are.

    ``present`` is what the "Memory:" line has as its total, or else memory of the node ranges.
    """

    total: int
    begins: str
    lines: Lines
    rows: tuple[LedgerRow, ...]
    present: int


class _Account:
    """Memory that is left, and the rows of what took the rest."""

    def __init__(self, left: Pairs) -> None:
        self.left = left
        self.rows: list[LedgerRow] = []

    def take(self, what: str, where: Pairs, lines: Iterable[int], text: str, taker: Taker, basis: Basis) -> None:
        taken = intersection(self.left, where)
        if taken:
            self.left = difference(self.left, where)
            self.rows.append(LedgerRow(what, size_of(taken), few(lines), basis, text, taker, spans(taken)))


def firmware_side(analysis: Analysis) -> FirmwareSide | None:
    """The ledger up to the kernel's pages; None where no line tells of memory."""
    log = analysis.log
    map_ = first_map(log) or log.map_before_kernel
    usable = _usable(map_)
    memory = canonical(
        (item.start * analysis.layout.page_size, item.end * analysis.layout.page_size)
        for item in analysis.layout.memory_frames
    )
    present = _present(log, size_of(memory))
    if not usable or not present or (analysis.layout.arch not in X86 and size_of(usable) < present):
        return _without_map(log, memory, present)
    account = _Account(usable)
    kept = _kept_by_firmware(log, map_, usable)
    kept_size = sum(row.bytes for row in kept)
    total, begins = size_of(usable) + kept_size, "the firmware's memory map"
    lines = few(line for entry in map_ if entry.type is MemoryType.RAM for line in entry.lines)
    rows: list[LedgerRow] = []
    installed = sum(item.size for item in log.files.installed)
    if installed >= total:
        missing, total, begins = installed - total, installed, f"installed memory, by {log.files.installed[0].file}"
        lines = few(line for item in log.files.installed for line in item.lines)
        if missing:
            text = "The firmware's map does not have this memory: devices may have it, or their registers lie there."
            rows.append(LedgerRow(NOT_IN_MAP, missing, lines, "evidence", text, "firmware"))
    _by_arguments(account, log, map_)
    _by_changes(account, log)
    if size_of(memory) == present:
        _up_to_memory(account, analysis, memory)
    left = size_of(account.left)
    rest = account.rows
    if left != present:
        text = "The kernel counts other pages than its memory map has; no line says which."
        rest.append(LedgerRow("not among the kernel's pages", left - present, (), "evidence", text, "limit"))
    return FirmwareSide(total, begins, lines, (*rows, *kept, *rest), present)


def few(lines: Iterable[int]) -> Lines:
    """Lines in order, each once, not more than somebody looks at."""
    return tuple(sorted(set(lines))[:_MOST_LINES])


def spans(pairs: Pairs) -> tuple[Span, ...]:
    """The largest of some ranges, in their order."""
    return largest(Span(Address(start), Address(end)) for start, end in pairs)


def frame_spans(frames: FrameSet, page_size: int) -> tuple[Span, ...]:
    """The largest ranges of some page frames as addresses."""
    return spans(tuple((item.start * page_size, item.end * page_size) for item in frames))


def size_of(pairs: Pairs) -> int:
    """Bytes of disjoint ranges."""
    return sum(end - start for start, end in pairs)


def _usable(map_: Iterable[MapEntry]) -> Pairs:
    """RAM of a map, without what another entry has as well."""
    entries = tuple(map_)
    ram = canonical((item.start, item.end) for item in entries if item.type is MemoryType.RAM)
    return difference(ram, canonical((item.start, item.end) for item in entries if item.type is not MemoryType.RAM))


def _present(log: BootLog, memory: int) -> int:
    """The pages that the kernel counts: those of the "Memory:" line, where mem_init_print_info() prints it."""
    counts = log.page_counts
    if counts.memory_generic and counts.total_kib is not None:
        return counts.total_kib.value * KIB
    if memory or counts.total_kib is None:
        return memory
    return (counts.total_kib.value - (counts.absent_kib or 0)) * KIB


def _without_map(log: BootLog, memory: Pairs, present: int) -> FirmwareSide | None:
    """The ledger of a machine whose text has no memory map, such as one with a device tree."""
    ignored = canonical((item.start, item.end) for item in log.reserved_regions if item.kind == "ignored")
    lost = difference(ignored, memory)
    if not present:
        return None
    rows: list[LedgerRow] = []
    if lost:
        lines = few(line for item in log.reserved_regions if item.kind == "ignored" for line in item.lines)
        text = "The kernel cannot address this memory, or its configuration leaves it out."
        rows.append(LedgerRow(TOO_HIGH, size_of(lost), lines, "evidence", text, "limit", spans(lost)))
    where = few(line for item in log.node_ranges for line in item.lines)
    total = log.page_counts.total_kib
    return FirmwareSide(
        present + size_of(lost),
        "the memory that the kernel was told of",
        where or (total.lines if total else ()),
        tuple(rows),
        present,
    )


def _kept_by_firmware(log: BootLog, map_: tuple[MapEntry, ...], usable: Pairs) -> tuple[LedgerRow, ...]:
    """Entries that are no RAM for the kernel and lie in RAM, with the devices that have some of it.

    A map does not tell registers from memory. Taken for memory is what touches RAM without a gap and, where the SRAT
    lists memory, lies in it; never the BIOS area nor the interrupt controllers, and without the SRAT no entry that
    reaches them, which has addresses of devices.
    """
    others = [item for item in map_ if item.type not in _NO_RAM]
    runs = difference(
        canonical((item.start, item.end) for item in others), ((BIOS_START, BIOS_END), (_DEVICES_START, 4 * GIB))
    )
    ends, starts = {end for _, end in usable}, {start for start, _ in usable if start != 4 * GIB}
    inside = canonical(
        run
        for run in runs
        if (run[0] in ends or run[1] in starts) and (run[1] - run[0] <= _MOST_BEHIND or run[1] in starts)
    )
    soft = canonical((item.start, item.end) for item in others if item.type is MemoryType.SOFT_RESERVED)
    srat = canonical((item.start, item.end) for item in log.srat if not item.hotplug and not item.non_volatile)
    known = intersection(inside, srat) if srat else tuple(run for run in inside if run[1] != _DEVICES_START)
    account = _Account(canonical((*known, *soft)))
    basis: Basis = "evidence" if srat else "assumed"
    for kind, (what, text) in _DEVICES.items():
        regions = [item for item in log.reserved_regions if item.kind == kind]
        where = canonical((item.start, item.end) for item in regions)
        account.take(what, where, (line for item in regions for line in item.lines), text, "firmware", "evidence")
    for type_ in MemoryType:
        own = [item for item in others if item.type is type_]
        what, text = _NAMES.get(type_, ("of an unknown type", "The kernel does not know what this memory is."))
        where = canonical((item.start, item.end) for item in own)
        large = sorted(own, key=lambda item: item.start - item.end)
        lines = (line for item in large[:_MOST_LINES] for line in item.lines)
        sure: Basis = "evidence" if type_ in (MemoryType.ACPI, MemoryType.NVS, MemoryType.SOFT_RESERVED) else basis
        account.take(what, where, lines, text, "firmware", sure)
    return tuple(account.rows)


def _by_arguments(account: _Account, log: BootLog, map_: tuple[MapEntry, ...]) -> None:
    """What ``mem=`` and ``memmap=`` take out of the map, or add to it."""
    if not log.user_map or map_ == log.user_map:
        return
    texts = [item.text for item in arguments(log.command_line or "") if item.name in ("mem", "memmap")]
    what = ", ".join(texts) if 0 < len(", ".join(texts)) <= 80 else "mem= and memmap="
    after = _usable(log.user_map)
    text = "The command line takes this memory out of the map."
    account.take(what, difference(account.left, after), log.command_line_lines, text, "argument", "evidence")
    added = difference(after, account.left)
    if added:
        text = "The command line calls memory RAM that the firmware does not."
        lines = log.command_line_lines
        row = LedgerRow(f"added by {what}", -size_of(added), lines, "evidence", text, "argument", spans(added))
        account.rows.append(row)
        account.left = canonical((*account.left, *added))


def _by_changes(account: _Account, log: BootLog) -> None:
    """What the kernel changes in its own map: page 0, the BIOS area, memory that MTRRs leave uncached, and others.

    Source: trim_bios_range() in arch/x86/kernel/setup.c, 4.17 to 7.1.
    """
    warning = tuple(line for item in log.failures if item.code == "mtrr-trim" for line in item.lines)
    trims = set(mtrr_trims(log))
    bios, trimmed, others = list[E820Change](), list[E820Change](), list[E820Change]()
    for change in own_changes(log, log.map_before_kernel):
        if change.action == "remove" or memory_type(change.to or "") is not MemoryType.RAM:
            (bios if change.end <= MIB else trimmed if change in trims else others).append(change)
    _trim_bios(account, _where(bios), _lines(bios), "evidence")
    _trimmed(account, _where(trimmed), (*_lines(trimmed), *warning))
    text = "The kernel changes its memory map here."
    account.take(GIVEN_UP, _where(others), _lines(others), text, "limit", "evidence")
    if log.modified_map:
        gone = difference(account.left, _usable(log.modified_map))
        if warning and not trims:
            _trimmed(account, gone, warning)
        lines = (line for entry in log.modified_map for line in entry.lines)
        text = "The map that the kernel works with does not have this memory."
        account.take(GIVEN_UP, gone, lines, text, "limit", "evidence")


def _where(changes: Iterable[E820Change]) -> Pairs:
    return canonical((item.start, item.end) for item in changes)


def _lines(changes: Iterable[E820Change]) -> Iterator[int]:
    return (line for item in changes for line in item.lines)


def _trim_bios(account: _Account, where: Pairs, lines: Iterable[int], basis: Basis) -> None:
    text = "The kernel leaves the first page and the BIOS area to the firmware."
    account.take("first page and BIOS area", where, lines, text, "kernel", basis)


def _trimmed(account: _Account, where: Pairs, lines: Iterable[int]) -> None:
    text = "The firmware's MTRRs do not make this memory cacheable, so the kernel gives it up."
    account.take(NOT_CACHED, where, lines, text, "limit", "evidence")


def _up_to_memory(account: _Account, analysis: Analysis, memory: Pairs) -> None:
    """What of the map in force is not memory: parts of pages, what is beyond the limits, what has no node."""
    log, layout = analysis.log, analysis.layout
    size = layout.page_size
    if layout.arch in X86 and (0, size) not in intersection(memory, ((0, size),)):
        _trim_bios(account, ((0, size), (BIOS_START, BIOS_END)), (), "release")
    whole = tuple((-(-start // size) * size, end // size * size) for start, end in account.left)
    parts = difference(account.left, canonical(pair for pair in whole if pair[0] < pair[1]))
    text = "A page is used whole or not at all."
    account.take("parts of pages", difference(parts, memory), (), text, "kernel", "release")
    gone = difference(account.left, memory)
    ends = [item.value * size for item in log.page_counts.last_pfn] + [
        zone.range.end for zone in log.zone_ranges if zone.range
    ]
    end = max(memory[-1][1], *ends, 0)
    beyond = clip(gone, end, 1 << 64)
    lines = [line for item in log.sizes if item.kind in ("low-memory", "high-memory") for line in item.lines]
    lines += [line for item in log.page_counts.last_pfn for line in item.lines]
    if layout.arch == "i386" and not has_pae(log):
        text = "A 32-bit kernel without PAE cannot use memory above 4 GiB."
        account.take(NO_PAE, clip(beyond, 4 * GIB, 1 << 64), lines, text, "limit", "release")
    text = "The kernel cannot use memory that high." if layout.arch in X86 else "The kernel cannot address this memory."
    account.take(TOO_HIGH, beyond, lines, text, "limit", "release")
    srat = [line for item in log.srat for line in item.lines]
    lines = [line for item in log.failures if item.code in _ABOUT_NODES for line in item.lines]
    text = "No node of the firmware has this memory, or the kernel rejects it, so no zone does."
    account.take(NO_NODE, difference(account.left, memory), lines or srat, text, "node", "release")
    added = difference(memory, account.left)
    if added:
        text = "The kernel uses memory that its map does not call RAM, such as its own image."
        account.rows.append(
            LedgerRow("made RAM by the kernel", -size_of(added), (), "release", text, "kernel", spans(added))
        )
        account.left = memory


_ABOUT_NODES = ("memory-without-node", "numa-rejected")
