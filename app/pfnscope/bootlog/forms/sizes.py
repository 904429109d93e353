"""Memory of which a line names the size alone: taken before there is a page allocator, or given back to it later."""

from typing import Literal

from pfnscope.bootlog.effects import Effect, Tally
from pfnscope.bootlog.files.lines import Module
from pfnscope.bootlog.forms.base import NUMBER, Form, Groups, number
from pfnscope.model.counts import Count
from pfnscope.model.ranges import Lines
from pfnscope.model.sizes import NamedSize
from pfnscope.units import GIB, KIB, MIB

_UNITS = {"k": KIB, "M": MIB, "G": GIB, "T": GIB * KIB}


def _scaled(text: str | None, unit: str | None) -> int:
    """A size with at most two decimals, in bytes."""
    whole, _, part = (text or "0").partition(".")
    return (int(whole + part.ljust(2, "0")) * _UNITS[(unit or "k").replace("K", "k")]) // 100


def _huge_pages(groups: Groups, lines: Lines) -> Effect:
    size, unit, pages = groups
    return NamedSize("huge-pages", f"{size} {unit}iB", _scaled(size, unit) * number(pages), lines)


def _per_cpu(groups: Groups, lines: Lines) -> Effect:
    return NamedSize("per-cpu", "per-CPU memory", sum(map(number, groups)), lines)


def _log_buffer(groups: Groups, lines: Lines) -> Effect:
    """The length of the text, or all that the buffer takes where it is printed."""
    text, whole = groups
    return NamedSize("log-buffer", "text and metadata" if whole else "text", number(whole or text), lines)


def _highmem(groups: Groups, lines: Lines) -> Effect:
    kind: Literal["high-memory", "low-memory"] = "high-memory" if groups[1] == "HIGHMEM" else "low-memory"
    return NamedSize(kind, groups[1] or "", number(groups[0]) * MIB, lines)


