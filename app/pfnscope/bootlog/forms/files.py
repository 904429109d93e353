"""Files of /proc and /sys: zoneinfo, iomem, firmware/memmap, memblock lists of debugfs, memory blocks; lsmem."""

from typing import Literal, cast

from pfnscope.bootlog.effects import Effect
from pfnscope.bootlog.files.lines import (
    Block,
    BlockSize,
    FreeCounts,
    KnownLine,
    ListHeader,
    ListName,
    ListRegion,
    LsmemHeader,
    LsmemPart,
    LsmemRow,
    MemmapEntry,
    MemmapPart,
    MemTotal,
    ResourceLine,
    Total,
    ZoneField,
    ZoneHeader,
)
from pfnscope.bootlog.forms.base import HEX, NUMBER, ZONE, Form, Groups, exclusive, hexadecimal, inclusive, number
from pfnscope.model.log import MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.patterns import compiled
from pfnscope.units import parse_size

_ADDRESS = r"([0-9a-f]{8,16})"
_TYPES = (
    r"(System RAM|[Rr]eserved|ACPI Tables|ACPI Non-volatile Storage|Unusable memory|Persistent Memory(?: \(legacy\))?"
    r"|Soft Reserved|Device Reserved|Unknown E820 type)"
)
_TWO_NUMBERS = r"(?:0x[0-9a-fA-F]+(?: *[-:,] *| +)0x[0-9a-fA-F]+ *[-:,(]? *|[0-9a-f]{16}-[0-9a-f]{16} \()"
_TYPE_TRIGGER = (
    rf"{_TWO_NUMBERS}(?:«System RAM»|[Rr]«eserved»|«ACPI Tables»|«ACPI Non-»|«Unusable»|«Persistent»|«Soft Reserved»"
    "|«Device Reserved»|«Unknown E820»)"
)
# A number that begins a line, behind the marks of a quotation; blanks alone are too common to look for.
_ALONE = "(?:«\n0x»|«\n 0x»|(?m:^)[> |]*(?:«  0x»|«>0x»|«> 0x»|«|0x»|«| 0x»))"
_BY_NAME = {
    "system ram": MemoryType.RAM,
    "reserved": MemoryType.RESERVED,
    "device reserved": MemoryType.RESERVED,
    "acpi tables": MemoryType.ACPI,
    "acpi non-volatile storage": MemoryType.NVS,
    "unusable memory": MemoryType.UNUSABLE,
    "persistent memory": MemoryType.PMEM,
    "persistent memory (legacy)": MemoryType.PRAM,
    "soft reserved": MemoryType.SOFT_RESERVED,
}


def resource_type(name: str) -> MemoryType:
    """The type that a name of /sys/firmware/memmap or /proc/iomem means."""
    return _BY_NAME.get(name.lower(), MemoryType.OTHER)


def _zone_header(groups: Groups, lines: Lines) -> Effect:
    return ZoneHeader(node=number(groups[0]), zone=groups[1] or "", lines=lines)


def _zone_field(groups: Groups, lines: Lines) -> Effect:
    name = cast('Literal["spanned", "present", "managed"]', groups[0])
    return ZoneField(name=name, value=number(groups[1]), lines=lines)


def _memmap(groups: Groups, lines: Lines, *, ends_inside: bool) -> Effect:
    start, end, name = groups
    memory = inclusive(start, end) if ends_inside else exclusive(start, end)
    return MemmapEntry(entry=MapEntry(*memory, resource_type(name or ""), name or "", lines), lines=lines)


def _memmap_values(groups: Groups, lines: Lines) -> Effect:
    """By what a loop of cat prints: the files of an entry sort as end, start, type."""
    first, second = sorted((hexadecimal(groups[0]), hexadecimal(groups[1])))
    name = groups[2] or ""
    return MemmapEntry(
        entry=MapEntry(*ByteRange.inclusive(first, second), resource_type(name), name, lines), lines=lines
    )


def _memmap_part(groups: Groups, lines: Lines) -> Effect:
    part = cast('Literal["start", "end", "type"]', groups[1])
    return MemmapPart(index=number(groups[0]), part=part, value=groups[2] or "", lines=lines)


def _list_region(groups: Groups, lines: Lines) -> Effect:
    which, index, start, end, node, flag = groups
    return ListRegion(
        which=cast("ListName | None", which),
        index=number(index),
        range=inclusive(start, end),
        node=number(node) if node and node != "x" else None,
        flag=flag,
        lines=lines,
    )


