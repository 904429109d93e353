"""What crash(8) and drgn show of a kernel or of its dump: struct pages, the memory map, and where it died."""

from pfnscope.bootlog.effects import ArchHint, Effect, Noted, Running, ShownFlags, ToolOops, ToolPage, Trouble
from pfnscope.bootlog.files.lines import LsmemRow, ResourceLine, ZoneHeader, ZoneNode, ZoneSizes, ZoneStart
from pfnscope.bootlog.forms.base import NUMBER, ZONE, Form, Groups, hexadecimal, inclusive, number
from pfnscope.kernel.architectures import architecture_named
from pfnscope.model.log import TOOL, PageDump
from pfnscope.model.ranges import Lines

_POINTER = r"(?:0x)?(ffff[0-9a-f]{12})"
_VALUE = r"(0x[0-9a-fA-F]{1,16}|[0-9]{1,20})"
_MOST = 1 << 64


def _number(text: str | None) -> int:
    """As C writes it."""
    value = int(text or "0", 16 if (text or "").startswith("0x") else 10)
    return value if value < _MOST else 0


def _machine(groups: Groups, _lines: Lines) -> Effect:
    arch = architecture_named(groups[0] or "")
    return ArchHint(arch) if arch else Noted()


def _row(groups: Groups, _lines: Lines) -> Effect:
    """A row of ``kmem -p``. What has nothing in any field is all zero, and no struct page of a page that is free."""
    page, physical, mapping, index, count, flags = groups
    word = hexadecimal(flags)
    blank = not any((word, hexadecimal(count), *(int((text or "").strip("-") or "0", 16) for text in (mapping, index))))
    dump = PageDump(word, words=(0,) if blank else ())
    return ToolPage(TOOL, "kmem -p", struct_page=hexadecimal(page), physical=hexadecimal(physical), dump=dump)


def _shown(groups: Groups, _lines: Lines) -> Effect:
    """The head of a struct page, and its flags where they stand on the same line."""
    page, flags = groups
    return ToolPage(
        TOOL, "struct page", struct_page=hexadecimal(page), dump=PageDump(_number(flags)) if flags else None
    )


def _printed_flags(groups: Groups, _lines: Lines) -> Effect:
    pfn, flags = groups
    return ToolPage(TOOL, "page flags", pfn=hexadecimal(pfn), dump=PageDump(_number(flags)))


def _block(groups: Groups, lines: Lines) -> Effect:
    first, last, node, state = groups
    named = (("STATE", (state or "").lower().replace("_", "-")), *((("NODE", node),) if node else ()))
    return LsmemRow(range=inclusive(first, last), cells="", named=named, lines=lines)


