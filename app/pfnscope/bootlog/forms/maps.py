"""Memory maps: e820 in all spellings, and the older MIPS map."""

from pfnscope.bootlog.effects import Effect, Header, MapLine, MapName, Section
from pfnscope.bootlog.forms.base import BARE, HEX, MEM, Form, Groups, exclusive, hexadecimal, inclusive
from pfnscope.model.log import Lines, MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange

TYPES = (
    r"((?i:usable after init|usable|reserved|ACPI data|ACPI NVS|unusable|persistent RAM \(type [0-9]{1,10}\)"
    r"|persistent \(type [0-9]{1,10}\)|soft reserved|System RAM|device reserved|kernel usable RAM|ROM data"
    r"|type [0-9]{1,10}\b))"
)
WORDS = r"(BIOS-e820|BIOS-88|BIOS-e801|Xen|LGUEST|user|modified|extended|reserve setup_data|bad_ppro)"
_COMMON = "(?:BIOS-(?:e820|88|e801)|Xen|user|modified|extended)"
_BUG = r"(?:\[Firmware Bug\]: out of order E820 entry!\s*)?"
_TRIGGERS = (
    "«BIOS-»[e8][0-9]",
    r"«Xen:» *[\[0-9a-f]",
    "LGUEST:",
    r"«user:» *[\[0-9a-f]",
    "modified:",
    "extended:",
    "reserve setup_data:",
    "bad_ppro:",
)

_BY_LABEL = {
    "usable": MemoryType.RAM,
    "system ram": MemoryType.RAM,
    "kernel usable ram": MemoryType.RAM,
    "usable after init": MemoryType.RAM,
    "reserved": MemoryType.RESERVED,
    "device reserved": MemoryType.RESERVED,
    "acpi data": MemoryType.ACPI,
    "acpi nvs": MemoryType.NVS,
    "unusable": MemoryType.UNUSABLE,
    "soft reserved": MemoryType.SOFT_RESERVED,
}
_BY_NUMBER = {
    1: MemoryType.RAM,
    2: MemoryType.RESERVED,
    3: MemoryType.ACPI,
    4: MemoryType.NVS,
    5: MemoryType.UNUSABLE,
    6: MemoryType.DISABLED,
    7: MemoryType.PMEM,
    12: MemoryType.PRAM,
    0xEFFFFFFF: MemoryType.SOFT_RESERVED,
}


def memory_type(label: str) -> MemoryType:
    """The type that a printed label means, whatever release printed it."""
    known = _BY_LABEL.get(label.lower())
    if known is not None:
        return known
    digits = "".join(c for c in label if c in "0123456789")
    return _BY_NUMBER.get(int(digits), MemoryType.OTHER) if digits else MemoryType.OTHER


def map_name(word: str) -> MapName:
    """Which map the producer word in front of the colon belongs to."""
    if word == "user":
        return "user"
    if word == "modified":
        return "modified"
    if word in ("extended", "reserve setup_data"):
        return "extended"
    return "firmware"


_SECTIONS: dict[str, Section] = {
    "bios-provided": "firmware",
    "determined": "firmware",
    "user-defined": "user",
    "modified": "modified",
    "extended": "extended",
}


def _header(groups: Groups, _lines: Lines) -> Effect:
    return Header(_SECTIONS[(groups[0] or "").lower()])


def _line(map_: MapName | None, memory: ByteRange, label: str, lines: Lines) -> Effect:
    label = " ".join(label.split())
    return MapLine(map_, MapEntry(*memory, memory_type(label), label, lines))


def _new(groups: Groups, lines: Lines) -> Effect:
    word, start, end, label = groups
    return _line(map_name(word or ""), inclusive(start, end), label or "", lines)


def _old(groups: Groups, lines: Lines) -> Effect:
    word, start, end, label, bare = groups
    return _line(map_name(word or ""), exclusive(start, end), label or bare or "", lines)


def _mips(groups: Groups, lines: Lines) -> Effect:
    size, start, label = groups
    memory = ByteRange.base_size(hexadecimal(start), hexadecimal(size))
    return _line(None, memory, label or "", lines)


