"""Lines in which the kernel says what is wrong with the nodes that firmware or the command line gives it."""

from pfnscope.bootlog.effects import Effect
from pfnscope.bootlog.forms.base import HEX, MEM, NUMBER, Form, Groups, exclusive, inclusive, number
from pfnscope.bootlog.forms.failures import place
from pfnscope.model.log import Failure
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.units import MIB, format_size


def _overlap(groups: Groups, lines: Lines) -> Effect:
    node, first, last, other, other_first, other_last = groups
    mine, theirs = inclusive(first, last), inclusive(other_first, other_last)
    code = "overlapping-firmware-nodes"
    text = f"The firmware tells of memory of node {node} twice: {mine} and {theirs}."
    if other != "itself":
        code = "numa-rejected"
        text = (
            f"The kernel rejected the firmware's nodes: node {node}, {mine}, overlaps {other}, {theirs}, so"
            " all memory is one node."
        )
    start = max(mine.start, theirs.start)
    both = ByteRange(start, max(start, min(mine.end, theirs.end)))
    return Failure(code, text, lines, both.size, number(node), *both)


def _uncovered(groups: Groups, lines: Lines) -> Effect:
    """The kernel compares what the nodes cover with the RAM of the map, whole MiB, and takes none of the nodes."""
    covered, whole, alignment, least = groups
    if whole:
        missing = (number(whole) - number(covered)) * MIB
        text = (
            f"The kernel rejected the firmware's nodes: they leave out {format_size(missing)} of"
            f" {format_size(number(whole) * MIB)} RAM, so all memory is one node."
        )
        return Failure("numa-rejected", text, lines, size=missing)
    text = (
        f"The kernel rejected the firmware's nodes: they meet at multiples of {alignment} MiB and have to do so at"
        f" {least} MiB, so all memory is one node."
    )
    return Failure("numa-rejected", text, lines, unit=number(alignment) * MIB)


def _no_coverage(groups: Groups, lines: Lines) -> Effect:
    missing, whole = (number(group) * MIB for group in groups)
    text = (
        f"The kernel rejected the firmware's nodes: they leave out {format_size(missing)} of {format_size(whole)} RAM,"
        " so all memory is one node."
    )
    return Failure("numa-rejected", text, lines, size=missing)


def _not_added(groups: Groups, lines: Lines) -> Effect:
    node, first, last, hot_first, hot_last, start, end, bad_node, bad_first, bad_last = groups
    if first:
        memory = inclusive(first, last)
        text = f"The kernel has no room for {place(memory)} of node {node} in its table of nodes."
        return Failure("numa-rejected", text, lines, memory.size, number(node), *memory)
    if bad_first:
        memory = inclusive(bad_first, bad_last)
        text = f"The firmware gives {place(memory)} to node {bad_node}, and that cannot be: the kernel left it out."
        return Failure("numa-rejected", text, lines, memory.size, number(bad_node), *memory)
    memory = inclusive(hot_first, hot_last) if hot_first else exclusive(start, end)
    text = f"The kernel could not mark {place(memory)} as memory that can be removed, so it may use it for itself."
    return Failure("hotplug-not-marked", text, lines, memory.size, None, *memory)


def _unread(groups: Groups, lines: Lines) -> Effect:
    windows, domains, header, failed, none, table, ignored, entries = groups
    if windows:
        text = "The kernel has no node left for memory of CXL windows (CFMWS)."
        return Failure("numa-entries-ignored", text, lines)
    if ignored:
        text = (
            f"The kernel took no notice of {ignored} of the {entries} entries of the firmware's table of nodes (SRAT)."
        )
        return Failure("numa-entries-ignored", text, lines)
    if none:
        text = (
            "The firmware gives no nodes that the kernel can use, most likely none at all, so all memory is one node."
        )
        return Failure("no-firmware-nodes", text, lines)
    if domains:
        why = "they name more nodes than the kernel is built for"
    elif header:
        why = "an entry of the SRAT has another length than the standard says"
    elif failed:
        why = "the tables are missing or contradict each other"
    elif table:
        why = "there are more ranges of memory than the kernel has room for"
    else:
        why = "the SRAT is not valid"
    text = f"The kernel rejected the firmware's nodes: {why}, so all memory is one node."
    return Failure("numa-rejected", text, lines)


