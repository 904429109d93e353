"""Every finding that there is, a row a code: how grave it is, which module writes it, and what it means.

``docs/findings.md`` is made of these rows. Exit statuses, ``--fail-on``, colours and CI formats hang on the severities.
"""

from enum import IntEnum

from msgspec import Struct

from pfnscope.model.analysis import Severity
from pfnscope.model.findings import Subject


class Stage(IntEnum):
    """What comes first within one severity."""

    HAPPENED = 1
    COULD_HAPPEN = 2
    NOT_AS_MEANT = 3
    NOT_CERTAIN = 4
    NOTHING = 5


class Code(Struct, frozen=True):
    """One row. ``meaning`` is for the reference; ``then`` is what helps where the finding itself has no remedy.

    ``beside`` is a code that says the same and more: where a boot has that one, this is not told. ``ordinary`` is what
    most machines have: behind a finding above info it waits behind the bars, and in front of them it comes last.
    """

    code: str
    severity: Severity
    subject: Subject
    stage: Stage
    meaning: str
    then: str = ""
    beside: str = ""
    ordinary: bool = False


_HAPPENED, _COULD, _NOT_MEANT, _NOT_CERTAIN, _NOTHING = Stage

_FIRMWARE = "Report it to the maker of the firmware."
WHOLE = "Send the log from its first line, as root: the buffer of a machine that runs for long has lost its beginning."
"""What helps where lines are missing."""

_CRASHES = (
    Code(
        "crash-in-hole",
        "danger",
        "crashes",
        _HAPPENED,
        "A crash of the text hit struct pages without memory: mostly ones that nothing wrote.",
    ),
    Code(
        "crash-on-unwritten",
        "danger",
        "crashes",
        _HAPPENED,
        "The kernel died on a struct page that nothing wrote; which hole it lies in is not known.",
    ),
    Code(
        "shown-unwritten",
        "danger",
        "crashes",
        _HAPPENED,
        "The text shows struct pages without memory that nothing wrote, within reach of an ordinary reader.",
    ),
    Code(
        "report-in-hole",
        "caution",
        "crashes",
        _HAPPENED,
        "A report of the text is about struct pages without memory.",
    ),
    Code(
        "report-on-unwritten",
        "caution",
        "crashes",
        _HAPPENED,
        "A report shows a struct page that nothing wrote; which hole it lies in is not known.",
    ),
    Code(
        "crash",
        "caution",
        "crashes",
        _HAPPENED,
        "The kernel died where it goes through struct pages or checks them, and no unwritten struct page is shown.",
        "Report it, with the whole log of this boot, to whoever built the kernel.",
    ),
    Code(
        "bad-page",
        "caution",
        "crashes",
        _HAPPENED,
        "The kernel found a struct page that is not as it should be.",
        "Test the RAM. Where that finds nothing it is a fault of the kernel: report it with the log.",
    ),
    Code("rmp-failed", "caution", "crashes", _HAPPENED, "A page frame of an encrypted guest could not change hands."),
    Code("report-of-state", "info", "crashes", _HAPPENED, "A report shows what struct pages without memory hold."),
    Code("memory-error", "info", "crashes", _HAPPENED, "The hardware reported a memory error."),
    Code("crash-elsewhere", "info", "crashes", _HAPPENED, "An oops that is not about struct pages, zones or nodes."),
    Code("page-in-use", "info", "crashes", _HAPPENED, "A page that is in use could not be moved away."),
    Code("report-harmless", "none", "crashes", _HAPPENED, "A report is about struct pages that are written."),
    Code(
        "reports-of-another-release",
        "info",
        "crashes",
        _NOT_MEANT,
        "The reports of the text are of another release than the one it is judged as.",
    ),
)

