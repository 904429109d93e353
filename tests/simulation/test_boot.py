"""A simulated boot: the log's own command line again, other ones, and what can't be said."""

import msgspec
import pytest

from pfnscope.bootlog import read
from pfnscope.kernel.release import Version
from pfnscope.model.answers import SelfCheck
from pfnscope.model.log import BootLog, MemoryType, SratEntry
from pfnscope.model.ranges import Address, ByteRange
from pfnscope.simulation import NotSimulated, own_command_line, self_check, simulate
from tests.support.samples import SLUGS, text

GIB, MIB = 1 << 30, 1 << 20
V417 = (4, 17, 0)


def log_of(slug: str) -> BootLog:
    return read(text(slug)).boots[-1]


def nodes(log: BootLog) -> list[tuple[int, int, int]]:
    return [(item.node, item.start, item.end) for item in log.node_ranges]


def zones(log: BootLog) -> list[tuple[str, ByteRange | None]]:
    return [(item.zone, item.range) for item in log.zone_ranges]


def checked(log: BootLog, version: Version | None) -> tuple[SelfCheck, ...]:
    return self_check(log, simulate(log, own_command_line(log), version).log)


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if log_of(slug).firmware_map])
def test_a_logs_own_command_line_gives_what_the_log_printed(slug: str) -> None:
    log = log_of(slug)
    assert [row.what for row in checked(log, None) if row.agrees is not True] == []
    again = simulate(log, log.command_line or "", None).log
    assert nodes(again) == nodes(log)
    assert zones(again) == zones(log)
    assert [m.start for m in again.movable_start] == [m.start for m in log.movable_start]


@pytest.mark.parametrize("other", ["seed-1g-4g", "seed-1g-7g", "seed-no-memmap"])
@pytest.mark.parametrize("base", ["seed-1g-4g", "seed-1g-7g", "seed-no-memmap"])
def test_one_log_of_a_machine_tells_every_other(base: str, other: str) -> None:
    expected = log_of(other)
    got = simulate(log_of(base), expected.command_line or "", V417).log
    assert nodes(got) == nodes(expected)
    assert zones(got) == zones(expected)
    assert [(e.range, e.type, e.label) for e in got.user_map] == [(e.range, e.type, e.label) for e in expected.user_map]


def test_a_failing_self_check_says_what_differs() -> None:
    log = log_of("seed-1g-4g")
    moved = msgspec.structs.replace(log, node_ranges=log.node_ranges[:-1])
    rows = {row.what: row for row in checked(moved, V417)}
    assert rows["node ranges"].agrees is False
    assert set(rows["node ranges"].simulated) - set(rows["node ranges"].printed) == {
        "[0x140000000, 0x240000000) node 1"
    }
    assert rows["user map"].agrees is True


SEED = "seed-no-memmap"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("mem=3G", [(0, 0x1000, 0x9F000), (0, MIB, 0xBFFD7000)]),
        ("memmap=exactmap memmap=639K@0 memmap=1G@1M", [(0, 0x1000, 0x9F000), (0, MIB, GIB + MIB)]),
        (
            "numa=off",
            [(0, 0x1000, 0x9F000), (0, MIB, 0xBFFD7000), (0, 4 * GIB, 9 * GIB)],
        ),
        ("memmap=0x10000%0x10000-1", None),
        ("crashkernel=256M hugepages=64 hugepagesz=1G", None),
    ],
)
def test_arguments_do_what_they_do(options: str, expected: list[tuple[int, int, int]] | None) -> None:
    log = log_of(SEED)
    got = nodes(simulate(log, f"{log.command_line} {options}", V417).log)
    if expected is not None:
        assert got == expected
    elif "%" in options:
        assert got[:2] == [(0, 0x1000, 0x10000), (0, 0x20000, 0x9F000)]
    else:
        assert got == nodes(log)


@pytest.mark.parametrize(
    ("command_line", "reason"),
    [("memmap=exactmap memmap=1G@1M", "Invalid user supplied memory map"), ("mem=4K", "no memory is left")],
)
def test_a_kernel_that_does_not_come_up_is_said_so(command_line: str, reason: str) -> None:
    with pytest.raises(NotSimulated, match=reason):
        simulate(log_of(SEED), command_line, V417)


def test_other_architectures_and_texts_without_a_firmware_map_are_refused() -> None:
    with pytest.raises(NotSimulated, match="riscv64"):
        simulate(msgspec.structs.replace(log_of(SEED), arch="riscv64"), "", V417)
    with pytest.raises(NotSimulated, match="firmware memory map"):
        simulate(msgspec.structs.replace(log_of(SEED), firmware_map=()), "", V417)


def test_a_srat_that_leaves_out_memory_is_refused_as_the_kernel_does() -> None:
    log = log_of(SEED)
    srat = (
        SratEntry(0, *ByteRange(0, 3 * GIB), False, False, ()),
        SratEntry(1, *ByteRange(4 * GIB, 8 * GIB), False, False, ()),
    )
    simulated = simulate(msgspec.structs.replace(log, srat=srat), "", V417)
    assert {node for node, _, _ in nodes(simulated.log)} == {0}
    assert any("leave out 1024 MiB" in why for _, why in simulated.assumed)


