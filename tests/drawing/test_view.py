"""What an address leaves to the layout: the axis, and the lanes that say nothing of their own."""

import pytest

from pfnscope.drawing import scene, svg, view
from pfnscope.drawing.axis import Axes, schematic, usual
from pfnscope.drawing.lanes import Bar, Lane, lanes
from pfnscope.model.document import DebugfsLists
from pfnscope.model.log import DebugfsRegion, MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange
from tests.report.documents import seed_document

GIB = 1 << 18
"""Page frames."""
ISLANDS = (0x9F, 0xA0, 0x100, 0x6CEFF, 0x6FEFF, 0x6FF7F, 0x6FFFF, 0x70000, 0x90000, 0xFE000, 0xFE011)


def _keys(drawn: scene.Scene) -> list[str]:
    return [lane.key for lane in drawn.lanes]


def _eight_nodes() -> list[Lane]:
    """Eight nodes of 32 GiB, each without its last 2 MiB, above a firmware map in pieces."""
    ends = [(node + 1) * 32 * GIB for node in range(8)]
    starts = [0, *ends[:-1]]
    pieces = [Bar(a, b, "ram", "usable", "") for a, b in zip((0, *ISLANDS), (*ISLANDS, 4 * GIB), strict=True)]
    pairs = list(zip(starts, ends, strict=True))
    own = [(max(start, 4 * GIB), end - 512, end) for start, end in pairs]
    nodes = tuple(Bar(a, b, f"node-{n % 4}", f"node {n}", "") for n, (a, b, _) in enumerate(own))
    zones = tuple(Bar(a, b, "zone-normal", f"Normal · node {n}", "") for n, (a, b, _) in enumerate(own))
    holes = tuple(Bar(b, c, "danger", "512 pages", "", (), n) for n, (_, b, c) in enumerate(own))
    return [
        Lane("firmware", "Firmware map", "", (*pieces, *(Bar(a, b, "ram", "usable", "") for a, b, _ in own))),
        Lane("nodes", "Nodes", "", nodes, core=True),
        Lane("zones", "Zones", "", zones, core=True),
        Lane("holes", "Holes", "", holes, core=True),
    ]


def test_the_axis_is_chosen_where_no_address_names_it() -> None:
    """To scale where that names more nodes and zones; links of a version always have one, without a name schematic."""
    eight, seed = _eight_nodes(), lanes(seed_document())
    assert usual(Axes(eight), eight) == "scale"
    assert usual(Axes(seed), seed) == "schematic"
    assert view.read({"lanes": "nodes"}).axis is None
    assert view.read({"v": "2", "sel": "0xbffd7-0xc0000"}).axis == "schematic"
    assert view.read({"v": "1", "hole": "4"}).axis == "schematic"
    assert view.read({"v": "2", "axis": "scale"}).axis == "scale"


def test_pieces_of_firmware_take_no_half_of_a_large_machine() -> None:
    """Twelve intervals below 4 GiB together are less wide than two nodes, and each can still be seen at 1100 pixels."""
    axis = schematic(_eight_nodes())
    assert axis.place(4 * GIB) < 2 * (axis.place(64 * GIB) - axis.place(32 * GIB))
    assert min(axis.place(b) - axis.place(a) for a, b in zip((0, *ISLANDS), ISLANDS, strict=False)) * 1100 > 4


def test_what_repeats_another_lane_is_folded_and_named() -> None:
    """A user map that changed nothing; it is listed, and shown where the address names it."""
    seed = seed_document()
    drawn = scene.of(seed_document(user_map=seed.firmware_map))
    assert _keys(drawn)[:3] == ["firmware", "user", "nodes"]
    assert _keys(view.shown(drawn)) == ["firmware", "nodes", "zones", "pages", "holes"]
    assert view.folded_words(drawn, ()) == ["The same as Firmware map: User map."]
    assert _keys(view.shown(drawn, ["user", "nodes"])) == ["user", "nodes"]
    assert ("user", "User map") in view.families(drawn)
    assert "User map" not in svg.draw(drawn)
    assert view.shown(scene.of(seed)).lanes == scene.of(seed).lanes


@pytest.mark.parametrize("end", [0xBFFD7000, 0xBFFD8000])
def test_lanes_of_other_sources_are_folded_into_the_one_that_is_always_drawn(end: int) -> None:
    """memblock of debugfs above the nodes that it repeats to the page; not where one page is another."""
    seed = seed_document()
    first, second, third = (item.range for item in seed.node_ranges)
    regions = [DebugfsRegion(*ByteRange(at.start, stop), node, None, (1,))
               for at, stop, node in ((first, first.end, 0), (second, end, 0), (third, third.end, 1))]  # fmt: skip
    drawn = scene.of(seed_document(memblock_debugfs=DebugfsLists(tuple(regions), (), ())))
    same = end == second.end
    assert ("debugfs-memory" in _keys(view.shown(drawn))) is not same
    assert view.folded_words(drawn, ()) == (["The same as Nodes: memblock.memory."] if same else [])
    assert "nodes" in _keys(view.shown(drawn))


def test_persistent_memory_above_all_other_is_on_the_axis_to_scale() -> None:
    """The axis ends with the last entry that is not merely reserved."""
    entries = [
        *seed_document().firmware_map,
        MapEntry(*ByteRange(0x400000000, 0x440000000), MemoryType.PMEM, "persistent (type 7)", (9,)),
        MapEntry(*ByteRange(0xFD00000000, 0x10000000000), MemoryType.RESERVED, "reserved", (10,)),
    ]
    assert Axes(lanes(seed_document(firmware_map=entries)))["scale"].pfns == (0, 0x440000)
