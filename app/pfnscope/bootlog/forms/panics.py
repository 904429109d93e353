"""Panics of the kernel, those for want of memory with what was lacking, and memory given up while it starts."""

from pfnscope.bootlog.effects import Effect, Farewell, Panic
from pfnscope.bootlog.forms.base import HEX, NUMBER, Form, Groups, hexadecimal, number
from pfnscope.model.log import Failure
from pfnscope.model.ranges import Lines
from pfnscope.units import MIB, format_size


def _panic(groups: Groups, lines: Lines) -> Effect:
    function, size, own, node, below, limit, ramdisk, data, of_node, what, why, killed = groups
    bytes_ = next((int(item) for item in (size, ramdisk, data) if item), None)
    bytes_ = hexadecimal(below) if below else bytes_
    where = node or of_node
    on = f" on node {where}" if where and where != "-1" else ""
    if limit and hexadecimal(limit):
        on += f" below {hexadecimal(limit):#x}"
    if why or killed:
        text = "The kernel ran out of memory and panicked: " + (
            "no process was left that it could kill." if why else "panic_on_oom is set."
        )
        return Panic(Failure("out-of-memory-panic", text, lines))
    if bytes_ is None and not what:
        return Farewell()
    amount = format_size(bytes_) if bytes_ is not None else "memory"
    use = " for the initial RAM disk" if ramdisk else f" for the struct pages of node {own}" if own else ""
    who = f", in {function}()" if function else f" ({what})" if what else ""
    text = f"The kernel found no {amount}{on}{use} while it started{who}, and panicked."
    nid = next((int(item) for item in (where, own) if item and item != "-1"), None)
    return Panic(Failure("early-allocation-failed", text, lines, size=bytes_, node=nid))


def _node_data(groups: Groups, lines: Lines) -> Effect:
    size, node = groups
    text = f"The kernel found no {format_size(number(size))} for its data of node {node}: that node does not come up."
    return Failure("early-allocation-failed", text, lines, size=number(size), node=number(node))


def _struct_pages(groups: Groups, lines: Lines) -> Effect:
    node = number(groups[0])
    text = f"The kernel found no room for struct pages of node {node}: some of its memory is not used."
    return Failure("struct-pages-unallocated", text, lines, node=node)


def _highmem(groups: Groups, lines: Lines) -> Effect:
    size, needed = groups
    if size:
        text = f"Only {size} MiB of RAM are used: this 32-bit kernel reaches no more."
        return Failure("memory-beyond-reach", text, lines, size=number(size) * MIB)
    what = f"a kernel built with {needed}" if needed else "a kernel that is built for more address bits"
    text = f"Not all RAM is used: it takes {what} to reach the rest."
    return Failure("memory-beyond-reach", text, lines)


