"""From a document to bars."""

from pfnscope.drawing.lanes import frames, lanes, map_lane, missing
from pfnscope.model.analysis import Event
from pfnscope.model.document import Memblock
from pfnscope.model.layout import ZoneSpan
from pfnscope.model.log import EfiEntry, MemblockRegion, ReservedRegion
from pfnscope.model.ranges import Address, ByteRange, FrameRange
from tests.report.documents import hole, seed_document


def test_lanes_stand_in_the_order_in_which_the_kernel_builds_them() -> None:
    """What the document does not have (EFI, memblock, extended map) takes no lane."""
    assert [lane.key for lane in lanes(seed_document())] == ["firmware", "user", "nodes", "zones", "pages", "holes"]


def test_struct_pages_are_cut_by_the_holes() -> None:
    """The dangerous hole stands between initialised frames and the end of its section."""
    pages = next(lane for lane in lanes(seed_document()) if lane.key == "pages")
    assert [(bar.start_pfn, bar.end_pfn, bar.kind, bar.hole) for bar in pages.bars] == [
        (0x0, 0x1, "initialised", 1),
        (0x1, 0x9F, "initialised", None),
        (0x9F, 0x100, "initialised", 2),
        (0x100, 0xBFFD7, "initialised", None),
        (0xBFFD7, 0xC0000, "uninitialised", 0),
        (0x140000, 0x240000, "initialised", None),
    ]


def test_usable_memory_rounds_inward_and_all_else_outward() -> None:
    """As the kernel counts; what is smaller than a page keeps the page that it lies in."""
    assert frames(ByteRange(0x0, 0x9FC00), 4096, inward=True).end == 0x9F
    assert frames(ByteRange(0x9FC00, 0xA0000), 4096, inward=False).start == 0x9F
    assert frames(ByteRange(0x1200, 0x1300), 4096, inward=True).pages == 1


def test_reservations_have_their_names_and_memblock_reserved_has_the_rest() -> None:
    """Neither what the map keeps anyway nor an initial RAM disk that was moved away is a reservation."""
    regions = (
        ReservedRegion(*ByteRange(0x20000000, 0x28000000), "crashkernel", "crashkernel", (11,)),
        ReservedRegion(*ByteRange(0x1000000, 0x1001000), "kernel page tables", "brk", (12,)),
        ReservedRegion(*ByteRange(0x1001000, 0x1002000), "kernel page tables", "brk", (13,)),
        ReservedRegion(*ByteRange(0x7000000, 0x7100000), "RAMDISK", "initrd", (14,)),
        ReservedRegion(*ByteRange(0x8000000, 0x8100000), "RAMDISK moved", "initrd", (15,)),
        ReservedRegion(*ByteRange(0xF0000, 0xF0800), "ACPI DSDT table", "acpi", (16,)),
        ReservedRegion(*ByteRange(0xA0000, 0x100000), "not saved by hibernation", "nosave", (17,)),
    )
    held = MemblockRegion(*ByteRange(0x20000000, 0x28000000), None, None, (18,))
    more = MemblockRegion(*ByteRange(0x7FFF000, 0x8100000), None, None, (19,))
    document = seed_document(reserved_regions=regions, memblock=Memblock((), (held, more)))
    drawn = {lane.key: lane for lane in lanes(document)}
    assert [(bar.start_pfn, bar.end_pfn, bar.kind, bar.label, bar.lines) for bar in drawn["reservations"].bars] == [
        (0x1000, 0x1002, "kernel-data", "kernel page tables", (12, 13)),
        (0x8000, 0x8100, "initrd", "initrd", (15,)),
        (0x20000, 0x28000, "crash-kernel", "crash kernel", (11, 18)),
    ]
    assert [(bar.start_pfn, bar.lines) for bar in drawn["reserved"].bars] == [(0x7FFF, (19,))]
    assert [*drawn].index("user") < [*drawn].index("reservations") < [*drawn].index("nodes")


def test_zone_spans_that_overlap_get_a_lane_for_each_node() -> None:
    """Interleaved nodes: bars of one lane must not hide each other."""
    spans = [ZoneSpan(0, "Normal", 0, 100, 100, 60, 40), ZoneSpan(1, "Normal", 40, 80, 40, 40, 0)]
    keys = [lane.key for lane in lanes(seed_document(zone_spans=spans))]
    assert [key for key in keys if key.startswith("zones")] == ["zones-0", "zones-1"]


def test_where_there_is_no_other_map_that_of_efi_is_the_map_in_force() -> None:
    efi = [EfiEntry(*ByteRange(0, 0x40000000), "Conventional", "", (1,))]
    with_e820 = map_lane(lanes(seed_document(efi_map=efi)))
    without = map_lane(lanes(seed_document(efi_map=efi, firmware_map=(), user_map=())))
    assert with_e820
    assert without
    assert (with_e820.key == "efi", without.key == "efi") == (False, True)


def test_touching_efi_descriptors_of_one_fate_are_one_bar() -> None:
    """Firmware cuts usable memory into pieces that mean nothing on this axis."""
    efi = [
        EfiEntry(*ByteRange(0x0, 0x1000), "Conventional", "WB", (1,)),
        EfiEntry(*ByteRange(0x1000, 0x3000), "Boot Data", "WB", (2,)),
        EfiEntry(*ByteRange(0x3000, 0x4000), "Runtime Code", "WB", (3,)),
    ]
    lane = next(lane for lane in lanes(seed_document(efi_map=efi)) if lane.key == "efi")
    assert [(bar.start_pfn, bar.end_pfn, bar.kind, bar.lines) for bar in lane.bars] == [
        (0, 3, "ram", (1, 2)),
        (3, 4, "reserved", (3,)),
    ]


def test_what_the_log_lacks_is_said() -> None:
    """A drawing without a lane says why."""
    assert missing(seed_document(firmware_map=[], zone_spans=[])) == ["firmware map", "zone spans"]


def test_a_hole_says_where_it_lies() -> None:
    """Frames, pages, size and address, then owner, placement and state."""
    document = seed_document(holes=[hole(0x9F, 0x100)])
    assert "97 pages · 388 KiB · 0x9f000 · reserved, inside DMA, node 0, initialised" in next(
        bar.detail for lane in lanes(document) if lane.key == "holes" for bar in lane.bars
    )


def test_trouble_stands_at_the_frames_that_it_names() -> None:
    """One bar for a run of frames of one kind, in its hole, with all lines; what names no frame has no bar."""
    inside = FrameRange(0xBFFD7, 0xC0000)
    events = [
        Event("bad page", f"pfn:{pfn:x}", None, pfn, inside, (90 + i,)) for i, pfn in enumerate((0xBFFD7, 0xBFFD8))
    ]
    events.append(Event("oops", "unable to handle", Address(0xFFFFEA0002FFF5C0), None, None, (80,)))
    holes = [hole(0, 1), hole(0xBFFD7, 0xC0000)]
    drawn = lanes(seed_document(events=events, holes=holes))
    (bar,) = next(lane for lane in drawn if lane.key == "events").bars
    assert (bar.start_pfn, bar.end_pfn, bar.hole, bar.lines) == (0xBFFD7, 0xBFFD9, 1, (90, 91))
