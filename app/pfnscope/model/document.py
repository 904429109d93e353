"""The wire schema, format 1: what the API, the page and ``--format json`` all show. Names: docs/api.md.

Addresses are lower-case hex strings in bytes, because 2**64 does not fit a JSON number; page frame
numbers and counts are integers. ``start``/``start_pfn`` is inclusive, ``end``/``end_pfn`` exclusive.
msgspec structs: one definition gives the JSON, its schema in the OpenAPI and quick start-up.
"""

from typing import Literal

import msgspec

from pfnscope.model.document_files import DebugfsLists, MemoryBlocks, Resource, ZoneInfo

Severity = Literal["danger", "caution", "info", "none"]


class Boot(msgspec.Struct, frozen=True):
    """Which boot of the text this is, 1-based."""

    index: int
    count: int
    title: str


class Kernel(msgspec.Struct, frozen=True):
    """The kernel that printed the log; ``assumed`` names the values that the log does not prove.

    ``memory_model``: sections of ``section_size``, or one array of struct pages for each node.
    """

    release: str | None
    version: list[int] | None
    arch: str | None
    command_line: str | None
    page_size: int
    section_size: int | None
    assumed: list[str]
    lines: list[int]
    memory_model: Literal["sparsemem", "flatmem"] | None = None


class MapEntry(msgspec.Struct, frozen=True, gc=False):
    """One entry of a memory map."""

    start: str
    end: str
    type: str
    label: str
    lines: list[int]


