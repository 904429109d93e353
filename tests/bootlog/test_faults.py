"""Oopses and bad pages become events with what their lines prove, and no more."""

from pfnscope.bootlog import read
from pfnscope.model.log import PageDump

NODE = "[    0.000000]   node   0: [mem 0x0000000000001000-0x000000000009efff]\n"
OOPS = """\
[    2.544247] BUG: unable to handle kernel paging request at fffffffffffffffe
[    2.545712] RIP: 0010:stable_page_flags+0x25/0x2f0
[    2.545712] RAX: fffffffffffffffe RBX: ffffffffffffffff RCX: 00007fbc852bef08
[    2.545712] RBP: ffffea0002fff5c0 R08: 0000000000000001 R09: ffffffff81a46ca0
[    2.545712] CR2: fffffffffffffffe CR3: 00000000b8380000 CR4: 00000000000006b0
[    2.545712] RIP: 0033:0x7fbc852bef10
[    2.545712] RAX: ffffffffffffffda RBX: 0000000000000003 RCX: 0000000000000000
"""


def test_an_oops_carries_its_place_and_the_kernel_s_registers() -> None:
    (boot,) = read((NODE + OOPS).encode()).boots
    (event,) = boot.events
    assert event.kind == "oops"
    assert event.address == 0xFFFFFFFFFFFFFFFE
    assert event.text.endswith("at fffffffffffffffe in stable_page_flags+0x25/0x2f0")
    registers = dict(event.registers)
    assert (registers["RAX"], registers["RBP"], registers["CR2"]) == (
        0xFFFFFFFFFFFFFFFE, 0xFFFFEA0002FFF5C0, 0xFFFFFFFFFFFFFFFE,
    )  # fmt: skip
    assert event.lines == (2, 3, 4, 5, 6)


def test_two_oopses_are_two_events() -> None:
    second = OOPS.replace("2.5", "2.6").replace("fff5c0", "fff600")
    (boot,) = read((NODE + OOPS + second).encode()).boots
    assert [dict(event.registers)["RBP"] for event in boot.events] == [0xFFFFEA0002FFF5C0, 0xFFFFEA0002FFF600]


def test_a_page_is_only_claimed_where_the_line_proves_it() -> None:
    text = NODE + (
        "[ 1.0] page:00000000abcd1234 is uninitialized and poisoned\n"
        "[ 2.0] page:ffffea0002fff5c0 is uninitialized and poisoned\n"
        "[ 3.0] page:00000000abcd1234 refcount:0 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0xbffd7\n"
        "[ 4.0] BUG: Bad page state in process init  pfn:bffd7\n"
    )
    (boot,) = read(text.encode()).boots
    assert [(event.struct_page, event.pfn) for event in boot.events] == [
        (None, None), (0xFFFFEA0002FFF5C0, None), (None, 0xBFFD7), (None, 0xBFFD7),
    ]  # fmt: skip


def test_a_pointer_that_is_kept_secret_hides_no_pfn() -> None:
    text = NODE + "[ 1.0] page:(ptrval) refcount:0 mapcount:-1 mapping:00000000 index:0x1 pfn:0x648a5\n"
    (boot,) = read(text.encode()).boots
    assert [(event.struct_page, event.pfn) for event in boot.events] == [(None, 0x648A5)]


def test_registers_without_an_oops_are_not_kept() -> None:
    text = NODE + "[ 1.0] RAX: fffffffffffffffe RBX: ffffffffffffffff RCX: 00007fbc852bef08\n"
    (boot,) = read(text.encode()).boots
    assert (boot.events, boot.recognised) == ((), (1,))


def test_arm64_and_i386_oopses_carry_place_and_registers() -> None:
    arm64 = (
        "[ 1.0] Unable to handle kernel paging request at virtual address fffffdffbfe00008\n"
        "[ 1.0] pc : stable_page_flags+0x24/0x3c8\n"
        "[ 1.0] x2 : 0000000000000000 x1 : 00000000000bffd7 x0 : fffffdffbfe00000\n"
    )
    i386 = (
        "[ 2.0] BUG: unable to handle kernel paging request at c17ff5c0\n"
        "[ 2.0] EIP is at stable_page_flags+0x21/0x290\n"
        "[ 2.0] EAX: c17ff5c0 EBX: 000bffd7 ECX: 00000000 EDX: f5c0de00\n"
    )
    (boot,) = read((NODE + arm64 + i386).encode()).boots
    first, second = boot.events
    assert first.text.endswith("fffffdffbfe00008 in stable_page_flags+0x24/0x3c8")
    assert first.registers == (("x2", 0), ("x1", 0xBFFD7), ("x0", 0xFFFFFDFFBFE00000))
    assert (second.address, second.text.partition(" in ")[2]) == (0xC17FF5C0, "stable_page_flags+0x21/0x290")
    assert dict(second.registers)["EBX"] == 0xBFFD7


