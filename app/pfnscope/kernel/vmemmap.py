"""Where kernels keep struct pages: from struct page addresses to frame numbers."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from pfnscope.kernel.architectures import architecture
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import (
    ARM64_KASLR,
    MEMORY_KASLR,
    RISCV_BEYOND_ZERO,
    RISCV_FROM_RAM,
    STRUCT_PAGE_ALIGNED,
)
from pfnscope.units import GIB, MIB

BASE = 0xFFFFEA0000000000
"""Start of the struct pages without memory KASLR: arch/x86/include/asm/pgtable_64_types.h, 4.17 to 7.1 (4-level)."""

_BASE_L5 = 0xFFD4000000000000  # the same for 5-level paging
_END_L5 = 0xFFD6000000000000

LOWEST = 0xFFFFD40000000000
"""No struct page of a 4-level kernel lies lower, with memory KASLR or without."""

STRUCT_PAGE_SIZE = 64
"""sizeof(struct page) as distributions build it; 56 to 96 are possible (include/linux/mm.h)."""


class Hint(Struct, frozen=True):
    """A printed line that tells where struct pages lie; see :class:`pfnscope.model.log.StructPages`."""

    kind: str
    address: int
    node: int | None = None


class Ground(Struct, frozen=True):
    """Page frames that hints are about: the first of memory, the first with a struct page, the first of each node."""

    memory: int
    struct_page: int
    nodes: Mapping[int, int]
    page_size: int


class Anchor(Struct, frozen=True):
    """Where the struct page of frame 0 lies or would lie, how large one is, and what tells."""

    base: int
    size: int
    why: str

    def frame(self, address: int) -> int | None:
        """The frame whose struct page begins at ``address``."""
        pfn, rest = divmod(address - self.base, self.size)
        return pfn if pfn >= 0 and not rest else None


def struct_page_size(arch: str | None, version: Version | None) -> int:
    """Bytes of a struct page as distributions build it: 32 on 32-bit machines, 64 or before 3.1 56 on others."""
    if architecture(arch).bits < 64:
        return 32
    return STRUCT_PAGE_SIZE if arch != "x86_64" or STRUCT_PAGE_ALIGNED.reached(version, unknown=True) else 56


def proven_base(arch: str | None, version: Version | None, command_line: str | None) -> int | None:
    """The base where release or command line prove that it was not randomised, else None."""
    if arch != "x86_64":
        return None
    return BASE if _fixed(command_line) or not MEMORY_KASLR.reached(version, unknown=True) else None


def printed_anchor(
    arch: str | None, version: Version | None, command_line: str | None, hints: Iterable[Hint], ground: Ground
) -> Anchor | None:
    """What a line of the log says, where release and architecture tell of which frame it speaks."""
    size = struct_page_size(arch, version)
    by_kind: dict[str, list[Hint]] = {}
    for hint in hints:
        by_kind.setdefault(hint.kind, []).append(hint)
    for kind, alike in by_kind.items():
        first = min(alike, key=lambda hint: hint.address)
        frame = _frame_of(kind, first, arch, version, command_line, ground)
        if frame is not None and not (kind == "window" and "actual" in by_kind):  # that is of the whole window
            return Anchor(first.address - frame * size, size, f"the log prints where struct pages lie ({kind})")
    return None


def _frame_of(
    kind: str, hint: Hint, arch: str | None, version: Version | None, command_line: str | None, ground: Ground
) -> int | None:
    """The frame whose struct page lies at a printed address, or None where nothing proves it."""
    if kind == "start":
        return 0
    if kind == "populated":
        return ground.struct_page if arch == "x86_64" else None
    if kind == "flat":
        return None if hint.node is None else ground.nodes.get(hint.node)
    if arch == "arm64":
        return _frame_arm64(kind, version, command_line, ground)
    if arch == "riscv64" and kind == "window" and version is not None:
        if not RISCV_BEYOND_ZERO.reached(version):
            return 0
        aligned = _rounded(ground, 128 * MIB) == ground.memory
        return ground.memory if RISCV_FROM_RAM.reached(version) and aligned else None
    return None


def _frame_arm64(kind: str, version: Version | None, command_line: str | None, ground: Ground) -> int | None:
    """Of which frame a line of arch/arm64/mm/init.c speaks.

    3.10 and 4.4: of the start of the linear map, which is memory rounded down to 2 MiB. 4.14: "actual" of the first
    frame of memory; "window" of memory rounded down to 1 GiB, but with KASLR of a frame that nobody knows.
    """
    if version is None:
        return None
    if not ARM64_KASLR.reached(version):
        return _rounded(ground, 2 * MIB)
    if kind == "actual":
        return ground.memory
    return _rounded(ground, GIB) if _fixed(command_line) else None


def _rounded(ground: Ground, align: int) -> int:
    frames = align // ground.page_size
    return ground.memory // frames * frames


def default_anchor(arch: str | None, version: Version | None, command_line: str | None, address: int) -> Anchor | None:
    """Where an architecture always keeps struct pages, for an address that lies there."""
    source = dict(architecture(arch).vmemmap_tops).get(address >> 48)
    if source:
        return Anchor(address >> 48 << 48, STRUCT_PAGE_SIZE, f"struct pages of powerpc begin there: {source}")
    base = proven_base(arch, version, command_line)
    if base is None or not (is_struct_page(address) or not STRUCT_PAGE_ALIGNED.reached(version, unknown=True)):
        return None
    if _BASE_L5 <= address < _END_L5:
        base = _BASE_L5
    return Anchor(base, struct_page_size(arch, version), "the base without memory KASLR")


def base_from_registers(struct_page: int, registers: Iterable[int], arch: str | None = "x86_64") -> int | None:
    """The base that a register holding the pfn of ``struct_page`` gives away: it is aligned.

    None too where it is not known how the architecture aligns it (``random_vmemmap`` of its row).
    """
    lowest, align = architecture(arch).random_vmemmap or (1 << 64, 1)
    if struct_page < lowest:
        return None
    for value in registers:
        base = struct_page - value * STRUCT_PAGE_SIZE
        if 0 < value < 1 << 40 and base >= lowest and base % align == 0:
            return base
    return None


def is_struct_page(address: int) -> bool:
    """Whether the address can be that of a struct page of x86-64, with 4 levels of page tables or 5."""
    return (LOWEST <= address < 1 << 64 or _BASE_L5 <= address < _END_L5) and address % STRUCT_PAGE_SIZE == 0


def _fixed(command_line: str | None) -> bool:
    return any(argument.name == "nokaslr" for argument in arguments(command_line or ""))
