"""Allocators before memblock, and what a Xen guest gives back before its map is printed."""

from pfnscope.bootlog.effects import Effect, PfnReserved
from pfnscope.bootlog.forms.base import BARE, Form, Groups, exclusive, hexadecimal
from pfnscope.model.log import Lines, ReservedRegion


def _reservation(groups: Groups, lines: Lines) -> Effect:
    start, end, name = groups
    return ReservedRegion(*exclusive(start, end), " ".join((name or "").split()), "early-reservation", lines)


FORMS = (
    Form(
        name="early-header",
        family="early reservations",
        triggers=("early reservations",),
        pattern=r"(?:Subtract )?\([0-9]+(?:/[0-9]+)? early reservations\)",
        samples=(
            "(7 early reservations) ==> bootmem [0000000000 - 0040000000]",
            "(7/32 early reservations) ==> bootmem [0000000000 - 0040000000]",
            "Subtract (7 early reservations)",
        ),
        source="arch/x86/kernel/e820.c 2.6.27-2.6.32, kernel/early_res.c 2.6.34",
    ),
    Form(
        name="early-reservation",
        family="early reservations",
        triggers=(r"#[0-9]+ \[[0-9a-fA-F]+« - »",),
        pattern=rf"#[0-9]+ \[{BARE} - {BARE}\]\s+([^=]*[^=\s])",
        make=_reservation,
        samples=(
            "#3 [0001000000 - 0001a00000]    TEXT DATA BSS ==> [0001000000 - 0001a00000]",
            "#1 [0037000000 - 0037ffe000]          RAMDISK",
        ),
        source="arch/x86/kernel/e820.c, kernel/early_res.c, 2.6.27-2.6.37; end exclusive",
    ),
    Form(
        name="active-range",
        family="node memory",
        triggers=("dd_active_range(",),
        pattern=r"(?:Entering )?add_active_range\([0-9]+, [0-9a-fx]+, [0-9a-fx]+\)",
        samples=("Entering add_active_range(0, 256, 458576) 1 entries of 3200 used",),
        source="mm/page_alloc.c, 2.6.19-2.6.39; page frames that the list of active ranges has, put together",
    ),
    Form(
        name="bootmem",
        family="early reservations",
        triggers=("bootmem::",),
        pattern=r"bootmem::\w+ ",
        samples=("bootmem::init_bootmem_core nid=0 start=0 map=1a end=8000 mapsize=1000",),
        source="mm/bootmem.c with bootmem_debug, 2.6.32-4.19; the allocator's own steps",
    ),
    Form(
        name="xen-freeing",
        family="Xen",
        triggers=("pfn range: ", "xen_release_chunk: looking at"),
        pattern=rf"(?:xen: )?(?:Freeing\s+{BARE}-{BARE} pfn range|xen_release_chunk: looking at area pfn {BARE}-{BARE})"
        r": [0-9]+ pages freed",
        make=lambda g, _lines: PfnReserved(
            hexadecimal(g[0] or g[2]), hexadecimal(g[1] or g[3]), "given back to Xen", "xen"
        ),
        samples=(
            "Freeing 9f-100 pfn range: 97 pages freed",
            "xen_release_chunk: looking at area pfn 9f-100: 97 pages freed",
        ),
        source="arch/x86/xen/setup.c, 2.6.37-3.16; page frames, end exclusive",
    ),
    Form(
        name="xen-populating",
        family="Xen",
        triggers=("pfn range: ",),
        pattern=r"(?:xen: )?Populating [0-9a-f]+-[0-9a-f]+ pfn range: [0-9]+ pages added",
        samples=("Populating 80000-80061 pfn range: 97 pages added",),
        source="arch/x86/xen/setup.c, 3.4-3.16; the map printed afterwards holds them",
    ),
    Form(
        name="xen-released",
        family="Xen",
        triggers=("«eleased »[0-9]+ page", "to 1-1 mapping", "1-1 mapping on "),
        pattern=r"(?:xen: )?(?:[Rr]eleased [0-9]+ page(?:s of unused memory|\(s\))|Set [0-9]+ page\(s\) to 1-1 mapping"
        r"|1-1 mapping on [0-9a-f]+->[0-9a-f]+)",
        samples=(
            "Released 216 pages of unused memory",
            "Released 216 page(s)",
            "Set 216 page(s) to 1-1 mapping",
            "released 0 pages of unused memory",
            "1-1 mapping on 9f->100",
        ),
        source="arch/x86/xen/setup.c, 2.6.35-7.1; counts without places",
    ),
)
