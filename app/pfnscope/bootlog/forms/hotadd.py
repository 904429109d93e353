"""Lines in which the kernel says that memory could not be added, brought online, taken offline or removed."""

from pfnscope.bootlog.effects import Effect
from pfnscope.bootlog.forms.base import BARE, HEX, MEM, NUMBER, Form, Groups, base_size, hexadecimal, inclusive, number
from pfnscope.bootlog.forms.failures import place
from pfnscope.model.log import Failure
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.units import format_size

_DEVICE = r"(?:(\S{1,60} \S{1,60}): )"


def _of(code: str, text: str, lines: Lines, memory: ByteRange, unit: int | None = None) -> Failure:
    return Failure(code, text, lines, memory.size, None, *memory, unit)


def _unaligned(groups: Groups, lines: Lines) -> Effect:
    block, start, size = groups
    memory, unit = base_size(start, hexadecimal(size)), hexadecimal(block) if block else None
    whole = f"whole memory blocks of {format_size(unit)}" if unit else "whole memory sections"
    text = f"The kernel refused to add {place(memory)}: it takes {whole} alone."
    return _of("unaligned-hotplug", text, lines, memory, unit)


def _beyond(groups: Groups, lines: Lines) -> Effect:
    first, last, lowest, highest, old_first, old_last, maximum = groups
    memory = inclusive(first or old_first, last or old_last)
    least = hexadecimal(lowest)
    end = hexadecimal(highest) + 1 if highest else hexadecimal(maximum)
    text = f"The kernel refused to add {place(memory)}: it can reach addresses from {least:#x} to {end:#x} alone."
    return _of("hotadd-beyond-range", text, lines, memory)


def _offline(groups: Groups, lines: Lines) -> Effect:
    first, last, why = groups
    memory = inclusive(first, last)
    because = f": {why.strip().rstrip('.')}" if why else ""
    return _of("offline-failed", f"The kernel could not take {place(memory)} offline{because}.", lines, memory)


def _online(groups: Groups, lines: Lines) -> Effect:
    memory = inclusive(*groups)
    return _of("online-failed", f"The kernel could not bring {place(memory)} online.", lines, memory)


def _kept(groups: Groups, lines: Lines) -> Effect:
    """Removal refused. The last byte is inclusive but for arm64 and for the wrong granularity."""
    first, last, start, end, boot_start, boot_end = groups
    if first:
        memory, why = inclusive(first, last), "it is in use"
    elif start:
        memory, why = ByteRange(hexadecimal(start), hexadecimal(end)), "it was added in other pieces"
    else:
        memory, why = ByteRange(hexadecimal(boot_start), hexadecimal(boot_end)), "it is memory of boot"
    return _of("remove-failed", f"The kernel did not remove {place(memory)}: {why}.", lines, memory)


def _blocked(groups: Groups, lines: Lines) -> Effect:
    isolated, migrated = groups
    frame = hexadecimal(isolated or migrated)
    how = "could not be isolated" if isolated else "could not be moved"
    return Failure("offline-blocked", f"Page frame {frame:#x} {how}, so its memory block stays online.", lines)


def _dax(groups: Groups, lines: Lines) -> Effect:
    device, first, last, small, region = groups
    memory = inclusive(first, last)
    if small:
        text = f"The device {device} gives no memory from {place(memory)}: that holds no whole memory block."
        return _of("hotadd-shortened", text, lines, memory)
    why = ": something else has claimed it" if region else ""
    text = f"The kernel could not add {place(memory)} of the device {device}{why}."
    return _of("hotadd-failed", text, lines, memory)


def _refused(groups: Groups, lines: Lines) -> Effect:
    device, node, aligned, failed, error = groups
    if node:
        why = f"its node {node} is not known"
    elif aligned:
        why = "it holds no whole memory block"
    else:
        why = f"error {failed or error}" if failed or error else "the kernel could not add it"
    return Failure("hotadd-failed", f"The memory of the device {device} was not added: {why}.", lines)