_STATE = "(online|offline|going-offline)"
_PARTS = {"state": "STATE", "node": "NODE", "zones": "ZONES"}
LSMEM_FIELD = rf'"(?:range|{"|".join(_PARTS)})": '
"""How a line of ``lsmem -J`` begins whose value is what it says."""
_NOTHING = ("", "null")
_PAIR = r'"?(\w+)"?(?:=|: *)\[?"?([^"\[\],}]*)"?'


def _block_size(groups: Groups, lines: Lines) -> Effect | None:
    size = parse_size((groups[0] or "") + (groups[1] or ""))
    return BlockSize(size=size, lines=lines) if size else None


def _pairs(groups: Groups, lines: Lines) -> Effect:
    """A row of ``lsmem -P`` or ``-J``: names with values, of which three tell something."""
    values: dict[str, str] = {}
    for match in compiled(_PAIR).finditer((groups[2] or "").encode()):
        name, value = ((part or "").strip() for part in match.groups())
        values.setdefault(name.lower(), value)
    named = tuple((column, values[name]) for name, column in _PARTS.items() if values.get(name, "") not in _NOTHING)
    return LsmemRow(range=inclusive(groups[0], groups[1]), cells="", named=named, lines=lines)


def _part(groups: Groups, lines: Lines) -> Effect:
    value = (groups[1] or groups[2] or "").strip(' ,"')
    return LsmemPart(name=_PARTS[(groups[0] or "").lower()], value=value, lines=lines)


