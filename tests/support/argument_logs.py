"""Logs of one machine with memory arguments: whole, quoted in a mail, and as few lines as people paste."""

from msgspec import Struct

from pfnscope.analysis import Analysis, analyze
from pfnscope.bootlog import read
from pfnscope.findings import arguments
from pfnscope.model.findings import Finding
from pfnscope.simulation import own_command_line, simulate

GIB, MIB = 1 << 30, 1 << 20

RAM = ((0x0, 0x9FC00), (MIB, 0x78000000), (4 * GIB, 10 * GIB))
RESERVED = ((0x9FC00, 0xA0000), (0x78000000, 0x78400000), (0xFEC00000, 4 * GIB))
SRAT = ((0, 0, 2 * GIB), (0, 4 * GIB, 7 * GIB), (1, 7 * GIB, 10 * GIB))


class Machine(Struct, frozen=True, kw_only=True):
    """A machine of ten GiB, as the log of one boot tells of it. ``user`` prints another map than its kernel would."""

    line: str
    release: str = "6.12.40"
    user: tuple[str, ...] | None = None
    nodes: tuple[str, ...] | None = None
    behind: tuple[str, ...] = ()
    ram: tuple[tuple[int, int], ...] = RAM

    @property
    def head(self) -> list[str]:
        kinds = sorted([(*pair, "usable") for pair in self.ram] + [(*pair, "reserved") for pair in RESERVED])
        return [
            f"Linux version {self.release} (build@host) (gcc 13.2.0) #1 SMP",
            f"Command line: root=/dev/sda2 {self.line}".rstrip(),
            "BIOS-provided physical RAM map:",
            *(entry("BIOS-e820", *kind) for kind in kinds),
        ]

    @property
    def log(self) -> list[str]:
        booted = read("\n".join([*self.head, *self.behind, *srat()]).encode()).boots[-1]
        boot = simulate(booted, own_command_line(booted), (6, 12, 40)).log
        user = [entry("user", item.start, item.end, item.label) for item in boot.user_map]
        if self.user is not None:
            user = list(self.user)
        ranges = [f"  node   {item.node}: {mem(item.start, item.end)}" for item in boot.node_ranges]
        zones = [f"  {zone.zone:8} {mem(*zone.range) if zone.range else 'empty'}" for zone in boot.zone_ranges]
        return [
            *self.head,
            *(["user-defined physical RAM map:", *user] if user else []),
            *self.behind,
            *srat(),
            "Zone ranges:",
            *zones,
            "Movable zone start for each node",
            "Early memory node ranges",
            *(ranges if self.nodes is None else self.nodes),
        ]


def mem(start: int, end: int) -> str:
    return f"[mem {start:#018x}-{end - 1:#018x}]"


def entry(name: str, start: int, end: int, label: str) -> str:
    return f"{name}: {mem(start, end)} {label}"


def srat() -> list[str]:
    return [f"ACPI: SRAT: Node {node} PXM {node} {mem(start, end)}" for node, start, end in SRAT]


def whole(machine: Machine) -> str:
    return "\n".join(f"[    0.{at:06}] {line}" for at, line in enumerate(machine.log))


def mail(machine: Machine) -> str:
    quoted = "\n".join(f"> [    0.000000] {line}" for line in machine.log)
    return f"Hello,\n\nsince yesterday this machine is odd:\n\n{quoted}\n\nAny idea?\n"


def few(machine: Machine) -> str:
    """Without the firmware's nodes and zones, and without time stamps."""
    log = machine.log
    return "\n".join([*log[: log.index(srat()[0])], *log[log.index("Early memory node ranges") :]])


def map_alone(machine: Machine) -> str:
    return "\n".join(machine.log[: machine.log.index(srat()[0])])


def untimed(machine: Machine) -> str:
    return "\n".join(machine.log)


TEXTS = (whole, mail, few, untimed)
UNCHANGED = tuple(
    entry("user", *kind) for kind in sorted([(*p, "usable") for p in RAM] + [(*p, "reserved") for p in RESERVED])
)
NODES = tuple(f"  node   {n}: {mem(*p)}" for n, p in [(0, RAM[1]), (0, (4 * GIB, 7 * GIB)), (1, (7 * GIB, 10 * GIB))])
IMAGE = (
    ".text .data .bss are not marked as E820_TYPE_RAM!",
    "e820: remove [mem 0x150000000-0x152ffffff]",
)


def analysis_of(text: str) -> Analysis:
    return analyze(read(text.encode()).boots[-1])


def own(analysis: Analysis) -> list[Finding]:
    """What is said of its arguments."""
    return [draft.finished() for draft in arguments.drafts(analysis)]
