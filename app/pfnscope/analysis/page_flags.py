"""Node and zone that the flags of dumped struct pages say."""

from collections.abc import Sequence

from msgspec import Struct

from pfnscope.kernel import page_flags
from pfnscope.kernel.architectures import architecture, zone_limits
from pfnscope.kernel.page_flags import Split
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog, PageDump

_AFTER_RAM = ("Movable", "Device")
"""Zones that "Zone ranges" does not print, behind those that it does: enum zone_type in include/linux/mmzone.h."""


class Link(Struct, frozen=True):
    """The node and the zone that page flags say, each None where they do not tell it."""

    node: int | None = None
    zone: str | None = None


def links(log: BootLog, layout: Layout) -> tuple[Link, ...]:
    """What the dump of each event says of its own struct page."""
    dumps = [event.dump for event in log.events]
    if not any(dump is not None and dump.flags is not None for dump in dumps):
        return tuple(Link() for _ in dumps)
    names = zone_names(log, layout)
    nodes = set(layout.by_node) or None
    movable = any(span.zone == _AFTER_RAM[0] for span in layout.zone_spans)
    zones = {number for number, name in enumerate(names) if name != _AFTER_RAM[0] or movable} or None
    counts = {count.value for count in log.page_counts.configured_cpus}
    cpus = counts.pop() if len(counts) == 1 else None
    wide = architecture(layout.arch).bits > 32
    known = _known([dump for dump in dumps if dump is not None], cpus) or tuple(
        Split(item.node, item.zone, 0) for item in log.page_counts.flag_widths if not item.section
    )
    out: list[Link] = []
    for dump in dumps:
        node, zone = (dump.node, dump.zone) if dump else (None, None)
        if dump is not None and dump.flags is not None and node is None and wide:
            node, zone = page_flags.link(dump.flags, cpus, nodes, zones, known or None)
        out.append(Link(node, names[zone] if zone is not None and zone < len(names) else None))
    return tuple(out)


def zone_names(log: BootLog, layout: Layout) -> tuple[str, ...]:
    """Zones by number: as "Zone ranges" prints them, unless the beginning of that list is missing."""
    usual = [name for name, _ in zone_limits(layout.arch, layout.version, 0)]
    printed = [item.zone for item in log.zone_ranges]
    cut = bool(printed and usual) and printed[0] == usual[-1] != usual[0]
    names = usual if cut or not printed else printed
    return (*names, *_AFTER_RAM) if names else ()


def _known(dumps: Sequence[PageDump], cpus: int | None) -> tuple[Split, ...]:
    """Splits of page flags that fit each word whose node and zone stand beside it by number."""
    left: tuple[Split, ...] | None = None
    for dump in dumps:
        if dump.flags is None or dump.node is None or dump.zone is None:
            continue
        printed = (dump.node, dump.zone)
        own = [item for item in page_flags.splits(dump.flags, cpus) if item.read(dump.flags) == printed]
        left = tuple(item for item in (own if left is None else left) if item in own)
    return left or ()
