"""Texts that are made to be slow: one function a shape, each takes a size in bytes and gives about as many.

Honest giants and hostile texts alike: what they have many of is in their names. :data:`SHAPES` has them all by name.
"""

from collections.abc import Sequence

from benchmarks.machines import (
    BANNER,
    FEW,
    GIB,
    KINDS,
    MAP,
    PAGE,
    Range,
    Shape,
    affinity,
    by_size,
    entry,
    machine,
    of_samples,
    stamped,
    zones_and,
)
from benchmarks.texts import MIB, memblock_dump
from pfnscope.bootlog import forms
from pfnscope.bootlog.forms import FORMS

ARGUMENTS = "numa=fake=1000 mem=100G movablecore=1G"


@by_size
def many_nodes(items: int) -> bytes:
    """Each range is of another node, up to 1,024 of them, and then of the first again."""
    ranges = [(n % 1024, n * 16 * MIB, (n + 1) * 16 * MIB) for n in range(1, items + 1)]
    return machine(ranges, firmware=[entry(PAGE, (items + 2) * 16 * MIB)])


@by_size
def node_ranges_alone(items: int) -> bytes:
    """Ranges of 1,024 nodes by turns with neither map nor SRAT, of one page less than 1 MiB."""
    ranges = [(n % 1024, n * MIB, (n + 1) * MIB - PAGE) for n in range(1, items + 1)]
    return machine(ranges, firmware=(), srat=())


@by_size
def interleaved_nodes(items: int) -> bytes:
    """Every 16 MiB another of sixteen nodes."""
    ranges = [(n % 16, MIB + n * 16 * MIB, MIB + (n + 1) * 16 * MIB) for n in range(items)]
    return machine(ranges, firmware=[entry(MIB, MIB + items * 16 * MIB)])


@by_size
def two_nodes_by_turns(items: int) -> bytes:
    """Two nodes by turns, every 2 MiB, with holes of half of that."""
    return machine([(n % 2, n * 2 * MIB, n * 2 * MIB + MIB) for n in range(1, items + 1)])


@by_size
def broken_sections(items: int) -> bytes:
    """Sixteen nodes by turns inside of sections, with holes of one page."""
    ranges = [(n % 16, n * MIB, (n + 1) * MIB - PAGE) for n in range(1, items + 1)]
    return machine(ranges, firmware=[entry(MIB, (items + 1) * MIB)])


