"""What an x86 kernel did to its own map between the last map that it printed and the set-up of memblock."""

from collections.abc import Iterator, Sequence

from msgspec import structs

from pfnscope.model.log import KERNEL_IMAGE, BootLog, E820Change, MapEntry, ReservedRegion
from pfnscope.units import MIB


def printed_image(log: BootLog) -> ReservedRegion | None:
    """The kernel's image from _text to _end, where its removal from the map was printed.

    e820_add_kernel_range() in arch/x86/kernel/setup.c, 4.17 to 7.3-rc, removes it, whatever its type is, and prints
    that; then it adds it as RAM and prints nothing.
    """
    return next((region for region in log.reserved_regions if region.kind == KERNEL_IMAGE), None)


def own_changes(log: BootLog, before: Sequence[MapEntry]) -> Iterator[E820Change]:
    """Changes that were printed behind the map ``before`` and that memblock came to know, but for the image's removal.

    Left out is what arguments made. Changes behind e820__memblock_setup() leave memory as it is: for the RMP table of
    SEV-SNP the kernel reserves memory, for ``alloc_mptable`` it changes the map of the next kernel
    (setup_arch() in arch/x86/kernel/setup.c, 6.12.117 and 7.3-rc).
    """
    # an entry that an argument makes has the lines of the command line, which the kernel may repeat much later
    after = max({line for entry in before for line in entry.lines} - set(log.command_line_lines), default=0)
    end, image = _memblock_set_up(log), printed_image(log)
    for change in log.e820_changes:
        if change.action == "reserve" or not change.lines or change.lines == log.command_line_lines:
            continue
        is_image = image is not None and change.from_ is None and change.range == image.range
        if not is_image and after < change.lines[0] and (end is None or change.lines[0] < end):
            yield change


def mtrr_trims(log: BootLog) -> tuple[E820Change, ...]:
    """Changes with which the kernel gives up RAM that MTRRs leave uncached.

    They stand between the map and the line that sums them up, or behind that where somebody put a log together; those
    of the first MiB have other reasons. Source:
    mtrr_trim_uncached_memory() in arch/x86/kernel/cpu/mtrr/cleanup.c, 2.6.26 to 7.1.
    """
    summed = next((item.lines[0] for item in log.failures if item.code == "mtrr-trim"), None)
    if summed is None:
        return ()
    changes = own_changes(log, log.map_before_kernel)
    updates = tuple(item for item in changes if item.action == "update" and item.end > MIB)
    return tuple(item for item in updates if item.lines[0] < summed) or updates


def without_mtrr_trim(log: BootLog) -> BootLog:
    """The log as with ``disable_mtrr_trim``: the kernel warns, and keeps the memory."""
    trims = set(mtrr_trims(log))
    if not any(item.code == "mtrr-trim" for item in log.failures):
        return log
    return structs.replace(
        log, e820_changes=tuple(item for item in log.e820_changes if item not in trims), modified_map=()
    )


def _memblock_set_up(log: BootLog) -> int | None:
    """The line behind which the map no longer makes memory: the last ``last_pfn``, or else the first of nodes."""
    ends = [line for count in log.page_counts.last_pfn for line in count.lines]
    if ends:
        return max(ends)
    later = (item.lines for facts in (log.srat, log.zone_ranges, log.node_ranges) for item in facts)
    return min((lines[0] for lines in later if lines), default=None)
