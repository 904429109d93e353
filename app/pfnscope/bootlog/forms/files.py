"""Files of /proc and /sys: zoneinfo, iomem, firmware/memmap and memblock lists of debugfs."""

from typing import Literal, cast

from pfnscope.bootlog.effects import Effect
from pfnscope.bootlog.files.lines import (
    ListHeader,
    ListName,
    ListRegion,
    MemmapEntry,
    MemmapPart,
    ResourceLine,
    ZoneField,
    ZoneHeader,
)
from pfnscope.bootlog.forms.base import HEX, NUMBER, Form, Groups, exclusive, hexadecimal, inclusive, number
from pfnscope.model.log import Lines, MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange

_ZONE = "(DMA|DMA32|Normal|HighMem|Movable|Device)"
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


FORMS = (
    Form(
        name="zoneinfo-zone",
        family="/proc/zoneinfo",
        triggers=("Node +[0-9]+«, zone» +[A-Z]",),
        pattern=rf"Node\s+([0-9]{{1,5}}), zone\s+{_ZONE}$",
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
            "==> /sys/kernel/debug/memblock/reserved <==",
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
)
