"""Trouble is placed on a frame only where its lines prove the frame."""

import pytest

from pfnscope.analysis.analyze import analyze
from pfnscope.bootlog import read

LOG = """\
[    0.000000] Linux version 4.17.0 (a@b) #1 SMP
[    0.000000] e820: last_pfn = 0x140000 max_arch_pfn = 0x400000000
[    0.000000]   node   0: [mem 0x0000000000001000-0x00000000bffd6fff]
[    0.000000]   node   0: [mem 0x0000000100000000-0x000000013fffffff]
"""


@pytest.mark.parametrize(
    ("line", "pfn"),
    [
        ("BUG: Bad page map in process cat  pte:80000000bffd7067 pmd:b8380067", 0xBFFD7),
        ("BUG: Bad page map in process cat  pte:7fffff400289e pmd:b8380067", None),  # not present: may be inverted
        ("Memory failure: 0xbffd7: recovery action for reserved kernel page: Ignored", 0xBFFD7),
        ("page:ffffea0002fff5c0 is uninitialized and poisoned", 0xBFFD7),
        ("page:ffffed1182fff5c0 is uninitialized and poisoned", 0xBFFD7),  # memory KASLR moves by whole GiB
        ("page:ffffed1186fff5c0 is uninitialized and poisoned", None),  # of no frame that has a struct page
    ],
)
def test_a_report_is_placed(line: str, pfn: int | None) -> None:
    (boot,) = read(f"{LOG}[    9.000000] {line}\n".encode()).boots
    (placed,) = analyze(boot).events
    assert placed.pfn == pfn


def test_a_page_table_entry_of_an_unknown_architecture_proves_nothing() -> None:
    text = "".join(line + "\n" for line in LOG.splitlines() if "last_pfn" not in line)
    line = "BUG: Bad page map in process cat  pte:80000000bffd7067 pmd:b8380067"
    (boot,) = read(f"{text}[    9.000000] {line}\n".encode()).boots
    assert [placed.pfn for placed in analyze(boot).events] == [None]


WIDE = """\
[    0.000000] Linux version {release} (a@b) #1 SMP
[    0.000000] {hint}
[    0.000000] Dentry cache hash table entries: 1048576 (order: 11, 8388608 bytes, linear)
[    0.000000]   node   0: [mem 0x0000000080000000-0x00000000bfffffff]
"""


def placed(text: str, arch: str) -> list[int | None]:
    (boot,) = read(text.encode()).boots
    return [item.pfn for item in analyze(boot, arch=arch).events]


RISCV = "vmemmap : 0xff1c000000000000 - 0xff20000000000000 (1024 TB)"
ARM64 = "    vmemmap : 0xffff7bdfc0000000 - 0xffff7be000000000   (     1 GB)"


@pytest.mark.parametrize(
    ("arch", "release", "hint", "address"),
    [
        ("ppc64le", "5.14.0", "vmemmap start     = 0xc00c000000000000", 0xC00C000000000000 + 0x80123 * 64),
        ("ppc64le", "5.14.0", "chatter", 0xC00C000000000000 + 0x80123 * 64),
        ("ppc64", "4.4.0", "chatter", 0xF000000000000000 + 0x80123 * 64),
        ("riscv64", "6.1.0", RISCV, 0xFF1C000000000000 + 0x80123 * 64),
        ("riscv64", "6.12.0", RISCV, 0xFF1C000000000000 + 0x123 * 64),
        ("arm64", "4.4.0", ARM64, 0xFFFF7BDFC0000000 + 0x123 * 64),
        ("x86_64", "2.6.32", "chatter", 0xFFFFEA0000000000 + 0x80123 * 56),
        ("x86_64", "3.10.0", "chatter", 0xFFFFEA0000000000 + 0x80123 * 64),
    ],
)  # fmt: skip
def test_the_pointer_of_a_page_dump_is_placed_by_what_the_log_or_the_release_tells(
    arch: str, release: str, hint: str, address: int
) -> None:
    text = WIDE.format(release=release, hint=hint)
    text += f"[    9.000000] page:{address:016x} count:0 mapcount:0 mapping:          (null) index:0x0\n"
    assert placed(text, arch) == [0x80123]


