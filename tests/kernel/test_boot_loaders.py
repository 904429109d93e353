"""How boot loaders want arguments and bad memory: GRUB's own reading of masks, and KASLR's of memmap=."""

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from pfnscope.kernel.boot_loaders import badram, masks, written
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.kaslr import avoidance

PAGE = 4096


def marked(pairs: tuple[tuple[int, int], ...], pages: int) -> set[int]:
    """The pages that GRUB marks: those whose address equals one in the bits of its mask."""
    return {page for page in range(pages) for address, mask in pairs if page * PAGE & mask == address & mask}


@settings(max_examples=300)
@given(st.sets(st.integers(0, 127), min_size=1))
def test_masks_stand_for_the_pages_and_for_no_others(pages: set[int]) -> None:
    ranges: list[list[int]] = []
    for page in sorted(pages):
        if ranges and ranges[-1][1] == page * PAGE:
            ranges[-1][1] += PAGE
        else:
            ranges.append([page * PAGE, (page + 1) * PAGE])
    pairs = masks((start, end) for start, end in ranges)
    assert marked(pairs, 256) == pages
    assert len(pairs) <= len(pages)


def test_pages_that_differ_in_one_bit_share_a_mask() -> None:
    assert badram([(0x1000, 0x2000), (0x3000, 0x4000)]) == 'GRUB_BADRAM="0x1000,0xffffffffffffd000"'
    assert badram([(0x7DDF0000, 0x7DDF4000)]) == 'GRUB_BADRAM="0x7ddf0000,0xffffffffffffc000"'
    assert badram([(0, 1 << 63)]) == 'GRUB_BADRAM="0x0,0x8000000000000000"'


def test_each_file_has_its_own_backslashes() -> None:
    forms = {row.file: row.arguments for row in written("memmap=4K$0x1000,4K$8K")}
    assert forms == {
        "/etc/default/grub": r"memmap=4K\\\$0x1000,4K\\\$8K",
        "grub.cfg": r"memmap=4K\$0x1000,4K\$8K",
    }
    assert list(written("memmap=4K#0x1000")) == []


def test_a_shell_makes_of_the_defaults_what_grub_cfg_has_to_hold() -> None:
    script, configuration = written("memmap=4K$0x7ddf1000,8K$2G")
    line = f'GRUB_CMDLINE_LINUX="quiet {script.arguments}"; printf %s "$GRUB_CMDLINE_LINUX"'
    shell = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True, text=True)
    assert shell.stdout == f"quiet {configuration.arguments}"
    line = f'{badram([(0x1000, 0x2000)])}; printf %s "badram $GRUB_BADRAM"'
    shell = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True, text=True)
    assert shell.stdout == "badram 0x1000,0xfffffffffffff000"


PARTS = st.sampled_from(("1M$64M", "1M!0x8000000", "4K#5G", "4K$0", "1G@2G", "2G", "exactmap", "x", "4K%5G-1+2"))


def decompressor(values: list[str]) -> tuple[int, bool, list[int]]:
    """mem_avoid_memmap() of arch/x86/boot/compressed/kaslr.c, 6.1, by line: counter, flag, calls in vain."""
    i, too_large, in_vain = 0, False, []
    for call, value in enumerate(values):
        rest: str | None = value
        if i >= 4:
            in_vain.append(call)
            continue
        while rest is not None and i < 4:
            part, comma, rest_ = rest.partition(",")
            following = rest_ if comma else None
            if not part[:1].isdigit():
                break
            rest = following
            sign = next((char for char in part if char in "#$!@%"), "")
            if sign in ("#", "$", "!") and part.partition(sign)[2] != "0":
                i += 1
        if i >= 4 and rest is not None:
            too_large = True
    return i, too_large, in_vain


@settings(max_examples=400)
@given(st.lists(st.lists(PARTS, min_size=1, max_size=6).map(",".join), max_size=7))
def test_regions_are_avoided_as_the_decompressor_counts_them(values: list[str]) -> None:
    line = " ".join(["quiet", *(f"memmap={value}" for value in values)])
    result = avoidance(arguments(line))
    count, too_large, in_vain = decompressor(values)
    assert (result.regions, result.stays) == (count, too_large)
    assert result.overlooked == tuple(f"memmap={values[call]}" for call in in_vain)
