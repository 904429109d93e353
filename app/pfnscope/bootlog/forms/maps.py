"""Memory maps: e820 in all spellings and its changes, and the older MIPS map."""

from typing import Literal

from pfnscope.bootlog.effects import Effect, Header, ImageNotRam, LastPfn, MapLine, MapName, Section
from pfnscope.bootlog.forms.base import BARE, HEX, MEM, NUMBER, Form, Groups, exclusive, hexadecimal, inclusive, number
from pfnscope.kernel import spellings
from pfnscope.model.log import E820Change, Failure, MapEntry, MemoryType, ReservedRegion
from pfnscope.model.ranges import ByteRange, Lines
from pfnscope.units import MIB

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


def _torn(groups: Groups, lines: Lines) -> Effect:
    word, start, end, old_start, old_end = groups
    memory = inclusive(start, end) if start else exclusive(old_start, old_end)
    return MapLine(map_name(word or ""), MapEntry(*memory, MemoryType.OTHER, "", lines))


def _mips(groups: Groups, lines: Lines) -> Effect:
    size, start, label = groups
    memory = ByteRange.base_size(hexadecimal(start), hexadecimal(size))
    return _line(None, memory, label or "", lines)


_OLD = rf"{BARE}\s*-\s*{BARE}"


def _change(
    action: Literal["update", "remove"], memory: ByteRange, old: str | None, new: str | None, lines: Lines
) -> Effect:
    return E820Change(action, *memory, old, new, lines)


def _ram_buffer(groups: Groups, lines: Lines) -> Effect:
    return ReservedRegion(*inclusive(groups[0], groups[1]), "RAM buffer", "ram-buffer", lines)


