"""Holes of a node whose struct pages are initialised late: where the walk stops, and the reserve pass behind it."""

import pytest
from msgspec.structs import replace

from pfnscope.analysis import analyze
from pfnscope.analysis.eras import example_layout
from pfnscope.analysis.reserving import nodes_of_reserved
from pfnscope.bootlog import read
from pfnscope.kernel.deferral import deferral
from pfnscope.model.analysis import Hole
from pfnscope.model.layout import MemoryRange
from pfnscope.model.ranges import FrameRange

LINE = "node 0 initialised, 1500000 pages in 40ms"
ACPI = "ACPI: Reserving FACP table memory at [mem 0x180000000-0x180001fff]"


def text(release: str, *late: str) -> bytes:
    """One node of 8 GiB whose Normal zone has holes of 1 MiB at 4160 MiB and of 16 MiB at 6 GiB, and more lines."""
    lines = [
        f"Linux version {release} (a@b) #1 SMP",
        "e820: last_pfn = 0x240000 max_arch_pfn = 0x400000000",
        "Zone ranges:",
        "  DMA32    [mem 0x0000000000001000-0x00000000ffffffff]",
        "  Normal   [mem 0x0000000100000000-0x000000023fffffff]",
        "Early memory node ranges",
        "  node   0: [mem 0x0000000000001000-0x000000000009efff]",
        "  node   0: [mem 0x0000000000100000-0x00000000bfffffff]",
        "  node   0: [mem 0x0000000100000000-0x0000000103ffffff]",
        "  node   0: [mem 0x0000000104100000-0x000000017fffffff]",
        "  node   0: [mem 0x0000000181000000-0x000000023fffffff]",
        *late,
    ]
    return "".join(f"[    0.000000] {line}\n" for line in lines).encode()


def hole(release: str, *late: str) -> Hole:
    (boot,) = read(text(release, *late)).boots
    return next(item for item in analyze(boot).holes if item.frames.start == 0x180000)


def outcome(hole: Hole) -> tuple[str, int | None, str | None]:
    return hole.state, hole.linked_node, hole.linked_zone


@pytest.mark.parametrize(
    ("release", "state"),
    [
        ("4.14.336", ("zeroed", None, None)),
        ("4.17.0", ("uninitialised", None, None)),
        ("5.4.20", ("zeroed", None, None)),
        ("5.7.6", ("initialised", 0, "DMA32")),
        ("5.14.0", ("initialised", 0, "Normal")),
    ],
)
def test_a_hole_beyond_the_stop_stays_as_the_other_passes_leave_it(
    release: str, state: tuple[str, int | None, str | None]
) -> None:
    deferred = hole(release, LINE)
    assert (outcome(deferred), deferred.outside) == (state, False)


@pytest.mark.parametrize("release", ["4.14.336", "4.17.0", "5.4.20", "5.7.6", "5.14.0"])
def test_without_the_line_the_walk_is_taken_to_go_through(release: str) -> None:
    assert outcome(hole(release)) == ("initialised", 0, "Normal")


def test_a_hole_before_the_stop_is_initialised() -> None:
    """4.17 walks one section of the zone, 4.16 walks 2 GiB of it, which is up to the second hole."""
    for release in ("4.16.13", "4.17.0"):
        assert outcome(hole(release, LINE)) == ("uninitialised", None, None)
        (boot,) = read(text(release, LINE)).boots
        low = next(item for item in analyze(boot).holes if item.frames.start == 0x104000)
        assert outcome(low) == ("initialised", 0, "Normal")


def test_what_memblock_reserves_there_is_initialised_by_the_reserve_pass() -> None:
    assert outcome(hole("4.17.0", LINE, ACPI)) == ("initialised", 0, "Normal")


def test_reserved_frames_that_no_zone_of_the_node_spans_are_linked_to_no_zone() -> None:
    """As recorded boots of 5.10, 6.1 and 6.12 have it: ACPI tables behind the last memory hold a number of no zone."""
    (boot,) = read(
        text("6.1.0", "node 0 deferred pages initialised in 40ms").replace(b"23fffffff", b"23ffdffff")
        + b"[    0.000000] ACPI: Reserving FACP table memory at [mem 0x23ffe0000-0x23ffe1fff]\n"
    ).boots
    tail = {item.frames.start: item for item in analyze(boot).holes if item.frames.start >= 0x23FFE0}
    assert {start: outcome(item) for start, item in tail.items()} == {
        0x23FFE0: ("initialised", 0, None),
        0x23FFE2: ("initialised", 0, "Normal"),
    }
    assert {item.severity for item in tail.values()} <= {"none", "info"}