def _gaps(items: int, arguments: str) -> bytes:
    ranges = [(n % 1024, n * 16 * MIB, n * 16 * MIB + 15 * MIB + MIB // 2) for n in range(1, items + 1)]
    return machine(ranges, arguments=arguments).replace(b"6.1.90", b"4.17.0")


@by_size
def gaps_behind_nodes(items: int) -> bytes:
    """Nodes of 16 MiB without their last half MiB: each has a hole inside a section, which no zone spans."""
    return _gaps(items, "quiet")


@by_size
def gaps_behind_nodes_and_arguments(items: int) -> bytes:
    """The same, where every argument for memory is given too, so that remedies are looked for."""
    return _gaps(items, ARGUMENTS)


@by_size
def one_node_in_pieces(items: int) -> bytes:
    """Each MiB of one node is another entry of the SRAT, and half of them ranges."""
    srat = [affinity(0, n * MIB, (n + 1) * MIB) for n in range(1, items + 1)]
    ranges = [(0, n * MIB, (n + 1) * MIB) for n in range(2, items + 2, 2)]
    return machine(ranges, firmware=[entry(MIB, (items + 2) * MIB)], srat=srat)


@by_size
def holes(items: int) -> bytes:
    """Node ranges of 1 MiB on two nodes, a hole of one frame after each."""
    step = MIB + PAGE
    ranges = [(n * 2 // items, PAGE + n * step, PAGE + n * step + MIB) for n in range(items)]
    return machine(ranges, firmware=[entry(0, items * step + PAGE)], srat=())


@by_size
def near_the_end_of_addresses(items: int) -> bytes:
    """Node ranges of one page up to 2**64, far from each other."""
    step = ((1 << 64) - 4 * GIB) // (items + 1) // PAGE * PAGE
    return machine([(n % 64, 4 * GIB + n * step, 4 * GIB + n * step + PAGE) for n in range(1, items + 1)])


@by_size
def map_entries(items: int) -> bytes:
    """A firmware's map of RAM and reserved memory in turn, whose RAM are the node ranges."""
    step = 4 * MIB
    firmware = [entry(n * step, (n + 1) * step, KINDS[n % 2]) for n in range(items)]
    return machine([(0, max(n * step, MIB), (n + 1) * step) for n in range(0, items, 2)], firmware=firmware, srat=())


def _overlapping(items: int, arguments: str) -> bytes:
    firmware = [entry(n * 2 * PAGE, (1 << 38) - n * 2 * PAGE, KINDS[n % 4]) for n in range(items)]
    return machine(firmware=firmware, arguments=arguments)


@by_size
def overlapping_entries(items: int) -> bytes:
    """A firmware's map whose entries all overlap: each is inside of the one before."""
    return _overlapping(items, "quiet")


@by_size
def overlapping_entries_exactmap(items: int) -> bytes:
    """The same with arguments that replace the map."""
    return _overlapping(items, "memmap=exactmap memmap=8G@0 mem=4G")


@by_size
def e820_updates(items: int) -> bytes:
    """``e820: update`` lines, each of another page."""
    pages = [MIB + n * 3 * PAGE for n in range(items)]
    return machine(early=[f"e820: update [mem {at:#010x}-{at + PAGE - 1:#010x}] usable ==> reserved" for at in pages])


@by_size
def e820_removes(items: int) -> bytes:
    """``e820: remove`` lines, each of another page."""
    pages = [MIB + n * 3 * PAGE for n in range(items)]
    return machine(early=[f"e820: remove [mem {at:#010x}-{at + PAGE - 1:#010x}] usable" for at in pages])


def _boots(boots: int, entries: int, *, banner: bool = True) -> bytes:
    """Boots whose firmware's maps differ in where each entry is; without a banner, excerpts."""
    out = []
    for boot in range(boots):
        firmware = [entry(n * MIB + n % 7 * boot * PAGE, (n + 1) * MIB, KINDS[n % 2]) for n in range(entries)]
        head = [BANNER, "Command line: quiet"] if banner else []
        out.append(stamped([*head, MAP, *firmware, *zones_and(FEW)]))
    return b"".join(out)


@by_size
def tiny_boots(items: int) -> bytes:
    """Boots with a map of eight entries."""
    return _boots(items, 8)


@by_size
def numa_boots(items: int) -> bytes:
    """Boots of sixteen nodes, each with a hole."""
    ranges = [(n, n * GIB, n * GIB + GIB - MIB) for n in range(1, 17)]
    return b"".join(machine(ranges, arguments=f"quiet boot={n}") for n in range(items))


def large_boots(size: int) -> bytes:
    """Boots of 1,000 entries, up to 1 MB eight of them."""
    return by_size(lambda items: _boots(8, items))(size)


@by_size
def excerpts_with_maps(items: int) -> bytes:
    """Excerpts with a map of eight entries, without a banner."""
    return _boots(items, 8, banner=False)


def large_excerpts(size: int) -> bytes:
    """Eight excerpts with large maps."""
    return by_size(lambda items: _boots(8, items, banner=False))(size)


@by_size
def excerpts_of_ranges(items: int) -> bytes:
    """Zones and node ranges alone, again and again."""
    return b"".join(stamped(zones_and(FEW)) for _ in range(items))


@by_size
def excerpts_of_other_ranges(items: int) -> bytes:
    """Node ranges alone, each time others."""
    return b"".join(stamped(zones_and([(0, MIB, GIB + n * MIB)])[4:]) for n in range(items))


@by_size
def prose_between_excerpts(items: int) -> bytes:
    """A letter about a machine, with a line of its log in every other sentence."""
    pieces = [
        b"And then, on machine %d, it said:\n\n" % n + stamped([entry(n * MIB, n * MIB + MIB)]) for n in range(items)
    ]
    return machine() + b"".join(pieces) + stamped(zones_and(FEW))


@by_size
def prose_between_ranges(items: int) -> bytes:
    """Excerpts of node ranges with prose in front of each."""
    return b"".join(b"The next one is number %d.\n" % n + stamped(zones_and(FEW)) for n in range(items))


@by_size
def entries_without_header(items: int) -> bytes:
    """Node ranges in front of which no header stands, each from another boot."""
    return b"".join(stamped([f"  node   0: [mem {n * MIB:#018x}-{GIB - 1:#018x}]"]) + b"\n" for n in range(items))


@by_size
def memblock_steps(items: int) -> bytes:
    """What memblock=debug prints: a request and the reservation for it, of another page each time."""
    lines = []
    for start in range(MIB, MIB + items * 3 * PAGE, 3 * PAGE):
        request = "4096 bytes align=0x1000 nid=-1 from=0x0000000000000000 max_addr=0x0000000000000000"
        reserved = f"[{start:#018x}-{start + PAGE - 1:#018x}]"
        lines.append(f"memblock_alloc_try_nid: {request} sparse_init_nid+0x8e/0x1ff")
        lines.append(f"memblock_reserve: {reserved} memblock_alloc_range_nid+0xd2/0x130")
    return machine(early=lines)


@by_size
def memblock_reservations(items: int) -> bytes:
    """Reservations alone, each of another page; every tenth line is another."""
    lines = []
    for start in range(MIB, MIB + items * 3 * PAGE, 3 * PAGE):
        step = "memblock_add" if start // (3 * PAGE) % 10 == 0 else "memblock_reserve"
        lines.append(f"{step}: [{start:#018x}-{start + PAGE - 1:#018x}] memblock_alloc_range_nid+0xd2/0x130")
    return machine(early=lines)


def _dump(reserved: Sequence[tuple[int, int]], memory: Sequence[Range] = FEW) -> list[str]:
    return [
        "MEMBLOCK configuration:",
        f" memory size = {2 * GIB:#x} reserved size = {sum(end - start for start, end in reserved):#x}",
        f" memory.cnt  = {len(memory):#x}",
        *(
            f" memory[{at:#x}]\t[{start:#018x}-{end - 1:#018x}], {end - start:#018x} bytes on node {node} flags: 0x0"
            for at, (node, start, end) in enumerate(memory)
        ),
        f" reserved.cnt  = {len(reserved):#x}",
        *(
            f" reserved[{at:#x}]\t[{start:#018x}-{end - 1:#018x}], {end - start:#018x} bytes flags: 0x0"
            for at, (start, end) in enumerate(reserved)
        ),
    ]


@by_size
def memblock_dumps(items: int) -> bytes:
    """Dump after dump, each with another range."""
    return machine(early=[line for n in range(items) for line in _dump([(MIB + n * PAGE, 2 * MIB + n * PAGE)])])


@by_size
def memblock_memory(items: int) -> bytes:
    """A dump whose memory is the node ranges, of two nodes by turns, and is in pieces."""
    ranges = [(n % 2, n * 2 * MIB, n * 2 * MIB + MIB) for n in range(1, items + 1)]
    return machine(ranges, srat=(), early=_dump([(MIB, 2 * MIB)], ranges))


_SIGNS = ("@", "#", "$", "!")


@by_size
def long_command_line(items: int) -> bytes:
    """One command line of nothing but memmap= arguments, which no kernel takes."""
    arguments = (f"memmap=64K{_SIGNS[n % 4]}{(n * 37 + 17) * MIB:#x}" for n in range(items))
    return machine(arguments=" ".join(arguments))


@by_size
def command_line_in_pieces(items: int) -> bytes:
    """A command line of many arguments that shape memory, in pieces as 6.19 prints it."""
    pieces = [f"Command line: memmap=64K$0x{n * MIB * 2:x} \\" for n in range(items)]
    return machine(early=["Command line: quiet \\", *pieces, "Command line: ro"])


@by_size
def many_arguments_and_entries(items: int) -> bytes:
    """Two hundred memmap= arguments on a map of many entries."""
    arguments = " ".join(
        f"memmap=64K{_SIGNS[n % 4]}{(n * 37 + 17) * MIB:#x}" if n % 5 else f"memmap=64K%{(n * 37 + 17) * MIB:#x}-1+2"
        for n in range(200)
    )
    step = 4 * MIB
    firmware = [entry(n * step, (n + 1) * step, KINDS[n % 2]) for n in range(items)]
    ranges = [(0, n * step, (n + 1) * step) for n in range(2, items + 1, 2)]
    return machine(ranges or FEW, firmware=firmware, srat=(), arguments=arguments)


@by_size
def efi_list(items: int) -> bytes:
    """An EFI memory map of conventional memory and others in turn."""
    kinds = ("Conventional Memory", "Boot Data", "Runtime Code", "Loader Data")
    attributes = "[   |  |  |  |  |  |  |  |  |  |   |WB|WT|WC|UC]"
    return machine(
        early=[
            f"efi: mem{n:02d}: [{kinds[n % 4]:<19}|{'RUN' if n % 4 == 2 else '   '}{attributes[4:]} "
            f"range=[{n * MIB:#018x}-{(n + 1) * MIB - 1:#018x}] (1MB)"
            for n in range(items)
        ]
    )


@by_size
def srat_list(items: int) -> bytes:
    """An SRAT of entries of 256 MiB of eight nodes in turn, on a machine whose node ranges tell of one."""
    return machine(srat=[affinity(n % 8, n * 256 * MIB, (n + 1) * 256 * MIB) for n in range(items)])


@by_size
def oopses(items: int) -> bytes:
    """Oopses, each with other addresses."""
    lines = []
    for n in range(items):
        lines += [
            f"BUG: unable to handle page fault for address: ffffea{n * 64:010x}",
            "#PF: supervisor read access in kernel mode",
            f"CPU: 0 PID: {n} Comm: cat Not tainted 6.1.90 #1",
            f"RIP: 0010:stable_page_flags+0x{n % 256:x}/0x3b0",
            f"RAX: 0000000000000000 RBX: ffffea{n * 64:010x} RCX: 0000000000000000",
            f"CR2: ffffea{n * 64:010x} CR3: 0000000100000000 CR4: 00000000000006f0",
            f"---[ end trace {n:016x} ]---",
        ]
    return machine(late=lines)


FAILURES = [
    sample
    for table in (forms.failures, forms.pools, forms.hotadd, forms.panics)
    for form in table.FORMS
    for sample in form.samples
]

SHAPES: dict[str, Shape] = {
    shape.__name__.replace("_", " "): shape
    for shape in (
        many_nodes,
        node_ranges_alone,
        interleaved_nodes,
        two_nodes_by_turns,
        broken_sections,
        gaps_behind_nodes,
        gaps_behind_nodes_and_arguments,
        one_node_in_pieces,
        holes,
        near_the_end_of_addresses,
        map_entries,
        overlapping_entries,
        overlapping_entries_exactmap,
        e820_updates,
        e820_removes,
        tiny_boots,
        numa_boots,
        large_boots,
        excerpts_with_maps,
        large_excerpts,
        excerpts_of_ranges,
        excerpts_of_other_ranges,
        prose_between_excerpts,
        prose_between_ranges,
        entries_without_header,
        memblock_steps,
        memblock_reservations,
        by_size(memblock_dump),
        memblock_dumps,
        memblock_memory,
        long_command_line,
        command_line_in_pieces,
        many_arguments_and_entries,
        efi_list,
        srat_list,
        oopses,
    )
} | {
    "failures": of_samples(FAILURES),
    "every form": of_samples([sample for form in FORMS for sample in form.samples if form.name != "banner"]),
    "nosave lines": of_samples(["PM: hibernation: Registered nosave memory: [mem 0x100200000-0x100200fff]"]),
    "zones behind zones": of_samples(["  Normal   [mem 0x0000000100000000-0x000000083fffffff]"]),
}
"""All shapes by what they have many of."""


def of_forms() -> dict[str, Shape]:
    """Each sample of each form, repeated with other numbers, before the node ranges and behind them."""
    return {
        f"{form.name} {at} {'early' if early else 'late'}": of_samples([sample], early=early)
        for form in FORMS
        for at, sample in enumerate(form.samples)
        for early in (True, False)
    }
