"""The memory map in force by page frame, with the kernel's changes applied."""

from pfnscope.layout.owners import owners
from pfnscope.model.log import BootLog, E820Change, MapEntry, MemoryType
from pfnscope.model.ranges import ByteRange, value_at

PAGE = 4096


def entry(start: int, end: int, kind: MemoryType, label: str, line: int) -> MapEntry:
    return MapEntry(*ByteRange(start, end), kind, label, (line,))


def who(log: BootLog, pfn: int) -> tuple[str, tuple[int, ...]] | None:
    owner = value_at(owners(log, PAGE), pfn)
    return (owner[1].label, owner[1].lines) if owner else None


LOG = BootLog(
    firmware_map=(
        entry(0, 0x9FC00, MemoryType.RAM, "usable", 1),
        entry(0x9FC00, 0xA0000, MemoryType.RESERVED, "reserved", 2),
        entry(0x100000, 0x200000, MemoryType.RAM, "usable", 3),
    ),
    e820_changes=(
        E820Change("update", *ByteRange(0, 0x1000), "usable", "reserved", (4,)),
        E820Change("remove", *ByteRange(0xA0000, 0x101000), "usable", None, (5,)),
        E820Change("remove", *ByteRange(0x9F000, 0xA0000), "usable", None, (6,)),
    ),
)


def test_a_frame_that_only_partly_is_ram_belongs_to_its_other_owner() -> None:
    assert who(LOG, 0x9F) == ("reserved", (2,))


def test_an_update_retypes_and_names_both_lines() -> None:
    assert who(LOG, 0) == ("reserved", (1, 4))
    assert who(LOG, 1) == ("usable", (1,))


def test_a_removal_takes_away_only_the_named_type() -> None:
    assert who(LOG, 0x100) is None
    assert who(LOG, 0x101) == ("usable", (3,))
    assert who(LOG, 0x9F) == ("reserved", (2,))


def test_the_users_map_replaces_the_firmwares() -> None:
    log = BootLog(firmware_map=LOG.firmware_map, user_map=(entry(0, 0x2000, MemoryType.RESERVED, "reserved", 9),))
    assert who(log, 1) == ("reserved", (9,))
    assert who(log, 0x100) is None


def test_a_change_finds_its_type_in_every_spelling_that_a_map_has() -> None:
    log = BootLog(
        firmware_map=(entry(0, 0x2000, MemoryType.PMEM, "type 7", 1),),
        e820_changes=(E820Change("update", *ByteRange(0, 0x1000), "type 7", "type 12", (2,)),),
    )
    assert [owner.type for _, owner in owners(log, PAGE)] == [MemoryType.PRAM, MemoryType.PMEM]
