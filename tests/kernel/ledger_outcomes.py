"""What the RAM ledger says of a boot on one release or another."""

from functools import cache

from msgspec.structs import replace

from pfnscope.analysis import Analysis, analyze
from pfnscope.analysis.ledger import ledger
from pfnscope.bootlog import read
from pfnscope.kernel.release import Version
from pfnscope.model.ledger import Ledger
from tests.kernel.outcomes import named

_STARTED = """Linux version 4.14.100 (lab@lab) #1 SMP x86_64
Command line: efi=debug log_buf_len=1M
BIOS-e820: [mem 0x0000000000100000-0x000000003fffffff] usable
{}
  node   0: [mem 0x0000000000100000-0x000000003fffffff]
printk: log_buf_len: 1048576 bytes
Memory: 900000K/1047552K available (9000K kernel code, 100K init, 147552K reserved, 0K cma-reserved)
Freeing unused kernel memory: 100K
"""


@cache
def _started(row: str) -> Analysis:
    return analyze(read(_STARTED.format(row).encode()).boots[0])


def _ledger(row: str, version: Version) -> Ledger | None:
    return ledger(replace(_started(row), release=named(version)))


def log_buffer(version: Version) -> object:
    """Bytes of one whose text has 1 MiB."""
    account = _ledger("Early memory node ranges", version)
    return [row.bytes for row in account.rows if row.what == "log buffer"] if account else None


def returned_boot_services(version: Version) -> object:
    """Bytes, with efi=debug."""
    services = "efi: mem00: [Boot Data   |  |WB|WT|WC|UC] range=[0x0000000020000000-0x00000000200fffff] (1MB)"
    account = _ledger(f"{services}\nEarly memory node ranges", version)
    return [row.bytes for row in account.rows if row.what == "EFI boot services, returned"] if account else None


def mem_total_with_efi(version: Version) -> object:
    """What MemTotal hangs on where no line tells what EFI's boot services were."""
    account = _ledger("efi: MEMATTR=0x30000018\nEarly memory node ranges", version)
    return account and account.mem_total_basis