_HOLES = (
    Code(
        "struct-pages-unwritten",
        "danger",
        "holes",
        _COULD,
        "Struct pages without memory that this release never writes, within reach of an ordinary reader.",
    ),
    Code(
        "nomap-unwritten",
        "danger",
        "holes",
        _COULD,
        "The same of memory that firmware keeps out of the kernel's map (NOMAP).",
    ),
    Code(
        "struct-pages-unwritten-far",
        "caution",
        "holes",
        _COULD,
        "Struct pages that this release never writes; no monitoring tool is sure to reach them.",
        "Leave memory offlining (chmem, lsmem) alone, or take a release that writes them. Reading /proc is safe.",
    ),
    Code("nomap-unwritten-far", "caution", "holes", _COULD, "The same of NOMAP memory."),
    Code(
        "struct-pages-unknown",
        "caution",
        "holes",
        _COULD,
        "Whether struct pages without memory are written depends on the release, which nothing names.",
        WHOLE,
    ),
    Code(
        "struct-pages-uncertain",
        "caution",
        "holes",
        _NOT_CERTAIN,
        "Lines are missing or contradict each other: whether struct pages without memory are written is not known.",
        WHOLE,
    ),
    Code(
        "lines-missing",
        "caution",
        "holes",
        _NOT_CERTAIN,
        "Lines about memory are missing from the text, so that a danger may not be seen.",
        WHOLE,
        beside="struct-pages-uncertain",
    ),
    Code(
        "counts-differ",
        "caution",
        "holes",
        _NOT_CERTAIN,
        "The kernel counted another number of pages than this layout gives.",
        "Report it with the log.",
    ),
    Code("struct-pages-unread", "info", "holes", _COULD, "Struct pages that nothing writes or reads.", ordinary=True),
    Code("struct-pages-undecided", "info", "holes", _COULD, "What struct pages without memory hold is not known."),
    Code("struct-pages-zeroed", "info", "holes", _COULD, "Struct pages without memory are all zero.", ordinary=True),
    Code(
        "struct-pages-linked",
        "info",
        "holes",
        _COULD,
        "Struct pages without memory name a zone that does not span them.",
        ordinary=True,
    ),
    Code("nomap-kept-out", "info", "holes", _COULD, "NOMAP memory whose struct pages are all zero."),
)