def test_a_kernel_with_four_zones_keeps_zero_of_the_number_of_no_zone() -> None:
    """As raw struct pages of recorded riscv64 boots have it: a device tree in a hole is linked to the lowest zone."""
    lines = text("6.12.117", "node 0 deferred pages initialised in 40ms").replace(b"23fffffff", b"23ffdffff")
    lines += b"[    0.000000] ACPI: Reserving FACP table memory at [mem 0x23ffe0000-0x23ffe1fff]\n"
    normal = b"  Normal   [mem 0x0000000100000000-0x000000023ffdffff]\n"
    assert normal in lines
    outcomes = []
    for more in (b"", b"[    0.000000]   Device   empty\n"):
        (boot,) = read(lines.replace(normal, normal + more)).boots
        table = next(item for item in analyze(boot).holes if item.frames.start == 0x23FFE0)
        outcomes.append((*outcome(table), table.severity))
    none, lowest = ("initialised", 0, None, "none"), ("initialised", 0, "DMA32", "info")
    assert outcomes == [none, lowest]


def of_two_nodes(release: str, pfn: int, *srat: tuple[int, int, int]) -> tuple[str, int | None, str | None]:
    """The hole at ``pfn``, reserved, between the memory of two deferred nodes or behind it."""
    lines = [
        f"Linux version {release} (a@b) #1 SMP",
        "last_pfn = 0x13ffe0 max_arch_pfn = 0x400000000",
        *(f"ACPI: SRAT: Node {node} PXM {node} [mem {start:#x}-{end - 1:#x}]" for node, start, end in srat),
        f"ACPI: Reserving FACP table memory at [mem {pfn << 12:#x}-{(pfn << 12) + 0x1FFF:#x}]",
        "Zone ranges:",
        "  DMA32    [mem 0x0000000000001000-0x00000000ffffffff]",
        "  Normal   [mem 0x0000000100000000-0x000000013ffdffff]",
        "Early memory node ranges",
        "  node   0: [mem 0x0000000000100000-0x000000007ffdffff]",
        "  node   1: [mem 0x0000000100000000-0x000000013ffdffff]",
        "node 0 deferred pages initialised in 40ms",
        "node 1 deferred pages initialised in 40ms",
    ]
    text = "".join(f"[    0.000000] {line}\n" for line in lines).encode()
    (boot,) = read(text).boots
    return outcome(next(item for item in analyze(boot).holes if item.frames.start == pfn))


BETWEEN, BEHIND = 0x7FFE0, 0x13FFE0
OF_NODE_0 = ((0, 0, 0x80000000), (1, 0x100000000, 0x140000000))
OF_NODE_1 = ((0, 0, 0x7FFE0000), (1, 0x7FFE0000, 0x140000000))
OF_NONE = ((0, 0, 0x7FFE0000), (1, 0x100000000, 0x140000000))


@pytest.mark.parametrize(
    ("release", "pfn", "srat", "expected"),
    [
        ("6.12.107", BETWEEN, OF_NODE_0, ("initialised", 0, None)),
        ("6.12.107", BETWEEN, OF_NODE_1, ("initialised", 1, "Normal")),
        ("6.12.107", BETWEEN, OF_NONE, ("initialised", 0, None)),
        ("6.12.107", BETWEEN, (), ("initialised", None, None)),
        ("6.12.107", BEHIND, OF_NODE_0, ("initialised", 0, None)),
        ("6.12.5", BEHIND, OF_NODE_0, ("initialised", 1, None)),
        ("6.6.89", BETWEEN, OF_NODE_1, ("initialised", 0, None)),
        ("6.1.0", BEHIND, OF_NODE_0, ("initialised", 0, None)),
    ],
)
def test_reserved_frames_get_the_node_of_their_block_of_the_srat_or_the_first_and_once_that_of_the_memory_below(
    release: str, pfn: int, srat: tuple[tuple[int, int, int], ...], expected: tuple[str, int | None, str | None]
) -> None:
    assert of_two_nodes(release, pfn, *srat) == expected


def test_the_node_of_the_memory_below_goes_as_far_up_as_its_start_and_end_added() -> None:
    """memblock_set_node() was given the end for the size: [1 MiB, 3 MiB) reaches up to 4 MiB."""
    blocks = ((FrameRange(0, 256), 0), (FrameRange(256, 0x8000), 1))
    memory = (MemoryRange(FrameRange(0, 128), 0, ()), MemoryRange(FrameRange(256, 768), 1, ()))
    layout = replace(example_layout(reserved=False), memory=memory, node_blocks=blocks)
    below, block = deferral((6, 6, 0)), deferral((6, 15, 0))
    assert below
    assert block
    hole = FrameRange(768, 0x9000)
    assert list(nodes_of_reserved(layout, below, (6, 6, 0), hole)) == [
        (FrameRange(768, 1024), 1, 1), (FrameRange(1024, 0x8000), 1, 1), (FrameRange(0x8000, 0x9000), 0, 0),
    ]  # fmt: skip
    assert list(nodes_of_reserved(layout, block, (6, 15, 0), hole)) == [
        (FrameRange(768, 0x8000), 1, 1), (FrameRange(0x8000, 0x9000), 0, 0),
    ]  # fmt: skip
