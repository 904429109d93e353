"""The RAM ledger in words and bars."""

from pfnscope.model.ledger import Ledger, LedgerRow
from pfnscope.report import ledgers
from pfnscope.units import GIB, KIB, MIB


def ledger(*rows: LedgerRow, total: int = 8 * GIB, printed: int | None = None) -> Ledger:
    left = total - sum(row.bytes for row in rows)
    return Ledger(total, "the firmware's memory map", (3,), rows, left, "evidence", "the “Memory:” line", printed, (9,))


def row(what: str, size: int, taker: str = "kernel") -> LedgerRow:
    return LedgerRow(what, size, (5,), "evidence", "", taker)  # type: ignore[arg-type]


TAKEN = (
    row("memmap=2G!4G", 2 * GIB, "argument"),
    row("struct pages", 128 * MIB),
    row("node data", 40 * KIB),
    row("first MiB", 632 * KIB),
    row("per-CPU memory", 360 * KIB),
    row("initial RAM disk", 600 * MIB),
    row("initial RAM disk, returned", -600 * MIB, "returned"),
)


def test_the_sentence_tells_what_is_left_and_what_keeps_most_of_the_rest() -> None:
    assert ledgers.sentence(ledger(*TAKEN)) == (
        "Of 8 GiB of RAM the kernel has 5.87 GiB to hand out (MemTotal, 73.4 %)."
        " Most of the rest: memmap=2G!4G (2 GiB), struct pages (128 MiB)."
    )
    assert ledgers.brief(ledger(*TAKEN)) == "RAM: 5.87 GiB of 8 GiB (73.4 %) are MemTotal; memmap=2G!4G 2 GiB."


def test_rows_are_a_waterfall_from_all_of_the_ram_to_mem_total_and_small_ones_are_one() -> None:
    words = ledgers.waterfall(ledger(*TAKEN))
    assert [item.what for item in words] == [
        "The firmware's memory map",
        "memmap=2G!4G",
        "struct pages",
        "initial RAM disk",
        "first MiB, per-CPU memory and others",
        "initial RAM disk, returned",
        "MemTotal",
    ]
    assert [item.size for item in words][:2] == ["8 GiB", "\N{MINUS SIGN}2 GiB"]
    assert (words[1].begin, words[1].share, words[1].percent) == (0.75, 0.25, "25.0 %")
    assert words[5].size == "+600 MiB"
    ends = [item.begin for item in words[1:5]]
    assert ends == sorted(ends, reverse=True)
    assert words[-1].text == "The “Memory:” line."


def test_bars_stand_where_the_memory_is_taken() -> None:
    words = ledgers.waterfall(ledger(*TAKEN))
    assert [ledgers.bar(item) for item in words[:2]] == ["=" * 16, " " * 12 + "#" * 4]
    assert ledgers.bar(words[-1]) == "=" * 12


def test_what_meminfo_says_is_compared() -> None:
    assert ledgers.printed(ledger()) == ""
    assert ledgers.printed(ledger(printed=8 * GIB)) == "/proc/meminfo says the same: 8388608 kB."
    assert ledgers.printed(ledger(printed=7 * GIB)) == "/proc/meminfo has 1 GiB less: 7340032 kB."


def test_only_what_takes_more_than_usual_stands_out() -> None:
    assert ledger(*TAKEN).out_of_ordinary
    assert not ledger(*TAKEN[1:]).out_of_ordinary
    assert not ledger(row("crash kernel", 60 * MIB, "reservation"), total=GIB).out_of_ordinary
    assert ledger(row("crash kernel", 256 * MIB, "reservation")).out_of_ordinary
    assert not ledger(row("struct pages", 400 * MIB)).out_of_ordinary
    assert ledger(row("struct pages", 600 * MIB)).out_of_ordinary