FORMS = (
    Form(
        name="map-header",
        family="memory map header",
        triggers=("physical RAM map",),
        pattern=r"(?:e820: )?(?i:(BIOS-provided|user-defined|modified|extended|determined)) physical RAM map:",
        make=_header,
        samples=(
            "BIOS-provided physical RAM map:",
            "e820: BIOS-provided physical RAM map:",
            "e820: user-defined physical RAM map:",
            "extended physical RAM map:",
            "modified physical RAM map:",
            "Determined physical RAM map:",
        ),
        source="arch/x86/kernel/e820.c, 2.6.11-7.1; prefix e820: in 3.5-4.17; arch/mips/kernel/setup.c to 5.2",
        anchor=r"(?:e820: )?(?:BIOS-provided|user-defined) physical RAM map:",
    ),
    Form(
        name="map-entry",
        family="memory map",
        triggers=_TRIGGERS,
        pattern=rf"{_BUG}{WORDS}:\s*{MEM}\s*(?:[0-9.]+\s*[KMGT]?B\s+)?{TYPES}",
        make=_new,
        samples=(
            "BIOS-e820: [mem 0x0000000000000000-0x000000000009abff] usable",
            "BIOS-e820: [mem 0x00000000000f0000-0x00000000000fffff]  device reserved",
            "BIOS-e820: [mem 0x0000000000100000-0x00000000bfff0fff]  System RAM",
            "BIOS-e820: [mem 0x0000000100000000-0x00000001ffffffff]  persistent RAM (type 7)",
            "BIOS-88: [mem 0x0000000000100000-0x000000003fffffff] usable",
            "user: [mem 0x0000000200000000-0x000000023fffffff] persistent (type 12)",
            "modified: [mem 0x00000000fe000000-0x00000000fe010fff] reserved",
            "extended: [mem 0x000000000009c000-0x000000000009cfff] ACPI NVS",
            "reserve setup_data: [mem 0x0000000079a00018-0x0000000079a10057] usable",
            "Xen: [mem 0x0000000000100000-0x000000001fffffff] usable",
            "BIOS-e820: [mem 0x0000000200000000-0x00000002ffffffff] soft reserved",
            "BIOS-e820: [mem 0x000000006c7f2000-0x000000006c8e5fff] type 20",
            "[Firmware Bug]: out of order E820 entry! BIOS-e820: [mem 0x0000000000100000-0x00000000001fffff] usable",
        ),
        source="arch/x86/kernel/e820.c, 3.6-7.1; end inclusive; two blanks and new type names from 7.0",
        anchor=rf"{_COMMON}:\s+\[mem 0x",
        damaged=rf"(?:{_COMMON}|reserve setup_data):\s*\[mem",
    ),
    Form(
        name="map-entry-old",
        family="memory map",
        triggers=_TRIGGERS,
        pattern=rf"{WORDS}:\s*([0-9a-f]{{8,16}})\s*-\s*([0-9a-f]{{8,16}})\s*(?:\({TYPES}\)|(type [0-9]{{1,10}}\b))",
        make=_old,
        samples=(
            "BIOS-e820: 0000000000000000 - 000000000009bc00 (usable)",
            "BIOS-e820: 000000007ffb0000 - 000000007ffbe000 (ACPI data)",
            " user: 0000000100000000 - 0000000140000000 type 12".lstrip(),
        ),
        source="arch/x86/kernel/e820.c, 2.6.11-3.4; end exclusive",
        anchor=rf"{_COMMON}:\s+[0-9a-f]{{16}} - ",
        damaged=rf"(?:{_COMMON}|reserve setup_data):\s*[0-9a-f]{{8}}",
    ),
    Form(
        name="map-gap",
        family="memory map",
        triggers=_TRIGGERS,
        pattern=rf"{WORDS}:\s*\[gap\s+{HEX}\s*-\s*{HEX}\s*\]",
        samples=("BIOS-e820: [gap 0x00000000000a0000-0x00000000000effff]",),
        source="arch/x86/kernel/e820.c, 7.0-7.1; says no more than the map",
        anchor=rf"{_COMMON}:\s+\[gap 0x",
        damaged=rf"(?:{_COMMON}|reserve setup_data):\s*\[gap",
    ),
    Form(
        name="map-entry-mips",
        family="memory map",
        triggers=("«memory:» +[0-9a-fA-F]+ +@",),
        pattern=rf"memory:\s+{BARE}\s+@\s+{BARE}\s+\({TYPES}\)",
        make=_mips,
        samples=("memory: 0000000007f00000 @ 0000000000100000 (usable)",),
        source="arch/mips/kernel/setup.c, 2.6.11-5.2; size @ start",
        needs=("firmware", "user"),
    ),
)