FORMS = (
    Form(
        name="crash-kmem-page",
        family="struct pages shown by crash",
        triggers=("«ffff»[0-9a-f]{12} +(?:[0-9a-f]{1,10}000|0) +[0-9a-f-]+ +[0-9a-f-]+ +[0-9]+ +[0-9a-f]",),
        pattern=rf"{_POINTER}\s+((?:[0-9a-f]{{1,10}}000)|0)\s+([0-9a-f]{{1,16}}|-+)\s+([0-9a-f]{{1,16}}|-+)"
        r"\s+([0-9]{1,9})\s+([0-9a-f]{1,16})(?:\s+[a-z_0-9]+(?:,[a-z_0-9]+)*)?(?:\s*$|\s+\W)",
        make=_row,
        samples=(
            "ffffea0002fff5c0  bffd7000                0        0  0 ffffffffffffffff",
            "ffffea0000000040      1000                0        0  1 fffff00000400 reserved",
            "fffff0c180204840   8121000 ffff8880b8393f01 7f01c3a2b  3 fffffc0080034 uptodate,lru,swapbacked",
            "ffffea0002fff5c0  bffd7000          -------     -----  0 17ffffc0000000",
        ),
        source="dump_mem_map() in memory.c of crash, 7.2 to 9.0; address of the page in bytes",
    ),
    Form(
        name="crash-struct-page",
        family="struct pages shown by crash",
        triggers=("crash> ", "crash64> "),
        pattern=rf"crash(?:64)?>\s+(?:struct\s+)?page(?:\.[\w.,]+)?(?:\s+-\w+)*\s+{_POINTER}(?:\s|$)",
        make=lambda g, lines: _shown((g[0], None), lines),
        samples=("crash> struct page.flags ffffea0002fff5c0", "crash> page -x ffffea0002fff5c0"),
        source="cmd_struct() in symbols.c of crash, 7.2 to 9.0: what a user types",
    ),
    Form(
        name="crash-flags",
        family="struct pages shown by crash",
        triggers=("flags = ",),
        pattern=rf"flags = (?:\{{\s*(?:f = )?)?{_VALUE}",
        make=lambda g, _lines: ShownFlags(_number(g[0])),
        samples=("flags = 0xffffffffffffffff,", "flags = 6755398367314944,", "flags = { f = 0x17ffffc0000000"),
        source="gdb in crash, 7.2 to 9.0; include/linux/mm_types.h, in 6.18 with memdesc_flags_t",
        needs=("fault",),
    ),
    Form(
        name="drgn-struct-page",
        family="struct pages shown by drgn",
        triggers=("(struct page *)0x",),
        pattern=rf"\*\(struct page \*\)0x([0-9a-f]{{8,16}}) = \{{(?:\s*\.flags = (?:\(\w+\)\{{\s*\.f = )?"
        rf"\(unsigned long\){_VALUE})?",
        make=_shown,
        samples=(
            "*(struct page *)0xffffea0002fff5c0 = {",
            "*(struct page *)0xffffea0002fff5c0 = { .flags = (unsigned long)18446744073709551615,",
        ),
        source="c_format_object() in libdrgn/language_c.c of drgn, 0.0.22 to 0.0.33: a struct page that is printed",
    ),
    Form(
        name="drgn-flags",
        family="struct pages shown by drgn",
        triggers=("(unsigned long)",),
        pattern=rf"(?:\.(?:flags|f) = (?:\(\w+\)\{{\s*\.f = )?)?\(unsigned long\){_VALUE}\b",
        make=lambda g, _lines: ShownFlags(_number(g[0])),
        samples=(
            ".flags = (unsigned long)18446744073709551615,",
            ".f = (unsigned long)6755398367314944,",
            "(unsigned long)6755398367314944",
        ),
        source="c_format_object() in libdrgn/language_c.c of drgn, 0.0.22 to 0.0.33; decimal",
        needs=("fault",),
    ),
    Form(
        name="drgn-page-typed",
        family="struct pages shown by drgn",
        triggers=("pfn_to_page(",),
        pattern=r"(?:\w+\()*pfn_to_page\((?:prog,\s*)?0x([0-9a-f]{1,13})\)",
        make=lambda g, _lines: ToolPage(TOOL, "struct page", pfn=hexadecimal(g[0])),
        samples=("pfn_to_page(prog, 0xbffd7).flags", "print(pfn_to_page(0xbffd7))"),
        source="drgn/helpers/linux/mm.py of drgn, 0.0.22 to 0.0.33: what a user types; include/linux/mm_types.h",
    ),
    Form(
        name="drgn-frame-flags",
        family="struct pages shown by drgn",
        triggers=("«0x»[0-9a-f]+« (unsigned long)»[0-9]",),
        pattern=rf"0x([0-9a-f]{{1,13}}) \(unsigned long\){_VALUE}$",
        make=_printed_flags,
        samples=("0xbffd7 (unsigned long)18446744073709551615",),
        source="libdrgn/language_c.c of drgn, as the loop prints it that a report offers: frame and page->flags",
    ),
    Form(
        name="crash-resource",
        family="/proc/iomem",
        triggers=("<struct resource 0x",),
        pattern=r"<struct resource 0x[0-9a-f]+>\s+([0-9a-f]{1,16})\s*-\s*([0-9a-f]{1,16})\s+(\S.*?)(?:\s+\(.*)?$",
        make=lambda g, lines: ResourceLine(range=inclusive(g[0], g[1]), name=g[2] or "", lines=lines),
        samples=("<struct resource 0xffff8801bfffc310>        100000 -     bffdffff       System RAM (  3.00 GiB)",),
        source="an extension of crash that lists iomem_resource of kernel/resource.c, 2018; end inclusive",
    ),
    Form(
        name="crash-zone",
        family="zones shown by crash",
        triggers=("«NODE: »[0-9]+ +ZONE: ",),
        pattern=rf'NODE: ([0-9]{{1,5}})\s+ZONE: [0-9]\s+ADDR: [0-9a-f]+\s+NAME: "{ZONE}"',
        make=lambda g, lines: ZoneHeader(node=number(g[0]), zone=g[1] or "", lines=lines),
        samples=('NODE: 0  ZONE: 1  ADDR: ffff88013fffa740  NAME: "DMA32"',),
        source="dump_zone_stats() in memory.c of crash, 7.2 to 9.0: kmem -z",
    ),
    Form(
        name="crash-zone-sizes",
        family="zones shown by crash",
        triggers=("«SIZE: »[0-9]+ .*MIN/LOW", "[unpopulated]"),
        pattern=rf"(?:SIZE: {NUMBER}(?:\s+PRESENT: {NUMBER})?\s+MIN/LOW/HIGH: |\[unpopulated\])",
        make=lambda g, lines: ZoneSizes(spanned=number(g[0]), present=number(g[1] or g[0]), lines=lines),
        samples=(
            "SIZE: 4095  PRESENT: 3998  MIN/LOW/HIGH: 32/40/48",
            "SIZE: 1048576  MIN/LOW/HIGH: 8192/10240/12288",
            "[unpopulated]",
        ),
        source="dump_zone_stats() in memory.c of crash, 7.2 to 9.0; pages, the present ones where they are less",
    ),
    Form(
        name="crash-node",
        family="zones shown by crash",
        triggers=(" ---- ",),
        pattern=r"([0-9]{1,5})\s+[0-9]{1,18}\s+ffff[0-9a-f]{12}\s+---- \s*ffff[0-9a-f]{12}",
        make=lambda g, lines: ZoneNode(node=number(g[0]), lines=lines),
        samples=("1    1048576   ffff88023fff9000        ----        ffff88023fff9000",),
        source="dump_memory_nodes() in memory.c of crash, 7.2 to 9.0: kmem -n",
    ),
    Form(
        name="crash-node-pages",
        family="struct pages shown by crash",
        triggers=("«ffff»[0-9a-f]{12} +(?:[0-9a-f]{1,10}000|0) +[0-9]+ *(?m:\r?$)",),
        pattern=rf"{_POINTER}\s+([0-9a-f]{{1,10}}000|0)\s+[0-9]{{1,12}}\s*$",
        make=lambda g, _lines: ToolPage(
            TOOL, "first page of a node", struct_page=hexadecimal(g[0]), physical=hexadecimal(g[1])
        ),
        samples=("ffffd3a1c0000040        1000             1",),
        source="dump_memory_nodes() in memory.c of crash, 7.2 to 9.0: MEM_MAP, START_PADDR, START_MAPNR of kmem -n",
    ),
    Form(
        name="crash-zone-start",
        family="zones shown by crash",
        triggers=(
            "[0-9] +(?:«DMA »|«DMA32 »|«Normal »|«HighMem »|«Movable »|«Device ») *[0-9]+ +(?:ffff|0 )[0-9a-f ]+ [0-9]",
        ),
        pattern=rf"[0-9]\s+{ZONE}\s+{NUMBER}\s+(?:ffff[0-9a-f]{{12}}|0)\s+[0-9a-f]{{1,16}}\s+([0-9]{{1,15}})$",
        make=lambda g, lines: ZoneStart(zone=g[0] or "", spanned=number(g[1]), start_pfn=number(g[2]), lines=lines),
        samples=("1   DMA32      782295  ffffea0000040000      1000000         4096",),
        source="dump_memory_nodes() in memory.c of crash, 7.2 to 9.0; pages, address, frame of SPARSEMEM",
    ),
    Form(
        name="crash-memory-block",
        family="zones shown by crash",
        triggers=("(?:« ONLINE»|« OFFLINE»|« GOING_O»)",),
        pattern=r"ffff[0-9a-f]{12}\s+memory[0-9]+\s+([0-9a-f]{1,16})\s*-\s*([0-9a-f]{1,16})\s+(?:([0-9]{1,5})\s+)?"
        r"(ONLINE|OFFLINE|GOING_ONLINE|GOING_OFFLINE)\b",
        make=_block,
        samples=(
            "ffff88003a6e0000  memory1    8000000 -  fffffff ONLINE  1",
            "ffff888139c27000   memory33  108000000 - 10fffffff  1   OFFLINE 33",
        ),
        source="print_memory_block() in memory.c of crash, 7.2 to 9.0: kmem -n; end inclusive",
    ),
    Form(
        name="crash-release",
        family="oopses",
        triggers=("RELEASE: ",),
        pattern=r"RELEASE: ([0-9]+\.[0-9][\w.+~-]*)\s*$",
        make=lambda g, _lines: Running(g[0] or ""),
        samples=("RELEASE: 5.14.0-70.el9.x86_64",),
        source="display_sys_stats() in kernel.c of crash, 7.2 to 9.0",
    ),
    Form(
        name="crash-machine",
        family="oopses",
        triggers=("MACHINE: ",),
        pattern=r"MACHINE: (\w+)",
        make=_machine,
        samples=("MACHINE: x86_64  (2400 Mhz)", "MACHINE: aarch64  (unknown Mhz)"),
        source="display_sys_stats() in kernel.c of crash, 7.2 to 9.0: uname -m",
    ),
    Form(
        name="crash-panic",
        family="oopses",
        triggers=("PANIC: ",),
        pattern=r'PANIC: "(BUG: unable to handle [a-zA-Z ]+ (?:at|address:) (?:0x)?([0-9a-f]{8,16})\b[^"]*|[^"]+)"',
        make=lambda g, _lines: Trouble("oops", g[0] or "", address=hexadecimal(g[1]) if g[1] else None),
        samples=(
            'PANIC: "BUG: unable to handle kernel paging request at fffffffffffffffe"',
            'PANIC: "Oops: 0000 [#1] SMP PTI" (check log for details)',
        ),
        source="display_sys_stats() in kernel.c of crash, 7.2 to 9.0",
    ),
    Form(
        name="crash-exception",
        family="oopses",
        triggers=("[exception RIP: ",),
        pattern=r"\[exception RIP: ([A-Za-z_][\w.]*)\+[0-9a-fx]+\]",
        make=lambda g, _lines: ToolOops("oops", "exception", follows=True, symbol=g[0] or ""),
        samples=("[exception RIP: stable_page_flags+37]",),
        source="x86_64_print_stack_entry() in x86_64.c of crash, 7.2 to 9.0: bt; the offset mostly in decimal",
    ),
)
