"""Node and zone in page->flags, whose fields have other widths in every configuration."""

from collections.abc import Collection

from msgspec import Struct

_BITS = 64
_MOST_NODE_BITS = 10
"""NODES_SHIFT of arch/*/Kconfig, 2.6.32 to 7.1."""

_MOST_ZONE_BITS = 3
"""ZONES_SHIFT of include/linux/page-flags-layout.h, 4.4 to 7.1."""

_FLAGS = 30
"""The flags themselves lie below: NR_PAGEFLAGS of include/linux/page-flags.h, 4.4 to 7.1."""

_PID_BITS = 8
_MOST_CPU_BITS = 13
"""LAST__PID_SHIFT and the bits of CONFIG_NR_CPUS of 8192, the most of any architecture."""


class Split(Struct, frozen=True):
    """Bits of the node and of the zone, from the top down, and of the CPU and pid below that used the page last."""

    node: int
    zone: int
    last: int

    def read(self, word: int) -> tuple[int, int]:
        """Node and zone by number."""
        return word >> (_BITS - self.node), word >> (_BITS - self.node - self.zone) & ((1 << self.zone) - 1)


def splits(word: int, cpus: int | None = None) -> tuple[Split, ...]:
    """Every split of a 64-bit word whose CPU and pid are all ones, as initialisation leaves them, or not kept.

    ``cpus`` is CONFIG_NR_CPUS. With a vmemmap, sections have no field. Sources: include/linux/page-flags-layout.h and
    page_cpupid_reset_last() in include/linux/mm.h, 4.4 to 7.1.
    """
    least = _PID_BITS + ((cpus - 1).bit_length() if cpus else 0)
    most = least if cpus else _PID_BITS + _MOST_CPU_BITS
    out: list[Split] = []
    for zone in range(1, _MOST_ZONE_BITS + 1):
        for node in range(_MOST_NODE_BITS + 1):
            below = _BITS - node - zone
            rest = word & ((1 << below) - 1)
            run = below - (rest ^ ((1 << below) - 1)).bit_length()
            others = rest & ((1 << (below - run)) - 1)
            if others >> _FLAGS == 0 and (run == 0 or least <= run <= most):
                out.append(Split(node, zone, run))
    return tuple(out)


def link(
    word: int,
    cpus: int | None = None,
    nodes: Collection[int] | None = None,
    zones: Collection[int] | None = None,
    known: Collection[Split] | None = None,
) -> tuple[int | None, int | None]:
    """Node and zone that a word says, each None where the splits that remain do not agree on it.

    ``nodes`` and ``zones`` are those that the machine has, None where not known, ``known`` the splits that other words
    of the same kernel leave. Where it is open how many of the ones are CPU and pid, all of them are.
    """
    if word == (1 << _BITS) - 1:
        return None, None
    readings = [
        (*item.read(word), item.last)
        for item in splits(word, cpus)
        if known is None or any((item.node, item.zone) == (other.node, other.zone) for other in known)
    ]
    readings = [
        item for item in readings if (nodes is None or item[0] in nodes) and (zones is None or item[1] in zones)
    ]
    longest = max((last for _, _, last in readings), default=0)
    own_nodes = {node for node, _, last in readings if last == longest}
    own_zones = {zone for _, zone, last in readings if last == longest}
    return _only(own_nodes), _only(own_zones)


def _only(values: set[int]) -> int | None:
    return next(iter(values)) if len(values) == 1 else None