FORMS = (
    Form(
        name="zoneinfo-zone",
        family="/proc/zoneinfo",
        triggers=("Node +[0-9]+«, zone» +[A-Z]",),
        pattern=rf"Node\s+([0-9]{{1,5}}), zone\s+{ZONE}$",
        make=_zone_header,
        samples=("Node 0, zone      DMA", "Node 1, zone   Normal"),
        source="zoneinfo_show_print() in mm/vmstat.c, 2.6.11-7.1",
    ),
    Form(
        name="zoneinfo-pages",
        family="/proc/zoneinfo",
        triggers=("(?:«spanned »|«present »|«managed ») *[0-9]",),
        pattern=rf"(spanned|present|managed)\s+{NUMBER}$",
        make=_zone_field,
        samples=("spanned  4095", "present  3998", "managed  3840"),
        source="zoneinfo_show_print() in mm/vmstat.c, 2.6.11-7.1; pages; managed from 3.9",
    ),
    Form(
        name="zoneinfo-start",
        family="/proc/zoneinfo",
        triggers=("start_pfn:",),
        pattern=rf"start_pfn:\s+{NUMBER}$",
        make=lambda g, lines: ZoneField(name="start_pfn", value=number(g[0]), lines=lines),
        samples=("start_pfn:           1048576",),
        source="zoneinfo_show_print() in mm/vmstat.c, 2.6.11-7.1; decimal; not for empty zones from 4.12",
    ),
    Form(
        name="iomem",
        family="/proc/iomem",
        triggers=("[0-9a-f]{8}-[0-9a-f]+« : »",),
        pattern=rf"(?:/proc/iomem:\s*)?{_ADDRESS}-([0-9a-f]{{0,15}}[1-9a-f][0-9a-f]{{0,15}}) : (.*\S)",
        make=lambda g, lines: ResourceLine(range=inclusive(g[0], g[1]), name=g[2] or "", lines=lines),
        samples=("00100000-bffdffff : System RAM", "  01000000-01ffffff : Kernel code".strip()),
        source="r_show() in kernel/resource.c, 2.6.11-7.1; end inclusive",
    ),
    Form(
        name="iomem-hidden",
        family="/proc/iomem without addresses, as only root is shown them",
        triggers=("0{8}-0{8,16}« : »",),
        pattern=r"(?:/proc/iomem:\s*)?0{8,16}-0{8,16} : (.*\S)",
        make=lambda g, lines: ResourceLine(range=None, name=g[0] or "", lines=lines),
        samples=("00000000-00000000 : System RAM",),
        source="r_show() in kernel/resource.c, 4.6-7.1; zeros without CAP_SYS_ADMIN",
    ),
    Form(
        name="firmware-memmap",
        family="/sys/firmware/memmap",
        triggers=(_TYPE_TRIGGER,),
        pattern=rf"[0-9]{{1,6}}\s+{HEX}\s+{HEX}\s+{_TYPES}$",
        make=lambda g, lines: _memmap(g, lines, ends_inside=True),
        samples=("0 0x0 0x9fbff System RAM", "7 0xfd00000000 0xffffffffff Reserved"),
        source="drivers/firmware/memmap.c, 2.6.27-7.1: index, start, end and type of an entry on a line; end inclusive",
    ),
    Form(
        name="firmware-memmap-script",
        family="/sys/firmware/memmap",
        triggers=(_TYPE_TRIGGER,),
        pattern=rf"([0-9a-f]{{16}})-([0-9a-f]{{16}}) \({_TYPES}\)$",
        make=lambda g, lines: _memmap(g, lines, ends_inside=False),
        samples=("0000000000100000-00000000bffe0000 (System RAM)",),
        source="drivers/firmware/memmap.c as printed by the script of its ABI document, 2.6.27-7.1; end exclusive",
    ),
    Form(
        name="firmware-memmap-values",
        family="/sys/firmware/memmap",
        triggers=(
            _TYPE_TRIGGER,
            _ALONE + r"[0-9a-fA-F]{1,16}(?m:\r?$)",
        ),
        pattern=rf"{HEX}(?:\s+|\s*[-:,]\s*){HEX}\s*[-:,(]?\s*{_TYPES}\)?$",
        make=_memmap_values,
        samples=("0x100000 - 0xbffdffff (System RAM)", "0x9fbff 0x0 System RAM"),
        source="drivers/firmware/memmap.c, 2.6.27-7.1: the values of an entry, in any order, on a line or on three",
    ),
    Form(
        name="firmware-memmap-file",
        family="/sys/firmware/memmap",
        triggers=("[0-9](?:«/start»|«/end»|«/type»)(?::| <==)",),
        pattern=r"(?:==>\s*)?(?:\S*/)?([0-9]{1,6})/(start|end|type)(?::| <==)\s*(\S.*)",
        make=_memmap_part,
        samples=(
            "/sys/firmware/memmap/0/end:0x9fbff",
            "/sys/firmware/memmap/12/type:System RAM",
            "==> /sys/firmware/memmap/0/start <== 0x0",
        ),
        source="drivers/firmware/memmap.c, 2.6.27-7.1, as grep, head and tail print several files; end inclusive",
    ),
    Form(
        name="debugfs-list",
        family="memblock lists of debugfs",
        triggers=("memblock/", "«==»>? *(?:memory|reserved|physmem)"),
        pattern=r"(?:(?:.*[\s/])?memblock/|==+>?\s*)(memory|reserved|physmem)(?::|\s*<?==+)?$",
        make=lambda g, lines: ListHeader(which=cast("ListName", g[0]), lines=lines),
        samples=(
            "root@host:~# cat /sys/kernel/debug/memblock/memory",
            "/sys/kernel/debug/memblock/reserved <==",
            "== memory",
        ),
        source="mm/memblock.c, 2.6.39-7.1: file names at prompts and between files",
    ),
    Form(
        name="debugfs-region",
        family="memblock lists of debugfs",
        triggers=("[0-9]: *0x[0-9a-fA-F]+«..0x»",),
        pattern=rf"(?:\S*memblock/(memory|reserved|physmem):\s*)?([0-9]{{1,6}}):\s*{HEX}\.\.{HEX}"
        r"(?:\s+([0-9]{1,5}|x)\s+([A-Z][A-Z_|]*))?$",
        make=_list_region,
        samples=(
            "0: 0x0000000000001000..0x000000000009efff",
            "1: 0x0000000000100000..0x00000000bffdffff    0 NONE",
            "/sys/kernel/debug/memblock/reserved:  12: 0x000000013f7b97c0..0x000000013f7b9bc7    x RSRV_NOINIT",
        ),
        source="memblock_debug_show() in mm/memblock.c, 2.6.39-7.1; end inclusive; node and lowest flag from 6.6",
    ),
    Form(
        name="lsmem-header",
        family="lsmem",
        triggers=("RANGE ",),
        pattern=r"(RANGE(?:\s+[A-Z-]{4,16}){1,9})$",
        make=lambda g, lines: LsmemHeader(columns=g[0] or "", lines=lines),
        samples=(
            "RANGE                                  SIZE  STATE REMOVABLE  BLOCK",
            "RANGE SIZE STATE REMOVABLE BLOCK NODE ZONES",
        ),
        source="sys-utils/lsmem.c of util-linux, 2.30-2.41",
    ),
    Form(
        name="lsmem",
        family="lsmem",
        triggers=(r"0x[0-9a-fA-F]+-0x[0-9a-f]+«fffff »[^\]]*line",),
        pattern=rf"{HEX}-0x([0-9a-f]+fffff)((?:\s+[\w./,-]+)*\s+{_STATE.replace('(', '(?:')}(?:\s+[\w./,-]+)*)$",
        make=lambda g, lines: LsmemRow(range=inclusive(g[0], g[1]), cells=(g[2] or "").strip(), lines=lines),
        samples=(
            "0x0000000000000000-0x00000000bfffffff   3G online       yes   0-23",
            "0x0000000100000000-0x000000013fffffff   1G offline           32-39    1 Normal/Movable",
        ),
        source="sys-utils/lsmem.c of util-linux, 2.30-2.41, lsmem of s390-tools, 1.8-2.0; end inclusive",
    ),
    Form(
        name="lsmem-pairs",
        family="lsmem",
        triggers=('«"0x»[0-9a-fA-F]+-0x',),
        pattern=rf'(?:\{{?\s*"range":|RANGE=)\s*"{HEX}-{HEX}"(.*)',
        make=_pairs,
        samples=(
            'RANGE="0x0000000000000000-0x00000000bfffffff" SIZE="3G" STATE="online" REMOVABLE="yes" BLOCK="0-23"',
            '{"range": "0x0000000100000000-0x000000013fffffff", "size": "1G", "state": "offline", "node": "1"},',
            '"range": "0x0000000000000000-0x00000000bfffffff",',
        ),
        source="sys-utils/lsmem.c of util-linux, 2.30-2.41, options -P and -J; end inclusive",
    ),
    Form(
        name="lsmem-json-part",
        family="lsmem",
        triggers=('(?:«"state"»|«"node"»|«"zones"»): *',),
        pattern=r'"(state|node|zones)":\s*(?:"([^"]*)"|\[?"?([\w/ ,"]*)"?\]?),?$',
        make=_part,
        samples=('"state": "online",', '"node": 1,', '"zones": "Normal"'),
        source="sys-utils/lsmem.c of util-linux, 2.36-2.41, option -J",
    ),
    Form(
        name="lsmem-header-s390",
        family="lsmem",
        triggers=("Address range ", "Address Range "),
        pattern=r"Address [Rr]ange\s+Size \(MB\)\s+State\s+Removable\s+Device$",
        make=lambda _groups, lines: LsmemHeader(columns="RANGE SIZE STATE REMOVABLE BLOCK", lines=lines),
        samples=("Address range                          Size (MB)  State    Removable  Device",),
        source="lsmem of s390-tools, 1.8-2.0 (zconf/lsmem.c)",
    ),
    Form(
        name="lsmem-block-size",
        family="lsmem",
        triggers=("Memory block size",),
        pattern=r"Memory block size\s*:\s+([0-9]{1,18})\s?([KMGTPE]?)B?$",
        make=_block_size,
        samples=("Memory block size:       128M", "Memory block size   : 256 MB", "Memory block size:       134217728"),
        source="sys-utils/lsmem.c of util-linux, 2.30-2.41",
    ),
    Form(
        name="lsmem-total",
        family="lsmem",
        triggers=("«Total »(?:online|offline) memory *:", "Memory device size"),
        pattern=r"(?:Total (?:online|offline) memory|Memory device size)\s*:\s+[0-9.]+\s?[KMGTPE]?B?$",
        make=lambda _groups, lines: Total(lines=lines),
        samples=("Total online memory:     2.9G", "Total offline memory:      0B", "Memory device size  : 256 MB"),
        source="sys-utils/lsmem.c of util-linux, 2.30-2.41; rounded",
    ),
    Form(
        name="memory-block",
        family="/sys/devices/system/memory",
        triggers=(' phys_index="',),
        pattern=rf'memory([0-9]{{1,9}}) phys_index="[0-9a-f]+" state="{_STATE}"(?: valid_zones="([^"]*)")?'
        r"(?:.*\bnode([0-9]{1,5})\b)?",
        make=lambda g, lines: Block(
            index=number(g[0]), state=g[1] or "", zones=g[2] or None, node=number(g[3]) if g[3] else None, lines=lines
        ),
        samples=('memory8 phys_index="00000008" state="online" valid_zones="DMA32" removable="1" online="1" node0',),
        source="drivers/base/memory.c, 2.6.15-7.1: the files of a block on a line",
    ),
    Form(
        name="memory-block-state",
        family="/sys/devices/system/memory",
        triggers=("memory[0-9]+«/state:»",),
        pattern=rf"(?:\S*/)?memory([0-9]{{1,9}})/state:\s*{_STATE}$",
        make=lambda g, lines: Block(index=number(g[0]), state=g[1] or "", zones=None, node=None, lines=lines),
        samples=("/sys/devices/system/memory/memory40/state:online",),
        source="drivers/base/memory.c, 2.6.15-7.1, as grep prints several files",
    ),
    Form(
        name="block-size",
        family="/sys/devices/system/memory",
        triggers=("block_size_bytes",),
        pattern=r"(?:.*[\s/])?block_size_bytes[: ]\s*(?:0x)?([0-9a-f]{1,16})$",
        make=lambda g, lines: BlockSize(size=hexadecimal(g[0]), lines=lines) if hexadecimal(g[0]) else None,
        samples=("block_size_bytes 0x8000000", "/sys/devices/system/memory/block_size_bytes:8000000"),
        source="drivers/base/memory.c, 2.6.15-7.1; hexadecimal",
    ),
    Form(
        name="meminfo",
        family="/proc/meminfo",
        triggers=("MemTotal:",),
        pattern=rf"(?:Node ([0-9]{{1,5}}) )?MemTotal:\s+{NUMBER} kB$",
        make=lambda g, lines: MemTotal(
            file=f"/sys/devices/system/node/node{g[0]}/meminfo" if g[0] else "/proc/meminfo",
            node=number(g[0]) if g[0] else None,
            kib=number(g[1]),
            lines=lines,
        ),
        samples=("MemTotal:        8048488 kB", "Node 1 MemTotal:        4028012 kB"),
        source="fs/proc/meminfo.c, drivers/base/node.c, 2.6.11-7.1; KiB that the kernel hands out",
    ),
    Form(
        name="numactl",
        family="numactl -H",
        triggers=("node [0-9]+(?:« size: »|« free: »)[0-9]", "«available: »[0-9]+ node"),
        pattern=rf"(?:node ([0-9]{{1,5}}) size: {NUMBER} MB$|node [0-9]+ free: [0-9]+ MB$|available: [0-9]+ nodes? \()",
        make=lambda g, lines: (
            MemTotal(file="numactl -H", node=number(g[0]), kib=number(g[1]) << 10, lines=lines)
            if g[0]
            else KnownLine(file="numactl -H", lines=lines)
        ),
        samples=("node 1 size: 3933 MB", "node 1 free: 120 MB", "available: 2 nodes (0-1)"),
        source="numactl.c of numactl, 2.0; from drivers/base/node.c, rounded down to MB",
    ),
    Form(
        name="buddyinfo",
        family="/proc/buddyinfo",
        triggers=("Node +[0-9]+«, zone» +[A-Za-z0-9]+ +[0-9]+ +[0-9]",),
        pattern=rf"Node\s+([0-9]{{1,5}}), zone\s+{ZONE}((?:\s+[0-9]{{1,12}}){{4,20}})$",
        make=lambda g, lines: FreeCounts(
            file="/proc/buddyinfo",
            node=number(g[0]),
            zone=g[1] or "",
            by_order=tuple(map(number, (g[2] or "").split())),
            lines=lines,
        ),
        samples=("Node 0, zone    DMA32      2      3      1      0      2      1      1      0      1      1      3",),
        source="frag_show_print() in mm/vmstat.c, 2.6.11-7.1; free blocks by order",
    ),
    Form(
        name="pagetypeinfo",
        family="/proc/pagetypeinfo",
        triggers=("Node +[0-9]+, zone +[A-Za-z0-9]+«, type»",),
        pattern=rf"Node\s+[0-9]{{1,5}}, zone\s+{ZONE}, type\s+\w+",
        make=lambda _groups, lines: KnownLine(file="/proc/pagetypeinfo", lines=lines),
        samples=("Node    0, zone      DMA, type    Unmovable      1      1      0      1      1",),
        source="pagetypeinfo_showfree_print() in mm/vmstat.c, 2.6.24-7.1; free blocks by order and type",
    ),
)
