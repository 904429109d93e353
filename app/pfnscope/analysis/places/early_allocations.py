"""Where a kernel may have taken memory early that no line of the log shows: a bound, from the end downwards."""

from collections.abc import Iterator

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.ledger_returned import hides_boot_services
from pfnscope.kernel.architectures import X86_OR_UNKNOWN
from pfnscope.kernel.crashkernel import Moment
from pfnscope.kernel.pools import loaded_within
from pfnscope.model.answers import Obstacle
from pfnscope.model.ledger import UNNAMED
from pfnscope.model.ranges import Address, Pairs, clip
from pfnscope.units import GIB, MIB

EARLY = "early allocations of the kernel"
SERVICES = "EFI boot services"

LOADED = "initial RAM disk and device tree"

_SLACK = 4 * MIB
"""More than small tables take: those of nodes, of memblock itself and of ACPI."""

_METADATA = 5
"""The log buffer with descriptors and records: see LOG_METADATA in kernel/thresholds; at most 4.5 times its text."""

_BOOT_SERVICES = 512 * MIB
"""What firmware's boot services take at most where no line tells; 30 to 330 MiB were seen."""


def early_allocations(analysis: Analysis, free: Pairs, moment: Moment) -> Iterator[Obstacle]:
    """Ranges of ``free`` in which such memory lies, if any was taken at all by a moment of set-up.

    memblock takes memory from the end downwards. Struct pages are another matter, since they are taken for certain:
    :func:`~pfnscope.analysis.places.struct_pages.after_struct_pages`.
    """
    log, layout = analysis.log, analysis.layout
    if layout.arch in X86_OR_UNKNOWN:
        ram = sum(end - start for start, end in free)
        buffers = sum(item.size for item in log.sizes if item.kind == "log-buffer")
        end = _lowmem_end(analysis) if layout.arch == "i386" else 1 << 64
        yield from _at_the_end(clip(free, 0, end), (ram >> 18) + _METADATA * buffers + _SLACK, EARLY)
        yield from _hidden_services(analysis, free)
        return
    yield from _loaded(analysis, free)
    if moment != "first":
        yield from _at_the_end(free, (sum(end - start for start, end in free) >> 9) + _SLACK, EARLY)


def _loaded(analysis: Analysis, free: Pairs) -> Iterator[Obstacle]:
    """Where boot loaders put an initial RAM disk and a device tree, of which no line tells."""
    log = analysis.log
    if not free or any(item.kind == "initrd" for item in log.reserved_regions):
        return
    freed = sum(item.size for item in log.sizes if item.kind == "freed" and item.name == "initrd")
    start = free[0][0]
    end = start + loaded_within(analysis.layout.arch) + max(freed, _SLACK) + _SLACK
    yield from (Obstacle(Address(low), Address(high), LOADED) for low, high in clip(free, start, end))


def _at_the_end(free: Pairs, size: int, name: str) -> Iterator[Obstacle]:
    """The last ranges, up to one that has ``size`` bytes."""
    for start, end in reversed(free):
        yield Obstacle(Address(max(start, end - size)), Address(end), name)
        if end - start >= size:
            return


def _lowmem_end(analysis: Analysis) -> int:
    """The end of what i386 maps: that of the zone below HighMem."""
    zones = [zone.frames for zone in analysis.layout.zone_limits if zone.zone != "HighMem" and zone.frames]
    return max((zone.end for zone in zones), default=1 << 20) * analysis.layout.page_size


def _hidden_services(analysis: Analysis, free: Pairs) -> Iterator[Obstacle]:
    """Boot services of EFI where the log has no map of it: firmware takes memory below 4 GiB from the end, too."""
    log = analysis.log
    if log.efi_map or not log.by_efi:
        return
    size = _BOOT_SERVICES
    if hides_boot_services(analysis) and analysis.ledger:
        named = next((row.bytes for row in analysis.ledger.rows if row.what == UNNAMED), 0)
        size = min(2 * named, size) if named else size
    yield from _at_the_end(clip(free, 0, 4 * GIB), size, SERVICES)