def _emulation(groups: Groups, lines: Lines) -> Effect:
    why = {0: "memory is too small for so many nodes", 1: "there are too many nodes"}
    what = next((why[at] for at, group in enumerate(groups[:2]) if group), "the nodes would not be valid")
    return Failure("numa-fake-failed", f"numa=fake= has no effect: {what}.", lines)


def _mirror(groups: Groups, lines: Lines) -> Effect:
    size, none, kdump = groups
    if none or kdump:
        why = "this machine has no mirrored memory" if none else "this kernel saves the memory of one that crashed"
        return Failure("kernelcore-ignored", f"kernelcore=mirror has no effect: {why}.", lines)
    if size:
        text = f"The kernel wanted {format_size(int(size, 0))} of mirrored memory and found none: it took other memory."
        return Failure("mirrored-memory", text, lines)
    text = "Not all memory below 4 GiB is mirrored, so the kernel itself lies partly in memory that is not."
    return Failure("mirrored-memory", text, lines)


FORMS = (
    Form(
        name="numa-overlap",
        family="contradictions",
        triggers=(r"node [0-9]+ \[[^\]\n]*\]« overlaps with»", "Warning: node ", "NUMA: node "),
        pattern=rf"(?:NUMA: |numa: )?(?:Warning: )?node {NUMBER} {MEM} overlaps with (itself|node [0-9]+) {MEM}",
        make=_overlap,
        samples=(
            "NUMA: Warning: node 0 [mem 0x00000000-0x7fffffff] overlaps with itself [mem 0x40000000-0xbfffffff]",
            "NUMA: node 0 [mem 0x00000000-0x7fffffff] overlaps with node 1 [mem 0x40000000-0xbfffffff]",
            "node 0 [mem 0x00000000-0x7fffffff] overlaps with node 1 [mem 0x40000000-0xbfffffff]",
        ),
        source="numa_cleanup_meminfo() in numa.c of x86 4.17 and 6.1, mm/numa_memblks.c 6.12 and 7.1; ends inclusive",
    ),
    Form(
        name="numa-rejected",
        family="contradictions",
        triggers=("MB of your", "Node alignment "),
        pattern=rf"(?:SRAT: PXMs|NUMA: nodes) only cover {NUMBER}MB of your {NUMBER}MB e820 RAM\. Not used"
        rf"|(?:NUMA: )?Node alignment {NUMBER}MB < min {NUMBER}MB, rejecting NUMA config",
        make=_uncovered,
        samples=(
            "SRAT: PXMs only cover 4000MB of your 4096MB e820 RAM. Not used.",
            "NUMA: nodes only cover 2047MB of your 4095MB e820 RAM. Not used.",
            "Node alignment 2MB < min 128MB, rejecting NUMA config",
        ),
        source="srat_64.c and numa.c of x86, mm/numa_memblks.c, 2.6.18-7.1",
    ),
    Form(
        name="memblock-uncovered",
        family="contradictions",
        triggers=("no nodes coverage for",),
        pattern=rf"NUMA: no nodes coverage for {NUMBER}MB of {NUMBER}MB RAM",
        make=_no_coverage,
        samples=("NUMA: no nodes coverage for 32MB of 4096MB RAM",),
        source="memblock_validate_numa_coverage() in mm/memblock.c, 6.8-7.1",
    ),
    Form(
        name="numa-not-added",
        family="contradictions",
        triggers=("ailed to add memblk", "ailed to mark hotplug range", "invalid memblk node"),
        pattern=rf"(?:ACPI: |ACPI NUMA: |OF: fdt: ?|NUMA: |numa: )*(?:SRAT: )?"
        rf"(?:[Ff]ailed to add memblk (?:to|for CFMWS) node {NUMBER} {MEM}"
        rf"|[Ff]ailed to mark hotplug range (?:{MEM}|{HEX} - {HEX})"
        rf"|Warning: invalid memblk node (-?[0-9]{{1,6}}) {MEM})",
        make=_not_added,
        samples=(
            "ACPI NUMA: Failed to add memblk for CFMWS node 2 [mem 0x290000000-0x68fffffff]",
            "ACPI: SRAT: Failed to add memblk to node 5 [mem 0x290000000-0x68fffffff]",
            "SRAT: Failed to mark hotplug range [mem 0x240000000-0x43fffffff] in memblock",
            "OF: fdt: failed to mark hotplug range 0x240000000 - 0x280000000",
            "NUMA: Warning: invalid memblk node 64 [mem 0x240000000-0x43fffffff]",
        ),
        source="drivers/acpi/numa/srat.c, drivers/of/fdt.c, mm/numa_memblks.c, 3.16-7.1; ends of the tree exclusive",
    ),
    Form(
        name="numa-unread",
        family="contradictions",
        triggers=(
            "SRAT not used",
            "Too many proximity domains",
            "SRAT: Unexpected header length",
            "NUMA init failed",
            "Failed to initialise from firmware",
            "too many memblk ranges",
            "[SRAT:0x",
        ),
        pattern=r"(?:ACPI: |ACPI NUMA: |NUMA: |numa: )*(?:SRAT: )?(?:SRAT not used"
        r"|(Too many proximity domains while processing CFMWS)|(Too many proximity domains)"
        r"|(SRAT: Unexpected header length)|(NUMA init failed)|(Failed to initialise from firmware)"
        r"|(too many memblk ranges)|\[SRAT:0x[0-9a-f]{2}\] ignored ([0-9]{1,9}) entries of ([0-9]{1,9}) found)",
        make=_unread,
        tail="(?:while )?(?:processing )?CFMWS.*",
        samples=(
            "ACPI: SRAT: SRAT not used.",
            "SRAT: SRAT not used.",
            "SRAT: Too many proximity domains.",
            "SRAT: Too many proximity domains 40",
            "ACPI NUMA: Too many proximity domains while processing CFMWS.",
            "ACPI: SRAT: Unexpected header length: 32",
            "NUMA: NUMA init failed",
            "NUMA: Failed to initialise from firmware",
            "NUMA: too many memblk ranges",
            "ACPI: [SRAT:0x01] ignored 8 entries of 72 found",
        ),
        source="drivers/acpi/numa.c 4.17, drivers/acpi/numa/srat.c 5.4 to 7.1, drivers/base/arch_numa.c 5.12 to 7.1,"
        " drivers/acpi/tables.c 4.17",
    ),
    Form(
        name="slit-rejected",
        family="contradictions",
        triggers=("SLIT table looks invalid",),
        pattern=r"(?:ACPI: )?SLIT table looks invalid\. Not used",
        make=lambda _groups, lines: Failure(
            "slit-rejected", "The firmware's distances between nodes (SLIT) are not valid and not used.", lines
        ),
        samples=("ACPI: SLIT table looks invalid. Not used.",),
        source="drivers/acpi/numa.c 4.17, drivers/acpi/numa/srat.c 6.1 to 7.1",
    ),
    Form(
        name="numa-fake-failed",
        family="contradictions",
        triggers=(
            "Not enough memory for each node",
            "constructed meminfo invalid",
            "Too many emulated",
            "disabling emulation",
        ),
        pattern=r"(?:NUMA: )?(?:Warning: )?(?:(Not enough memory for each node\.\s+NUMA emulation disabled)"
        r"|(Too many emulated memblks, failing emulation)"
        r"|(?:constructed meminfo invalid|can't allocate copy of distance table), disabling emulation)",
        make=_emulation,
        samples=(
            "Not enough memory for each node.  NUMA emulation disabled.",
            "NUMA: Too many emulated memblks, failing emulation",
            "NUMA: Warning: constructed meminfo invalid, disabling emulation",
        ),
        source="numa_emulation.c of x86 4.17 and 6.1, mm/numa_emulation.c 6.12 and 7.1",
    ),
    Form(
        name="memblock-mirrored",
        family="contradictions",
        triggers=(
            " bytes of mirrored memory",
            "has no mirror memory",
            "is under kdump, ignore",
            "results in unmirrored",
        ),
        pattern=r"(?:memblock: )?(?:Could not allocate (0x[0-9a-f]{1,16}|[1-9][0-9]{0,17}) bytes of mirrored memory"
        r"|(The system has no mirror memory, ignore kernelcore=mirror)"
        r"|(The system is under kdump, ignore kernelcore=mirror)"
        r"|This configuration results in unmirrored kernel memory)",
        make=_mirror,
        samples=(
            "Could not allocate 0x1000 bytes of mirrored memory",
            "The system has no mirror memory, ignore kernelcore=mirror.",
            "The system is under kdump, ignore kernelcore=mirror.",
            "This configuration results in unmirrored kernel memory.",
        ),
        source="mm/memblock.c, mm/page_alloc.c 4.17 to 6.1, mm/mm_init.c 6.12 and 7.1",
    ),
)
