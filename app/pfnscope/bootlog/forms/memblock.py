"""What memblock=debug prints: dumps of the two lists, and the steps that change them."""

from typing import Literal

from pfnscope.bootlog.effects import Effect, Header, MemblockLine, Noted, StructPageMemory
from pfnscope.bootlog.forms.base import (
    HEX,
    NUMBER,
    DamagedError,
    Form,
    Groups,
    exclusive,
    hexadecimal,
    inclusive,
    number,
)
from pfnscope.model.log import MemblockRegion
from pfnscope.model.ranges import ByteRange, Lines

_FIXED = r"\[0x([0-9a-f]{8}|[0-9a-f]{16})\s*-\s*0x([0-9a-f]{8}|[0-9a-f]{16})\s*\]"
_NO_FLAGS = r"\s+(?:[^f\s]|f[^l]|fl[^a]|fla[^g])"  # the name of a function, which may begin with f
_OF_STRUCT_PAGES = (
    "sparse_init_nid|memmap_alloc|vmemmap_populate_hugepages|sparse_mem_maps_populate_node|alloc_node_mem_map"
)
_RANGE = rf"\[{HEX}\s*-\s*{HEX}\s*\]"


def _region(groups: Groups, lines: Lines) -> Effect | None:
    which, index, start, end, size, node, flags = groups
    if not hexadecimal(size):
        return Noted()  # the dummy region of an empty list
    if inclusive(start, end).size != hexadecimal(size):
        raise DamagedError
    region = MemblockRegion(
        *inclusive(start, end), number(node) if node else None, hexadecimal(flags) if flags else None, lines
    )
    return MemblockLine("memory" if which == "memory" else "reserved", region, hexadecimal(index))


def _event(memory: ByteRange, node: int | None, flags: str | None, lines: Lines) -> Effect:
    return MemblockLine("event", MemblockRegion(*memory, node, hexadecimal(flags) if flags else None, lines))


def _step(which: Literal["freed", "added", "removed"], groups: Groups, lines: Lines, *, inside: bool = True) -> Effect:
    """A step that changes a list; ``inside`` says whether the end belongs to the range."""
    start, end = groups[0], groups[1]
    node = groups[2] if len(groups) > 2 else None
    memory = inclusive(start, end) if inside else exclusive(start, end)
    return MemblockLine(which, MemblockRegion(*memory, _known_node(node), None, lines))


def _removed(groups: Groups, lines: Lines) -> Effect:
    start, end = hexadecimal(groups[0]), hexadecimal(groups[1])
    if end == start - 2:  # start + ULLONG_MAX - 1: everything from there on
        return MemblockLine("removed", MemblockRegion(*ByteRange(start, 1 << 64), None, None, lines))
    return _step("removed", groups, lines)


def _free_old(groups: Groups, lines: Lines) -> Effect:
    """3.4 and 3.6 printed the end, 3.14 to 4.9 the last byte: nothing ends behind an even one."""
    return _step("freed", groups, lines, inside=bool(hexadecimal(groups[1]) & 1))


def _known_node(text: str | None) -> int | None:
    """A node, unless it stands for any: -1, or MAX_NUMNODES and above."""
    return number(text) if text and not text.startswith("-") and number(text) < 1 << 10 else None


def _reserve_node(groups: Groups, lines: Lines) -> Effect:
    start, end, node, flags = groups
    return _event(inclusive(start, end), _known_node(node), flags, lines)


def _request(groups: Groups, lines: Lines) -> Effect:
    size, node = groups
    return StructPageMemory(number(size), _known_node(node), lines) if size else Noted()