_ARGUMENTS = (
    Code(
        "image-not-ram",
        "caution",
        "arguments",
        _NOT_MEANT,
        "The memory map does not call the range of the kernel's own image RAM. The kernel makes it RAM again, also "
        "inside a region that memmap= takes.",
    ),
    Code("argument-no-effect", "caution", "arguments", _NOT_MEANT, "mem= or memmap= left the memory map as it was."),
    Code("dollar-lost", "caution", "arguments", _NOT_MEANT, "A boot loader took the “$” out of memmap=."),
    Code("sign-escaped", "caution", "arguments", _NOT_MEANT, "A backslash in memmap= that the boot loader left there."),
    Code("memmap-without-sign", "caution", "arguments", _NOT_MEANT, "memmap= with a size alone takes all RAM above."),
    Code("argument-too-new", "caution", "arguments", _NOT_MEANT, "An argument that this release does not know yet."),
    Code(
        "argument-malformed",
        "caution",
        "arguments",
        _NOT_MEANT,
        "An argument that the kernel does not understand.",
        "Leave it out, or write it as kernel-parameters.txt of the kernel's documentation has it.",
    ),
    Code(
        "argument-ignored",
        "caution",
        "arguments",
        _NOT_MEANT,
        "An argument that does nothing on this machine.",
        "Leave it out, or use a kernel that is built to know it.",
    ),
    Code("huge-pages-count", "caution", "arguments", _NOT_MEANT, "hugepages= with a size, where it takes a number."),
    Code("region-not-ram", "caution", "arguments", _NOT_MEANT, "Persistent memory is made where no RAM is."),
    Code("region-over-devices", "caution", "arguments", _NOT_MEANT, "A region covers device addresses below 4 GiB."),
    Code("size-and-start-swapped", "caution", "arguments", _NOT_MEANT, "Size and start of a region change places."),
    Code("memmap-adds-ram", "caution", "arguments", _NOT_MEANT, "“@” makes RAM of addresses that firmware has not."),
    Code("memmap-reserves-nothing", "caution", "arguments", _NOT_MEANT, "“@” on RAM, where “$” may be meant."),
    Code("image-in-region", "caution", "arguments", _NOT_MEANT, "The kernel's own image lies in a memmap= region."),
    Code("region-in-pieces", "caution", "arguments", _NOT_MEANT, "Persistent memory with holes in it."),
    Code("regions-overlap", "caution", "arguments", _NOT_MEANT, "Two memmap= regions share addresses."),
    Code(
        "node-emptied",
        "caution",
        "arguments",
        _NOT_MEANT,
        "memmap= takes all memory of a node.",
        beside="node-memory-lost",
    ),
    Code("kaslr-off", "info", "arguments", _NOT_MEANT, "More memmap= regions than KASLR avoids: the kernel stays put."),
    Code("kaslr-overlooks", "caution", "arguments", _NOT_MEANT, "A memmap= region that KASLR does not avoid."),
    Code("region-above-limit", "info", "arguments", _NOT_MEANT, "A region above the end that mem= gives to RAM."),
    Code("region-without-ram", "info", "arguments", _NOT_MEANT, "A region is reserved where no RAM is."),
    Code("region-partly-ram", "info", "arguments", _NOT_MEANT, "A region is reserved that is RAM in part."),
    Code("argument-rest-ignored", "info", "arguments", _NOT_MEANT, "The kernel reads only how an argument begins."),
    Code(
        "arguments-not-reproduced",
        "info",
        "arguments",
        _NOT_MEANT,
        "Simulating the log's own command line does not give its own maps, so what-if answers may be wrong.",
    ),
    Code("memory-argument", "info", "arguments", _NOT_MEANT, "A memory argument that did what it says."),
    Code("fake-efi-attribute", "info", "arguments", _NOT_MEANT, "efi_fake_mem= changed the EFI map."),
    Code(
        "huge-pages-ignored",
        "caution",
        "arguments",
        _NOT_MEANT,
        "An argument for huge pages that the kernel did not take.",
        "A count stands behind its size, as in hugepagesz=1G hugepages=4; /sys/kernel/mm/hugepages lists the sizes.",
    ),
    Code("numa-fake-failed", "caution", "arguments", _NOT_MEANT, "numa=fake= had no effect.", "Ask for fewer nodes."),
    Code(
        "kernelcore-ignored",
        "caution",
        "arguments",
        _NOT_MEANT,
        "kernelcore=mirror had no effect.",
        "Leave it out, or turn on address range mirroring in the firmware's setup.",
    ),
)