def test_without_a_srat_a_gap_between_nodes_goes_to_the_node_below() -> None:
    log = msgspec.structs.replace(log_of("seed-1g-4g"), srat=())
    simulated = simulate(log, "", V417)
    assert nodes(simulated.log) == nodes(log_of(SEED))
    assert any("no SRAT" in why for _, why in simulated.assumed)


def test_mtrr_trimming_that_only_the_modified_map_shows_is_kept() -> None:
    log = log_of(SEED)
    cut = tuple(msgspec.structs.replace(e, end=Address(8 * GIB)) if e.end == 9 * GIB else e for e in log.firmware_map)
    simulated = simulate(msgspec.structs.replace(log, modified_map=cut), "", V417)
    assert nodes(simulated.log)[-1] == (1, 5 * GIB, 8 * GIB)
    assert dict(zones(simulated.log))["Normal"] == ByteRange(4 * GIB, 8 * GIB)


def test_the_kernels_image_stays_ram() -> None:
    """Recorded: memmap=4M$0x1000000 changes no node range on 4.17 to 6.12."""
    log = log_of(SEED)
    simulated = simulate(log, "nokaslr memmap=4M$0x1000000", V417)
    assert nodes(simulated.log) == nodes(log)
    assert simulated.image_mended
    assert any("kernel image" in problem.message for problem in simulated.problems)
    assert ("kernel image", "taken from the usual link address and the least size of an image") in simulated.assumed


def test_an_excerpt_with_a_user_map_alone_tells_its_argument() -> None:
    whole = log_of("seed-1g-4g")
    excerpt = msgspec.structs.replace(whole, firmware_map=(), command_line=None, srat=())
    rows = {row.what: row.agrees for row in checked(excerpt, V417)}
    assert rows == {"user map": None, "node ranges": True, "zone ranges": True}
    simulated = simulate(excerpt, "memmap=1G!7G", V417)
    assert nodes(simulated.log) == nodes(log_of("seed-1g-7g"))
    assert simulated.assumed[0][0] == "firmware_map"


def test_soft_reserved_memory_is_ram_with_nosoftreserve() -> None:
    log = log_of(SEED)
    soft = tuple(
        msgspec.structs.replace(e, type=MemoryType.SOFT_RESERVED, label="soft reserved") if e.end == 9 * GIB else e
        for e in log.firmware_map
    )
    log = msgspec.structs.replace(log, firmware_map=soft)
    assert nodes(simulate(log, "", (6, 1, 0)).log)[-1] == (0, MIB, 0xBFFD7000)
    assert nodes(simulate(log, "efi=debug,nosoftreserve", (6, 1, 0)).log)[-1] == (1, 5 * GIB, 9 * GIB)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ("memmap=5G!1G", "The size comes first"),
        ("memmap=1G", "boot loaders swallow"),
        ("memmap=2G!2560M", "the addresses of devices"),
        ("memmap=1G!3328M", "256 MiB is RAM"),
        ("memmap=256M!2944M", "not all RAM"),
        ("memmap=16M!0xfd000000", "None of"),
        ("mem=4G memmap=1G!6G", "above the end that mem="),
        ("memmap=" + ",".join(f"1M!{5000 + i}M" for i in range(5)), "KASLR avoids 4"),
        (" ".join(f"memmap=1M!{5000 + i}M" for i in range(5)), "KASLR avoids the first 4"),
        ("nokaslr memmap=1M!16M", "takes in the kernel image"),
    ],
)
def test_known_traps_are_named(options: str, word: str) -> None:
    problems = simulate(log_of(SEED), options, V417).problems
    assert any(word in problem.message for problem in problems), [problem.message for problem in problems]


def test_a_region_in_the_middle_of_ram_is_no_trap() -> None:
    assert simulate(log_of(SEED), "memmap=1G!7G", V417).problems == ()


def test_changes_that_arguments_make_stand_before_the_kernels_own() -> None:
    log = simulate(log_of(SEED), "mem=6G memmap=1M%2G-1+2", V417).log
    assert [(c.action, c.start, c.from_, c.to) for c in log.e820_changes] == [
        ("remove", 6 * GIB, "usable", None),
        ("update", 2 * GIB, "usable", "reserved"),
        ("update", 0, "usable", "reserved"),
        ("remove", 640 << 10, "usable", None),
    ]
    assert [(r.node, r.range) for r in log.memblock_memory] == [(r.node, r.range) for r in log.node_ranges]


@pytest.mark.parametrize(("release", "end"), [("3.10.0-1160.el7.x86_64", 9 * GIB), ("3.10.0", GIB)])
def test_a_vendors_old_version_is_not_taken_for_what_it_cannot_read(release: str, end: int) -> None:
    log = msgspec.structs.replace(log_of(SEED), release=release, banner=None)
    assert nodes(simulate(log, "memmap=1G!4G", (3, 10, 0)).log)[-1][2] == end
