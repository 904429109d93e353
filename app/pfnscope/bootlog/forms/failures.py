"""Lines in which the kernel says that memory could not be reserved, mapped or taken over."""

from pfnscope.bootlog.effects import Effect
from pfnscope.bootlog.forms.base import NUMBER, Form, Groups, hexadecimal, number
from pfnscope.model.log import Failure
from pfnscope.model.ranges import Lines
from pfnscope.units import MIB, format_size, parse_size


def _crashkernel(groups: Groups, lines: Lines) -> Effect:
    low, size, why = groups
    what = f"{format_size(hexadecimal(size))} " if size else ""
    because = f": {why.rstrip('.').lower()}" if why else ""
    text = f"The kernel could not reserve {what}for a crash kernel{' below 4 GiB' if low else ''}{because}."
    code = "crashkernel-low-failed" if low else "crashkernel-failed"
    return Failure(code, text, lines, size=hexadecimal(size) if size else None)


def _low_crashkernel(groups: Groups, lines: Lines) -> Effect:
    text = f"The kernel could not reserve {groups[0]} MiB for a crash kernel below 4 GiB."
    return Failure("crashkernel-low-failed", text, lines, size=number(groups[0]) * MIB)


def _cma(groups: Groups, lines: Lines) -> Effect:
    size = number(groups[0]) * MIB
    node = f" on node {groups[1]}" if groups[1] else ""
    text = f"The kernel could not reserve {format_size(size)} for CMA{node}."
    return Failure("cma-failed", text, lines, size=size, node=int(groups[1]) if groups[1] else None)


def _huge_pages(groups: Groups, lines: Lines) -> Effect:
    pages, size, node, got = groups
    where = f" on node {node}" if node else ""
    text = f"Of {pages} huge pages of {size} the kernel could allocate {got or '0'}{where}."
    unit = parse_size((size or "").replace(" ", "").replace(".00", "").removesuffix("iB").removesuffix("B"))
    return Failure(
        "huge-pages-failed",
        text,
        lines,
        size=unit and unit * number(pages),
        node=int(node) if node else None,
        unit=unit,
    )


FORMS = (
    Form(
        name="crashkernel-failed",
        family="failed reservations",
        triggers=("cannot allocate crashkernel", "crashkernel reservation failed"),
        pattern=r"(?:cannot allocate crashkernel (low memory )?\(size:0x([0-9a-f]{1,16})\)"
        r"|crashkernel reservation failed - ([A-Za-z][A-Za-z ]*))",
        make=_crashkernel,
        samples=(
            "cannot allocate crashkernel (size:0x20000000)",
            "cannot allocate crashkernel low memory (size:0x10000000).",
            "crashkernel reservation failed - No suitable area found.",
            "crashkernel reservation failed - memory is in use.",
        ),
        source="arch/arm64/mm/init.c 4.17 and 6.1, arch/x86/kernel/setup.c 4.17 and 6.1, kernel/crash_reserve.c 7.1",
    ),
    Form(
        name="crashkernel-low-failed",
        family="failed reservations",
        triggers=("MB crashkernel low memory",),
        pattern=rf"Cannot reserve {NUMBER}MB crashkernel low memory",
        make=_low_crashkernel,
        samples=("Cannot reserve 256MB crashkernel low memory, please try smaller size.",),
        source="arch/x86/kernel/setup.c, 4.17 and 6.1",
    ),
    Form(
        name="crashkernel-value",
        family="failed reservations",
        triggers=("emory value expected",),
        pattern=r"crashkernel: [Mm]emory value expected",
        make=lambda _groups, lines: Failure(
            "crashkernel-value",
            "The kernel takes a size for crashkernel=; “auto” is known to kernels of RHEL 8 and older alone.",
            lines,
        ),
        samples=("crashkernel: memory value expected", "crashkernel: Memory value expected"),
        source="kernel/crash_core.c 4.17 and 6.1, kernel/crash_reserve.c 7.1",
    ),
    Form(
        name="cma-failed",
        family="failed reservations",
        triggers=("Failed to reserve",),
        pattern=rf"(?:cma: )?Failed to reserve {NUMBER} MiB(?: on node ([0-9]+))?",
        make=_cma,
        samples=("cma: Failed to reserve 512 MiB", "cma: Failed to reserve 512 MiB on node 0"),
        source="mm/cma.c, 4.17 to 7.1",
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
        name="hibernation-map",
        family="contradictions",
        triggers=("Hibernate inconsistent memory map",),
        pattern=r"(?:PM: )?(?:hibernation: )?Hibernate inconsistent memory map detected!",
        make=lambda _groups, lines: Failure(
            "hibernation-map",
            "The firmware's memory map is not the one of the boot that hibernated, so the kernel does not resume.",
            lines,
        ),
        samples=(
            "Hibernate inconsistent memory map detected!",
            "PM: hibernation: Hibernate inconsistent memory map detected!",
        ),
        source="arch/x86/power/hibernate_64.c 4.17, arch/x86/power/hibernate.c 6.1 and 7.1",
    ),
    Form(
        name="pmem-misaligned",
        family="failed reservations",
        triggers=("misaligned, unable to map",),
        pattern=r"(?:nd_pmem |dax_pmem )?(\S+): \[mem 0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})[^\]]*\]"
        r" misaligned, unable to map",
        make=lambda g, lines: Failure(
            "pmem-misaligned",
            f"The persistent memory {g[0]} [0x{g[1]}-0x{g[2]}] is no whole number of the units that are mapped.",
            lines,
        ),
        samples=("nd_pmem namespace0.0: [mem 0x100000000-0x1ffffffff flags 0x200] misaligned, unable to map",),
        source="drivers/nvdimm/pfn_devs.c, 6.1 and 7.1; end inclusive",
    ),
    Form(
        name="snp-rmp-failed",
        family="bad pages",
        triggers=("RMPUPDATE failed for PFN",),
        pattern=r"(?:SEV-SNP: )?RMPUPDATE failed for PFN ([0-9a-f]{1,16}),",
        make=lambda g, lines: Failure(
            "rmp-failed", f"The kernel could not give page frame 0x{g[0]} to an encrypted guest, or back.", lines
        ),
        samples=("SEV-SNP: RMPUPDATE failed for PFN 18a5a00, pg_level: 1, ret: 2",),
        source="arch/x86/virt/svm/sev.c, 7.1",
    ),
)
