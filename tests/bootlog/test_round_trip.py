"""A random layout, printed, wrapped and read again, is the same layout with the right line numbers."""

import unicodedata

from hypothesis import assume, given
from hypothesis import strategies as st

from pfnscope.bootlog import keep_memory_lines, read
from pfnscope.model.log import BootLog
from tests.bootlog.dialect import ENCODINGS, ON_ONE_LINE, TRANSPORTS, WRAPPINGS, Printed, layouts, quoted_printable


def assert_says(boot: BootLog, printed: Printed) -> None:
    for name, entries_printed in (("firmware_map", printed.firmware), ("user_map", printed.user)):
        entries = [(e.start, e.end, e.type.value, e.label) for e in getattr(boot, name)]
        assert entries == [(a, b, k, printed.label(k)) for a, b, k in entries_printed]
    assert [(n.node, n.start, n.end) for n in boot.node_ranges] == printed.nodes
    zones = [(z.zone, z.range.start, z.range.end) if z.range else (z.zone, 0, 0) for z in boot.zone_ranges]
    assert zones == [zone if zone[1] < zone[2] else (zone[0], 0, 0) for zone in printed.zones]
    assert (boot.release, boot.command_line, boot.arch, boot.page_size) == (
        f"{printed.dialect}.1",
        "root=/dev/vda1 ro",
        "x86_64",
        4096,
    )
    assert not [d for d in boot.diagnostics if d.severity != "info"]


@given(layouts(), st.sampled_from(sorted(WRAPPINGS)))
def test_every_dialect_in_every_wrapping(printed: Printed, wrapping: str) -> None:
    wrapped = "\n".join(WRAPPINGS[wrapping](line) for line in printed.lines())
    (boot,) = read(wrapped.encode()).boots
    assert_says(boot, printed)


@given(layouts(), st.sampled_from(sorted(WRAPPINGS)), st.integers(0, 3))
def test_line_numbers_point_at_the_lines(printed: Printed, wrapping: str, before: int) -> None:
    lines = ["A note."] * before + [WRAPPINGS[wrapping](line) for line in printed.lines()]
    (boot,) = read("\n".join(lines).encode()).boots
    for node in boot.node_ranges:
        (line,) = node.lines
        whole = "\n".join(lines).split("\n")
        first = f"{node.start:016x}"
        if "bytes" in wrapping:  # the message begins with MESSAGE and a bracket
            assert '"MESSAGE": [' in whole[line - 1]
        else:
            assert first in unicodedata.normalize("NFKC", whole[line - 1])


@given(
    layouts(),
    st.sampled_from(sorted(WRAPPINGS)),
    st.lists(st.sampled_from(sorted(TRANSPORTS)), max_size=3, unique=True),
    st.booleans(),
    st.sampled_from(ENCODINGS),
)
def test_transports_of_transports(
    printed: Printed, wrapping: str, transports: list[str], mailed: bool, encoding: str
) -> None:
    # signs as wide as Chinese ones leave no byte by which UTF-16 without a mark is known
    assume(wrapping != "all-wide" or encoding not in ("utf-16-le", "utf-16-be"))
    text = "\n".join(WRAPPINGS[wrapping](line) for line in printed.lines())
    for name in transports:
        text = TRANSPORTS[name](text)
    if mailed:
        text = quoted_printable(text)
    raw = text.encode(encoding)
    reading = read(raw)
    (boot,) = reading.boots
    assert_says(boot, printed)
    assert read(keep_memory_lines(raw, reading)) == reading


@given(layouts(), st.sampled_from(sorted(ON_ONE_LINE)), st.integers(0, 3))
def test_a_log_on_one_line_is_all_of_that_line(printed: Printed, kind: str, before: int) -> None:
    text = ("A note.\n" * before + ON_ONE_LINE[kind](list(printed.lines())) + "\n").encode()
    reading = read(text)
    (boot,) = reading.boots
    assert_says(boot, printed)
    assert boot.recognised == (before + 1,)
    assert reading.line_count == before + 1
    assert read(keep_memory_lines(text, reading)).boots == reading.boots


@given(layouts(), st.integers(40, 76))
def test_quoted_printable_breaks_anywhere(printed: Printed, width: int) -> None:
    text = quoted_printable("\n".join(f"[    0.000000] {line}" for line in printed.lines()), width)
    (boot,) = read(text.encode()).boots
    assert_says(boot, printed)


@given(
    layouts(),
    st.sampled_from(["\N{BYTE ORDER MARK}utf-16-le", "\N{BYTE ORDER MARK}utf-16-be", "\N{BYTE ORDER MARK}utf-8"]),
)
def test_byte_order_marks(printed: Printed, encoding: str) -> None:
    text = encoding[0] + "\r\n".join(printed.lines())
    (boot,) = read(text.encode(encoding[1:])).boots
    assert_says(boot, printed)


@given(
    layouts(), st.lists(st.sampled_from(["tsc: Fast TSC calibration", "random: crng init done"]), max_size=6), st.data()
)
def test_foreign_lines_between_do_no_harm(printed: Printed, chatter: list[str], data: st.DataObject) -> None:
    lines = list(printed.lines())
    for line in chatter:
        lines.insert(data.draw(st.integers(0, len(lines))), line)
    (boot,) = read("\n".join(f"[    0.000000] {line}" for line in lines).encode()).boots
    assert_says(boot, printed)


@given(layouts(), st.sampled_from(sorted(WRAPPINGS)))
def test_a_doubled_console_says_everything_once(printed: Printed, wrapping: str) -> None:
    wrapped = "\n".join(line for plain in printed.lines() for line in [WRAPPINGS[wrapping](plain)] * 2)
    (boot,) = read(wrapped.encode()).boots
    assert_says(boot, printed)
    assert all(len(node.lines) == 2 for node in boot.node_ranges)


@given(st.lists(layouts(), min_size=1, max_size=3), st.sampled_from(sorted(WRAPPINGS)), st.booleans())
def test_what_is_kept_reads_the_same(boots: list[Printed], wrapping: str, prose: bool) -> None:
    parts = ["\n".join(WRAPPINGS[wrapping](line) for line in printed.lines()) for printed in boots]
    text = ("\nAnd then this:\n" if prose else "\n").join(parts).encode()
    reading = read(text)
    different = {tuple(printed.lines()) for printed in boots}  # a copy of a log is no boot of its own
    assert len(reading.boots) == len(different)
    assert read(keep_memory_lines(text, reading)) == reading