FORMS = (
    Form(
        name="freed",
        family="memory given back",
        triggers=("Freeing ",),
        pattern=rf"(?:efi: )?Freeing ([A-Za-z][\w ()/-]{{0,60}}?)(?: memory)?: {NUMBER}[kK]",
        make=lambda g, lines: NamedSize("freed", (g[0] or "").removeprefix("unused "), number(g[1]) * KIB, lines),
        samples=(
            "Freeing initrd memory: 30720K",
            "Freeing unused kernel image (initmem) memory: 2476K",
            "Freeing unused kernel memory: 1244K",
            "Freeing unused kernel memory: 424k freed",
            "Freeing SMP alternatives memory: 40K",
            "Freeing SMP alternatives: 24k freed",
            "efi: Freeing EFI boot services memory: 51712K",
            "Freeing initrd memory: 16384K (ffff880036c00000 - ffff880037c00000)",
        ),
        source="free_reserved_area() in mm/page_alloc.c, free_init_pages() in arch code before 3.10, 2.6.11-7.1; KiB",
    ),
    Form(
        name="log-buffer",
        family="early allocations",
        triggers=("«log_buf_len: »[0-9]", "log buffer data"),
        pattern=rf"(?:printk: )?(?:log_buf_len: {NUMBER}\b"
        rf"|log buffer data \+ meta data: [0-9]+ \+ [0-9]+ = {NUMBER} bytes)",
        make=_log_buffer,
        samples=(
            "log_buf_len: 1048576",
            "printk: log_buf_len: 4194304 bytes",
            "printk: log buffer data + meta data: 4194304 + 17825792 = 22020096 bytes",
        ),
        source="setup_log_buf() in kernel/printk/printk.c, 2.6.39-7.1; the static buffer has a line only from 6.12 on",
    ),
    Form(
        name="per-cpu",
        family="early allocations",
        triggers=(r" pages/cpu ",),
        pattern=rf"(?i:percpu): (?:Embedded [0-9]+|[0-9]+ [0-9]+K) pages/cpu (?:@\S+ )?s{NUMBER} r{NUMBER} d{NUMBER}\b",
        make=_per_cpu,
        samples=(
            "percpu: Embedded 45 pages/cpu s147456 r8192 d28672 u1048576",
            "PERCPU: Embedded 30 pages/cpu @ffff88013fc00000 s91520 r8192 d23168 u1048576",
            "percpu: 33 4K pages/cpu s104276 r0 d30892",
        ),
        source="pcpu_embed_first_chunk() and pcpu_page_first_chunk() in mm/percpu.c, 2.6.31-7.1; static, reserved and"
        " dynamic bytes of each processor",
    ),
    Form(
        name="slab-cpus",
        family="early allocations",
        triggers=("MinObjects=",),
        pattern=rf"SLUB: (?:Genslabs=[0-9]+, )?HWalign=[0-9]+, Order=[0-9]+-[0-9]+, MinObjects=[0-9]+, CPUs={NUMBER},",
        make=lambda g, lines: Tally("possible_cpus", Count(number(g[0]), lines)),
        samples=(
            "SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs=2, Nodes=1",
            "SLUB: Genslabs=15, HWalign=64, Order=0-3, MinObjects=0, CPUs=4, Nodes=1",
        ),
        source="kmem_cache_init() in mm/slub.c, 2.6.22-7.1; nr_cpu_ids",
    ),
    Form(
        name="kfence",
        family="early allocations",
        triggers=("kfence: initialized - using",),
        pattern=rf"kfence: initialized - using {NUMBER} bytes for [0-9]+ objects",
        make=lambda g, lines: NamedSize("allocation", "KFENCE pool", number(g[0]), lines),
        samples=("kfence: initialized - using 2097152 bytes for 255 objects at 0x(____ptrval____)-0x(____ptrval____)",),
        source="kfence_init() in mm/kfence/core.c, 5.12-7.1",
    ),
    Form(
        name="huge-pages",
        family="early allocations",
        triggers=(" page size, pre-allocated ",),
        pattern=r"HugeTLB:? registered ([0-9]{1,6}(?:\.[0-9]{1,2})?) ([KMGT])i?B page size,"
        rf" pre-allocated {NUMBER} pages",
        make=_huge_pages,
        samples=(
            "HugeTLB: registered 1.00 GiB page size, pre-allocated 4 pages",
            "HugeTLB registered 2.00 MiB page size, pre-allocated 512 pages",
            "HugeTLB registered 2 MB page size, pre-allocated 0 pages",
        ),
        source="report_hugepages() in mm/hugetlb.c, 2.6.27-7.1",
    ),
    Form(
        name="high-memory",
        family="top of RAM",
        triggers=("[0-9]+MB (?:HIGHMEM|LOWMEM)« available»",),
        pattern=rf"{NUMBER}MB (HIGHMEM|LOWMEM) available",
        make=_highmem,
        samples=("887MB LOWMEM available.", "2404MB HIGHMEM available."),
        source="find_low_pfn_range() and initmem_init() of arch/x86/mm/init_32.c, 2.6.11-7.1; rounded down",
    ),
    Form(
        name="memory-module",
        family="dmidecode",
        triggers=("«Size: »[0-9]+ [MGT]B",),
        pattern=r"Size: ([0-9]{1,9}) ([MGT])B$",
        make=lambda g, lines: Module(file="dmidecode", size=_scaled(g[0], g[1]), lines=lines),
        samples=("Size: 8192 MB", "Size: 16 GB"),
        source="dmi_memory_device_size() in dmidecode.c, 2.0-3.6; binary units, other sizes have two words",
    ),
    Form(
        name="system-memory",
        family="lshw",
        triggers=("«iB System »[Mm]emory",),
        pattern=r"(?:/\S+\s+)?memory\s+([0-9]{1,9})([KMGT])iB System [Mm]emory",
        make=lambda g, lines: Module(file="lshw", size=_scaled(g[0], g[1]), lines=lines),
        samples=("/0/28 memory 16GiB System Memory", "memory 8GiB System memory"),
        source="printhwpath() of print.cc and print.h in lshw, B.02, as lshw -short prints it; all modules together",
    ),
)
