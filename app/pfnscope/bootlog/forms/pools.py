"""Lines in which the kernel says that it found no memory for pools: CMA, huge pages, bounce buffers, DMA."""

from pfnscope.bootlog.effects import Effect
from pfnscope.bootlog.forms.base import (
    HEX,
    NUMBER,
    Form,
    Groups,
    hexadecimal,
    number,
)
from pfnscope.bootlog.forms.failures import place
from pfnscope.model.log import Failure
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.units import KIB, MIB, format_size, parse_size


def _cma(groups: Groups, lines: Lines) -> Effect:
    size = number(groups[0]) * MIB
    node = f" on node {groups[1]}" if groups[1] else ""
    text = f"The kernel could not reserve {format_size(size)} for CMA{node}."
    return Failure("cma-failed", text, lines, size=size, node=int(groups[1]) if groups[1] else None)


def _cma_place(groups: Groups, lines: Lines) -> Effect:
    size, base, limit, lone, edge, full, area, node = groups
    if size:
        memory = ByteRange.base_size(hexadecimal(base), hexadecimal(size))
        text = f"The kernel did not reserve {place(memory)} for CMA: it ends above the limit {hexadecimal(limit):#x}."
        return Failure("cma-failed", text, lines, memory.size, None, *memory)
    if lone:
        why = f"lies across the border {hexadecimal(edge):#x} of low memory" if edge else "is not aligned"
        return Failure("cma-failed", f"The kernel did not reserve CMA at {hexadecimal(lone):#x}: it {why}.", lines)
    if full:
        return Failure("cma-failed", "The kernel could not reserve CMA: it has no room for more areas.", lines)
    if node:
        text = f"The kernel could not reserve memory for CMA on node {node}."
        return Failure("cma-failed", text, lines, node=number(node))
    return Failure("cma-failed", f"The CMA area {area} is reserved, but the kernel could not bring it into use.", lines)


def _huge_pages(groups: Groups, lines: Lines) -> Effect:
    pages, size, node, got = groups
    where = f" on node {node}" if node else ""
    of = (size or "").replace(".00 ", " ")
    text = f"Of {pages} huge pages of {of} the kernel could allocate {number(got or '0') or 'none'}{where}."
    unit = parse_size((size or "").replace(" ", "").replace(".00", "").removesuffix("iB").removesuffix("B"))
    return Failure(
        "huge-pages-failed",
        text,
        lines,
        size=unit and unit * number(pages),
        node=int(node) if node else None,
        unit=unit,
    )


def _huge_pages_ignored(groups: Groups, lines: Lines) -> Effect:
    pages, size, none, cma, value, unsupported = groups
    if pages:
        text = f"hugepages={pages} is not used for pages of {size}: another count for them stands on the command line."
    elif none:
        text = "This machine or kernel has no huge pages: hugepages= and hugepagesz= have no effect."
    elif cma:
        text = "Because of hugetlb_cma=, hugepages= for gigantic pages has no effect."
    else:
        text = f"The kernel does not take an argument for huge pages: {(value or unsupported or '').strip(' !.')}."
    return Failure("huge-pages-ignored", text, lines)


def _hugetlb_cma(groups: Groups, lines: Lines) -> Effect:
    spans, node, of_node, least, named, percent, other = groups
    unit = number(least) * MIB if least else None
    where = next((item for item in (node, of_node, named) if item), None)
    on = f" on node {where}" if where else ""
    if node:
        why = "the memory found lies in two zones" if spans else "no room"
    elif least:
        why = f"it has to be a multiple of {format_size(unit or 0)}"
    elif named:
        why = "there is no such node with memory"
    elif percent:
        why = f"{percent} MiB are less than one huge page"
    else:
        why = (other or "").replace("the option isn't", "hugetlb_cma= is not")
    text = f"The kernel could not reserve memory for hugetlb_cma={on}: {why}."
    return Failure("hugetlb-cma-failed", text, lines, node=number(where) if where else None, unit=unit)


def _swiotlb(groups: Groups, lines: Lines) -> Effect:
    megabytes, size = groups
    if megabytes:
        text = f"The kernel could allocate only {megabytes} MiB for bounce buffers (swiotlb)."
        return Failure("swiotlb-failed", text, lines, size=number(megabytes) * MIB)
    what = format_size(number(size)) if size else "memory"
    text = f"The kernel found no {what} for bounce buffers (swiotlb): devices that need them will not work."
    return Failure("swiotlb-failed", text, lines, size=number(size) if size else None)


