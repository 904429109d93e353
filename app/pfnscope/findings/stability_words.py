"""What moved in the firmware's map and what resuming makes of it, in clauses and sentences for findings and reports."""

from collections.abc import Sequence

from pfnscope.model.stability import ResumePair, Stability, UnstableRegion
from pfnscope.units import format_size
from pfnscope.words import counted


def moved_words(known: Stability) -> str:
    """What moved, in one clause: the first region, and how many others."""
    own = [item for item in known.changes if not item.follows] or list(known.changes)
    many = len(known.boots) > 2 and bool(known.regions)
    count = len(known.regions) if many else len(own)
    first = places_words(known.regions[0]) if many else str(own[0]) if own else ""
    return first + (f", and {counted(count - 1, 'more region')}" if count > 1 else "")


def places_words(region: UnstableRegion) -> str:
    """``ACPI data, always 52 KiB, is at 3 places up to 12 KiB apart``."""
    places = [place for place in region.places if place is not None]
    starts, sizes = sorted({place.start for place in places}), {place.range.size for place in places}
    size = f"always {format_size(next(iter(sizes)))}" if len(sizes) == 1 else f"of {len(sizes)} sizes"
    apart = f" up to {format_size(starts[-1] - starts[0])} apart" if len(starts) > 1 else ""
    missing = f", missing in {counted(len(region.places) - len(places), 'boot')}" if None in region.places else ""
    return f"{region.label or region.type}, {size}, is at {counted(len(starts), 'place')}{apart}{missing}"


def ram_only_words(pairs: Sequence[ResumePair]) -> str:
    """What a check of usable memory alone would say of pairs with different maps."""
    passing = sum(pair.ram_only for pair in pairs)
    verdict = "would pass" if passing else "would refuse too"
    if 0 < passing < len(pairs):
        verdict = f"would pass {passing} of {counted(len(pairs), 'pair')}"
    size = "the amount of it is the same" if all(pair.same_size for pair in pairs) else "the amount of it differs too"
    return f"A check of usable memory alone, which kernels up to 7.1 do not have, {verdict}; {size}."