_RAM = (
    Code("mtrr-trim", "caution", "ram", _NOT_MEANT, "RAM given up because the MTRRs do not cover it.", _FIRMWARE),
    Code(
        "ram-not-in-map",
        "caution",
        "ram",
        _NOT_MEANT,
        "Installed memory that the firmware's map lacks: about a module of it.",
    ),
    Code("ram-above-4g", "caution", "ram", _NOT_MEANT, "RAM above 4 GiB that a kernel without PAE cannot use."),
    Code("ram-too-high", "caution", "ram", _NOT_MEANT, "RAM beyond what the kernel can address."),
    Code("ram-without-node", "caution", "ram", _NOT_MEANT, "RAM that is lost because no node has it.", _FIRMWARE),
    Code("ram-struct-pages", "caution", "ram", _NOT_MEANT, "Struct pages take much more RAM than usual."),
    Code("ram-given-up", "caution", "ram", _NOT_MEANT, "The kernel takes RAM out of its map; no line says why."),
    Code("ram-soft-reserved", "info", "ram", _NOT_MEANT, "Much RAM is set aside for a special purpose."),
    Code("ram-taken-by-argument", "info", "ram", _NOT_MEANT, "RAM that arguments take which the text does not have."),
    Code("ram-kept-by-firmware", "info", "ram", _NOT_MEANT, "Much RAM that the firmware keeps, or gives to a device."),
    Code("ram-kept-by-devices", "info", "ram", _NOT_MEANT, "Installed memory that is not in the firmware's map."),
    Code("ram-aperture", "info", "ram", _NOT_MEANT, "RAM under the GART aperture.", _FIRMWARE),
    Code("ram-debugging", "info", "ram", _NOT_MEANT, "RAM that an aid for debugging keeps."),
    Code("ram-unaccounted", "info", "ram", _NOT_MEANT, "Much RAM is taken early, and no line says by what."),
    Code("map-incomplete", "caution", "ram", _NOT_MEANT, "The memory map was full; entries were left out.", _FIRMWARE),
    Code("truncated-memory", "info", "ram", _NOT_MEANT, "RAM that the kernel has no use for."),
    Code("memory-limit", "info", "ram", _NOT_MEANT, "The command line limits memory."),
    Code("mirrored-memory", "info", "ram", _NOT_MEANT, "Mirrored memory was short: other memory was taken."),
    Code("invalid-efi-entries", "info", "ram", _NOT_MEANT, "The kernel dropped entries of the EFI map.", _FIRMWARE),
    Code(
        "early-allocation-failed",
        "caution",
        "ram",
        _HAPPENED,
        "The kernel found no memory for itself while it started.",
        "Give it more memory, or leave out arguments that take some. A capture kernel needs a larger crashkernel=, and "
        "no crashkernel=, cma= or hugepages= of its own.",
    ),
    Code(
        "out-of-memory-panic",
        "caution",
        "ram",
        _HAPPENED,
        "The kernel ran out of memory and panicked.",
        "Give it more memory. A capture kernel needs a larger crashkernel=.",
    ),
    Code(
        "memblock-full",
        "caution",
        "ram",
        _HAPPENED,
        "The kernel's early list of memory was full: ranges of memory or of reservations are lost.",
        "Reserve fewer ranges, or build the kernel with a larger INIT_MEMBLOCK_REGIONS.",
    ),
    Code(
        "struct-pages-unallocated",
        "caution",
        "ram",
        _HAPPENED,
        "There was no memory for struct pages, so memory that they describe is lost.",
        "Give that node more memory of its own, or boot with numa=off.",
    ),
    Code(
        "memory-beyond-reach",
        "caution",
        "ram",
        _NOT_MEANT,
        "RAM that this kernel cannot reach.",
        "Boot a 64-bit kernel, or on 32 bits one that is built with PAE; on arm64 one with 48 bits of virtual address.",
    ),
    Code("pci-gap-missing", "info", "ram", _NOT_MEANT, "No addresses below 4 GiB are left for PCI devices.", _FIRMWARE),
)

