"""Bad pages, page dumps and memory failures: reports that name a page frame or its struct page."""

from pfnscope.bootlog.effects import Effect, Reason, Registers, Trouble
from pfnscope.bootlog.forms.base import NUMBER, Form, Groups, hexadecimal, number
from pfnscope.kernel import spellings
from pfnscope.model.log import PageDump
from pfnscope.model.ranges import Lines

_POINTER = r"(?:0x)?([0-9a-fA-F]{8,16})\b"
_NARROW = 8


def _kernel_pointer(digits: str | None) -> int | None:
    """A printed pointer, unless it is a hash: that has 16 digits and its upper half clear."""
    value = hexadecimal(digits)
    return value if digits and (len(digits) <= _NARROW or value >> 32) else None


def _bad_page(groups: Groups, _lines: Lines) -> Effect:
    text, pfn = groups
    return Trouble("bad-page", (text or "").strip(), pfn=hexadecimal(pfn))


def _bad_page_first(groups: Groups, _lines: Lines) -> Effect:
    text, pointer = groups
    return Trouble("bad-page", (text or "").strip(), struct_page=_kernel_pointer(pointer))


def _bad_map(groups: Groups, _lines: Lines) -> Effect:
    text, entry = groups
    return Trouble("bad-page", (text or "").strip(), page_table_entry=hexadecimal(entry))


def _page_dump(groups: Groups, _lines: Lines) -> Effect:
    text, pointer, flags, pfn = groups
    # From 5.10 on the pointer is hashed and the frame number is printed beside it.
    page = _kernel_pointer(pointer) if not pfn else None
    dump = PageDump(hexadecimal(flags)) if flags else None
    frame = hexadecimal(pfn) if pfn else None
    return Trouble("page-dump", (text or "").strip(), struct_page=page, pfn=frame, dump=dump)


def _flags(groups: Groups, _lines: Lines) -> Effect:
    """Flags by name stand between bars, those that are numbers as ``node=0``."""
    flags, words = groups
    named = dict(word.split("=", 1) for word in (words or "").split("|") if "=" in word)
    node, zone = (number(named[name]) if named.get(name, "").isdigit() else None for name in ("node", "zone"))
    return PageDump(hexadecimal(flags), node, zone)


def _raw(groups: Groups, _lines: Lines) -> Effect:
    return PageDump(words=tuple(int(word, 16) for word in (groups[0] or "").split()))


def _poisoned(groups: Groups, _lines: Lines) -> Effect:
    text, pointer, pfn = groups
    page = _kernel_pointer(pointer)
    return Trouble("poisoned-page", (text or "").strip(), struct_page=page, pfn=number(pfn) if pfn else None)


def _outside(groups: Groups, _lines: Lines) -> Effect:
    text, hexa, decimal = groups
    return Trouble("page-outside-zone", (text or "").strip(), pfn=hexadecimal(hexa) if hexa else number(decimal))