class E820Change(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A change of the e820 table that the kernel printed. ``from`` and ``to`` are types as printed."""

    action: Literal["update", "remove", "reserve"]
    start: str
    end: str
    from_: str | None
    to: str | None
    lines: list[int]


class EfiEntry(msgspec.Struct, frozen=True):
    """One entry of the EFI memory map."""

    start: str
    end: str
    type: str
    attributes: str
    lines: list[int]


class SratEntry(msgspec.Struct, frozen=True):
    """Memory that the ACPI SRAT gives to a node."""

    node: int
    start: str
    end: str
    hotplug: bool
    non_volatile: bool
    lines: list[int]


class MemblockRegion(msgspec.Struct, frozen=True):
    """One region of a memblock=debug dump."""

    start: str
    end: str
    node: int | None
    flags: int | None
    lines: list[int]


class Memblock(msgspec.Struct, frozen=True):
    """The last memblock=debug dump of the boot."""

    memory: list[MemblockRegion]
    reserved: list[MemblockRegion]


class ReservedRegion(msgspec.Struct, frozen=True):
    """Memory that the log names as taken."""

    start: str
    end: str
    name: str
    kind: str
    lines: list[int]


class NodeRange(msgspec.Struct, frozen=True, gc=False):
    """Memory of one node, as memblock has it."""

    node: int
    start: str
    end: str
    lines: list[int]


class ZoneRange(msgspec.Struct, frozen=True):
    """Limits of a zone; null where printed empty."""

    zone: str
    start: str | None
    end: str | None
    lines: list[int]


class MovableStart(msgspec.Struct, frozen=True):
    """Start of ZONE_MOVABLE on a node."""

    node: int
    start: str
    lines: list[int]


class Initmem(msgspec.Struct, frozen=True):
    """First and last memory of a node; null for a node without memory."""

    node: int
    start: str | None
    end: str | None
    lines: list[int]


class Unavailable(msgspec.Struct, frozen=True):
    """A count of struct pages without memory, as one line printed it."""

    node: int | None
    zone: str | None
    pages: int
    lines: list[int]


class PageCounts(msgspec.Struct, frozen=True):
    """The kernel's own counts."""

    node_total_pages: dict[str, int]
    unavailable: list[Unavailable]
    zeroed_unavailable: int | None
    reserved_unavailable: int | None
    available_kib: int | None
    total_kib: int | None


class ZoneSpan(msgspec.Struct, frozen=True):
    """A populated zone of a node. absent = spanned - present."""

    node: int
    zone: str
    start_pfn: int
    end_pfn: int
    spanned_pages: int
    present_pages: int
    absent_pages: int


class PfnRange(msgspec.Struct, frozen=True):
    """Page frames [start_pfn, end_pfn)."""

    start_pfn: int
    end_pfn: int


class Sections(msgspec.Struct, frozen=True):
    """Page frames that have a struct page from boot. ``size`` is a section in bytes, ``count`` sections."""

    size: int | None
    count: int
    ranges: list[PfnRange]


class Inspection(msgspec.Struct, frozen=True, gc=False):
    """A command that shows the struct pages of a hole; ``warning`` says what it may do to a running machine.

    page-types and od are for a shell of root, the others for the prompt of crash or drgn. crash shows the first frame.
    """

    tool: Literal["page-types", "od", "crash", "drgn"]
    command: str
    warning: str | None


class Hole(msgspec.Struct, frozen=True, gc=False):
    """A maximal run of page frames that have a struct page but no memory, with one owner, one placement and one state.

    ``node`` and ``zone`` name the zone that spans it, ``type`` and ``label`` its entry in the memory map. ``reserved``:
    memblock.reserved is known to cover it, known not to, or not known. ``linked_node`` and ``linked_zone`` are what
    the flags of initialised struct pages say, which may be a zone that does not span them. ``basis`` tells whether
    the log shows the ``rule`` behind ``state``, the release does, or it is assumed. ``severity`` is danger where
    nothing wrote the struct pages and an ordinary reader of ``reachable_by`` gets there. ``why`` says in words what
    made the state; ``causes`` are the arguments without which it would be inside a zone span or gone, and
    ``cause_why`` says what they, or else memory itself, do; ``lines`` bound the hole. ``inspect`` has commands
    that show these frames on a live machine.
    """

    start_pfn: int
    end_pfn: int
    pages: int
    start: str
    end: str
    placement: Literal["outside-zone-spans", "inside-zone-span"]
    node: int | None
    zone: str | None
    type: str | None
    label: str | None
    reserved: bool | None
    state: Literal["uninitialised", "zeroed", "initialised", "poisoned", "unknown"]
    linked_node: int | None
    linked_zone: str | None
    basis: Literal["evidence", "release", "assumed"]
    reachable_by: list[str]
    severity: Severity
    rule: str | None
    why: str
    causes: list[str]
    lines: list[int]
    inspect: list[Inspection] = []
    cause_why: str | None = None


class Event(msgspec.Struct, frozen=True):
    """An oops or a bad page. ``hole`` is the one of ``holes`` that it fell in."""

    kind: str
    text: str
    address: str | None
    pfn: int | None
    hole: PfnRange | None
    lines: list[int]


class Check(msgspec.Struct, frozen=True):
    """A number or map that the kernel printed, held against ours; ``agrees`` is null where either is not known.

    ``printed`` is "not printed" where the log lacks a number that its reader looks for. ``ranges`` are the page frames
    that ours counts, out of ``holes``; ``note`` says how it comes about.
    """

    what: str
    printed: str
    computed: str | None
    agrees: bool | None
    lines: list[int]
    ranges: list[PfnRange] = []
    note: str = ""


class Diagnostic(msgspec.Struct, frozen=True):
    """Something the reader should know; line and column are 1-based."""

    severity: Literal["info", "warning", "error"]
    code: str
    message: str
    line: int | None
    column: int | None


class Era(msgspec.Struct, frozen=True):
    """The holes outside zone spans on another range of releases."""

    rule: str
    releases: str
    title: str
    state: str
    severity: Severity
    current: bool


class Verdict(msgspec.Struct, frozen=True):
    """The answer in one sentence. ``details`` are further sentences, most important first."""

    severity: Severity
    summary: str
    details: list[str]
    pages_outside_zone_spans: int


class ArgumentNote(msgspec.Struct, frozen=True):
    """What the kernel makes of an argument otherwise than its writer may think: ``width`` characters at ``column``.

    ``column`` is 0-based in the command line.
    """

    severity: Literal["warning", "error"]
    message: str
    column: int
    width: int


class SelfCheck(msgspec.Struct, frozen=True):
    """A list that the log prints and what simulating the log's own command line gives; null where it is not printed."""

    what: str
    agrees: bool | None
    printed: list[str]
    simulated: list[str]
    lines: list[int]


class Simulation(msgspec.Struct, frozen=True):
    """How a simulated document came about. ``log_command_line`` is that of the log, null where it has none.

    ``replays``: whether the log's own command line, simulated, gives what the log printed; null where it prints
    nothing to compare.
    """

    log_command_line: str | None
    command_line: str
    problems: list[ArgumentNote]
    replays: bool | None
    self_check: list[SelfCheck]


class AppliedRule(msgspec.Struct, frozen=True):
    """The row of the rules behind the states, and what it was chosen by.

    ``why`` says so in words. ``doubt`` is what is not certain of the kernel history behind it, ``limits`` what no log
    tells of the mechanism.
    """

    id: str
    title: str
    releases: str
    basis: Literal["evidence", "release", "assumed"]
    why: str
    doubt: str | None
    limits: str | None


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Everything pfnscope has to say about one boot."""

    format: Literal[1] = 1
    origin: Literal["log", "simulated"]
    boot: Boot
    kernel: Kernel
    verdict: Verdict
    firmware_map: list[MapEntry]
    user_map: list[MapEntry]
    extended_map: list[MapEntry]
    modified_map: list[MapEntry]
    e820_changes: list[E820Change]
    efi_map: list[EfiEntry]
    srat: list[SratEntry]
    memblock: Memblock
    reserved_regions: list[ReservedRegion]
    node_ranges: list[NodeRange]
    zone_ranges: list[ZoneRange]
    movable_start: list[MovableStart]
    initmem: list[Initmem]
    page_counts: PageCounts
    zone_spans: list[ZoneSpan]
    sections: Sections
    holes: list[Hole]
    eras: list[Era]
    events: list[Event]
    checks: list[Check]
    diagnostics: list[Diagnostic]
    rule: AppliedRule | None = None
    recognised_lines: list[int] = []
    zoneinfo: list[ZoneInfo] = []
    iomem: list[Resource] = []
    firmware_memmap: list[MapEntry] = []
    memblock_debugfs: DebugfsLists = msgspec.field(default_factory=lambda: DebugfsLists([], [], []))
    memory_blocks: MemoryBlocks = msgspec.field(default_factory=lambda: MemoryBlocks(None, []))
    simulation: Simulation | None = None