def _balloon(groups: Groups, lines: Lines) -> Effect:
    who = "Xen" if groups[0] else "Hyper-V"
    return Failure("hotadd-failed", f"Memory that {who} offered was not added: error {groups[0] or groups[1]}.", lines)


def _logical(groups: Groups, lines: Lines) -> Effect:
    block, node, added, index = groups
    what = f"Memory of logical block 0x{block or index}" if block or index else "Memory that was to be added"
    where = f" to node {node}" if node else ""
    then = ": what was added of it is removed again" if added else ""
    return Failure("hotadd-failed", f"{what} could not be added{where}{then}.", lines, node=int(node) if node else None)


def _absent_node(groups: Groups, lines: Lines) -> Effect:
    node, pgdat = groups
    text = f"Memory could not be added to node {node or pgdat}: that node did not exist when the kernel started."
    return Failure("hotadd-failed", text, lines, node=number(node or pgdat))


def _assumed_node(groups: Groups, lines: Lines) -> Effect:
    text = f"No node is known for the memory at 0x{groups[0]}: it was given to node 0."
    return Failure("hotplug-node-unknown", text, lines, node=0)


FORMS = (
    Form(
        name="hotplug-unaligned",
        family="hotplug memory",
        triggers=("naligned hotplug range: start", "Block size [0x"),
        pattern=rf"(?:Block size \[{HEX}\] unaligned|Section-unaligned) hotplug range: start {HEX}, size {HEX}",
        make=_unaligned,
        samples=(
            "Block size [0x8000000] unaligned hotplug range: start 0x240000000, size 0x4000000",
            "Section-unaligned hotplug range: start 0x240000000, size 0x4000000",
        ),
        source="mm/memory_hotplug.c, 3.10-7.1",
    ),
    Form(
        name="hotplug-beyond",
        family="hotplug memory",
        triggers=("Hotplug memory [0x", "Hotplugged memory exceeds"),
        pattern=rf"Hotplug memory \[{HEX}-{HEX}\] exceeds maximum addressable range \[{HEX}-{HEX}\]"
        rf"|Hotplugged memory exceeds maximum addressable address, range={HEX}-{HEX}, maximum={HEX}",
        make=_beyond,
        samples=(
            "Hotplug memory [0x400000000000-0x40003fffffff] exceeds maximum addressable range [0x0-0x3fffffffffff]",
            (
                "Hotplugged memory exceeds maximum addressable address, range=0x400000000000-0x40003fffffff,"
                " maximum=0x400000000000"
            ),
        ),
        source="mm/memory_hotplug.c, 5.5 and 5.12-7.1; ends inclusive",
    ),
    Form(
        name="hotplug-offline-failed",
        family="hotplug memory",
        triggers=("memory offlining [mem",),
        pattern=rf"memory offlining {MEM} failed(?: due to ([^\n]{{1,60}}))?",
        make=_offline,
        tail="(?:(?:failed )?due )?to (?:unmovable page|failure to .{4,30}|notifier failure|signal backoff)"
        "|(?:unmovable )?page|(?:(?:failure )?to )?isolate range|range|(?:notifier )?failure|backoff|holes",
        samples=(
            "memory offlining [mem 0x240000000-0x247ffffff] failed due to unmovable page",
            "memory offlining [mem 0x240000000-0x247ffffff] failed",
        ),
        source="mm/memory_hotplug.c, 3.6-7.1; end inclusive; a debug line since 4.13",
    ),
    Form(
        name="hotplug-online-failed",
        family="hotplug memory",
        triggers=("online_pages [mem",),
        pattern=rf"online_pages {MEM} failed",
        make=_online,
        samples=("online_pages [mem 0x240000000-0x247ffffff] failed",),
        source="mm/memory_hotplug.c, 3.6-7.1; end inclusive; a debug line",
    ),
    Form(
        name="hotplug-remove-failed",
        family="hotplug memory",
        triggers=("removing memory fails, because", "Refuse to remove 0x", "offlining attempted"),
        pattern=rf"removing memory fails, because memory \[{HEX}-{HEX}\] is onlined"
        rf"|Refuse to remove {HEX} - {HEX}, ?wrong granularity|Boot memory \[{BARE} {BARE}\] offlining attempted",
        make=_kept,
        samples=(
            "removing memory fails, because memory [0x0000000240000000-0x0000000247ffffff] is onlined",
            "Refuse to remove 0x240000000 - 0x280000000,wrong granularity",
            "Boot memory [80000000 88000000] offlining attempted",
        ),
        source="mm/memory_hotplug.c 4.17 to 7.1, mmu.c of arm64 5.10 to 6.12; ends exclusive but for the first",
    ),
    Form(
        name="hotplug-blocked",
        family="hotplug memory",
        triggers=("failed to isolate pfn ", "migrating pfn "),
        pattern=rf"failed to isolate pfn {BARE}\b|migrating pfn {BARE} failed ret:",
        make=_blocked,
        samples=("failed to isolate pfn 24a3c0", "migrating pfn 24a3c0 failed ret:1"),
        source="mm/memory_hotplug.c, 4.17 to 7.1; page frames in hexadecimal; a dump of the page follows",
    ),
    Form(
        name="hotplug-dax",
        family="hotplug memory",
        triggers=("«: mapping»[0-9]+:",),
        pattern=rf"(?:kmem |device_dax )?(dax[0-9.]+): mapping[0-9]+: {HEX}-{HEX} (?:(too small after alignment)"
        r"|(could not reserve region)|memory add failed)",
        make=_dax,
        samples=(
            "kmem dax0.0: mapping0: 0x140000000-0x147ffffff memory add failed",
            "kmem dax0.0: mapping0: 0x140000000-0x147ffffff could not reserve region",
            "kmem dax1.0: mapping0: 0x140200000-0x1441fffff too small after alignment",
        ),
        source="drivers/dax/kmem.c, 5.10 to 7.1; end inclusive",
    ),
    Form(
        name="hotplug-device",
        family="hotplug memory",
        triggers=(
            "rejecting DAX region",
            ": adding memory failed: ",
            ": add_memory failed",
            "acpi_memory_enable_device() error",
        ),
        pattern=rf"{_DEVICE}(?:rejecting DAX region (?:\[mem [^\]]*\] )?(?:with invalid node: (-?[0-9]{{1,6}})"
        r"|(without any memory after alignment))|adding memory failed: (-?[0-9]{1,4})"
        r"|add_memory failed|acpi_memory_enable_device\(\) error(?: (-?[0-9]{1,4}))?)",
        make=_refused,
        samples=(
            "kmem dax0.0: rejecting DAX region with invalid node: -1",
            "kmem dax0.0: rejecting DAX region [mem 0x140000000-0x147ffffff flags 0x200] with invalid node: -1",
            "kmem dax0.0: rejecting DAX region without any memory after alignment",
            "virtio_mem virtio3: adding memory failed: -17",
            "acpi PNP0C80:01: add_memory failed",
            "acpi PNP0C80:01: acpi_memory_enable_device() error",
        ),
        source="drivers/dax/kmem.c 5.1 to 7.1, drivers/virtio/virtio_mem.c 5.8 to 7.1,"
        " drivers/acpi/acpi_memhotplug.c 4.17 to 7.1",
    ),
    Form(
        name="hotplug-virtio-unaligned",
        family="hotplug memory",
        triggers=("The alignment of the physical", "Some device memory is not"),
        pattern=rf"{_DEVICE}(?:The alignment of the physical (start|end) address|Some device memory is not"
        r" addressable/pluggable\. This) can make some memory unusable",
        make=lambda g, lines: Failure(
            "hotadd-shortened",
            f"Part of the memory of the device {g[0]} cannot be used: "
            + (f"its {g[1]} lies within a memory block." if g[1] else "the kernel cannot reach all of it."),
            lines,
        ),
        samples=(
            "virtio_mem virtio3: The alignment of the physical start address can make some memory unusable.",
            (
                "virtio_mem virtio3: Some device memory is not addressable/pluggable. This can make some memory"
                " unusable."
            ),
        ),
        source="drivers/virtio/virtio_mem.c, 5.8 to 7.1",
    ),
    Form(
        name="hotplug-balloon",
        family="hotplug memory",
        triggers=("Cannot add additional memory (", "hot_add memory failed error"),
        pattern=r"(?:xen:)?(?:balloon: |xen_balloon: )*Cannot add additional memory \((-?[0-9]{1,4})\)"
        r"|(?:hv_balloon: )?hot_add memory failed error(?: is)? (-?[0-9]{1,4})",
        make=_balloon,
        samples=(
            "xen:balloon: Cannot add additional memory (-17)",
            "hv_balloon: hot_add memory failed error is -17",
        ),
        source="drivers/xen/balloon.c, drivers/hv/hv_balloon.c, 4.17 to 6.12",
    ),
    Form(
        name="hotplug-logical",
        family="hotplug memory",
        triggers=("«Failed to add LMB»(?: 0x|, drc)", "Memory hot-add failed", "count-add failed"),
        pattern=rf"(?:pseries-hotplug-mem: )?(?:Failed to add LMB {HEX} to node ([0-9]{{1,6}})"
        rf"|Memory (?:(hot-add|indexed-count-add) failed), removing|Failed to add LMB, drc index {BARE})",
        make=_logical,
        samples=(
            "pseries-hotplug-mem: Failed to add LMB 0x80000008 to node 1",
            "pseries-hotplug-mem: Memory hot-add failed, removing any added LMBs",
            "pseries-hotplug-mem: Failed to add LMB, drc index 80000008",
        ),
        source="arch/powerpc/platforms/pseries/hotplug-memory.c, 6.1 and 6.12",
    ),
    Form(
        name="hotplug-absent-node",
        family="hotplug memory",
        triggers=("was absent from the node_possible_map", "due to NULL pgdat"),
        pattern=rf"node {NUMBER} was absent from the node_possible_map|Cannot online node {NUMBER} due to NULL pgdat",
        make=_absent_node,
        samples=("node 2 was absent from the node_possible_map", "Cannot online node 2 due to NULL pgdat"),
        source="mm/memory_hotplug.c, 4.17 to 7.1",
    ),
    Form(
        name="hotplug-assumed-node",
        family="hotplug memory",
        triggers=("node for memory at 0x",),
        pattern=r"Unknown (?:online|target) node for memory at 0x([0-9a-f]{1,16}), assuming node 0",
        make=_assumed_node,
        samples=("Unknown online node for memory at 0x140000000, assuming node 0",),
        source="numa.c of x86 5.10, mm/numa.c 6.12 and 7.1",
    ),
    Form(
        name="cxl-window-missing",
        family="hotplug memory",
        triggers=("no CXL window",),
        pattern=rf"(?:\S{{1,60}} \S{{1,60}}: )?(\S{{1,40}}):\S{{1,40}} no CXL window for range {HEX}:{HEX}",
        make=lambda g, lines: _of(
            "cxl-window-missing",
            f"The firmware has no CXL window for {place(inclusive(g[1], g[2]))} of {g[0]}: that memory is not used.",
            lines,
            inclusive(g[1], g[2]),
        ),
        samples=("cxl_pci 0000:35:00.0: mem0:decoder3.0 no CXL window for range 0x490000000:0x68fffffff",),
        source="drivers/cxl/core/region.c, 6.3 to 7.1; end inclusive",
    ),
    Form(
        name="hotplug-done",
        family="hotplug memory",
        triggers=("Offlined Pages ", "Boot memory ["),
        pattern=r"Offlined Pages [0-9]+|Boot memory \[[0-9a-f]+ [0-9a-f]+\] (?:offlined|is offline)",
        samples=("Offlined Pages 32768", "Boot memory [80000000 100000000] offlined"),
        source="mm/memory_hotplug.c 2.6.32-7.1, mmu.c of arm64; after boot",
    ),
)
