"""EFI memory maps. The closing bracket tells whether the end belongs to the range."""

from pfnscope.bootlog.effects import Effect, EfiLine, Noted
from pfnscope.bootlog.forms.base import HEX, MEM, NUMBER, Form, Groups, base_size, exclusive, inclusive, number
from pfnscope.model.log import EfiEntry, Failure, ReservedRegion
from pfnscope.model.ranges import Lines

_TYPES = (
    "Reserved", "Loader Code", "Loader Data", "Boot Code", "Boot Data", "Runtime Code", "Runtime Data", "Conventional",
    "Unusable", "ACPI Reclaim", "ACPI Mem NVS", "MMIO", "MMIO Port", "PAL Code", "Persistent", "Unaccepted",
)  # fmt: skip
"""memory_type_name[] in drivers/firmware/efi/efi.c, 7.1."""

_ATTRIBUTES_HEADER = 16
"""Bytes of efi_memory_attributes_table_t without its entries."""

_RANGE = rf"range=\[{HEX}\s*-\s*{HEX}\s*([\])])"


def type_name(kind: int) -> str:
    """The kernel's name of an EFI memory type."""
    return _TYPES[kind] if kind < len(_TYPES) else f"type {kind}"


def _entry_of_number(groups: Groups, lines: Lines) -> Effect:
    index, kind, attributes, *memory = groups
    return _entry((index, type_name(number(kind)), attributes, *memory), lines)


def _entry(groups: Groups, lines: Lines) -> Effect:
    index, name, attributes, start, end, bracket, *invalid = groups
    if any(invalid):  # no pages, or more than there can be: the kernel drops it (efi_memmap_entry_valid())
        return Noted()
    memory = exclusive(start, end) if bracket == ")" else inclusive(start, end)
    return EfiLine(number(index), EfiEntry(*memory, (name or "").strip(), (attributes or "").strip(), lines))


def _device_tree_era(groups: Groups, lines: Lines) -> Effect:
    start, end, name, attributes = groups
    return EfiLine(1, EfiEntry(*inclusive(start, end), (name or "").strip(), (attributes or "").strip(), lines))


