"""Holes of a node whose struct pages are initialised late: where the walk stops, and the reserve pass behind it."""

import pytest

from pfnscope.analysis import analyze
from pfnscope.bootlog import read
from pfnscope.model.analysis import Hole

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
        found = next(item for item in analyze(boot).holes if item.frames.start == 0x23FFE0)
        outcomes.append((*outcome(found), found.severity))
    none, lowest = ("initialised", 0, None, "none"), ("initialised", 0, "DMA32", "info")
    assert outcomes == [none, lowest]
