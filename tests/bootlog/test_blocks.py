"""Memory blocks: lsmem in all its formats and ages, and the files of /sys/devices/system/memory."""

import pytest

from pfnscope.bootlog import read
from tests.bootlog.test_files import LSMEM, only


def test_lsmem_cells_stand_under_their_columns_though_a_cell_is_blank() -> None:
    blocks = only(LSMEM).files.memory_blocks
    assert [(b.end, b.state, b.node, b.zones, b.lines) for b in blocks] == [
        (0x8000000, "online", 0, "None", (2,)),
        (0x40000000, "online", 0, "DMA32", (3,)),
        (0x50000000, "offline", 1, "Movable", (4,)),
    ]


def test_lsmem_columns_may_stand_in_any_order() -> None:
    text = b"""RANGE SIZE STATE NODE ZONES BLOCK
0x0000000000000000-0x000000007fffffff 2G online 1 Normal 0-15
"""
    (block,) = only(text).files.memory_blocks
    assert (block.node, block.zones) == (1, "Normal")


def test_plain_lsmem_tells_no_node() -> None:
    text = b"""RANGE SIZE STATE REMOVABLE BLOCK
0x0000000000000000-0x000000007fffffff 2G online yes 0-15
"""
    (block,) = only(text).files.memory_blocks
    assert (block.node, block.zones, block.state) == (None, None, "online")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            b'RANGE="0x0000000000000000-0x0000000007ffffff" STATE="online" BLOCK="0" NODE="0" ZONES="DMA"\n'
            b'RANGE="0x0000000040000000-0x000000004fffffff" STATE="offline" BLOCK="8-9" NODE="1" ZONES=""\n',
            id="pairs",
        ),
        pytest.param(
            b'{\n "memory": [\n'
            b'  {"range": "0x0000000000000000-0x0000000007ffffff", "state": "online", "node": "0", "zones": "DMA"},\n'
            b'  {"range": "0x0000000040000000-0x000000004fffffff", "state": "offline", "node": "1", "zones": null}\n'
            b"   ]\n}\n",
            id="JSON rows",
        ),
        pytest.param(
            b'{\n   "memory": [\n      {\n         "range": "0x0000000000000000-0x0000000007ffffff",\n'
            b'         "size": 134217728,\n         "state": "online",\n         "node": 0,\n         "zones": "DMA"\n'
            b'      },{\n         "range": "0x0000000040000000-0x000000004fffffff",\n         "state": "offline",\n'
            b'         "node": 1\n      }\n   ]\n}\n',
            id="JSON lines",
        ),
        pytest.param(
            b"RANGE SIZE STATE BLOCK NODE ZONES\n"
            b"0x0000000000000000-0x0000000007ffffff 134217728 online 0 0 DMA\n"
            b"0x0000000040000000-0x000000004fffffff 268435456 offline 8-9 1\n",
            id="raw bytes",
        ),
    ],
)
def test_lsmem_says_the_same_in_all_its_formats(text: bytes) -> None:
    assert [(b.start, b.end, b.state, b.node, b.zones) for b in only(text).files.memory_blocks] == [
        (0, 0x8000000, "online", 0, "DMA"),
        (0x40000000, 0x50000000, "offline", 1, None),
    ]


def test_the_old_lsmem_of_s390_has_sizes_in_mb_and_dashes() -> None:
    text = b"""\
Address range                          Size (MB)  State    Removable  Device
===============================================================================
0x0000000000000000-0x000000000fffffff        256  online   no         0
0x0000000040000000-0x000000006fffffff        768  offline  -          4-6

Memory device size  : 256 MB
Memory block size   : 128 MB
Total online memory : 256 MB
"""
    files = only(text).files
    assert [(b.end, b.state, b.node) for b in files.memory_blocks] == [
        (0x10000000, "online", None),
        (0x70000000, "offline", None),
    ]
    assert files.memory_block_size is not None
    assert files.memory_block_size.value == 128 << 20


def test_single_blocks_that_are_alike_are_one_range_and_need_their_size() -> None:
    rows = b"".join(b"/sys/devices/system/memory/memory%d/state:online\n" % i for i in (0, 1, 2, 8))
    boot = only(b"/sys/devices/system/memory/block_size_bytes:8000000\n" + rows)
    assert [(b.start, b.end, b.lines) for b in boot.files.memory_blocks] == [
        (0, 3 << 27, (2, 3, 4)), (8 << 27, 9 << 27, (5,))
    ]  # fmt: skip
    assert read(rows).boots == ()