FORMS = (
    Form(
        name="efi-entry",
        family="EFI memory map",
        triggers=(r"(?:efi|EFI)«: mem»[0-9]+: \[",),
        pattern=rf"(?:efi|EFI): mem{NUMBER}: \[([^|\]]*)\|?([^\]]*)\]\s*{_RANGE}\s*(\(invalid\))?",
        make=_entry,
        samples=(
            "efi: mem00: [Conventional|   |  |  |  |   |WB|WT|UC] range=[0x0000000000000000-0x000000000009ffff] (0MB)",
            "efi: mem05: [Loader Data        |   |  |WB|WT|UC] range=[0x0000000000100000-0x00000000001fffff] (1MB)",
            "efi: mem12: [Boot Services Data |   |  |   |WB|WT|UC] range=[0x0000000000a00000-0x0000000000b00000) (1MB)",
            "efi: mem47: [Reserved  |   |  |  |  |  |] range=[0x0000000000000000-0x0000000000000000] (invalid)",
            "efi: mem41: [Reserved   |attr=0x8000000000000000] range=[0x00000000f0000000-0x00000000f7ffffff] (128MB)",
        ),
        source="drivers/firmware/efi/efi.c, 4.4 with ) exclusive, 4.9-7.1 with ] inclusive",
        anchor=r"efi: mem[0-9]+: \[",
        damaged=r"efi: mem[0-9]+: \[",
    ),
    Form(
        name="efi-entry-old",
        family="EFI memory map",
        triggers=("mem[0-9]+«: type=»",),
        pattern=rf"(?:(?:efi|EFI): )?mem{NUMBER}: type= *{NUMBER}, (attr=0x[0-9a-f]+), {_RANGE}",
        make=_entry_of_number,
        samples=(
            "efi: mem03: type=7, attr=0xf, range=[0x0000000000100000-0x0000000001000000) (15MB)",
            "mem00: type=4, attr=0x8000000000000009, range=[0x0000000000000000-0x0000000000001000) (0MB)",
        ),
        source="arch/x86/platform/efi/efi.c, arch/ia64/kernel/efi.c, 2.6.18-3.16; end exclusive",
    ),
    Form(
        name="efi-entry-arm64",
        family="EFI memory map",
        triggers=("«efi:» +0x[0-9a-fA-F]+-0x",),
        pattern=rf"efi:\s+{HEX}-{HEX}\s+\[([^|\]]*)\|?([^\]]*)\]",
        make=_device_tree_era,
        samples=("efi:   0x000080000000-0x00008009ffff [Conventional|   |  |  |  |  |  |  |  |   |WB|WT|WC|UC]",),
        source="drivers/firmware/efi/arm-init.c, later efi-init.c, 3.16-7.1; end inclusive",
    ),
    Form(
        name="efi-invalid",
        family="contradictions",
        triggers=("Invalid EFI memory map entr",),
        pattern=r"(?:efi: )?\[Firmware Bug\]: Invalid EFI memory map entr",
        make=lambda _groups, lines: Failure(
            "invalid-efi-entries", "The firmware's EFI memory map has invalid entries, which the kernel drops.", lines
        ),
        samples=("[Firmware Bug]: Invalid EFI memory map entries:",),
        source="arch/x86/platform/efi/efi.c, 4.12-7.1",
    ),
    Form(
        name="efi-mmio",
        family="EFI memory map",
        triggers=("mem[0-9]+«: MMIO»",),
        pattern=rf"efi: (?:Remove|Not removing) mem{NUMBER}: MMIO range=\[",
        samples=(
            "efi: Remove mem32: MMIO range=[0xe0000000-0xefffffff] (256MB) from e820 map",
            "efi: Not removing mem33: MMIO range=[0xfe000000-0xfe010fff] (68KB) from e820 map",
        ),
        source="arch/x86/platform/efi/efi.c, 6.2-7.1; an e820: remove line follows",
    ),
    Form(
        name="efi-memory-attributes",
        family="EFI memory map",
        triggers=("«efi:» +[A-Z]", "MEMATTR=0x"),
        pattern=rf"(?:efi:)?\s*(?:[A-Z][A-Za-z0-9]*(?: [0-9][0-9.]*)?=0x[0-9a-f]{{1,16}}\s+)*MEMATTR={HEX}",
        make=lambda g, lines: ReservedRegion(
            *base_size(g[0], _ATTRIBUTES_HEADER), "EFI memory attributes", "efi-table", lines
        ),
        samples=(
            "efi: SMBIOS=0x7f520000 ACPI=0x7f77d000 ACPI 2.0=0x7f77d014 MEMATTR=0x7d99f018 ",
            "efi:  SMBIOS=0x7f520000  ACPI 2.0=0x7f77d014  MEMATTR=0x7e35e018 ",
        ),
        source="efi_config_parse_tables() in drivers/firmware/efi/efi.c, 4.6-7.1; where the table begins, which"
        " efi_memattr_init() reserves; the size is that of its header",
    ),
    Form(
        name="efi-mirrored",
        family="EFI memory map",
        triggers=("mirrored memory",),
        pattern=rf"efi: Memory: {NUMBER}M/{NUMBER}M mirrored memory",
        samples=("efi: Memory: 2048M/16384M mirrored memory",),
        source="drivers/firmware/efi/efi.c, 4.4-7.1; sizes without places",
    ),
    Form(
        name="efi-fake",
        family="EFI memory map",
        triggers=("efi_fake_mem: add attr",),
        pattern=rf"(?:efi: )?efi_fake_mem: add attr={HEX} to {MEM}",
        make=lambda g, lines: Failure(
            "fake-efi-attribute",
            f"efi_fake_mem= gives attribute 0x{g[0]} to [0x{g[1]}-0x{g[2]}]: the EFI map is not the firmware's.",
            lines,
        ),
        samples=("efi_fake_mem: add attr=0x0000000000040000 to [mem 0x0000000240000000-0x000000043fffffff]",),
        source="drivers/firmware/efi/fake_mem.c, 4.4-6.8; end inclusive",
    ),
    Form(
        name="efi-steps",
        family="EFI memory map",
        triggers=(
            "Processing EFI memory map",
            "UEFI not found",
            "EFI freeing: 0x",
            "bytes of EFI",
            "memattr: ",
        ),
        pattern=r"(?:efi: )?(?:Processing EFI memory map|UEFI not found|EFI freeing: 0x|Freed 0x[0-9a-f]+ bytes of EFI"
        r"|memattr: (?:Processing EFI Memory Attributes|\s*0x[0-9a-f]+-0x[0-9a-f]+ \[))",
        samples=(
            "efi: Processing EFI memory map:",
            "efi: UEFI not found.",
            "efi: EFI freeing: 0x000000800000-0x0000008fffff",
            "Freed 0x100000 bytes of EFI boot services memory",
            "efi: memattr: Processing EFI Memory Attributes table:",
            "efi: memattr:  0x00007ea8a000-0x00007eb8bfff [Runtime Data|RUN|  |  |  |  |XP|  |  |  |   |  |  |  |  ]",
        ),
        source="drivers/firmware/efi/arm-init.c, memattr.c, arch/arm64/kernel/efi.c, 3.16-7.1; the map has these",
    ),
)
