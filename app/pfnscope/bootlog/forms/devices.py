"""Memory that firmware tables and devices claim."""

from pfnscope.bootlog.forms.base import BARE, HEX, MEM, NUMBER, Form, base_size, exclusive, inclusive, number
from pfnscope.model.log import ReservedRegion
from pfnscope.units import KIB

_MP_TABLE = 16

FORMS = (
    Form(
        name="acpi-table",
        family="reserved regions",
        triggers=("table memory at",),
        pattern=rf"ACPI: Reserving\s+(\S{{1,4}}) table memory at {MEM}",
        make=lambda g, lines: ReservedRegion(*inclusive(g[1], g[2]), f"ACPI {g[0]} table", "acpi", lines),
        samples=("ACPI: Reserving FACP table memory at [mem 0xbffe1e5e-0xbffe1ed1]",),
        source="drivers/acpi/tables.c, 5.12-7.1; end inclusive",
        damaged=r"table memory at \[mem",
    ),
    Form(
        name="acpi-nvs",
        family="reserved regions",
        triggers=("Registering ACPI NVS region",),
        pattern=rf"(?:ACPI: )?PM: Registering ACPI NVS region {MEM}",
        make=lambda g, lines: ReservedRegion(*inclusive(g[0], g[1]), "ACPI NVS", "acpi-nvs", lines),
        samples=(
            "PM: Registering ACPI NVS region [mem 0x7b5f0000-0x7b60cfff] (118784 bytes)",
            "ACPI: PM: Registering ACPI NVS region [mem 0x7b5f0000-0x7b60cfff] (118784 bytes)",
        ),
        source="drivers/acpi/nvs.c, 3.6-7.1; end inclusive",
    ),
    Form(
        name="acpi-nvs-old",
        family="reserved regions",
        triggers=("Registering ACPI NVS region",),
        pattern=rf"PM: Registering ACPI NVS region at {BARE} \({NUMBER} bytes\)",
        make=lambda g, lines: ReservedRegion(*base_size(g[0], number(g[1])), "ACPI NVS", "acpi-nvs", lines),
        samples=("PM: Registering ACPI NVS region at 7b5f0000 (118784 bytes)",),
        source="drivers/acpi/nvs.c, 2.6.39-3.4; start and size",
    ),
    Form(
        name="mp-table",
        family="reserved regions",
        triggers=("found SMP MP-table",),
        pattern=rf"found SMP MP-table at {MEM}",
        make=lambda g, lines: ReservedRegion(*inclusive(g[0], g[1]), "MP table", "mp-table", lines),
        samples=(
            "found SMP MP-table at [mem 0x000f5ba0-0x000f5baf]",
            "found SMP MP-table at [mem 0x000f5ba0-0x000f5baf] mapped at [ffff8800000f5ba0]",
        ),
        source="arch/x86/kernel/mpparse.c, 3.6-7.1; end inclusive",
    ),
    Form(
        name="mp-table-old",
        family="reserved regions",
        triggers=("found SMP MP-table",),
        pattern=rf"found SMP MP-table at (?:\[[0-9a-f]+\] )?{BARE}\s*$",
        make=lambda g, lines: ReservedRegion(*base_size(g[0], _MP_TABLE), "MP table", "mp-table", lines),
        samples=("found SMP MP-table at [ffff8800000f5ba0] f5ba0", "found SMP MP-table at 000f5ba0"),
        source="arch/x86/kernel/mpparse.c, 2.6.11-3.4; start of 16 bytes",
    ),
    Form(
        name="reserved-memory-region",
        family="reserved regions",
        triggers=("RMRR base",),
        pattern=rf"(?:DMAR: ?)?RMRR base: {HEX} end: {HEX}\b",
        make=lambda g, lines: ReservedRegion(*inclusive(g[0], g[1]), "DMAR RMRR", "rmrr", lines),
        samples=(
            "DMAR: RMRR base: 0x0000007c000000 end: 0x000000803fffff",
            "DMAR:RMRR base: 0x0000007bee0000 end: 0x0000007bffffff",
        ),
        source="drivers/iommu/intel/dmar.c, 2.6.24-7.1; end inclusive",
    ),
    Form(
        name="graphics-stolen",
        family="reserved regions",
        triggers=("Reserving Intel graphics",),
        pattern=rf"Reserving Intel graphics (?:stolen )?memory at (?:\[mem )?{HEX}-{HEX}\b",
        make=lambda g, lines: ReservedRegion(*inclusive(g[0], g[1]), "Intel graphics memory", "stolen", lines),
        samples=(
            "Reserving Intel graphics memory at [mem 0x7c800000-0x807fffff]",
            "Reserving Intel graphics stolen memory at 0xbda00000-0xbf9fffff",
        ),
        source="arch/x86/kernel/early-quirks.c, 3.16-7.1; end inclusive",
    ),
    Form(
        name="sgx",
        family="reserved regions",
        triggers=("EPC section 0x",),
        pattern=rf"sgx: (?:\[Firmware Bug\]: )?EPC section {HEX}-{HEX}\b",
        make=lambda g, lines: ReservedRegion(*inclusive(g[0], g[1]), "SGX EPC", "sgx", lines),
        samples=("sgx: EPC section 0x70200000-0x75f7ffff",),
        source="arch/x86/kernel/cpu/sgx/main.c, 5.11-7.1; end inclusive",
    ),
    Form(
        name="snp-rmp-table",
        family="reserved regions",
        triggers=("«RMP »(?:table|segment)",),
        pattern=rf"SEV-SNP: RMP (table physical range|segment [0-9]+ physical address) \[{HEX} - {HEX}\]",
        make=lambda g, lines: ReservedRegion(*inclusive(g[1], g[2]), "SEV-SNP RMP", "rmp", lines),
        samples=(
            "SEV-SNP: RMP table physical range [0x0000000035600000 - 0x0000000075bfffff]",
            "SEV-SNP: RMP segment 0 physical address [0x35604000 - 0x75bfffff] covering [0x0 - 0xfffffffff]",
        ),
        source="arch/x86/virt/svm/sev.c, 6.12-7.1; end inclusive",
    ),
    Form(
        name="snp-rmp-base",
        family="reserved regions",
        triggers=("RMP base table",),
        pattern=rf"SEV-SNP: Segmented RMP base table physical range \[{HEX} - {HEX}\]",
        make=lambda g, lines: ReservedRegion(*exclusive(g[0], g[1]), "SEV-SNP RMP base", "rmp", lines),
        samples=("SEV-SNP: Segmented RMP base table physical range [0x35600000 - 0x35604000]",),
        source="arch/x86/virt/svm/sev.c, 6.19-7.1; end exclusive",
    ),
    Form(
        name="aperture",
        family="reserved regions",
        triggers=("aperture over RAM", "for GART"),
        pattern=rf"(?:AGP: )?(?:Mapping aperture over RAM {MEM}|e820: reserve {MEM} for GART)",
        make=lambda g, lines: ReservedRegion(
            *inclusive(g[0] or g[2], g[1] or g[3]), "GART aperture", "aperture", lines
        ),
        samples=(
            "Mapping aperture over RAM [mem 0xd0000000-0xd3ffffff] (65536KB)",
            "AGP: Mapping aperture over RAM [mem 0xc4000000-0xc7ffffff] (65536KB)",
            "e820: reserve [mem 0xd0000000-0xd3ffffff] for GART",
        ),
        source="arch/x86/kernel/aperture_64.c, 3.16-7.1; end inclusive",
    ),
    Form(
        name="aperture-old",
        family="reserved regions",
        triggers=("Mapping aperture over",),
        pattern=rf"Mapping aperture over {NUMBER} KB of RAM @ {BARE}\b",
        make=lambda g, lines: ReservedRegion(*base_size(g[1], number(g[0]) * KIB), "GART aperture", "aperture", lines),
        samples=("Mapping aperture over 65536 KB of RAM @ c4000000",),
        source="arch/x86/kernel/aperture_64.c, 2.6.18-3.14; start and size",
    ),
    Form(
        name="esrt",
        family="reserved regions",
        triggers=("Reserving ESRT space",),
        pattern=rf"esrt: Reserving ESRT space from {HEX} to {HEX}\b",
        make=lambda g, lines: ReservedRegion(*exclusive(g[0], g[1]), "EFI system resource table", "efi", lines),
        samples=("esrt: Reserving ESRT space from 0x00000000bdf5c218 to 0x00000000bdf5c278.",),
        source="drivers/firmware/efi/esrt.c, 4.4-7.1; end exclusive",
    ),
    Form(
        name="drhd",
        family="device registers",
        triggers=("DRHD base",),
        pattern=rf"(?:DMAR: ?)?DRHD base: {HEX}",
        samples=("DMAR: DRHD base: 0x000000fed90000 flags: 0x0",),
        source="drivers/iommu/intel/dmar.c, 2.6.24-7.1; registers, no memory",
    ),
)