def _last_pfn(groups: Groups, _lines: Lines) -> Effect:
    pfn, limit = groups
    return LastPfn(hexadecimal(pfn), hexadecimal(limit) if limit else None)


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
        releases=(
            ("^e820:", spellings.NAMED_E820),
            ("^(?i:bios-|user-|modified|extended)", spellings.NAMELESS_E820),
        ),
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
        releases=(
            ("", spellings.RANGES),
            (r"\]\s+usable", spellings.USABLE),
            (r"\]\s+(?:System RAM|device reserved)", spellings.SYSTEM_RAM),
        ),
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
        releases=(("", spellings.RANGES_OLD),),
        anchor=rf"{_COMMON}:\s+[0-9a-f]{{16}} - ",
        damaged=rf"(?:{_COMMON}|reserve setup_data):\s*[0-9a-f]{{8}}",
    ),
    Form(
        name="map-entry-torn",
        family="memory map",
        triggers=_TRIGGERS,
        pattern=rf"{WORDS}:\s*(?:{MEM}|([0-9a-f]{{8,16}})\s*-\s*([0-9a-f]{{8,16}}))\s*\(?$",
        make=_torn,
        samples=(
            "BIOS-e820: [mem 0x0000000000100000-0x00000000bfff0fff]",
            "BIOS-e820: 000000007ffb0000 - 000000007ffbe000 (",
        ),
        source="arch/x86/kernel/e820.c, 2.6.11-7.1; without the type, as a mailer or grep -o leaves it",
        torn=True,
    ),
    Form(
        name="map-gap",
        family="memory map",
        triggers=_TRIGGERS,
        pattern=rf"{WORDS}:\s*\[gap\s+{HEX}\s*-\s*{HEX}\s*\]",
        samples=("BIOS-e820: [gap 0x00000000000a0000-0x00000000000effff]",),
        source="arch/x86/kernel/e820.c, 7.0-7.1; says no more than the map",
        releases=(("", spellings.SYSTEM_RAM),),
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
    Form(
        name="e820-update",
        family="e820 changes",
        triggers=("e820: update",),
        pattern=rf"e820: update\s+{MEM}\s*{TYPES}\s*==>\s*{TYPES}",
        make=lambda g, lines: _change("update", inclusive(g[0], g[1]), g[2], g[3], lines),
        samples=(
            "e820: update [mem 0x00000000-0x00000fff] usable ==> reserved",
            "e820: update [mem 0x7a5f0000-0x7a60ffff]  System RAM ==> device reserved",
        ),
        source="arch/x86/kernel/e820.c, 3.6-7.1; end inclusive",
        releases=(("", spellings.RANGES),),
        damaged=r"e820: update \[",
    ),
    Form(
        name="e820-update-old",
        family="e820 changes",
        triggers=("e820 update range",),
        pattern=rf"e820 update range:\s*{_OLD}\s*\({TYPES}\)\s*==>\s*\({TYPES}\)",
        make=lambda g, lines: _change("update", exclusive(g[0], g[1]), g[2], g[3], lines),
        samples=("e820 update range: 0000000000000000 - 0000000000001000 (usable) ==> (reserved)",),
        source="arch/x86/kernel/e820.c, 2.6.32-3.4; end exclusive",
        releases=(("", spellings.RANGES_OLD),),
        damaged=r"e820 update range: [0-9a-f]{8}",
    ),
    Form(
        name="e820-remove",
        family="e820 changes",
        triggers=("e820: remove",),
        pattern=rf"e820: remove\s+{MEM}(?:\s*{TYPES})?",
        make=lambda g, lines: _change("remove", inclusive(g[0], g[1]), g[2], None, lines),
        samples=(
            "e820: remove [mem 0x000a0000-0x000fffff] usable",
            "e820: remove [mem 0xb0000000-0xfffffffffffffffe]",
        ),
        source="arch/x86/kernel/e820.c, 3.6-7.1; end inclusive",
        releases=(("", spellings.RANGES),),
        tail=TYPES,
        damaged=r"e820: remove \[",
    ),
    Form(
        name="image-not-ram",
        family="e820 changes",
        triggers=("are not marked as E820",),
        pattern=r"\.text \.data \.bss are not marked as E820_(?:TYPE_)?RAM!",
        make=lambda _groups, _lines: ImageNotRam(),
        samples=(
            ".text .data .bss are not marked as E820_TYPE_RAM!",
            ".text .data .bss are not marked as E820_RAM!",
        ),
        source="arch/x86/kernel/setup.c, 3.9-7.3; the removal behind it is that of the kernel's own image",
    ),
    Form(
        name="e820-remove-old",
        family="e820 changes",
        triggers=("e820 remove range",),
        pattern=rf"e820 remove range:\s*{_OLD}(?:\s*\({TYPES}\))?",
        make=lambda g, lines: _change("remove", exclusive(g[0], g[1]), g[2], None, lines),
        samples=("e820 remove range: 00000000000a0000 - 0000000000100000 (usable)",),
        source="arch/x86/kernel/e820.c, 2.6.34-3.4; end exclusive",
        releases=(("", spellings.RANGES_OLD),),
        damaged=r"e820 remove range: [0-9a-f]{8}",
    ),
    Form(
        name="e820-ram-buffer",
        family="reserved regions",
        triggers=("RAM buffer",),
        pattern=rf"e820: (?:reserve RAM buffer|register RAM buffer resource)\s+{MEM}",
        make=_ram_buffer,
        samples=(
            "e820: reserve RAM buffer [mem 0x0009ac00-0x0009ffff]",
            "e820: register RAM buffer resource [mem 0xbfff1000-0xbfffffff]",
        ),
        source="arch/x86/kernel/e820.c, 3.6-7.1; end inclusive; second wording from 7.0",
        releases=(
            ("", spellings.RANGES),
            ("register RAM buffer", spellings.SYSTEM_RAM),
            ("reserve RAM buffer", spellings.USABLE),
        ),
        damaged=r"e820: reserve RAM buffer \[",
    ),
    Form(
        name="e820-ram-buffer-old",
        family="reserved regions",
        triggers=("RAM buffer",),
        pattern=rf"reserve RAM buffer:\s*{_OLD}\b",
        make=_ram_buffer,
        samples=("reserve RAM buffer: 000000000009bc00 - 000000000009ffff ",),
        source="arch/x86/kernel/e820.c, 2.6.34-3.4; end inclusive even here",
        releases=(("", spellings.RANGES_OLD),),
    ),
    Form(
        name="last-pfn",
        family="last page frame",
        triggers=("last_pfn =",),
        pattern=rf"(?:e820: )?last_pfn = {HEX}\b(?: max_arch_pfn = {HEX}\b)?",
        make=_last_pfn,
        samples=(
            "last_pfn = 0x240000 max_arch_pfn = 0x400000000",
            "e820: last_pfn = 0xbfff1 max_arch_pfn = 0x400000000",
        ),
        source="arch/x86/kernel/e820.c, 2.6.32-7.1; end exclusive, in page frames",
        releases=(
            ("^e820:", spellings.NAMED_E820),
            ("^last", spellings.NAMELESS_E820),
        ),
        anchor=r"last_pfn = 0x",
        damaged=r"last_pfn = 0x",
    ),
    Form(
        name="end-pfn-map",
        family="last page frame",
        triggers=("end_pfn_map =",),
        pattern=rf"end_pfn_map = {NUMBER}\b",
        make=lambda g, _lines: LastPfn(number(g[0]), None),
        samples=("end_pfn_map = 1048576",),
        source="arch/x86/kernel/e820_64.c, to 2.6.24; decimal",
    ),
    Form(
        name="pci-gap",
        family="PCI gap",
        triggers=("available for PCI devices",),
        pattern=rf"(?:e820: )?\[(?:mem|gap)\s+{HEX}\s*-\s*{HEX}\] available for PCI devices",
        samples=(
            "e820: [mem 0xc0000000-0xfebfffff] available for PCI devices",
            "[gap 0xc0000000-0xfebfffff] available for PCI devices",
        ),
        source="arch/x86/kernel/e820.c, 3.6-7.1; no RAM, and no more than the map says",
        releases=(
            ("^e820:", spellings.NAMED_E820),
            (r"^\[mem", spellings.NAMELESS_E820),
            (r"\[mem", spellings.RANGES),
            (r"\[gap", spellings.SYSTEM_RAM),
        ),
    ),
    Form(
        name="pci-gap-old",
        family="PCI gap",
        triggers=("Allocating PCI resources starting",),
        pattern=rf"Allocating PCI resources starting at {BARE} \(gap: {BARE}:{BARE}\)",
        samples=("Allocating PCI resources starting at c0000000 (gap: c0000000:3ec00000)",),
        source="arch/x86/kernel/e820.c, 2.6.11-3.4; start and size; no RAM, and no more than the map says",
        releases=(("", spellings.RANGES_OLD),),
    ),
    Form(
        name="e820-full",
        family="contradictions",
        triggers=("oo many entries", "E820 table full"),
        pattern=r"(?:(?:e820: )?too many entries; ignoring \[mem|E820 table full; ignoring \[mem"
        r"|Ooops! Too many entries in the memory map!)",
        make=lambda _groups, lines: Failure(
            "map-incomplete", "The kernel's memory map was full: entries of the firmware are missing from it.", lines
        ),
        samples=(
            "e820: too many entries; ignoring [mem 0x240000000-0x27fffffff]",
            "E820 table full; ignoring [mem 0x240000000-0x27fffffff]",
            "Ooops! Too many entries in the memory map!",
        ),
        source="arch/x86/kernel/e820.c, 2.6.11-7.1",
    ),
    Form(
        name="mtrr-trim",
        family="contradictions",
        triggers=("MTRRs don't cover all of memory",),
        pattern=rf"WARNING: BIOS bug: CPU MTRRs don't cover all of memory, losing {NUMBER}MB of RAM",
        make=lambda g, lines: Failure(
            "mtrr-trim",
            f"The firmware's MTRRs do not cover all memory: the kernel gives up {g[0]} MB of RAM.",
            lines,
            size=number(g[0]) * MIB,
        ),
        samples=("WARNING: BIOS bug: CPU MTRRs don't cover all of memory, losing 64MB of RAM.",),
        source="arch/x86/kernel/cpu/mtrr/cleanup.c, 2.6.32-7.1; a modified map follows",
    ),
    Form(
        name="e820-notes",
        family="e820 changes",
        triggers=(
            "update e820",
            "avoiding allocation from e820",
            "aperture [bus addr",
            " aperture memory hole",
            "aperture @ ",
        ),
        pattern=r"(?:e820: )?update e820(?:_saved|_table_kexec)? for "
        r"|resource: avoiding allocation from e820 entry \["
        r"|(?:AGP: )?(?:Node|CPU) [0-9]+: aperture (?:\[bus addr |@ [0-9a-f]+ size )"
        r"|(?:AGP: )?Your BIOS doesn't leave an? aperture memory hole",
        samples=(
            "update e820 for mtrr",
            "e820: update e820_saved for setup_data",
            "update e820_table_kexec for e820__memblock_alloc_reserved()",
            "resource: avoiding allocation from e820 entry [mem 0x000a0000-0x000fffff]",
            "AGP: Node 0: aperture [bus addr 0x8000000-0x9ffffff] (32MB)",
            "CPU 0: aperture @ 8000000 size 32 MB",
            "Your BIOS doesn't leave a aperture memory hole",
        ),
        source="arch/x86/kernel/e820.c, arch/x86/kernel/aperture_64.c, arch/x86/kernel/resource.c, 2.6.9-7.3; no RAM",
    ),
)
