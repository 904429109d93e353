"""Why a hole is there: the argument that makes it, or where memory ends."""

import msgspec
import pytest

from pfnscope.analysis import Analysis, analyze
from pfnscope.bootlog import read
from pfnscope.model.log import BootLog
from tests.support.samples import text


def log_of(slug: str) -> BootLog:
    return read(text(slug)).boots[-1]


def blamed(analysis: Analysis) -> dict[int, tuple[str, ...]]:
    return {hole.frames.start: cause.arguments for hole, cause in zip(analysis.holes, analysis.causes, strict=True)}


def cause_text(analysis: Analysis, start: int) -> str:
    return next(
        cause.why for hole, cause in zip(analysis.holes, analysis.causes, strict=True) if hole.frames.start == start
    )


def test_the_argument_that_ends_the_node_is_named_in_words_that_can_be_repeated() -> None:
    analysis = analyze(log_of("seed-1g-4g"))
    assert blamed(analysis)[0xBFFD7] == ("memmap=1G!4G",)
    assert cause_text(analysis, 0xBFFD7) == (
        "“memmap=1G!4G” takes [4 GiB, 5 GiB) away from memory, so node 0 ends at pfn 0xbffd7 instead of 0x140000"
    )


@pytest.mark.parametrize("slug", ["seed-1g-7g", "seed-no-memmap"])
def test_a_hole_that_is_there_anyhow_is_blamed_on_nothing(slug: str) -> None:
    assert set(blamed(analyze(log_of(slug))).values()) == {()}


def test_pfn_0_is_explained_by_where_memory_begins() -> None:
    assert cause_text(analyze(log_of("seed-no-memmap")), 0) == (
        "memory begins at pfn 0x1, inside a block of 128 MiB, and the rest of the block has struct pages too"
    )


def test_only_the_argument_that_matters_is_named() -> None:
    log = log_of("seed-1g-4g")
    padded = msgspec.structs.replace(log, command_line=f"quiet memmap=64M%0x800000000-5 {log.command_line} numa=nohmat")
    assert blamed(analyze(padded))[0xBFFD7] == ("memmap=1G!4G",)


def test_two_arguments_each_of_which_makes_the_hole_are_named_together() -> None:
    log = log_of("seed-1g-4g")
    both = msgspec.structs.replace(log, command_line="memmap=1G!4G memmap=1G$4G")
    assert blamed(analyze(both))[0xBFFD7] == ("memmap=1G!4G", "memmap=1G$4G")


def test_nothing_is_blamed_where_the_command_line_does_not_give_the_layout() -> None:
    log = msgspec.structs.replace(log_of("seed-1g-4g"), command_line="memmap=1G!7G")
    analysis = analyze(log)
    assert set(blamed(analysis).values()) == {()}
    assert cause_text(analysis, 0xBFFD7).startswith("node 0 ends at pfn 0xbffd7 and node 1 goes on at pfn 0x140000")


def test_an_excerpt_without_a_command_line_names_the_argument_as_inferred() -> None:
    log = msgspec.structs.replace(log_of("seed-1g-4g"), firmware_map=(), command_line=None, srat=())
    analysis = analyze(log)
    assert blamed(analysis)[0xBFFD7] == ("memmap=1G!4G",)
    assert "(inferred from the user-defined map)" in cause_text(analysis, 0xBFFD7)