def test_s390_prints_the_failing_address_on_a_line_of_its_own() -> None:
    text = NODE + (
        "[ 1.0] Unable to handle kernel pointer dereference in virtual kernel address space\n"
        "[ 1.0] Failing address: 000003d080000000 TEID: 000003d080000803\n"
    )
    (boot,) = read(text.encode()).boots
    assert [(event.address, event.registers, event.lines) for event in boot.events] == [(0x3D080000000, (), (2, 3))]


def test_reports_that_name_a_frame_name_it_in_their_own_base() -> None:
    text = NODE + (
        "[ 1.0] Memory failure: 0xbffd7: recovery action for reserved kernel page: Ignored\n"
        "[ 2.0] page 0xbffd7 outside node 0 zone DMA32 [ 0x1000 - 0xbffd7 ]\n"
        "[ 3.0] page 786391 outside zone [ 4096 - 786391 ]\n"
        "[ 4.0] BUG: Bad page map in process cat  pte:80000000bffd7067 pmd:b8380067\n"
    )
    (boot,) = read(text.encode()).boots
    assert [(event.kind, event.pfn) for event in boot.events] == [
        ("memory-failure", 0xBFFD7), ("page-outside-zone", 0xBFFD7), ("page-outside-zone", 0xBFFD7), ("bad-page", None),
    ]  # fmt: skip
    assert boot.events[3].registers == (("pte", 0x80000000BFFD7067),)


def test_a_dumped_page_tells_why() -> None:
    text = NODE + (
        "[ 1.0] page:ffffea0002fff5c0 is uninitialized and poisoned\n"
        "[ 1.0] raw: ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff\n"
        "[ 1.0] page dumped because: VM_BUG_ON_PAGE(PagePoisoned(p))\n"
    )
    (boot,) = read(text.encode()).boots
    (event,) = boot.events
    assert event.text.endswith("poisoned: VM_BUG_ON_PAGE(PagePoisoned(p))")
    assert (event.lines, boot.recognised) == ((2, 3, 4), (1, 2, 3, 4))
    assert event.dump == PageDump(words=(0xFFFFFFFFFFFFFFFF,) * 4)


def test_a_dumped_page_keeps_its_flags_and_words_but_not_those_of_its_head() -> None:
    text = NODE + (
        "[ 1.0] page:ffffea0002fff5c0 refcount:1 mapcount:0 mapping:0000000000000000 index:0x0\n"
        "[ 1.0] head:ffffea0002fff400 order:9 compound_mapcount:0\n"
        "[ 1.0] flags: 0x17ffffc0001000(reserved|node=1|zone=2|lastcpupid=0x1fffff)\n"
        "[ 1.0] raw: 0017ffffc0001000 ffffea0002fff5c8 ffffea0002fff5c8 0000000000000000\n"
        "[ 1.0] raw: 0000000000000000 0000000000000000 00000001ffffffff 0000000000000000\n"
        "[ 1.0] head: 0057ffffc0010000 0000000000000000 0000000000000000 0000000000000000\n"
    )
    (event,) = read(text.encode()).boots[0].events
    assert event.dump is not None
    assert (event.dump.flags, event.dump.node, event.dump.zone) == (0x17FFFFC0001000, 1, 2)
    assert event.dump.words[:2] + event.dump.words[6:] == (0x17FFFFC0001000, 0xFFFFEA0002FFF5C8, 0x1FFFFFFFF, 0)


def test_the_pfn_of_a_page_dump_may_stand_on_a_wrapped_line() -> None:
    dump = "[ 1.0] page:00000000abcd1234 refcount:0 mapcount:0\nmapping:0000000000000000 index:0x0 pfn:0xbffd7\n"
    (boot,) = read((NODE + dump).encode()).boots
    assert [(event.kind, event.pfn, event.lines) for event in boot.events] == [("page-dump", 0xBFFD7, (2, 3))]
