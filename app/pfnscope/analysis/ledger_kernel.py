"""The second half of the RAM ledger: from the pages that the kernel counts to those that its page allocator has.

What memblock.reserved has when memory is handed over to the page allocator is never freed, but for what later lines
give back. The "Memory:" line has its sum; lines with places come first, then sizes, and a row has what no line names.

Source: mem_init_print_info() in mm/page_alloc.c, 3.10 to 6.2, mm/mm_init.c, 6.3 to 6.12, mm/show_mem.c, 7.1: reserved
is what is present less what was handed over and less CMA, so it is right where struct pages are initialised late,
unlike the first number, which is what is free by then. From 6.11 on the line is printed once all of them are
initialised, so that what was given back before it is part of it. Older kernels print what is free when all memory is
handed over (mem_init() of arch/, 2.6.11 to 3.9), and they initialise all struct pages before.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.checks.counts import told_struct_page_size, zone_counts
from pfnscope.analysis.ledger_map import few, frame_spans
from pfnscope.analysis.ledger_returned import (
    boot_services,
    freed_behind,
    gigantic,
    hides_boot_services,
    is_cma,
    old_cma,
    returned,
)
from pfnscope.kernel.architectures import X86, architecture
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.thresholds import BOOT_SERVICES_KEPT, LOG_METADATA
from pfnscope.layout.owners import x86_low_memory
from pfnscope.model.analysis import Basis
from pfnscope.model.ledger import (
    APERTURE,
    BOOT_SERVICES,
    DEVICE_TREE,
    GRAPHICS,
    SHADOW,
    STRUCT_PAGES,
    UNNAMED,
    LedgerRow,
    Taker,
)
from pfnscope.model.log import FIRST_MIB, IMAGE_KINDS, IMAGE_RESOURCES, BootLog, ReservedRegion
from pfnscope.model.ranges import FrameSet, Lines
from pfnscope.model.sizes import NamedSize
from pfnscope.units import KIB, format_size, leading_size

_IMAGE = ("kernel code", "rwdata", "rodata", "init", "bss", "data", "code")
"""Parts of the kernel's image in the "Memory:" line, across its spellings."""

_STRUCT_PAGES = frozenset({"struct-pages"})

_METADATA = 32, 24 + 88
"""Bytes of text for which there is one descriptor and one record: PRB_AVGBITS, struct prb_desc and struct printk_info
in kernel/printk/printk_ringbuffer.h, 5.10 to 7.1, on 64 bits."""


class _Place(Struct, frozen=True):
    """Rows of memory that lines name with its place, by the kind or the name of the region."""

    what: str
    taker: Taker
    text: str
    kinds: tuple[str, ...]
    names: tuple[str, ...] = ()


_PLACES = (
    _Place("kernel page tables", "kernel", "They map all memory into the kernel.", ("brk",), ("PGTABLE",)),
    _Place("crash kernel", "reservation", "It waits for a crash (crashkernel=).", ("crashkernel",)),
    _Place("saved crash dump", "reservation", "The memory of the kernel that crashed.", ("elfcorehdr",)),
    _Place("software IO TLB", "kernel", "Bounce buffers for devices that cannot reach all memory.", ("swiotlb",)),
    _Place("initial RAM disk", "kernel", "It is given back once it is unpacked.", ("initrd",), ("RAMDISK",)),
    _Place(APERTURE, "firmware", "The firmware leaves the aperture no room elsewhere.", ("aperture",)),
    _Place(GRAPHICS, "firmware", "The graphics unit has this memory.", ("stolen",)),
    _Place(
        "for firmware and devices", "firmware", "Tables that the firmware left in RAM.", ("acpi", "rmrr", "rmp", "efi")
    ),
    _Place("node data", "kernel", "What the kernel keeps for each node.", ("node-data",)),
)


class KernelSide(Struct, frozen=True):
    """``rows`` take ``present`` less ``mem_total``; ``basis`` and ``text`` are of that."""

    rows: tuple[LedgerRow, ...]
    mem_total: int
    basis: Basis
    text: str
    lines: Lines