FORMS = (
    Form(
        name="bad-page",
        family="bad pages",
        triggers=("Bad page state in process", "Bad page cache in process"),
        pattern=r"((?:BUG: )?Bad page (?:state|cache) in process .*?\s+pfn:([0-9a-f]{1,16})\b.*)",
        make=_bad_page,
        samples=(
            "BUG: Bad page state in process swapper  pfn:2ffc53",
            "BUG: Bad page cache in process kworker/u8:2  pfn:100d5",
        ),
        source="mm/page_alloc.c, mm/filemap.c, 2.6.32-7.1; page frame in hexadecimal without 0x",
    ),
    Form(
        name="bad-page-quoted",
        family="bad pages",
        triggers=("Bad page state in process '", "Bad page state at "),
        pattern=rf"(Bad page state (?:in process '[^']*'|at \w+ \(in process '[^']*', page {_POINTER}\)))",
        make=_bad_page_first,
        samples=(
            "Bad page state in process 'swapper'",
            "Bad page state at prep_new_page (in process 'init', page c17ff5c0)",
        ),
        source="mm/page_alloc.c, 2.6.11-2.6.24",
    ),
    Form(
        name="bad-page-map",
        family="bad pages",
        triggers=("Bad page map in process",),
        pattern=r"(BUG: Bad page map in process .*?\s+(?:pte|pmd|pud|p4d|pgd):([0-9a-f]{1,16})\b.*)",
        make=_bad_map,
        samples=("BUG: Bad page map in process cat  pte:80000000bffd7067 pmd:b8380067",),
        source="mm/memory.c, 2.6.32-7.1; the page table entry in hexadecimal",
    ),
    Form(
        name="page-poisoned",
        family="bad pages",
        triggers=("is uninitialized and poisoned",),
        pattern=rf"(page:(?:{_POINTER}|\(_*ptrval_*\)) is uninitialized and poisoned)(?: \(pfn {NUMBER}\))?",
        make=_poisoned,
        samples=(
            "page:ffffea0001000000 is uninitialized and poisoned",
            "page:000000001a2b3c4d is uninitialized and poisoned",
            "page:(ptrval) is uninitialized and poisoned",
            "page:81367080 is uninitialized and poisoned (pfn 8192)",
        ),
        source="mm/debug.c, 4.19-7.1; pointer hashed from 5.14 on",
        releases=(("", spellings.POISONED),),
    ),
    Form(
        name="page-dump",
        family="bad pages",
        triggers=("page:",),
        pattern=rf"(page:\s*(?:{_POINTER}|\(_*ptrval_*\))?\s*(?:flags:(?:0x)?([0-9a-f]{{1,16}})?|"
        r"(?:ref)?count:-?[0-9]+ mapcount:-?[0-9]+)(?:.*?\bpfn:0x([0-9a-f]{1,16})\b)?.*)",
        make=_page_dump,
        samples=(
            "page:ffffea0002fff5c0 count:0 mapcount:0 mapping:0000000000000000 index:0x0",
            "page:00000000abcd1234 refcount:0 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0xbffd7",
            "page:(ptrval) refcount:0 mapcount:-1 mapping:00000000 index:0x1 pfn:0x648a5",
            "page:(____ptrval____) refcount:0 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0xbffd7",
            "page: refcount:0 mapcount:-128 mapping:0000000000000000 index:0x0 pfn:0x100000",
            "page:ffffea0002fff5c0 flags:0100000000000000 count:0 mapcount:0 mapping:(null) index:0",
            "page:c17ff5c0 flags:0x20000000 mapping:00000000 mapcount:0 count:0",
            "page:ffffea0002fff5c0 refcount:0 mapcount:0 mapping:0000000000000000 index:0x0 head:ffffea0002fff400",
        ),
        source="mm/page_alloc.c, mm/debug.c, 2.6.18-7.1; pointer real to 5.8, pfn from 5.10",
        releases=(
            (" count:", spellings.COUNT),
            ("refcount:", spellings.REFCOUNT),
            (" pfn:0x", spellings.DUMPED_FRAME),
            ("^page: refcount", spellings.NO_POINTER),
        ),
        tail=r"(?:mapping:|index:|pfn:0x|head:|compound_mapcount:).*",
    ),
    Form(
        name="page-dump-reason",
        family="bad pages",
        triggers=("page dumped because: ",),
        pattern=r"page dumped because: (\S.*)",
        make=lambda g, _lines: Reason((g[0] or "").strip()),
        samples=("page dumped because: VM_BUG_ON_PAGE(PagePoisoned(p))",),
        source="mm/debug.c, 3.14-7.1",
        needs=("fault",),
    ),
    Form(
        name="page-dump-flags",
        family="bad pages",
        triggers=(r"«flags:» ?0x[0-9a-f]+(?:\(| mapping:)",),
        pattern=r"(?:anon |ksm )?(?:page )?flags: ?0x([0-9a-f]{1,16})(?:\(([^()]*)| mapping:)",
        make=_flags,
        samples=(
            "flags: 0x17ffffc0000000(node=0|zone=2|lastcpupid=0x1fffff)",
            "flags: 0x1fffe000001000(reserved)",
            "anon flags: 0x17ffffc0080014(uptodate|lru|swapbacked|node=1|zone=2|lastcpupid=0x1fffff)",
            "page flags: 0x100000000000000()",
            "flags:0x20000000 mapping:00000000 mapcount:0 count:0",
        ),
        source="mm/page_alloc.c, mm/debug.c, 2.6.11-7.1; node and zone by number from 5.14 on",
        releases=(("[(|]node=", spellings.NAMED_LINKS),),
        needs=("fault",),
    ),
    Form(
        name="page-dump-raw",
        family="bad pages",
        triggers=("«raw: »[0-9a-f]{8}",),
        pattern=r"raw:((?: [0-9a-f]{8,16})+)",
        make=_raw,
        samples=(
            "raw: 0017ffffc0000000 ffffea0002fff5c8 ffffea0002fff5c8 0000000000000000",
            "raw: ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff",
        ),
        source="mm/debug.c, 4.14-7.1; words of the struct page",
        needs=("fault",),
    ),
    Form(
        name="page-dump-words",
        family="bad pages",
        triggers=(
            "«head: »(?:raw: )?[0-9a-f]{8}",
            "page_type: ",
            "«head:».*order:[0-9]",
            "page does not match folio",
        ),
        pattern=r"head: (?:raw: )?[0-9a-f]{8,16} "
        r"|page_type: [0-9a-f]+\(|head:\s?[0-9a-f()_ptrval]* ?order:[0-9]+|page does not match folio",
        samples=(
            "head: 0017ffffc0000000 ffffea0002fff5c8 ffffea0002fff5c8 0000000000000000",
            "page_type: f5(slab)",
            "head: order:9 mapcount:0 entire_mapcount:0 nr_pages_mapped:0 pincount:0",
            "head:000000001a2b3c4d order:9 compound_mapcount:0 compound_pincount:0",
            "page does not match folio",
        ),
        source="mm/page_alloc.c, mm/debug.c, 2.6.11-7.1",
        needs=("fault",),
    ),
    Form(
        name="page-table-address",
        family="bad pages",
        triggers=(" vm_flags:",),
        pattern=r"addr:(?:0x)?([0-9a-f]{8,16}) vm_flags:",
        make=lambda g, _lines: Registers((("user address", hexadecimal(g[0])),)),
        samples=("addr:00007fbc852bf000 vm_flags:08000071 anon_vma:0000000000000000 mapping:ffff8800b8393f00 index:0",),
        source="mm/memory.c, 2.6.32-7.1",
        needs=("fault",),
    ),
    Form(
        name="memory-failure",
        family="bad pages",
        triggers=(
            "emory failure at pfn",
            "(?:«emory failure»|oft[ _]«offline»|[Uu]«npoison»|«MCE»):? 0x",
            "oft offlining pfn 0x",
            "for pfn 0x",
            "oftware-unpoisoned ",
        ),
        pattern=r"((?:Memory failure: |[Ss]oft[ _]offline: |Soft offlining pfn |Unpoison: |MCE |"
        r"Injecting memory failure (?:for|at) pfn |(?:MCE: |Unpoison: )?Software-unpoisoned (?:free )?page )"
        r"0x([0-9a-f]{1,16})\b.*)",
        make=lambda g, _lines: Trouble("memory-failure", (g[0] or "").strip(), pfn=hexadecimal(g[1])),
        samples=(
            "Memory failure: 0xbffd7: recovery action for reserved kernel page: Ignored",
            "soft offline: 0xbffd7: unknown page type: 1000000000000000 ()",
            "soft_offline: 0xbffd7: invalidated",
            "MCE 0xbffd7: dirty LRU page recovery: Recovered",
            "MCE: Software-unpoisoned page 0xbffd7",
            "Injecting memory failure for pfn 0xbffd7 at process virtual address 0x7f0000000000",
        ),
        source="mm/memory-failure.c, mm/madvise.c, 2.6.32-7.1; page frame",
    ),
    Form(
        name="bad-page-suppressed",
        family="bad pages",
        triggers=("messages suppressed", "ad because of flags:"),
        pattern=r"(?:BUG: Bad page (?:state|map): [0-9]+ messages suppressed|bad because of flags: )",
        samples=("BUG: Bad page state: 12 messages suppressed", "bad because of flags: 0x10(lru)"),
        source="mm/page_alloc.c, mm/memory.c, 2.6.32-7.1",
    ),
    Form(
        name="page-outside-zone",
        family="bad pages",
        triggers=("page (?:0x[0-9a-f]+|[0-9]+)« outside »",),
        pattern=rf"(page (?:0x([0-9a-f]{{1,16}})|{NUMBER}) outside (?:node [0-9]+ )?zone .*)",
        make=_outside,
        samples=(
            "page 0xbffd7 outside node 0 zone DMA32 [ 0x1000 - 0xbffd7 ]",
            "page 786391 outside zone [ 4096 - 786391 ]",
        ),
        source="mm/page_alloc.c, 2.6.32-7.1; page frame, in decimal where no 0x is",
    ),
)