def _swiotlb_full(groups: Groups, lines: Lines) -> Effect:
    size, total, used = groups
    counted = f": {used} of {total} slots were taken" if total else ""
    text = f"A device found no room for {format_size(number(size))} in the bounce buffers (swiotlb){counted}."
    return Failure("swiotlb-full", text, lines, size=number(size))


FORMS = (
    Form(
        name="cma-failed",
        family="failed reservations",
        triggers=("Failed to reserve",),
        pattern=rf"(?:cma: )?Failed to reserve {NUMBER} MiB(?: on node (-?[0-9]+))?",
        make=_cma,
        samples=("cma: Failed to reserve 512 MiB", "cma: Failed to reserve 512 MiB on node 0"),
        source="mm/cma.c, 4.17 to 7.1",
    ),
    Form(
        name="cma-refused",
        family="failed reservations",
        triggers=(
            "cma: Size (",
            "cma: Region at",
            "Not enough slots for CMA",
            "CMA area ",
            "_cma_reserve: reservation failed",
        ),
        pattern=rf"(?:cma: Size \({HEX}\) of region at {HEX} exceeds limit \({HEX}\)"
        rf"|cma: Region at {HEX} (?:must be aligned to 0x[0-9a-f]+|defined on low/high memory boundary \({HEX}\))"
        r"|(?:cma: )?(?:(Not enough slots for CMA reserved regions)|CMA area (\S{1,60}) could not be activated"
        r"|dma_\w{3,20}_cma_reserve: reservation failed: err -?[0-9]+, node ([0-9]{1,6})))",
        make=_cma_place,
        samples=(
            "cma: Size (0x0000000010000000) of region at 0x00000000c0000000 exceeds limit (0x00000000c8000000)",
            "cma: Region at 0x0000000088200000 must be aligned to 0x0000000000400000 bytes",
            "cma: Region at 0x000000002e000000 defined on low/high memory boundary (0x0000000030000000)",
            "cma: Not enough slots for CMA reserved regions!",
            "cma: CMA area linux,cma could not be activated",
            "cma: dma_numa_cma_reserve: reservation failed: err -12, node 1",
        ),
        source="mm/cma.c 4.17 to 7.1, kernel/dma/contiguous.c 6.12",
    ),
    Form(
        name="hugetlb-cma-failed",
        family="failed reservations",
        triggers=(
            "hugetlb_cma: reservation",
            "hugetlb_cma: reserved area spans",
            "hugetlb_cma: cma area",
            "hugetlb_cma: invalid",
            "hugetlb_cma: the option",
        ),
        pattern=r"hugetlb_cma: (?:(?:reservation failed|(reserved area spans zones)): err -?[0-9]+, node ([0-9]{1,6})"
        r"|cma area (?:of node ([0-9]{1,6}) )?(?:should be at least|must be a multiple of) ([0-9]{1,12}) MiB"
        r"|invalid node ([0-9]{1,6}) specified|reservation size rounded down to 0 from ([0-9]{1,12}) MiB"
        r"|(the option isn't supported by current arch|invalid percentage [0-9]+))",
        make=_hugetlb_cma,
        samples=(
            "hugetlb_cma: reservation failed: err -12, node 1",
            "hugetlb_cma: reserved area spans zones: err 0, node 0",
            "hugetlb_cma: cma area should be at least 1024 MiB",
            "hugetlb_cma: cma area of node 1 must be a multiple of 1024 MiB",
            "hugetlb_cma: invalid node 4 specified",
            "hugetlb_cma: reservation size rounded down to 0 from 409 MiB (5%)",
            "hugetlb_cma: the option isn't supported by current arch",
        ),
        source="mm/hugetlb.c 6.1 and 6.12, mm/hugetlb_cma.c 7.1",
    ),
    Form(
        name="huge-pages-failed",
        family="failed reservations",
        triggers=("HugeTLB: allocating",),
        pattern=rf"HugeTLB: allocating {NUMBER} of page size (\S+ ?[KMG]i?B) failed(?: ?node([0-9]+))?\.\s+"
        rf"Only allocated {NUMBER} hugepages",
        make=_huge_pages,
        samples=(
            "HugeTLB: allocating 4 of page size 1.00 GiB failed.  Only allocated 2 hugepages.",
            "HugeTLB: allocating 4 of page size 1.00 GiB failed node0.  Only allocated 2 hugepages.",
        ),
        source="mm/hugetlb.c, 4.17 to 7.1; of single nodes from 5.16 on",
    ),
    Form(
        name="huge-pages-ignored",
        family="failed reservations",
        triggers=("HugeTLB: ", "hugepagesz: Unsupported"),
        pattern=r"(?:HugeTLB: (?:Ignoring hugepages=([0-9]{1,18}) associated with (\S+ [KMG]iB) page size"
        r"|(huge pages not supported, ignoring)|(hugetlb_cma is enabled, skip boot time allocation)"
        r"|((?:hugepages=\S{1,40} does not follow a valid hugepagesz|hugepages= specified twice without interleaving"
        r" hugepagesz=|architecture can't support node specific alloc|Invalid hugepages parameter \S{1,40}"
        r"|unsupported (?:default_)?hugepagesz=\S{1,40}|hugepagesz=\S{1,40} specified twice"
        r"|default_hugepagesz previously specified)))|hugepagesz: (Unsupported page size [0-9]+ [KMG]))",
        make=_huge_pages_ignored,
        samples=(
            "HugeTLB: Ignoring hugepages=64 associated with 2.00 MiB page size",
            "HugeTLB: huge pages not supported, ignoring associated command-line parameters",
            "HugeTLB: hugetlb_cma is enabled, skip boot time allocation",
            "HugeTLB: hugepages=8 does not follow a valid hugepagesz, ignoring",
            "HugeTLB: unsupported hugepagesz=512M",
            "HugeTLB: hugepagesz=1G specified twice, ignoring",
            "HugeTLB: Invalid hugepages parameter 0:4,7:4",
            "hugepagesz: Unsupported page size 512 M",
        ),
        source="mm/hugetlb.c 5.8 to 7.1; hugetlbpage.c of x86 4.17",
    ),
    Form(
        name="swiotlb-failed",
        family="failed reservations",
        triggers=(
            "TLB: No low mem",
            "annot allocate SWIOTLB buffer",
            "not allocate SWIOTLB buffer",
            "TLB: Cannot allocate buffer",
            "only able to allocate",
            "swiotlb_init_remap: Failed",
        ),
        pattern=rf"(?:software IO TLB: )?(?:only able to allocate {NUMBER} MB"
        rf"|swiotlb_init_remap: Failed to (?:allocate|remap) {NUMBER} bytes"
        r"|Cannot allocate SWIOTLB buffer)|software IO TLB: (?:No low mem$|Cannot allocate buffer)"
        r"|(?:\S+ \S+: )?Can not allocate SWIOTLB buffer earlier",
        make=_swiotlb,
        samples=(
            "software IO TLB: No low mem",
            "software IO TLB: Cannot allocate buffer",
            "Cannot allocate SWIOTLB buffer",
            "software IO TLB: only able to allocate 32 MB",
            "software IO TLB: swiotlb_init_remap: Failed to allocate 67108864 bytes tlb structure",
            "ahci 0000:00:1f.2: Can not allocate SWIOTLB buffer earlier and can't now provide you with the DMA bounce",
        ),
        source="lib/swiotlb.c, kernel/dma/swiotlb.c, 4.17 to 7.1",
    ),
    Form(
        name="swiotlb-full",
        family="failed reservations",
        triggers=("swiotlb buffer is full",),
        pattern=rf"(?:\S+ \S+: )?swiotlb buffer is full \(sz: {NUMBER} bytes\)"
        rf"(?:, total {NUMBER} \(slots\), used {NUMBER} \(slots\))?",
        make=_swiotlb_full,
        tail=r"(?:(?:total )?[0-9]+ )?(?:\(slots\), )?(?:used )?(?:[0-9]+ )?\(slots\)",
        samples=(
            "nvme 0000:01:00.0: swiotlb buffer is full (sz: 262144 bytes), total 32768 (slots), used 31 (slots)",
            "ahci 0000:00:1f.2: swiotlb buffer is full (sz: 65536 bytes)",
        ),
        source="lib/swiotlb.c 4.17, kernel/dma/swiotlb.c 5.4 to 7.1",
    ),
    Form(
        name="dma-pool-failed",
        family="failed reservations",
        triggers=("DMA: failed to allocate ",),
        pattern=rf"DMA: failed to allocate {NUMBER} KiB (?:(\S+) )?pool for atomic",
        make=lambda g, lines: Failure(
            "dma-pool-failed",
            f"The kernel found no {g[0]} KiB{f' ({g[1]})' if g[1] else ''} for atomic allocations of devices.",
            lines,
            size=number(g[0]) * KIB,
        ),
        samples=(
            "DMA: failed to allocate 256 KiB GFP_KERNEL|GFP_DMA pool for atomic allocation",
            "DMA: failed to allocate 256 KiB pool for atomic coherent allocation",
        ),
        source="dma-mapping.c of arm64 4.17, kernel/dma/pool.c 6.1 and 6.12",
    ),
)
