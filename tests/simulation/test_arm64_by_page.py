"""Limits, nodes and ZONE_MOVABLE of arm64 against a model that keeps single pieces of 1 MiB and counts pages."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pfnscope.model.log import BootLog, MemblockRegion, NodeRange, ReservedRegion, Resource
from pfnscope.model.ranges import ByteRange
from pfnscope.simulation import simulate

UNIT = 1 << 20
PAGES = UNIT // 4096
BLOCK = 1024
"""Pages of the largest buddy."""

Pages = dict[int, tuple[int, bool]]
"""By unit of 1 MiB: its node, and whether firmware keeps it out of the map."""


@st.composite
def memory(draw: st.DrawFn) -> list[tuple[int, int, int, bool]]:
    """Ranges of units by address, with node and mark; neighbours differ in one of them, as in memblock."""
    at, out = draw(st.integers(0, 8)), list[tuple[int, int, int, bool]]()
    for node in range(draw(st.integers(1, 3))):
        nomap = False
        for number in range(draw(st.integers(1, 4))):
            gap = draw(st.integers(0, 3))
            size = draw(st.integers(1, 40 if not nomap else 3))
            at += gap
            nomap = number > 0 and (not nomap if not gap else draw(st.booleans()))
            out.append((at, at + size, node, nomap))
            at += size
    return out


def painted(rows: list[tuple[int, int, int, bool]]) -> Pages:
    return {unit: (node, nomap) for start, end, node, nomap in rows for unit in range(start, end)}


def limited_by_page(pages: Pages, limit: int, image: range) -> Pages:
    left: Pages = {}
    for count, unit in enumerate(sorted(pages)):
        if count < limit or pages[unit][1] or unit in image:
            left[unit] = pages[unit]
    return left


def movable_by_page(units: Pages, movable: int) -> dict[int, int]:
    """First page of ZONE_MOVABLE by node, where all memory is in one zone; ``movable`` counts pages of 4 KiB."""
    own: dict[int, list[int]] = {}
    for unit, (node, _) in sorted(units.items()):
        own.setdefault(node, []).extend(range(unit * PAGES, (unit + 1) * PAGES))
    total = sum(map(len, own.values()))
    required = total - min(-(-movable // BLOCK) * BLOCK, total)
    if not 0 < required < total:
        return {}
    kept = dict.fromkeys(own, 0)
    for usable in range(len(own), 0, -1):
        share = required // usable
        for node in sorted(own):
            if required < share:
                share = required // usable
            more = min(share, len(own[node]) - kept[node], required)
            kept[node] += more
            required -= more
        if required < usable:
            break
    starts = {node: pages[kept[node] - 1] + 1 if kept[node] else pages[0] for node, pages in own.items()}
    rounded = {node: -(-start // BLOCK) * BLOCK for node, start in starts.items()}
    return {node: start for node, start in rounded.items() if start <= own[node][-1]}


def of_rows(rows: list[tuple[int, int, int, bool]], image: range) -> BootLog:
    regions = [
        MemblockRegion(*ByteRange(start * UNIT, end * UNIT), node, 4 if nomap else 0, ())
        for start, end, node, nomap in rows
    ]
    resource = Resource(*ByteRange(image.start * UNIT, image.stop * UNIT), "Kernel code", 1, ())
    log = BootLog(
        arch="arm64",
        node_ranges=tuple(NodeRange(item.node or 0, item.start, item.end, ()) for item in regions),
        memblock_memory=tuple(regions),
        reserved_regions=(ReservedRegion(*ByteRange(0, 16), "EFI memory attributes", "efi-table", ()),),
    )
    return structs.replace(log, files=structs.replace(log.files, iomem=(resource,)))


@given(st.data(), memory())
def test_memory_nodes_and_movable_are_those_of_single_pages(
    data: st.DataObject, rows: list[tuple[int, int, int, bool]]
) -> None:
    pages = painted(rows)
    at = data.draw(st.sampled_from([start for start, _, _, nomap in rows if not nomap])) // 2 * 2
    image = range(at, at + 2)
    limit = data.draw(st.integers(0, len(pages) + 8))
    off = data.draw(st.booleans())
    movable = data.draw(st.integers(0, len(pages)))
    line = " ".join([f"mem={limit}M"] * bool(limit) + ["numa=off"] * off + [f"movablecore={movable}M"] * bool(movable))
    again = simulate(of_rows(rows, image), line, (5, 10, 0)).log
    left = limited_by_page(pages, limit, image) if limit else pages
    left = {unit: (0 if off else node, nomap) for unit, (node, nomap) in left.items()}
    ours = {unit: item.node for item in again.node_ranges for unit in range(item.start // UNIT, item.end // UNIT)}
    assert ours == {unit: node for unit, (node, _) in left.items()}
    marks = {
        unit: bool(item.flags) for item in again.memblock_memory for unit in range(item.start // UNIT, item.end // UNIT)
    }
    assert marks == {unit: nomap for unit, (_, nomap) in left.items()}
    (dma,) = [item for item in again.zone_ranges if item.range is not None]
    assert dma.range == (min(left) * UNIT, (max(left) + 1) * UNIT)
    starts = movable_by_page(left, movable * PAGES) if movable else {}
    assert {item.node: item.start // 4096 for item in again.movable_start} == starts