class _Account:
    """Rows that take no more than there is. What a line names with its place is taken there once."""

    def __init__(self, memory: FrameSet, page_size: int, most: int | None) -> None:
        self.memory, self.page_size, self.most = memory, page_size, most
        self.rows: list[LedgerRow] = []

    def take(
        self,
        what: str,
        size: int,
        lines: Iterable[int],
        basis: Basis,
        text: str,
        taker: Taker,
        where: FrameSet | None = None,
    ) -> None:
        if self.most is not None:
            if size > self.most:
                size, basis = self.most, "assumed"
            self.most -= size
        if size > 0:
            ranges = frame_spans(where, self.page_size) if where else ()
            self.rows.append(LedgerRow(what, size, few(lines), basis, text, taker, ranges))

    def place(self, what: str, frames: FrameSet, lines: Iterable[int], basis: Basis, text: str, taker: Taker) -> None:
        """Take those frames that no row has yet."""
        if not frames:
            return
        taken = self.memory & frames
        self.memory -= taken
        self.take(what, taken.pages * self.page_size, lines, basis, text, taker, taken)


def kernel_side(analysis: Analysis, present: int) -> KernelSide:
    """The ledger from ``present`` bytes, those of the kernel's pages, down to MemTotal."""
    log = analysis.log
    handed, why = _handed_over(analysis, present)
    memory_line = log.page_counts.available_kib.lines if log.page_counts.available_kib else ()
    account = _Account(analysis.layout.memory_frames, analysis.layout.page_size, _less(present, handed))
    given_back = tuple(returned(analysis, memory_line))
    _bookkeeping(account, analysis, present, memory_line)
    _places(account, log, analysis.layout.nomap, memory_line)
    _allocations(account, analysis, memory_line)
    rows, back = account.rows, -sum(row.bytes for row in given_back)
    printed = next((item for item in log.files.totals if item.node is None and item.file == "/proc/meminfo"), None)
    rest: int | None = account.most
    if handed is None and printed is not None:
        rest = present - sum(row.bytes for row in rows) + back - printed.kib * KIB
        why = f"MemTotal is that of {printed.file}: the log has no line that counts reserved memory"
    if rest:
        what = UNNAMED if rest > 0 else "plugged in or returned later"
        text = (
            "Tables of early boot that no line names: page tables, device trees and others."
            if rest > 0
            else "MemTotal has more than the lines of the log tell of."
        )
        rows.append(LedgerRow(what, rest, memory_line, "evidence" if handed else "assumed", text, "kernel"))
    total = present - sum(row.bytes for row in rows) + back
    basis: Basis = "evidence"
    if handed is None and printed is None:
        basis, why = "assumed", "at most: the log has no line that counts reserved memory"
    elif any(row.basis == "assumed" for row in given_back):
        basis, why = "assumed", "the text ends before all is given back"
    elif hides_boot_services(analysis):
        basis, why = "assumed", "at least: memory of EFI's boot services is given back too, and no line says how much"
    return KernelSide((*rows, *given_back), total, basis, why, memory_line)


def _less(present: int, handed: int | None) -> int | None:
    return None if handed is None else present - handed


def _handed_over(analysis: Analysis, present: int) -> tuple[int | None, str]:
    """Bytes that memblock handed over to the page allocator, CMA with them; None where no line tells."""
    counts = analysis.log.page_counts
    free, total = counts.available_kib, counts.total_kib
    if free is None:
        return None, ""
    if counts.memory_generic and total is not None:
        if counts.reserved_kib is not None and counts.reserved_kib <= total.value:
            return (total.value - counts.reserved_kib) * KIB, "the “Memory:” line and what is given back behind it"
        if analysis.layout.deferred:
            return None, ""
        whole = (free.value + (counts.cma_kib or 0)) * KIB
        return (whole, "what the “Memory:” line has as free") if present * 3 <= whole * 4 <= present * 4 else (None, "")
    if free.value * KIB <= present:
        return free.value * KIB, "what the “Memory:” line has as free, and what is given back behind it"
    return None, ""


