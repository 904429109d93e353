"""Where a region of reserve_mem= lies, or why it does not fit."""

from msgspec import structs

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.places.areas import Area, Window, area, fits, free_at, largest, placements_of
from pfnscope.kernel.pools import LEAST_ALIGNMENT
from pfnscope.kernel.thresholds import RESERVE_MEM
from pfnscope.model.answers import OtherForm, Placements
from pfnscope.units import MIB, argument_size, leading_size
from pfnscope.words import shortened


def reserve_mem(analysis: Analysis, value: str) -> Placements:
    """The memory for what stands behind ``reserve_mem=``.

    Raises NotSimulated where nothing can be said, and ValueError for a value that cannot be read.

    Source: reserve_mem() and memblock_phys_alloc() in mm/memblock.c, 6.11 to 7.1: when the command line is parsed,
    from the end of memory downwards.
    """
    size, rest = leading_size(value)
    align, name = leading_size(rest[1:]) if rest.startswith(":") else (None, "")
    if not size or align is None or not name.startswith(":") or len(name) < 2:
        raise ValueError(
            f"{shortened(value)!r} is no value of reserve_mem=; write SIZE:ALIGN:NAME, such as 12M:4096:trace."
        )
    if align & (align - 1):
        raise ValueError(f"The alignment of {shortened(value)!r} is no power of two.")
    align = max(align, LEAST_ALIGNMENT)
    free = free_at(analysis, None)
    end = free.memory[-1][1]
    if not RESERVE_MEM.reached(analysis.layout.version, unknown=True):
        answer = placements_of(analysis, "reserve_mem", f"reserve_mem={value}", "", size, align, Area("fails"))
        return structs.replace(
            answer, text=f"This release does not know reserve_mem=: it is understood from {RESERVE_MEM.since} on."
        )
    result = area(free, size, align, (Window(0, end),), free.memory)
    forms: tuple[OtherForm, ...] = ()
    if result.outcome != "fits":
        less = largest(lambda size: fits(free, size, align, 0, end), min(size, end) - 1, MIB)
        forms = (OtherForm(f"reserve_mem={argument_size(less)}{rest}", "a smaller region fits"),) if less else ()
    return placements_of(
        analysis, "reserve_mem", f"reserve_mem={value}", "The reserve_mem= region", size, align, result, forms
    )