FORMS = (
    Form(
        name="panic",
        family="end of a boot",
        triggers=("Kernel panic - not",),
        pattern=r"Kernel panic - not syncing(?:: (?:"
        rf"(?:(\w{{1,60}}): )?Failed to allocate {NUMBER} bytes(?: for node ([0-9]{{1,6}}) memory map)?"
        r"(?: align=[0-9a-fx]+)?(?: nid=(-?[0-9]{1,6}))?"
        rf"|ERROR: Failed to allocate {HEX} bytes below {HEX}"
        rf"|Cannot find place for new RAMDISK of size {NUMBER}"
        rf"|Cannot allocate {NUMBER} ?(?:bytes|B) for node ([0-9]{{1,6}})"
        r"|(?:memblock: )?(cannot resize \w+ array|alloc_low_pages: can not alloc memory"
        r"|run out of range for init_memory_mapping|Failed to allocate page table page"
        r"|Failed to allocate memory for percpu areas|Failed to allocate [\w -]{1,30} hash table)"
        r"|(System is deadlocked on memory|Out of memory and no killable processes|Out of memory$)"
        r"|(Out of memory: [a-z -]+ panic_on_oom is enabled)"
        r"|[^K]|K[^e]|Kernel [^m])|$)",
        make=_panic,
        tail=".+",
        samples=(
            "Kernel panic - not syncing: Fatal exception",
            "Kernel panic - not syncing: memblock_alloc_or_panic: Failed to allocate 67108864 bytes",
            (
                "Kernel panic - not syncing: sparse_buffer_init: Failed to allocate 33554432 bytes align=0x200000 nid=1"
                " from=0x1000000"
            ),
            "Kernel panic - not syncing: Failed to allocate 29360128 bytes for node 1 memory map",
            "Kernel panic - not syncing: ERROR: Failed to allocate 0x0000000000100000 bytes below 0x0000000000000000.",
            "Kernel panic - not syncing: Cannot find place for new RAMDISK of size 268435456",
            "Kernel panic - not syncing: Cannot allocate 173056 bytes for node 1 data",
            "Kernel panic - not syncing: Cannot allocate 173056B for node 1.",
            "Kernel panic - not syncing: memblock: cannot resize reserved array",
            "Kernel panic - not syncing: System is deadlocked on memory",
            "Kernel panic - not syncing: Out of memory and no killable processes...",
            "Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled",
        ),
        source="kernel/panic.c; mm/memblock.c, mm/bootmem.c, mm/sparse.c, mm/page_alloc.c, mm/mm_init.c, mm/numa.c,"
        " mm/oom_kill.c 4.17 to 7.1",
    ),
    Form(
        name="node-data-failed",
        family="failed reservations",
        triggers=("bytes in any node",),
        pattern=rf"Cannot find {NUMBER} bytes in any node \(initial node: ([0-9]{{1,6}})\)",
        make=_node_data,
        samples=("Cannot find 173056 bytes in any node (initial node: 1)",),
        source="alloc_node_data() in arch/x86/mm/numa.c, 4.17 and 6.1",
    ),
    Form(
        name="struct-pages-unallocated",
        family="failed reservations",
        triggers=("memory map backing", "] usemap allocation failed"),
        pattern=r"\w{1,40}: node\[([0-9]{1,6})\] (?:memory map backing failed|usemap allocation failed)",
        make=_struct_pages,
        samples=(
            "sparse_init_nid: node[1] memory map backing failed. Some memory will not be available.",
            "sparse_init_nid: node[1] usemap allocation failed",
        ),
        source="mm/sparse.c, 4.19 to 7.1",
    ),
    Form(
        name="memblock-full",
        family="contradictions",
        triggers=("memblock: Failed to double",),
        pattern=rf"memblock: Failed to double (\w{{1,20}}) array from {NUMBER} to",
        make=lambda g, lines: Failure(
            "memblock-full",
            f"The kernel's list of {g[0]} memory has room for {g[1]} ranges and could not grow: ranges are lost.",
            lines,
        ),
        samples=("memblock: Failed to double reserved array from 128 to 256 entries !",),
        source="mm/memblock.c, 4.17 to 7.1",
    ),
    Form(
        name="memory-beyond-reach",
        family="ignored memory",
        triggers=("MB will be used.", "Use a HIGHMEM", "Use a PAE", "Memory doesn't fit"),
        pattern=rf"Warning only {NUMBER}MB will be used\.|Use a ((?:HIGHMEM(?:64G)?|PAE)) enabled kernel"
        r"|Memory doesn't fit in the linear mapping, VA_BITS too small",
        make=_highmem,
        samples=(
            "Warning only 896MB will be used.",
            "Warning only 4096MB will be used.",
            "Use a HIGHMEM64G enabled kernel.",
            "Memory doesn't fit in the linear mapping, VA_BITS too small",
        ),
        source="arch/x86/mm/init_32.c, 2.6.29-6.14; arch/arm64/mm/init.c, 5.13 to 7.1",
    ),
    Form(
        name="pci-gap-missing",
        family="PCI gap",
        triggers=("available gap in the 32-bit", "cannot find a gap in the 32bit"),
        pattern=r"(?:e820: )?(?:Cannot find an available gap in the 32-bit|cannot find a gap in the 32bit) address",
        make=lambda _groups, lines: Failure(
            "pci-gap-missing", "Below 4 GiB no addresses are left for PCI devices: some may not work.", lines
        ),
        samples=(
            "Cannot find an available gap in the 32-bit address range",
            "e820: cannot find a gap in the 32bit address range",
        ),
        source="arch/x86/kernel/e820.c, 3.16 and 4.17 to 7.1",
    ),
)