FORMS = (
    Form(
        name="memblock-header",
        family="memblock",
        triggers=("MEMBLOCK configuration",),
        pattern=r"MEMBLOCK configuration:",
        make=lambda _groups, _lines: Header("memblock"),
        samples=("MEMBLOCK configuration:",),
        source="mm/memblock.c, 2.6.39-7.1; the last dump of a boot counts",
        anchor=r"MEMBLOCK configuration:",
    ),
    Form(
        name="memblock-summary",
        family="memblock",
        triggers=("memory size =", "(?:«memory.»|«reserved.»)(?:cnt|size) +=", "rmo_size"),
        pattern=rf"(?:memory size = {HEX}(?: reserved size = {HEX})?"
        r"|(?:memory|reserved)\.(?:cnt|size)\s+= 0x[0-9a-f]+|rmo_size\s+= 0x[0-9a-f]+)",
        samples=(
            "memory size = 0x00000001bff7ec00 reserved size = 0x00000000012c2000",
            "memory.cnt  = 0x3",
            "reserved.cnt  = 0xa",
            "memory.size = 0x40000000",
            "rmo_size = 0x8000000",
        ),
        source="mm/memblock.c, 2.6.39-7.1",
        needs=("memblock",),
    ),
    Form(
        name="memblock-region-lmb",
        family="memblock",
        triggers=("(?:«memory[0x»|«reserved[0x»)",),
        pattern=rf"(memory|reserved)\[{HEX}\]\s*{HEX}\s*-\s*{HEX},\s*{HEX} bytes",
        make=lambda g, lines: _region((*g, None, None), lines),
        samples=("memory[0x0]\t0x0000000000000000 - 0x000000003fffffff, 0x40000000 bytes",),
        source="lib/lmb.c, to 2.6.34, powerpc, sparc and sh; end inclusive",
    ),
    Form(
        name="memblock-physmem",
        family="memblock",
        triggers=("physmem[0x", "physmem.cnt"),
        pattern=r"physmem(?:\[0x[0-9a-f]+\]\s*\[0x|\.cnt\s+= 0x)",
        samples=(
            "physmem[0x0]\t[0x0000000000000000-0x00000000ffffffff], 0x0000000100000000 bytes flags: 0x0",
            "physmem.cnt  = 0x1",
        ),
        source="mm/memblock.c, 4.9-7.1, s390; what the machine has, whatever is used of it",
    ),
    Form(
        name="memblock-region",
        family="memblock",
        triggers=("(?:«memory[0x»|«reserved[0x»)",),
        pattern=rf"(memory|reserved)\[{HEX}\]\s*{_RANGE},\s*{HEX} bytes(?:\s*on node {NUMBER})?"
        r"(?:\s*flags:\s*0x([0-9a-f]{1,8}))?",
        make=_region,
        samples=(
            "memory[0x0]\t[0x0000000000001000-0x000000000009bfff], 0x000000000009b000 bytes on node 0 flags: 0x0",
            "reserved[0xa]\t[0x0000000001000000-0x0000000001d2ffff], 0x0000000000d30000 bytes flags: 0x20",
            "memory[0x1] [0x00100000-0x3fffffff], 0x3ff00000 bytes",
            "reserved[0x0]\t[0x0000000000000000-0xffffffffffffffff], 0x0000000000000000 bytes flags: 0x0",
        ),
        source="mm/memblock.c, 2.6.39-7.1; end inclusive; node from 3.4, flags from 3.14",
        tail=r"on(?: node.*)?|node [0-9]+.*|[0-9]+|(?:[0-9]+ )?flags:.*|0x[0-9a-f]{1,8}",
        damaged=r"(?:memory|reserved)\[0x",
    ),
    Form(
        name="memblock-reserve",
        family="memblock",
        triggers=("memblock_reserve:",),
        pattern=rf"memblock_reserve:\s*{_FIXED}(?:\s*$|{_NO_FLAGS})",
        make=lambda g, lines: _event(inclusive(g[0], g[1]), None, None, lines),
        samples=(
            "memblock_reserve: [0x00000000000f5ba0-0x00000000000f5baf] smp_scan_config+0xa9/0xfd",
            "memblock_reserve: [0x00aa7600-0x00aaa0a0] setup_arch+0xa9/0xfd",
            "memblock_reserve: [0x000000013fff0000-0x000000013fff7fff] flat_init+0x1c/0x30",
            "memblock_reserve: [0x000000013fff0000-0x000000013fff7fff]",
        ),
        source="mm/memblock.c, 4.12-6.12; end inclusive",
        damaged=r"memblock_reserve: \[",
    ),
    Form(
        name="memblock-reserve-flags",
        family="memblock",
        triggers=("memblock_reserve:",),
        pattern=rf"memblock_reserve:\s*{_RANGE} flags 0x([0-9a-f]{{1,8}})",
        make=lambda g, lines: _event(inclusive(g[0], g[1]), None, g[2], lines),
        samples=("memblock_reserve: [0x00000001000000-0x00000001ffffff] flags 0x0 setup_arch+0x5e/0xc4f",),
        source="mm/memblock.c, 3.14-4.9; end inclusive",
    ),
    Form(
        name="memblock-reserve-old",
        family="memblock",
        triggers=("memblock_reserve:",),
        pattern=rf"memblock_reserve:\s*\[0x([0-9a-f]{{14}})-0x([0-9a-f]{{14}})\]{_NO_FLAGS}",
        make=lambda g, lines: _event(exclusive(g[0], g[1]), None, None, lines),
        samples=(
            "memblock_reserve: [0x000000000f5ba0-0x000000000f5bb0] setup_arch+0x5e/0xc4f",
            "memblock_reserve: [0x000000bfe00000-0x000000bfe01000] free_area_init+0x5e/0xc4f",
        ),
        source="mm/memblock.c, 3.4-3.6; end exclusive although written [a-b]; the width of 14 digits tells",
    ),
    Form(
        name="memblock-reserve-node",
        family="memblock",
        triggers=("memblock_reserve:",),
        pattern=rf"__memblock_reserve:\s*{_RANGE} nid=(-?[0-9]{{1,10}}) flags=([0-9a-f]{{1,8}})",
        make=_reserve_node,
        samples=("__memblock_reserve: [0x0000000001000000-0x0000000002ffffff] nid=0 flags=20 setup_arch+0x5e/0xc4f",),
        source="mm/memblock.c, 6.19-7.1; end inclusive",
    ),
    Form(
        name="memblock-free",
        family="memblock",
        triggers=(r"«memblock_»[a-z_]+: *\[",),
        pattern=rf"_*memblock_(?:phys_)?free(?:_early)?:\s*{_FIXED}",
        make=lambda g, lines: _step("freed", g, lines),
        samples=(
            "memblock_free: [0x00000000bfe00000-0x00000000bfe00fff] early_node_mem+0x5e/0xc4f",
            "memblock_phys_free: [0x00000000bfe00000-0x00000000bfe00fff] setup_arch+0x5e/0xc4f",
        ),
        source="mm/memblock.c, 4.12-7.1; end inclusive",
    ),
    Form(
        name="memblock-free-old",
        family="memblock",
        triggers=(r"«memblock_»[a-z_]+: *\[",),
        pattern=r"_*memblock_free(?:_early)?:\s*\[0x([0-9a-f]{14})-0x([0-9a-f]{14})\]",
        make=_free_old,
        samples=(
            "memblock_free: [0x000000bfe00000-0x000000bfe01000] early_node_mem+0x5e/0xc4f",
            "memblock_free: [0x000000bfe00000-0x000000bfe00fff] early_node_mem+0x5e/0xc4f",
            "__memblock_free_early: [0x000000bfe00000-0x000000bfe00fff] sparse_init+0x5e/0xc4f",
        ),
        source="mm/memblock.c, 3.4-3.6 end exclusive, 3.14-4.17 inclusive, which an odd last byte tells",
    ),
    Form(
        name="memblock-free-late",
        family="memblock",
        triggers=(r"«memblock_»[a-z_]+: *\[",),
        pattern=rf"_*memblock_(?:free_late|physmem_add):\s*{_RANGE}",
        samples=(
            "__memblock_free_late: [0x00000000bfe00000-0x00000000bfe00fff] efi_free_boot_services+0x5e/0xc4f",
            "memblock_free_late: [0x00000000bfe00000-0x00000000bfe00fff] efi_free_boot_services+0x5e/0xc4f",
            "memblock_physmem_add: [0x0000000000000000-0x00000000ffffffff] add_physmem_range+0x5e/0xc4f",
        ),
        source="mm/memblock.c, 3.14-7.1; after struct pages were initialised; what an s390 has, used or not",
    ),
    Form(
        name="memblock-add",
        family="memblock",
        triggers=(r"«memblock_»[a-z_]+: *\[",),
        pattern=rf"memblock_add(?:_node)?:\s*{_RANGE}(?:\s+nid=(-?[0-9]{{1,10}}))?",
        make=lambda g, lines: _step("added", g, lines),
        samples=(
            "memblock_add: [0x0000000000001000-0x000000000009bfff] e820__memblock_setup+0x5e/0xc4f",
            "memblock_add: [0x00000000001000-0x0000000009bfff] flags 0x0 memblock_x86_fill+0x5e/0xc4f",
            "memblock_add_node: [0x0000000080000000-0x00000000bfffffff] nid=1 flags=0 numa_add_memblk+0x5e/0xc4f",
        ),
        source="mm/memblock.c, 4.4-7.1; end inclusive",
    ),
    Form(
        name="memblock-remove",
        family="memblock",
        triggers=(r"«memblock_»[a-z_]+: *\[",),
        pattern=rf"memblock_remove:\s*{_RANGE}",
        make=_removed,
        samples=(
            "memblock_remove: [0x0000001000000000-0xfffffffffffffffe] arm64_memblock_init+0x5e/0xc4f",
            "memblock_remove: [0x0001000000000000-0x0000fffffffffffe] arm64_memblock_init+0x30/0x258",
        ),
        source="mm/memblock.c, 4.19-7.1; end inclusive; with the largest size, ULLONG_MAX, it wraps around",
    ),
    Form(
        name="memblock-alloc",
        family="memblock",
        triggers=(r"memblock_\w+: [0-9]+« bytes align=»",),
        pattern=r"memblock_(?:\w+_raw: ([0-9]{6,12}) bytes align=\S+ nid=(-?[0-9]{1,10}) from=\S+ max_addr=\S+"
        rf" (?:{_OF_STRUCT_PAGES})\+0x|\w+: [0-9]+ bytes align=\S+(?: nid=\S+)? from=\S+ max_addr=\S+ +\S+\+0x)",
        make=_request,
        samples=(
            "memblock_alloc_try_nid_raw: 2097152 bytes align=0x200000 nid=1 from=0x0 max_addr=0x0 memmap_alloc+0x1/0x2",
            "memblock_alloc_try_nid: 4096 bytes align=0x40 nid=-1 from=0x0000000000000000 max_addr=0x0 setup+0x1/0x2",
            "memblock_phys_alloc_range: 8192 bytes align=0x1000 from=0x0000000000000000 max_addr=0x0 setup+0x1/0x2",
            "memblock_virt_alloc_try_nid_nopanic: 192 bytes align=0x0 nid=0 from=0x0 max_addr=0x0 setup+0x1/0x2",
        ),
        source="mm/memblock.c, 3.14-7.1; a request: the reservation that follows has the address; struct pages "
        "by those for more than a page table: sparse_buffer_init() in mm/sparse.c, vmemmap_populate_hugepages() in "
        "mm/sparse-vmemmap.c, memmap_alloc() in mm/mm_init.c",
    ),
    Form(
        name="memblock-alloc-torn",
        family="memblock",
        triggers=(r"memblock_\w+: [0-9]+« bytes align=»",),
        pattern=r"memblock_\w+: [0-9]+ bytes align=[^+]*$",
        samples=("memblock_alloc_try_nid_raw: 2097152 bytes align=0x200000 ni",),
        source="mm/memblock.c, 3.14-7.1; without its end, as a terminal of 80 columns leaves it",
        torn=True,
    ),
    Form(
        name="memblock-doubled",
        family="memblock",
        triggers=("is doubled to ",),
        pattern=rf"memblock: (?:memory|reserved)(?: array)? is doubled to [0-9]+ at {_RANGE}",
        samples=(
            "memblock: reserved is doubled to 256 at [0x000000bffdf000-0x000000bffe07ff]",
            "memblock: reserved array is doubled to 256 at [0x37ffd000-0x37ffe7ff]",
        ),
        source="mm/memblock.c, 3.4-7.1; the table itself, which a dump lists as reserved",
    ),
)