@pytest.mark.parametrize(
    ("arch", "release", "hint"),
    [
        ("arm64", "4.9.0", "    vmemmap : 0xffff7bdfc0000000 - 0xffff7be000000000   (     1 GB maximum)"),  # KASLR
        ("riscv64", "6.8.0", RISCV),  # changed in between
        ("loongarch64", "6.12.0", "chatter"),
        ("s390x", "6.12.0", "chatter"),
    ],
)
def test_a_pointer_is_not_placed_where_nothing_proves_its_frame(arch: str, release: str, hint: str) -> None:
    text = WIDE.format(release=release, hint=hint)
    for base in (0xFFFF7BDFC0000000, 0xFF1C000000000000, 0xFFFFEA0000000000):
        text += f"[    9.000000] page:{base + 0x80123 * 64:016x} count:0 mapcount:0 mapping:(null) index:0x0\n"
    assert placed(text, arch) == [None, None, None]


def test_the_actual_struct_pages_of_arm64_begin_with_memory_whatever_kaslr_does() -> None:
    text = WIDE.format(release="4.14.0", hint="vmemmap : 0xffffffbdc0000000 - 0xffffffbfc0000000   (     8 GB maximum)")
    text += "[    0.0]               0xffffffbdc0008000 - 0xffffffbdc1000000   (    15 MB actual)\n"
    text += f"[    9.0] page:{0xFFFFFFBDC0008000 + 0x123 * 64:016x} count:0 mapcount:0 mapping:(null) index:0x0\n"
    assert placed(text, "arm64") == [0x80123]


def test_populated_struct_pages_tell_their_base_even_with_memory_kaslr() -> None:
    base = 0xFFFFF1A340000000
    first = base + 0x80000 * 64
    text = WIDE.format(release="4.9.0", hint="chatter") + (
        f"[    0.1] [{first:016x}-{first + 0xFFFFFF:016x}] PMD -> [ffff88013d600000-ffff88013e5fffff] on node 0\n"
        f"[    9.0] page:{base + 0x80123 * 64:016x} is uninitialized and poisoned\n"
    )
    assert placed(text, "x86_64") == [0x80123]


def test_flat_struct_pages_have_32_bytes_on_32_bit_machines() -> None:
    text = WIDE.format(release="3.4.0", hint="free_area_init_node: node 0, pgdat c0612d80, node_mem_map c1000000")
    text += f"[    9.0] page:{0xC1000000 + 0x123 * 32:08x} count:0 mapcount:0 mapping:  (null) index:0x0\n"
    assert placed(text, "arm") == [0x80123]


WALK = """\
[    9.0] BUG: unable to handle kernel paging request at fffffffffffffffe
[    9.0] RIP: 0010:{function}+0x25/0x2f0
[    9.0] RAX: fffffffffffffffe RBX: ffffffffffffffff RCX: 00007fbc852bef08
[    9.0] RBP: ffffea000200{low}c0 R08: 0000000000000001 R09: ffffffff81a46ca0
"""


def test_the_only_pointer_in_the_registers_counts_after_a_read_through_ones_whatever_the_function() -> None:
    log = WIDE.format(release="4.17.0", hint="Command line: root=/dev/vda1 nokaslr")
    walk = WALK.format(function="get_nid_for_pfn", low="48")
    assert placed(log + walk, "x86_64") == [0x80123]
    assert placed(log + walk.replace("at fffffffffffffffe", "at 0000000000000006"), "x86_64") == [0x80123]
    assert placed(log + walk.replace("at fffffffffffffffe", "at 0000000000000010"), "x86_64") == [None]
    assert placed(log + walk.replace("ffffffff81a46ca0", "ffffea0002004900"), "x86_64") == [None]  # there are two


def test_a_register_with_the_pfn_proves_the_base_on_arm64_too() -> None:
    text = WIDE.format(release="6.1.0", hint="chatter") + (
        "[    9.0] Unable to handle kernel paging request at virtual address fffffc0001fffff8\n"
        "[    9.0] pc : stable_page_flags+0x24/0x3c8\n"
        "[    9.0] x2 : 0000000000000000 x1 : 0000000000080123 x0 : fffffe80020048c0\n"
    )
    assert placed(text, "arm64") == [0x80123]


def test_the_second_line_of_an_oops_is_no_second_event_but_begins_one_alone() -> None:
    log = WIDE.format(release="4.17.0", hint="chatter")
    (boot,) = read((log + "[ 9.0] Oops: 0000 [#1] SMP PTI\n").encode()).boots
    assert [(event.text, event.lines) for event in boot.events] == [("Oops: 0000 [#1] SMP PTI", (5,))]
    first = "[ 9.0] BUG: unable to handle kernel paging request at fffffffffffffffe\n"
    (boot,) = read((log + first + "[ 9.0] Oops: 0000 [#1] SMP PTI\n").encode()).boots
    assert [event.lines for event in boot.events] == [(5, 6)]
