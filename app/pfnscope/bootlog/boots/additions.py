"""What each kind of line adds to the boot that it belongs to."""

from collections.abc import Callable
from typing import Any

from pfnscope.bootlog.boots.draft import LIST_OF, Draft
from pfnscope.bootlog.boots.faults import FaultLine
from pfnscope.bootlog.effects import (
    ArchHint,
    Banner,
    BootConfig,
    CaptureKernel,
    CommandLine,
    Effect,
    EfiLine,
    Farewell,
    Hardware,
    Header,
    ImageNotRam,
    LastPfn,
    MapLine,
    MemblockLine,
    MemoryLine,
    NodeMemory,
    PageSize,
    Panic,
    PfnZone,
    Reason,
    RegionName,
    Registers,
    Remark,
    Running,
    Section,
    ShownFlags,
    StructPageMemory,
    Symbol,
    Tally,
    ToolOops,
    ToolPage,
    Trouble,
)
from pfnscope.bootlog.files.lines import FileLine
from pfnscope.bootlog.forms.base import is_of_x86_map
from pfnscope.bootlog.records import Record, merged
from pfnscope.bootlog.runs import FORMS as RUNS
from pfnscope.bootlog.text.searchable import LONGEST_LINE
from pfnscope.kernel.architectures import architecture_of_oops
from pfnscope.model.log import KERNEL_IMAGE, E820Change, Failure, PageDump, ReservedRegion, ZoneRange

_MOST_STAMPS = 16
_COARSE = 1000  # microseconds: clocks that count ticks are the same in each boot
_MOST_NAMES = 256  # pools of memory in a device tree

_MEMBLOCK = {
    "memory": "memblock_memory",
    "reserved": "memblock_reserved",
    "event": "memblock_reserve_events",
    "freed": "memblock_frees",
    "added": "memblock_adds",
    "removed": "memblock_removes",
}


def take(draft: Draft, record: Record) -> None:
    """Add what one record says; lines outside an open section are ignored."""
    form, effect = record.form, record.effect
    if form is None or effect is None:
        message = "This looks like a line of a memory layout, but it has no known form."
        draft.leave_unread(message, record.lines, record.column, record.end - record.start)
        return
    kind = type(effect)
    if isinstance(effect, FileLine):
        if draft.files.take(effect):
            draft.recognise(form.family, record.lines)
        return
    if form.needs and not _bound(draft, form.needs, effect):
        _unbound(draft, effect, record)
        return
    draft.first = draft.first or record
    draft.last = record
    if record.stamp and len(draft.stamps) < _MOST_STAMPS and record.stamp % _COARSE and form.name not in RUNS:
        draft.stamps += (record.stamp,)
    width = record.end - record.start
    draft.widest = max(draft.widest, width)
    draft.recognise(form.family, record.lines)
    if form.releases and draft.banner is None:
        for spelling in form.spellings(record.message, draft.spellings):
            draft.spellings = {**draft.spellings, spelling: record.lines}
    if not draft.x86_lines and is_of_x86_map(form.source):
        draft.x86_lines = record.lines
    known = EFFECTS.get(kind)
    if known is not None:
        known(draft, effect, record)
    elif (name := LIST_OF.get(kind)) is not None:
        draft.add(name, effect, record)


def says_something(draft: Draft, record: Record) -> bool:
    """Whether :func:`take` would add anything of a record to a draft: it has a form, and its section is open."""
    form, effect = record.form, record.effect
    return form is not None and effect is not None and (not form.needs or _bound(draft, form.needs, effect))


def _bound(draft: Draft, needs: tuple[Section, ...], effect: Effect) -> bool:
    if "fault" in needs:
        return draft.faults.open
    if draft.open in needs:
        return True
    # Lines selected from a log, for example by grep, come without their header.
    if not isinstance(effect, ZoneRange) or "zones" in draft.opened:
        return False
    return effect.range is not None or draft.holds("zone_ranges")


def _unbound(draft: Draft, effect: Effect, record: Record) -> None:
    """Report once a list whose header is missing; other lines outside their section are ignored."""
    if isinstance(effect, PfnZone) and "zones" not in draft.opened:
        draft.opened.add("zones")
        draft.complain(
            "warning",
            "cut-beginning",
            "This line is of a list whose beginning is not in the text: the list is left out.",
            record.lines,
            record.column,
        )


def _header(draft: Draft, effect: Header, _: Record) -> None:
    draft.open_section(effect.section)


def _map_line(draft: Draft, effect: MapLine, record: Record) -> None:
    if effect.map and not effect.headed:
        draft.opened.add(effect.map)
    draft.add(f"{effect.map or draft.open}_map", effect.entry, record)


def _efi_line(draft: Draft, effect: EfiLine, record: Record) -> None:
    if draft.efi_number is None:
        draft.efi_begins = effect.number == 0
    elif effect.number == 0 and draft.efi_number:
        draft.efi_dumps += 1
    draft.efi_number = effect.number
    draft.add("efi_map", effect.entry, record, draft.efi_dumps)


def _memblock_line(draft: Draft, effect: MemblockLine, record: Record) -> None:
    if effect.number is not None:
        _begin_dump_without_header(draft, effect, effect.number)
    draft.add(_MEMBLOCK[effect.which], effect.region, record)


def _begin_dump_without_header(draft: Draft, effect: MemblockLine, number: int) -> None:
    """Region 0 after other regions, or a different region 0, begins another dump whose header is missing."""
    name = _MEMBLOCK[effect.which]
    first = next(iter(draft.values(name)), None)
    if number == 0 and first is not None:
        another = (first.range, first.node) != (effect.region.range, effect.region.node)
        if another or draft.memblock_numbers.get(name):
            draft.facts.pop(name)
    draft.memblock_numbers = {**draft.memblock_numbers, name: number}


