"""Steps of memblock=debug: a dump is a state at its lines, and only what comes before memory is freed counts."""

from pfnscope.bootlog import read
from pfnscope.layout import build_layout
from pfnscope.model.log import BootLog
from pfnscope.model.ranges import ByteRange

NODE = "  node   0: [mem 0x0000000000001000-0x000000003fffffff]"
BY = "setup_arch+0x5e/0xc4f"


def boot(*lines: str) -> BootLog:
    (log,) = read("".join(f"[    0.000000] {line}\n" for line in lines).encode()).boots
    return log


def nodes(log: BootLog) -> list[tuple[int, int, int]]:
    return [(item.node, item.start, item.end) for item in log.node_ranges]


def test_what_is_given_back_is_no_longer_reserved() -> None:
    log = boot(
        NODE,
        f"memblock_reserve: [0x0000000050000000-0x0000000050003fff] {BY}",
        f"memblock_free: [0x0000000050001000-0x0000000050001fff] {BY}",
    )
    assert log.memblock_freed == (ByteRange(0x50001000, 0x50002000),)
    reserved = build_layout(log, None).reserved
    assert [(item.start, item.end) for item in reserved] == [(0x50000, 0x50001), (0x50002, 0x50004)]


def test_what_is_reserved_again_is_reserved() -> None:
    step = "[0x0000000050000000-0x0000000050000fff]"
    log = boot(NODE, f"memblock_free: {step} {BY}", f"memblock_reserve: {step} {BY}")
    assert log.memblock_freed == ()


def test_memory_freed_after_struct_pages_were_written_was_reserved_when_they_were() -> None:
    reserve = "memblock_reserve: [0x0000000050000000-0x0000000050003fff] x+0x1/0x2"
    log = boot(
        NODE,
        reserve,
        "Memory: 1000000K/1048572K available (14339K kernel code)",
        f"memblock_free: [0x0000000050000000-0x0000000050001fff] {BY}",
        f"__memblock_free_late: [0x0000000050002000-0x0000000050003fff] {BY}",
    )
    assert log.memblock_freed == ()
    assert boot(NODE, reserve, f"memblock_free_late: [0x0000000050000000-0x0000000050001fff] {BY}").memblock_freed == ()


def test_a_dump_after_a_free_holds() -> None:
    log = boot(
        NODE,
        f"memblock_free: [0x0000000050000000-0x0000000050001fff] {BY}",
        "MEMBLOCK configuration:",
        " reserved[0x0]\t[0x0000000050000000-0x0000000050003fff], 0x0000000000004000 bytes flags: 0x0",
        f"memblock_free: [0x0000000050003000-0x0000000050003fff] {BY}",
    )
    assert log.memblock_freed == (ByteRange(0x50003000, 0x50004000),)
    assert [item.range for item in log.memblock_reserved] == [ByteRange(0x50000000, 0x50004000)]


def test_without_node_ranges_the_steps_tell_memory_and_it_is_assumed() -> None:
    log = boot(
        f"memblock_add_node: [0x0000000080000000-0x00000000bfffffff] nid=1 flags=0 {BY}",
        f"memblock_add: [0x0000000000001000-0x000000000009bfff] {BY}",
        f"memblock_remove: [0x00000000a0000000-0x00000000ffffffff] {BY}",
    )
    assert nodes(log) == [(0, 0x1000, 0x9C000), (1, 0x80000000, 0xA0000000)]
    assert "node_ranges" in log.assumed
    assert [note.line for note in log.diagnostics if note.code == "node-ranges-from-memblock"] == [2]


def test_steps_after_a_dump_change_its_memory_and_those_before_do_not() -> None:
    dump = (
        "MEMBLOCK configuration:",
        " memory[0x0]\t[0x0000000000001000-0x000000003fffffff], 0x000000003ffff000 bytes on node 0 flags: 0x0",
    )
    before = f"memblock_add: [0x0000000080000000-0x00000000bfffffff] {BY}"
    after = f"memblock_remove: [0x0000000030000000-0x000000003fffffff] {BY}"
    assert nodes(boot(before, *dump)) == []
    assert nodes(boot(before, *dump, after)) == [(0, 0x1000, 0x30000000)]


def test_printed_node_ranges_beat_the_steps() -> None:
    log = boot(NODE, f"memblock_add: [0x0000000080000000-0x00000000bfffffff] {BY}")
    assert (nodes(log), log.assumed) == ([(0, 0x1000, 0x40000000)], ())


def test_an_old_free_tells_by_its_end_whether_that_belongs_to_it() -> None:
    for printed in ("0x000000bfe01000", "0x000000bfe00fff"):
        log = boot(NODE, f"   memblock_free: [0x000000bfe00000-{printed}] {BY}")
        assert log.memblock_freed == (ByteRange(0xBFE00000, 0xBFE01000),)


def region(which: str, number: int, start: int, node: str) -> str:
    return f"{which}[{number:#x}] [{start:#018x}-{start + 0xFFF:#018x}], 0x0000000000001000 bytes{node} flags: 0x0"


FIRST = [region("memory", 0, 0x1000, ""), region("reserved", 0, 0x8000, ""), region("reserved", 1, 0x9000, "")]
SECOND = [
    region("memory", 0, 0x1000, " on node 0"),
    region("reserved", 0, 0x8000, ""),
    region("reserved", 1, 0xA000, " on node 0"),
]


def test_a_dump_whose_header_is_lost_is_not_mixed_with_the_one_before() -> None:
    log = boot("MEMBLOCK configuration:", *FIRST, *SECOND)
    assert [(item.start, item.node) for item in log.memblock_memory] == [(0x1000, 0)]
    assert [(item.start, item.node) for item in log.memblock_reserved] == [(0x8000, None), (0xA000, 0)]


def test_a_dump_with_each_line_twice_is_one() -> None:
    log = boot("MEMBLOCK configuration:", *[line for line in SECOND for _ in range(2)])
    assert [len(item.lines) for item in (*log.memblock_memory, *log.memblock_reserved)] == [2, 2, 2]
