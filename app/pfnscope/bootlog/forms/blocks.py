"""Memory blocks (lsmem, sysfs), and files that are known and not needed."""

from pfnscope.bootlog.effects import Effect
from pfnscope.bootlog.files.lines import (
    Block,
    BlockSize,
    KnownLine,
    LsmemHeader,
    LsmemPart,
    LsmemRow,
    MemTotal,
    Total,
)
from pfnscope.bootlog.forms.base import HEX, NUMBER, Form, Groups, hexadecimal, inclusive, number
from pfnscope.model.log import Lines
from pfnscope.patterns import compiled
from pfnscope.units import parse_size

_ZONE = "(?:DMA|DMA32|Normal|HighMem|Movable|Device)"
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
        pattern=rf"Node\s+[0-9]{{1,5}}, zone\s+{_ZONE}(?:\s+[0-9]{{1,12}}){{4,20}}$",
        make=lambda _groups, lines: KnownLine(file="/proc/buddyinfo", lines=lines),
        samples=("Node 0, zone    DMA32      2      3      1      0      2      1      1      0      1      1      3",),
        source="frag_show_print() in mm/vmstat.c, 2.6.11-7.1; free blocks by order",
    ),
    Form(
        name="pagetypeinfo",
        family="/proc/pagetypeinfo",
        triggers=("Node +[0-9]+, zone +[A-Za-z0-9]+«, type»",),
        pattern=rf"Node\s+[0-9]{{1,5}}, zone\s+{_ZONE}, type\s+\w+",
        make=lambda _groups, lines: KnownLine(file="/proc/pagetypeinfo", lines=lines),
        samples=("Node    0, zone      DMA, type    Unmovable      1      1      0      1      1",),
        source="pagetypeinfo_showfree_print() in mm/vmstat.c, 2.6.24-7.1; free blocks by order and type",
    ),
)