_RESERVATIONS = (
    Code("crashkernel-failed", "caution", "reservations", _HAPPENED, "No memory for a crash kernel."),
    Code("crashkernel-low-failed", "caution", "reservations", _HAPPENED, "No memory below 4 GiB for a crash kernel."),
    Code("crashkernel-value", "caution", "reservations", _HAPPENED, "crashkernel= without a size that is understood."),
    Code("cma-failed", "caution", "reservations", _HAPPENED, "No memory for CMA."),
    Code("hugetlb-cma-failed", "caution", "reservations", _HAPPENED, "No memory for hugetlb_cma=."),
    Code("huge-pages-failed", "caution", "reservations", _HAPPENED, "Fewer huge pages than asked for."),
    Code("initrd-disabled", "caution", "reservations", _HAPPENED, "The initial RAM disk lies where it cannot be used."),
    Code("pmem-misaligned", "caution", "reservations", _HAPPENED, "Persistent memory that cannot be mapped.", ""),
    Code("reserve-mem-failed", "caution", "reservations", _HAPPENED, "No memory for reserve_mem=."),
    Code(
        "fadump-failed",
        "caution",
        "reservations",
        _HAPPENED,
        "Firmware-assisted dump could not be set up.",
        "Ask for another size with crashkernel=, as in fadump=on crashkernel=2G.",
    ),
    Code(
        "elfcorehdr-overlapped",
        "caution",
        "reservations",
        _HAPPENED,
        "The capture kernel lost the description of the kernel that crashed.",
        "Report it to whoever built kexec-tools and the kernel.",
    ),
    Code(
        "swiotlb-failed",
        "caution",
        "reservations",
        _HAPPENED,
        "No memory for bounce buffers (swiotlb).",
        "Leave more memory below 4 GiB free: a smaller crashkernel= or cma= there, or swiotlb= with fewer slots.",
    ),
    Code(
        "swiotlb-full",
        "caution",
        "reservations",
        _HAPPENED,
        "The bounce buffers (swiotlb) were full, or the request was larger than they serve.",
        "swiotlb= gives more of them, in slots of 2 KiB: 32768 are 64 MiB. None serves more than 256 KiB.",
    ),
    Code(
        "kho-failed",
        "caution",
        "reservations",
        _HAPPENED,
        "Kexec handover is off, as its memory could not be reserved.",
        "Ask for less with kho_scratch=.",
    ),
    Code(
        "rmp-unusable",
        "caution",
        "reservations",
        _HAPPENED,
        "SEV-SNP is off: its table of page owners (RMP) is missing or too small.",
        "Turn on SNP memory coverage in the firmware's setup; it has to cover all RAM.",
    ),
    Code("crashkernel-ignored", "info", "reservations", _HAPPENED, "crashkernel= had no effect."),
    Code("dma-pool-failed", "info", "reservations", _HAPPENED, "No memory for atomic allocations of devices."),
    Code("device-tree-refused", "info", "reservations", _HAPPENED, "A region of the device tree was not reserved."),
    Code("overlapping-reserved-memory", "info", "reservations", _NOT_MEANT, "Device tree regions overlap.", _FIRMWARE),
    Code("swiotlb-shrunk", "caution", "reservations", _HAPPENED, "Fewer bounce buffers (swiotlb) than asked for."),
    Code(
        "capture-kernel-starved",
        "caution",
        "reservations",
        _HAPPENED,
        "A capture kernel sets memory aside that it needs: it has the machine's own hugepages= or cma=.",
    ),
    Code(
        "capture-kernel-inherits",
        "info",
        "reservations",
        _NOT_MEANT,
        "A capture kernel has arguments of the machine's own kernel, such as crashkernel=.",
    ),
    Code("reserved-outside-ram", "info", "reservations", _NOT_MEANT, "A region is reserved where there is no RAM."),
    Code("crashkernel-reserved", "none", "reservations", _NOTHING, "Where a crash kernel has its memory."),
)

_NODES = (
    Code(
        "small-node",
        "caution",
        "nodes",
        _COULD,
        "A node of less than 4 MiB. Releases before 6.7, and stable ones before November 2023, do not bring it online "
        "unless it has processors, but hand out its memory all the same, and may crash.",
    ),
    Code("node-memory-lost", "caution", "nodes", _NOT_MEANT, "A node has RAM by firmware, and the kernel uses none."),
    Code(
        "overlapping-nodes",
        "caution",
        "nodes",
        _NOT_MEANT,
        "Two nodes claim the same memory in what the kernel printed: the text is damaged, or of two boots.",
        WHOLE,
    ),
    Code("numa-rejected", "caution", "nodes", _NOT_MEANT, "The kernel did not take the firmware's nodes.", _FIRMWARE),
    Code("memory-without-node", "info", "nodes", _NOT_MEANT, "Memory that firmware gave to no node.", _FIRMWARE),
    Code("overlapping-firmware-nodes", "info", "nodes", _NOT_MEANT, "Nodes of the firmware overlap.", _FIRMWARE),
    Code("numa-entries-ignored", "info", "nodes", _NOT_MEANT, "The kernel had no room for all of the SRAT.", _FIRMWARE),
    Code("no-firmware-nodes", "info", "nodes", _NOT_MEANT, "arm64 got no nodes: a machine of one has no SRAT."),
    Code("memoryless-node", "info", "nodes", _NOT_MEANT, "A node without memory, and why."),
    Code("node-without-processors", "info", "nodes", _NOT_MEANT, "A node of memory alone."),
    Code("interleaved-nodes", "info", "nodes", _NOT_MEANT, "Nodes whose memory alternates: their zones overlap."),
    Code("overlapping-srat", "info", "nodes", _NOT_MEANT, "Entries of the SRAT overlap in part.", _FIRMWARE),
    Code("slit-rejected", "info", "nodes", _NOT_MEANT, "The distances between nodes are not valid.", _FIRMWARE),
    Code("hotplug-not-marked", "info", "nodes", _NOT_MEANT, "Memory that may not be removable as it is meant to be."),
    Code("hotplug-node-unknown", "info", "nodes", _NOT_MEANT, "Added memory of no known node.", _FIRMWARE),
)