def _struct_page_memory(draft: Draft, effect: StructPageMemory, record: Record) -> None:
    draft.add("struct_page_memory", effect, record)


def _node_memory(draft: Draft, effect: NodeMemory, record: Record) -> None:
    for item in effect.ranges:
        draft.add("node_memory", item, record)


def _region_name(draft: Draft, effect: RegionName, _: Record) -> None:
    if len(draft.region_names) < _MOST_NAMES:
        draft.region_names = {**draft.region_names, effect.start: effect.name}


def _remark(draft: Draft, effect: Remark, record: Record) -> None:
    draft.complain(effect.severity, effect.code, effect.message, record.lines, record.column)


def _banner(draft: Draft, effect: Banner, record: Record) -> None:
    draft.banner = draft.banner or (effect, record.lines)
    draft.banner_width = record.end - record.start


def _hardware(draft: Draft, effect: Hardware, _: Record) -> None:
    draft.hardware = draft.hardware or effect.text


def _farewell(draft: Draft, _: Farewell, __: Record) -> None:
    draft.ended = True


def _panic(draft: Draft, effect: Panic, record: Record) -> None:
    draft.ended = True
    draft.add("failures", effect.failure, record)


def _capture_kernel(draft: Draft, _: CaptureKernel, __: Record) -> None:
    draft.captures = True


def _running(draft: Draft, effect: Running, record: Record) -> None:
    draft.running[effect.release] = merged(draft.running.get(effect.release, ()), record.lines)


def _arch_hint(draft: Draft, effect: ArchHint, record: Record) -> None:
    draft.arch_hint = draft.arch_hint or (effect.arch, record.lines)


def _page_size(draft: Draft, effect: PageSize, record: Record) -> None:
    draft.page_size = draft.page_size or (effect.size, record.lines)
    if effect.table is not None:
        draft.add("sizes", effect.table, record)


def _memory_line(draft: Draft, effect: MemoryLine, record: Record) -> None:
    draft.memory_line = draft.memory_line or (effect, record.lines)


def _last_pfn(draft: Draft, effect: LastPfn, record: Record) -> None:
    draft.last_pfns[effect] = merged(draft.last_pfns.get(effect, ()), record.lines)


def _tally(draft: Draft, effect: Tally, _: Record) -> None:
    draft.tallies.append(effect)


def _fault(draft: Draft, effect: FaultLine, record: Record) -> None:
    draft.faults.take(effect, record)
    names = [name for name, _ in effect.values] if isinstance(effect, Registers) else []
    arch = architecture_of_oops([effect.register] if isinstance(effect, Symbol) else names)
    if arch is not None:
        _arch_hint(draft, ArchHint(arch), record)


def _command_line(draft: Draft, effect: CommandLine, record: Record) -> None:
    before, before_lines = draft.command_lines[-1] if draft.command_lines else (effect, record.lines)
    if draft.command_lines and not before.complete and len(before.text) < LONGEST_LINE:
        joined = CommandLine(f"{before.text} {effect.text}", effect.complete, before.passed)
        draft.command_lines[-1] = (joined, merged(before_lines, record.lines))
    else:
        draft.command_lines.append((effect, record.lines))
        draft.command_width = record.end - record.start


def _bootconfig(draft: Draft, _effect: BootConfig, record: Record) -> None:
    draft.bootconfig = merged(draft.bootconfig, record.lines)


def _image_not_ram(draft: Draft, _effect: ImageNotRam, record: Record) -> None:
    draft.open_section("image")
    message = "The memory map did not call the kernel's own image RAM; the kernel made it RAM again."
    draft.add("failures", Failure("image-not-ram", message, record.lines), record)


def _e820_change(draft: Draft, effect: E820Change, record: Record) -> None:
    """Add a change; a removal of every type behind the line that announces it is that of the kernel's own image."""
    if draft.open == "image" and effect.action == "remove" and effect.from_ is None:
        draft.open = None
        image = ReservedRegion(*effect.range, KERNEL_IMAGE, KERNEL_IMAGE, effect.lines)
        draft.add("reserved_regions", image, record)
    draft.add("e820_changes", effect, record)


EFFECTS: dict[type, Callable[[Draft, Any, Record], None]] = {
    Header: _header,
    MapLine: _map_line,
    EfiLine: _efi_line,
    MemblockLine: _memblock_line,
    StructPageMemory: _struct_page_memory,
    NodeMemory: _node_memory,
    RegionName: _region_name,
    Remark: _remark,
    Banner: _banner,
    Running: _running,
    CommandLine: _command_line,
    Hardware: _hardware,
    Farewell: _farewell,
    Panic: _panic,
    CaptureKernel: _capture_kernel,
    BootConfig: _bootconfig,
    ImageNotRam: _image_not_ram,
    E820Change: _e820_change,
    ArchHint: _arch_hint,
    PageSize: _page_size,
    MemoryLine: _memory_line,
    LastPfn: _last_pfn,
    Tally: _tally,
    Trouble: _fault,
    ToolPage: _fault,
    ToolOops: _fault,
    Symbol: _fault,
    Reason: _fault,
    PageDump: _fault,
    ShownFlags: _fault,
    Registers: _fault,
}
"""What to do with an effect by its type; other facts go to lists, see :data:`pfnscope.bootlog.boots.draft.LIST_OF`."""
