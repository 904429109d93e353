"""What crash and drgn show: struct pages, zones, ranges of memory, release and machine."""

import pytest

from tests.support.crashes import BACKTRACE, HEALTHY, KMEM_P, KMEM_P_FINE, SEED, STRUCT_PAGE, VMEMMAP, judged


def test_ranges_of_struct_resource_are_system_ram() -> None:
    """Ends are inclusive, as in /proc/iomem."""
    document = judged(
        "crash> somebodys_list | grep RAM\n"
        "<struct resource 0xffff88013fffd2f8>          1000 -        9efff       System RAM (632.00 KiB)\n"
        "<struct resource 0xffff88013fffd3a0>        100000 -     bffd6fff\tSystem RAM (  3.00 GiB)\n"
    )
    assert [(item.start, item.end, item.name) for item in document.iomem] == [
        (0x1000, 0x9F000, "System RAM"),
        (0x100000, 0xBFFD7000, "System RAM"),
    ]


KMEM_Z = """\
crash> kmem -z
NODE: 1  ZONE: 0  ADDR: ffff88003d52a000  NAME: "DMA"
  SIZE: 4095  PRESENT: 3998  MIN/LOW/HIGH: 32/40/48
NODE: 1  ZONE: 1  ADDR: ffff88003d52a740  NAME: "DMA32"
  SIZE: 782295  MIN/LOW/HIGH: 6000/7500/9000
"""
KMEM_N = """\
crash> kmem -n
NODE    SIZE      PGLIST_DATA       BOOTMEM_DATA       NODE_ZONES
  1    786390   ffff88003d52a000        ----        ffff88003d52a000
ZONE  NAME         SIZE       MEM_MAP      START_PADDR  START_MAPNR
  0   DMA          4095  ffffea0000000040         1000            1
  1   DMA32      782295  ffffea0000040000      1000000         4096
   MEM_BLOCK        NAME     PHYSICAL RANGE      STATE   START_SECTION_NO
 ffff88003a707c00  memory0          0 -  7ffffff ONLINE  0
 ffff88003a6e0000  memory1    8000000 -  fffffff ONLINE  1
"""


def test_zones_of_crash_have_their_spans_and_frames_a_zone() -> None:
    document = judged(KMEM_Z + KMEM_N + KMEM_P)
    assert [
        (zone.node, zone.zone, zone.start_pfn, zone.spanned_pages, zone.present_pages) for zone in document.zoneinfo
    ] == [
        (1, "DMA", 1, 4095, 3998),
        (1, "DMA32", 0x1000, 782295, 782295),
    ]
    assert [(item.start, item.end, item.state) for item in document.memory_blocks.ranges] == [(0, 0x10000000, "online")]
    assert "pfn 0xbfffe · 0xbfffe000, in no zone" in document.findings[0].text
    inside = judged(KMEM_Z + KMEM_N + KMEM_P.replace("bfffe000", "bffd6000"))
    assert "pfn 0xbffd6 · 0xbffd6000, in node 1, DMA32" in inside.findings[0].text


def test_where_crash_has_the_struct_pages_of_a_node_places_other_pointers() -> None:
    """With KASLR they lie anywhere; here the page of frame 1 tells where."""
    base = 0xFFFFD3A1C0000000
    nodes = f"    MEM_MAP          START_PADDR    START_MAPNR\n{base + 64:x}        1000             1\n"
    lines = (
        SEED.replace("nokaslr", "quiet") + nodes + STRUCT_PAGE.replace("ffffea0002ffff80", f"{base + 0xBFFFE * 64:x}")
    )
    assert [event.pfn for event in judged(lines).events] == [1, 0xBFFFE]


def test_what_crash_says_of_the_kernel_is_its_release_and_architecture() -> None:
    head = "     RELEASE: 4.17.3-100.fc27.x86_64\n     MACHINE: x86_64  (2394 Mhz)\n"
    document = judged(head + BACKTRACE)
    assert (document.kernel.release, document.kernel.arch) == ("4.17.3-100.fc27.x86_64", "x86_64")
    assert document.findings[0].code == "crash-on-unwritten"


def test_where_a_zone_begins_is_not_guessed() -> None:
    document = judged(KMEM_Z + KMEM_P)
    assert [zone.start_pfn for zone in document.zoneinfo] == [None, None]
    assert document.zone_spans == ()


DRGN_ALONE = """\
>>> pfn_to_page(prog, 0xbfffe)
*(struct page *)0xffffea0002ffff80 = {
        .flags = (unsigned long)18446744073709551615,
        .lru = (struct list_head){
"""
DRGN_FLAGS = ">>> pfn_to_page(prog, 0xbfffe).flags\n(unsigned long)18446744073709551615\n"
DRGN_MEMDESC = DRGN_ALONE.replace(".flags = (unsigned", ".flags = (memdesc_flags_t){\n                .f = (unsigned")


@pytest.mark.parametrize("shown", [DRGN_ALONE, DRGN_FLAGS, DRGN_MEMDESC], ids=["whole", "flags", "6.18"])
def test_what_is_typed_at_the_prompt_of_drgn_names_the_frame(shown: str) -> None:
    (event,) = judged(SEED + shown).events
    assert (event.kind, event.pfn) == ("page-shown", 0xBFFFE)
    assert judged(SEED + shown).findings[0].code == "shown-unwritten"


def test_flags_of_another_structure_are_not_those_of_a_page() -> None:
    other = "struct zone {\n  flags = 0xffffffffffffffff,\n"
    assert judged(HEALTHY + KMEM_P_FINE + other).findings[0].severity != "danger"
    assert judged(HEALTHY + KMEM_P_FINE + other).events[0].kind == "page-shown"


def test_a_thousand_rows_of_crash_are_enough() -> None:
    rows = "".join(f"{VMEMMAP + pfn * 64:x} {pfn << 12:x} 0 0 1 100000000000000\n" for pfn in range(0x80000, 0x80800))
    assert len(judged(HEALTHY + rows).events) == 1000