_BLOCKS = (
    Code("unaligned-hotplug", "caution", "blocks", _HAPPENED, "Memory to be added is no whole number of blocks."),
    Code("hotadd-failed", "caution", "blocks", _HAPPENED, "Memory of a device or of a hypervisor was not added."),
    Code("hotadd-beyond-range", "caution", "blocks", _HAPPENED, "Memory to be added lies where no kernel reaches it."),
    Code("online-failed", "caution", "blocks", _HAPPENED, "Memory could not be brought online."),
    Code("offline-failed", "caution", "blocks", _HAPPENED, "Memory could not be taken offline."),
    Code("remove-failed", "caution", "blocks", _HAPPENED, "Memory could not be removed."),
    Code("cxl-window-missing", "caution", "blocks", _HAPPENED, "CXL memory without a window of the host.", _FIRMWARE),
    Code("offline-blocked", "info", "blocks", _HAPPENED, "A page frame keeps its memory block online."),
    Code("hotadd-shortened", "info", "blocks", _NOT_MEANT, "Memory of a device that fills no whole memory block."),
    Code(
        "blocks-mixed",
        "info",
        "blocks",
        _COULD,
        "Memory blocks with RAM and something else: they stay online, and readers of whole blocks can die there.",
        ordinary=True,
    ),
    Code(
        "capacity-stranded",
        "info",
        "blocks",
        _NOT_MEANT,
        "Memory for special purposes that fills no whole memory block.",
        "Ask the maker of the firmware for ranges at multiples of the memory block size.",
    ),
)

_STABILITY = (
    Code("hibernation-map", "caution", "stability", _HAPPENED, "The memory map changed since the machine hibernated."),
    Code(
        "nosave-in-use",
        "caution",
        "stability",
        _COULD,
        "Hibernation leaves out pages of usable memory that the log names as the kernel's own.",
    ),
    Code(
        "map-unstable-resume",
        "caution",
        "stability",
        _NOT_MEANT,
        "The firmware's map moves between boots of a machine that is set up to hibernate: it resumes only by luck.",
    ),
    Code("map-unstable", "info", "stability", _NOT_MEANT, "The firmware's map moves between boots of one machine."),
    Code("nosave-usable", "info", "stability", _COULD, "Hibernation leaves out pages of usable memory."),
    Code(
        "hibernation-signature", "caution", "stability", _HAPPENED, "The firmware reports other hardware than before."
    ),
    Code(
        "hibernation-image",
        "caution",
        "stability",
        _HAPPENED,
        "The image of hibernation is of another kernel.",
        beside="hibernation-map",
    ),
    Code(
        "hibernation-memory",
        "caution",
        "stability",
        _HAPPENED,
        "Too little memory was free to hibernate.",
        "End what uses memory, or write a smaller image: a lower number in /sys/power/image_size.",
    ),
)

_CALM = (
    Code("nothing-to-do-but-know", "info", "holes", _HAPPENED, "Nothing to do; other findings are worth knowing."),
    Code("no-verdict", "none", "holes", _NOT_MEANT, "The text does not tell what a verdict needs."),
    Code("nothing-to-do", "none", "holes", _NOTHING, "No struct page of this machine can crash a reader."),
)

CODES = (
    *_CRASHES,
    *_CALM,
    *_NODES[:1],
    *_HOLES,
    *_ARGUMENTS,
    *_RAM,
    *_RESERVATIONS,
    *_NODES[1:],
    *_BLOCKS,
    *_STABILITY,
)
"""Within one severity and stage, the order in which they are told: on a small node the kernel dies by itself, in a hole
only where somebody reads it.
"""

BY_CODE = {row.code: row for row in CODES}
RANK = {row.code: at for at, row in enumerate(CODES)}
