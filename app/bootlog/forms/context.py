"""Lines that say which kernel ran, how it was started and how large its pages are."""

from app.bootlog.effects import ArchHint, Banner, CommandLine, Effect, PageSize
from app.bootlog.forms.base import NUMBER, Form, Groups, number
from app.bootlog.model import Lines

ANY_TEXT = ".*"


def _banner(groups: Groups, _lines: Lines) -> Effect:
    return Banner(groups[0] or "", f"Linux version {groups[0]}{groups[1] or ''}".rstrip())


def _command_line(groups: Groups, _lines: Lines) -> Effect:
    text = (groups[0] or "").strip()
    if text.endswith("\\"):
        return CommandLine(text[:-1].rstrip(), complete=False)
    return CommandLine(text)


def _hash_table(groups: Groups, _lines: Lines) -> Effect | None:
    order, size = number(groups[0]), number(groups[1])
    page = size >> order if order < 64 else 0
    return PageSize(page) if page << order == size and page in (4096, 8192, 16384, 65536) else None


FORMS = (
    Form(
        name="banner",
        family="kernel release",
        triggers=("Linux version",),
        pattern=r"Linux version ([0-9]\S*)(.*)",
        make=_banner,
        samples=(
            "Linux version 4.17.0 (root@build) (gcc version 8.1.0) #4 SMP Thu Jun 7 08:00:00 UTC 2018",
            "Linux version 6.12.9",
        ),
        source="init/version.c, 2.6.11-7.1",
    ),
    Form(
        name="command-line",
        family="command line",
        triggers=("ommand line: ",),
        pattern=r"(?:Kernel command line|Command line): *(\S.*)",
        make=_command_line,
        samples=(
            "Command line: root=/dev/vda1 ro memmap=1G!4G",
            "Kernel command line: console=ttyS0 movablecore=1G \\",
        ),
        source="arch/x86/kernel/setup.c 2.6.32-7.1, init/main.c 2.6.11-7.1; cut in pieces from 6.19",
        tail=ANY_TEXT,
    ),
    Form(
        name="hash-table",
        family="page size",
        triggers=("Dentry cache hash table",),
        pattern=rf"Dentry cache hash table entries: [0-9]+ \(order: {NUMBER}, {NUMBER} bytes",
        make=_hash_table,
        samples=(
            "Dentry cache hash table entries: 1048576 (order: 11, 8388608 bytes, linear)",
            "Dentry cache hash table entries: 262144 (order: 5, 2097152 bytes, linear)",
        ),
        source="mm/page_alloc.c, later mm/mm_init.c, 2.6.11-7.1; bytes >> order is the page size",
    ),
    Form(
        name="arm64-cpu",
        family="architecture",
        triggers=("Booting Linux on physical CPU 0x[0-9a-f]{10}",),
        pattern=r"Booting Linux on physical CPU 0x[0-9a-f]{10}",
        make=lambda _groups, _lines: ArchHint("arm64"),
        samples=("Booting Linux on physical CPU 0x0000000000 [0x411fd070]",),
        source="arch/arm64/kernel/setup.c, 4.17-7.1",
    ),
)