def _bookkeeping(account: _Account, analysis: Analysis, present: int, memory_line: Lines) -> None:
    """Struct pages and the kernel's image, which the kernel needs whatever it is asked for."""
    log, layout = analysis.log, analysis.layout
    known = layout.knows_struct_pages and bool(layout.memory)
    frames = layout.struct_pages.pages if known else present // layout.page_size
    sizes, printed = _struct_page_sizes(analysis)
    fitting = (size for size in sizes if account.most is None or size * frames <= account.most)
    size = next(fitting, sizes[-1])
    lines = [line for item in log.page_counts.zone_memmap for line in item.lines]
    text = f"One of {size} bytes for each page of {format_size(layout.page_size)}."
    sure = printed or (known and size == sizes[0])
    account.take(
        STRUCT_PAGES,
        size * frames,
        lines,
        "release" if sure else "assumed",
        text,
        "kernel",
        _named(analysis, _STRUCT_PAGES),
    )
    kasan = [line for item in log.struct_pages if item.kind == "kasan" for line in item.lines]
    if kasan and layout.arch in X86:
        text = "A byte for each eight bytes of memory, by which KASAN finds bad accesses."
        account.take(SHADOW, present // 8, kasan, "release", text, "kernel")
    parts = dict(log.page_counts.memory_parts)
    image = sum(parts.get(name, 0) for name in _IMAGE) * KIB
    text = "Its code and data, init memory with them."
    account.take("kernel image", image, memory_line, "evidence", text, "kernel", _image_frames(analysis))
    freed = [item for item in freed_behind(log, memory_line) if item.name.startswith(("kernel", "decrypted"))]
    init = parts.get("init", 0) * KIB
    gaps = sum(item.size for item in freed) - init
    padding = [line for item in freed for line in item.lines]
    if image and gaps > 0:
        text = "Between its parts, so that each has pages of its own; it is given back."
        account.take("padding of the kernel image", gaps, padding, "evidence", text, "kernel")
    if layout.arch in X86:
        below = x86_low_memory(layout.version, layout.page_size)
        text = "The firmware may write to it, so the kernel leaves it alone."
        own = [item for item in log.reserved_regions if item.kind == FIRST_MIB]
        if own:
            text = "A crash kernel starts there, so nothing of this kernel lies in it (crashkernel=)."
            _region(account, "first MiB", own, text, "reservation")
        else:
            account.place("first MiB", below, (), "release", text, "kernel")
    services, said = boot_services(analysis)
    if services and memory_line:
        kept = BOOT_SERVICES_KEPT.reached(log.stable_of(analysis.release), unknown=True)
        text = "efi=debug keeps them." if kept else "Firmware may still use them until EFI runs in virtual addresses."
        account.place(BOOT_SERVICES, services, said, "evidence", text, "firmware")


def _image_frames(analysis: Analysis) -> FrameSet:
    """Where lines or /proc/iomem place the kernel's image; empty where none does."""
    page = analysis.layout.page_size
    parts = [item.range for item in analysis.log.files.iomem if item.name in IMAGE_RESOURCES and item.start]
    of_iomem = FrameSet.of(item.frames_outward(page) for item in parts) & analysis.layout.memory_frames
    return _named(analysis, IMAGE_KINDS) | of_iomem


def _named(analysis: Analysis, kinds: frozenset[str]) -> FrameSet:
    """Memory of the reserved regions of some kinds."""
    regions = (item.range for item in analysis.log.reserved_regions if item.kind in kinds)
    return (
        FrameSet.of(item.frames_outward(analysis.layout.page_size) for item in regions) & analysis.layout.memory_frames
    )


def _struct_page_sizes(analysis: Analysis) -> tuple[tuple[int, ...], bool]:
    """What sizeof(struct page) can be in bytes, the usual first, and whether the log tells it."""
    log, layout = analysis.log, analysis.layout
    version = analysis.release.version if analysis.release else None
    known = told_struct_page_size(log, layout, zone_counts(log, layout, version), version)
    if known is not None:
        return (known,), True
    return ((64, 56) if architecture(layout.arch).bits == 64 else (32,)), False


def _places(account: _Account, log: BootLog, nomap: FrameSet, memory_line: Lines) -> None:
    """What lines name with its place, each byte under the first name that it has.

    An initial RAM disk is given back; without a "Memory:" line it is not even taken.
    """
    moved = [item for item in log.reserved_regions if item.name == "RAMDISK moved"]
    regions = [item for item in log.reserved_regions if item.kind != "initrd" or not moved or item in moved]
    for row in _PLACES:
        if "initrd" in row.kinds and not memory_line:
            continue
        own = [
            item
            for item in regions
            if item.kind in row.kinds or (item.kind == "early-reservation" and item.name in row.names)
        ]
        _region(account, row.what, own, row.text, row.taker)
    _region(account, "CMA", old_cma(log), "Devices may have it; until then it is free.", "reservation")
    tree = [item for item in regions if item.kind.startswith(("device-tree", "pool")) and not is_cma(item)]
    text = "The device tree sets this memory aside for devices and firmware."
    _region(account, DEVICE_TREE, tree, text, "reservation")
    text = "It is marked so that nothing maps it (NOMAP)."
    account.place("kept out of the map", nomap, (), "evidence", text, "firmware")


def _region(account: _Account, what: str, own: Sequence[ReservedRegion], text: str, taker: Taker) -> None:
    frames = FrameSet.of(item.range.frames_outward(account.page_size) for item in own)
    account.place(what, frames, (line for item in own for line in item.lines), "evidence", text, taker)


def _allocations(account: _Account, analysis: Analysis, memory_line: Lines) -> None:
    """What lines name with its size alone."""
    log, page = analysis.log, analysis.layout.page_size
    early: dict[str, list[NamedSize]] = {}
    for item in log.sizes:
        if item.kind == "allocation" or (item.kind == "hash-table" and item.lines < memory_line):
            early.setdefault(item.name, []).append(item)
        elif item.kind == "per-cpu" and log.page_counts.possible_cpus:
            cpus = log.page_counts.possible_cpus[0]
            size = -(-item.size // page) * page * cpus.value
            text = f"{format_size(size // max(cpus.value, 1))} for each of {cpus.value} processors."
            account.take("per-CPU memory", size, (*item.lines, *cpus.lines), "evidence", text, "kernel")
        elif item.kind == "log-buffer" and _allocated(item, log):
            size = item.size
            if item.name == "text" and LOG_METADATA.reached(log.stable_of(analysis.release), unknown=True):
                size += size // _METADATA[0] * _METADATA[1]
            text = "The kernel's log, as long as log_buf_len= or the number of processors makes it."
            account.take("log buffer", size, item.lines, "evidence" if item.size == size else "release", text, "kernel")
    for name, items in early.items():
        text = "Taken before there is a page allocator."
        size = sum(item.size for item in items)
        account.take(name, size, (line for item in items for line in item.lines), "evidence", text, "kernel")
    for given in arguments(log.command_line or ""):
        aside = leading_size(given.value or "")[0] if given.name == "reserve_mem" else None
        if aside:
            text = "The command line sets this memory aside."
            account.take(given.text, aside, log.command_line_lines, "release", text, "reservation")
    huge, lines = gigantic(analysis)
    text = "Too large for the page allocator; /proc/meminfo counts them in MemTotal."
    account.take("huge pages", huge, lines, "evidence", text, "reservation")


def _allocated(item: NamedSize, log: BootLog) -> bool:
    """Whether the log buffer is another than that of the image, of which a line tells too from 6.12 on."""
    return item.name == "text" or any(given.name == "log_buf_len" for given in arguments(log.command_line or ""))
