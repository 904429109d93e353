"""Where kernels keep struct pages: from struct page pointers to page frames.

An :class:`Anchor` is one place where the struct pages of a machine may lie. :func:`anchors` gives all that are possible
for a pointer, the likeliest first; whoever has more evidence, such as a register that holds the frame, chooses.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

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
    STRUCT_PAGE_SIZED,
)
from pfnscope.kernel.vmemmap_arm64 import Linear, linear_maps
from pfnscope.units import GIB, MIB

STRUCT_PAGE_SIZE = 64
"""sizeof(struct page) as distributions build it; 56 to 96 are possible (include/linux/mm.h)."""

_SIZES = (64, 56, 72, 80)
"""sizeof(struct page) on 64-bit machines, the usual one first: include/linux/mm_types.h, 2.6.32 to 7.1.

56 without padding for SLUB's cmpxchg_double or a memory cgroup, 72 and 80 with kmemcheck, page debugging or KMSAN.
"""

_WINDOW = 1 << 40
"""Struct pages of all memory that x86-64 with 4 levels of page tables can have, in bytes."""

_USUAL_END = 1 << 40
"""Memory of a machine in bytes, where nothing tells how much it has."""

_MOST_PLACES = 64
"""Where more remain, by alignment alone, a pointer tells nothing: 4 TiB of memory on x86-64."""

_ODDS = 64
"""A pointer that lies where struct pages are without KASLR is there by KASLR in less than one case of so many."""


class Hint(Struct, frozen=True):
    """A printed line that tells where struct pages lie; see :class:`pfnscope.model.log.StructPages`."""

    kind: str
    address: int | None
    node: int | None = None


class Ground(Struct, frozen=True):
    """Page frames that hints are about: the first of memory, the first with a struct page, the first of each node."""

    memory: int
    struct_page: int
    nodes: Mapping[int, int]
    page_size: int


class Anchor(Struct, frozen=True):
    """Where the struct page of frame 0 lies or would lie, how large one is, and what tells.

    ``aligned``: nothing but the alignment of the place speaks for it.
    """

    base: int
    size: int
    why: str
    aligned: bool = False

    def frame(self, address: int, *, inside: bool = False) -> int | None:
        """The frame whose struct page begins at ``address``, or where ``inside``, holds it."""
        pfn, rest = divmod(address - self.base, self.size)
        return pfn if pfn >= 0 and (inside or not rest) else None


class Frames(Protocol):
    """A set of page frames."""

    def __contains__(self, pfn: int, /) -> bool: ...


class Machine(Struct, frozen=True, kw_only=True):
    """What is known of the machine whose struct pages are looked for.

    ``unmoved`` says why no KASLR has moved them, None where it may have. ``first`` is the first frame of memory,
    ``pages`` are the frames with a struct page, None where not known; none lies at ``end`` or above, 0 where that is
    not known. ``proven`` is the one place where they lie, where the text proves it.
    """

    arch: str | None
    version: Version | None
    page_size: int
    unmoved: str | None = None
    first: int | None = None
    pages: Frames | None = None
    end: int = 0
    proven: Anchor | None = None

    def holds(self, pfn: int | None) -> bool:
        """Whether a frame can have a struct page."""
        return pfn is not None and pfn < self.highest and (self.pages is None or pfn in self.pages)

    @property
    def highest(self) -> int:
        """One beyond the highest frame, of a usual machine where that is not known."""
        return self.end or _USUAL_END // self.page_size


def struct_page_sizes(arch: str | None, version: Version | None) -> tuple[int, ...]:
    """Bytes that a struct page may have, the likeliest first; 32 on 32-bit machines."""
    if architecture(arch).bits < 64:
        return (32,)
    if arch != "x86_64" or STRUCT_PAGE_SIZED.reached(version, unknown=False):
        return (STRUCT_PAGE_SIZE,)
    return _SIZES if STRUCT_PAGE_ALIGNED.reached(version, unknown=True) else (56,)


def why_unmoved(
    arch: str | None, version: Version | None, command_line: str | None, hints: Iterable[Hint] = ()
) -> str | None:
    """What says that struct pages lie where they do without KASLR, or None.

    KASAN switches memory KASLR of x86-64 off: kaslr_memory_enabled() in arch/x86/mm/kaslr.c, 4.8 to 6.12. "Kernel
    Offset: disabled" in a panic is KASLR switched off: dump_kernel_offset() in arch/x86/kernel/setup.c, arch/arm64.
    """
    if any(argument.name == "nokaslr" for argument in arguments(command_line or "")):
        return "nokaslr on the command line"
    kinds = {hint.kind for hint in hints}
    if "unmoved" in kinds:
        return "the log says that KASLR is off"
    if arch == "x86_64":
        if not MEMORY_KASLR.reached(version, unknown=True):
            return "the release has no memory KASLR"
        return "KASAN switches memory KASLR off" if "kasan" in kinds else None
    return "the release has no KASLR" if arch == "arm64" and not ARM64_KASLR.reached(version, unknown=True) else None


def fixed_anchor(machine: Machine) -> Anchor | None:
    """The one place of a machine whose struct pages were not moved, without a pointer to them."""
    bases, sizes = architecture(machine.arch).vmemmap_bases, struct_page_sizes(machine.arch, machine.version)
    if machine.unmoved is None or not bases or len(sizes) > 1:
        return None
    return Anchor(bases[0], sizes[0], machine.unmoved)


def anchors(machine: Machine, address: int, *, inside: bool = False) -> tuple[Anchor, ...]:
    """Where struct pages may lie if ``address`` is that of one (``inside``: or lies in one), the likeliest first.

    One that is proven, and one that is so likely that the others do not count, comes alone.
    """
    if machine.proven is None and machine.arch == "x86_64":
        return tuple(_x86(machine, address, inside))  # those that hold
    if machine.proven is not None:
        possible: Iterator[Anchor] = _proven(machine.proven, machine.arch)
    elif machine.arch == "arm64":
        possible = _arm64(machine, address, inside)
    else:
        possible = _by_top(machine, address)
    return tuple(item for item in possible if machine.holds(item.frame(address, inside=inside)))


def can_begin(arch: str | None, base: int) -> bool:
    """Whether the struct page of frame 0 can lie at an address."""
    align = X86_ALIGN if architecture(arch).vmemmap_bases else 1
    return base >= 0 and base % align == 0


X86_ALIGN = GIB


def _proven(anchor: Anchor, arch: str | None) -> Iterator[Anchor]:
    """What is proven; that nothing was moved does not tell how many levels the page tables have."""
    yield anchor
    bases = architecture(arch).vmemmap_bases
    if anchor.base in bases:
        yield from (Anchor(base, anchor.size, anchor.why) for base in bases if base != anchor.base)


def can_be_struct_page(arch: str | None, address: int) -> bool:
    """Whether a struct page can lie at an address. Of most architectures it is not known where none does."""
    row = architecture(arch)
    if row.vmemmap_windows:
        return any(start <= address < end + _WINDOW for start, end in row.vmemmap_windows)
    return not row.vmemmap_tops or address >> 48 in dict(row.vmemmap_tops)


def _x86(machine: Machine, address: int, inside: bool) -> Iterator[Anchor]:
    """Without KASLR at one of two places, with it at any multiple of 1 GiB (PUD_SIZE).

    Source: kernel_randomize_memory() in arch/x86/mm/kaslr.c, 4.8 to 7.1; with 5 levels of page tables it was a multiple
    of 512 GiB up to 5.1.
    """
    if not can_be_struct_page(machine.arch, address):
        return
    sizes = struct_page_sizes(machine.arch, machine.version)
    if not inside and address % STRUCT_PAGE_SIZE:  # whatever the release: where they begin is a multiple of it
        sizes = tuple(size for size in _SIZES if size != STRUCT_PAGE_SIZE)
    usual = [Anchor(base, size, "") for base in architecture(machine.arch).vmemmap_bases for size in sizes]
    near = [item for item in usual if machine.holds(item.frame(address, inside=inside))]
    if near or machine.unmoved:
        why = machine.unmoved or "without memory KASLR they begin there"
        yield from (Anchor(item.base, item.size, why) for item in near)
        return
    windows = architecture(machine.arch).vmemmap_windows
    for size in sizes:
        places = -(-machine.highest * size // GIB)
        for above in range(places if places <= _MOST_PLACES else 0):
            pfn, rest = divmod(address % GIB + above * GIB, size)
            if (rest and not inside) or not machine.holds(pfn):
                continue
            base = (address // GIB - above) * GIB
            if any(start <= base < end for start, end in windows):
                yield Anchor(base, size, "on x86-64 they begin at a multiple of 1 GiB", aligned=True)


def _arm64(machine: Machine, address: int, inside: bool) -> Iterator[Anchor]:
    """By the first frame of memory, of which KASLR makes a higher multiple of the linear map's alignment.

    Source: arm64_memblock_init() in arch/arm64/mm/init.c, 4.7 to 7.1.
    """
    if machine.first is None:
        return
    size = STRUCT_PAGE_SIZE
    windows = [item for item in linear_maps(machine.version, machine.page_size) if item.start <= address < item.end]
    usual = [Anchor(item.start - _linear_start(machine, item) * size, size, _linear_words(item)) for item in windows]
    near = [anchor for anchor in usual if machine.holds(anchor.frame(address, inside=inside))]
    yield from near
    span = (machine.highest - machine.first) * size
    if machine.unmoved or (near and all(span * _ODDS <= item.end - item.start for item in windows)):
        return
    for item, anchor in zip(windows, usual, strict=True):
        step = item.align // machine.page_size
        frame = (address - anchor.base) // size
        why = f"KASLR moves those of the first memory by a multiple of {step * size // MIB} MiB"
        moves = range(max(1, -((machine.highest - 1 - frame) // step)), (frame - machine.first) // step + 1)
        for higher in moves if len(moves) <= _MOST_PLACES else ():
            yield Anchor(anchor.base + higher * step * size, size, why, aligned=True)


def _linear_start(machine: Machine, place: Linear) -> int:
    frames = place.align // machine.page_size
    return (machine.first or 0) // frames * frames


def _linear_words(place: Linear) -> str:
    return f"that of the first memory lies at {place.start:#x} with {place.bits}-bit addresses"


def _by_top(machine: Machine, address: int) -> Iterator[Anchor]:
    source = dict(architecture(machine.arch).vmemmap_tops).get(address >> 48)
    if source:
        yield Anchor(address >> 48 << 48, STRUCT_PAGE_SIZE, f"powerpc has them there: {source}")


def anchors_with(machine: Machine, address: int, values: Sequence[int], *, inside: bool = False) -> tuple[Anchor, ...]:
    """Those of :func:`anchors` whose frame a register beside the pointer holds.

    A register may hold the frame, its address in bytes, or how far its struct page is from that of frame 0. Where the
    place is a matter of alignment (``random_vmemmap``), one that holds the frame gives it away.
    """
    held = {value for value in values if value >= _SMALLEST}
    if not held:
        return ()
    out = [
        item
        for item in anchors(machine, address, inside=inside)
        if (pfn := item.frame(address, inside=inside)) is not None
        and pfn >= _SMALLEST
        and {pfn, pfn * machine.page_size, pfn * item.size} & held
    ]
    if out or machine.proven is not None:
        return tuple(out)
    lowest, align = architecture(machine.arch).random_vmemmap or (1 << 64, 1)
    return tuple(
        Anchor(base, size, "")
        for size in struct_page_sizes(machine.arch, machine.version)
        for value in sorted(held)
        if machine.holds(value)
        and not inside
        and (base := address - value * size) >= lowest
        and base % align == 0
        and machine.unmoved is None
    )


_SMALLEST = 16
"""Smaller numbers are in registers for many reasons."""


def printed_anchor(
    arch: str | None, version: Version | None, command_line: str | None, hints: Iterable[Hint], ground: Ground
) -> Anchor | None:
    """What a line of the log says, where release and architecture tell of which frame it speaks."""
    size = struct_page_sizes(arch, version)[0]
    by_kind: dict[str, list[tuple[int, Hint]]] = {}
    for hint in hints:
        if hint.address is not None:
            by_kind.setdefault(hint.kind, []).append((hint.address, hint))
    for kind, alike in by_kind.items():
        address, first = min(alike, key=lambda pair: pair[0])
        frame = _frame_of(kind, first, arch, version, command_line, ground)
        if frame is not None and not (kind == "window" and "actual" in by_kind):  # that is of the whole window
            return Anchor(address - frame * size, size, f"the log prints where they lie ({kind})")
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
    return _rounded(ground, GIB) if why_unmoved("arm64", version, command_line) else None


def _rounded(ground: Ground, align: int) -> int:
    frames = align // ground.page_size
    return ground.memory // frames * frames
