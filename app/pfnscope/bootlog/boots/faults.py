"""Oopses, bad pages and page dumps: the first line, then the symbol and the registers that follow it."""

import msgspec

from pfnscope.bootlog.effects import Reason, Registers, ShownFlags, Symbol, ToolOops, ToolPage, Trouble
from pfnscope.bootlog.records import Record, merged
from pfnscope.model.log import TOOL, LogEvent, PageDump
from pfnscope.model.ranges import Lines

PAGE_TABLE_ENTRY = "pte"
"""Name among the registers for the page table entry of a "Bad page map" report."""

FAILING_ADDRESS = "failing address"
_KASAN = " KASAN"
"""What kernels that were built with KASAN print in "Oops:" lines (arch/x86/kernel/dumpstack.c, 4.0 to 7.1)."""

FaultLine = Trouble | Symbol | Reason | PageDump | ShownFlags | Registers

OOPS = "oops"
_OOPS_LINES = 80
_STRUCT_PAGE_WORDS = 8
_OOPS_BEGINNING = 20  # page tables, and what #PF: lines say, may come between
_SHOWN_LINES = 3  # between what a user of a tool types, and the flags that it prints
_MOST_SHOWN = 1000  # struct pages of one boot: crash can print all that a machine has


class Faults:
    """Events of one boot; lines may still be added to the last one."""

    __slots__ = ("_shown", "_started", "events", "kasan")

    def __init__(self) -> None:
        self._shown = 0
        self.events: list[LogEvent] = []
        self.kasan: Lines = ()
        self._started: tuple[int, int | None] | None = None

    @property
    def open(self) -> bool:
        """Whether registers would belong to an event."""
        return self._started is not None

    def take(self, effect: FaultLine, record: Record) -> None:
        """Begin an event or add to the last."""
        if isinstance(effect, Trouble):
            if effect.follows and _KASAN in effect.text:
                self.kasan = self.kasan or record.lines
            if isinstance(effect, ToolPage):
                self._show(effect, record)
            elif not (effect.follows and self._continues(effect, record)):
                self._begin(effect, record)
        elif isinstance(effect, ShownFlags):
            self._show_flags(effect, record)
        elif self._started is not None and record.lines[0] - self._started[0] <= _OOPS_LINES:
            self._extend(effect, record)

    def _show(self, effect: ToolPage, record: Record) -> None:
        """A struct page that a tool shows; what was typed for it names the frame, and the answer its address."""
        last = self.events[-1] if self.events else None
        if last is not None and last.kind == TOOL and record.lines[0] - last.lines[-1] <= 1:
            typed = last.dump is None and last.struct_page is None and effect.pfn is None and effect.physical is None
            if typed:
                lines = merged(last.lines, record.lines)
                self.events[-1] = msgspec.structs.replace(
                    last, struct_page=effect.struct_page, dump=effect.dump, lines=lines
                )
                return
        self._shown += 1
        if self._shown <= _MOST_SHOWN:
            self._begin(effect, record)

    def _show_flags(self, effect: ShownFlags, record: Record) -> None:
        last = self.events[-1] if self.events else None
        if last is None or last.kind != TOOL or last.dump or record.lines[0] - last.lines[-1] > _SHOWN_LINES:
            return
        lines = merged(last.lines, record.lines)
        self.events[-1] = msgspec.structs.replace(last, dump=PageDump(effect.flags), lines=lines)

    def _continues(self, effect: Trouble, record: Record) -> bool:
        """Whether a second line of an oops belongs to the one that began right before."""
        symbol = effect.symbol if isinstance(effect, ToolOops) else None
        reach = _OOPS_LINES if symbol else _OOPS_BEGINNING
        if self._started is None or record.lines[0] - self._started[0] > reach:
            return False
        last = self.events[-1]
        if last.kind == OOPS:
            text = f"{last.text} in {symbol}" if symbol and " in " not in last.text else last.text
            self.events[-1] = msgspec.structs.replace(last, text=text, lines=merged(last.lines, record.lines))
            self._started = (record.lines[0], record.stamp) if symbol else self._started
        return last.kind == OOPS

    def _begin(self, effect: Trouble, record: Record) -> None:
        entry = effect.page_table_entry
        registers = () if entry is None else ((PAGE_TABLE_ENTRY, entry),)
        event = LogEvent(
            effect.kind,
            f"{effect.text} in {effect.symbol}" if isinstance(effect, ToolOops) else effect.text,
            record.lines,
            effect.address,
            effect.struct_page,
            effect.pfn,
            registers,
            effect.dump,
            effect.physical if isinstance(effect, ToolPage) else None,
        )
        doubled = (
            effect.kind != TOOL
            and self._started is not None
            and record.stamp is not None
            and self._started[1] == record.stamp
        )
        if doubled and _beginning(self.events[-1]) == _beginning(event):
            last = self.events[-1]
            self.events[-1] = msgspec.structs.replace(last, lines=merged(last.lines, record.lines))
            return
        self._started = (record.lines[0], record.stamp)
        self.events.append(event)

    def _extend(self, effect: Symbol | Reason | PageDump | Registers, record: Record) -> None:
        event = self.events[-1]
        if event.kind == TOOL:
            return
        lines = merged(event.lines, record.lines)
        if isinstance(effect, Symbol):
            place = f" in {effect.text}"
            text = event.text if " in " in event.text else event.text + place
            self.events[-1] = msgspec.structs.replace(event, text=text, lines=lines)
            return
        if isinstance(effect, Reason):
            self.events[-1] = msgspec.structs.replace(event, text=f"{event.text}: {effect.text}", lines=lines)
            return
        if isinstance(effect, PageDump):
            if event.kind == OOPS:
                return  # its page line is missing
            self.events[-1] = msgspec.structs.replace(event, dump=_joined(event.dump, effect), lines=lines)
            return
        if effect.values[0][0] == FAILING_ADDRESS:
            address = effect.values[0][1] if event.address is None else event.address
            self.events[-1] = msgspec.structs.replace(event, address=address, lines=lines)
            return
        known = {name for name, _ in event.registers}
        new = tuple(pair for pair in effect.values if pair[0] not in known)
        if new:  # user space registers, printed later in an oops, are not those of the fault
            self.events[-1] = msgspec.structs.replace(event, registers=event.registers + new, lines=lines)


def _joined(dump: PageDump | None, line: PageDump) -> PageDump:
    """What one more line of a dump adds; a second word of flags or more raw words are of another struct page."""
    if dump is None:
        return line
    if line.words:
        return msgspec.structs.replace(dump, words=(dump.words + line.words)[:_STRUCT_PAGE_WORDS])
    return dump if dump.flags is not None else msgspec.structs.replace(line, words=dump.words)


def _beginning(event: LogEvent) -> tuple[str, str, int | None, int | None]:
    return event.kind, event.text.partition(" in ")[0], event.address, event.pfn
