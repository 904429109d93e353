"""Zone ranges: the limits that the architecture gives, not what is populated."""

from pfnscope.bootlog.effects import Effect, Header, PfnZone
from pfnscope.bootlog.forms.base import HEX, MEM, NUMBER, Form, Groups, hexadecimal, inclusive, number, same_width
from pfnscope.model.log import Lines, ZoneRange

_NAME = "(DMA|DMA32|Normal|HighMem|Movable|Device)"


def _frames(groups: Groups, _lines: Lines) -> Effect:
    zone, start, end = groups
    same_width(start, end)
    return PfnZone(zone or "", hexadecimal(start), hexadecimal(end))


FORMS = (
    Form(
        name="zones-header",
        family="zone ranges",
        triggers=("«Zone »(?:PFN )?ranges",),
        pattern=r"Zone (?:PFN )?ranges:",
        make=lambda _groups, _lines: Header("zones"),
        samples=("Zone ranges:", "Zone PFN ranges:"),
        source="mm/page_alloc.c, later mm/mm_init.c, 2.6.24-7.1",
        anchor=r"Zone (?:PFN )?ranges:",
    ),
    Form(
        name="zone-range",
        family="zone ranges",
        triggers=(r"(?:«DMA »|«DMA32 »|«Normal »|«HighMem »|«Movable »|«Device ») *\[mem",),
        pattern=rf"{_NAME}\s+{MEM}",
        make=lambda g, lines: ZoneRange(g[0] or "", *inclusive(g[1], g[2]), lines),
        samples=(
            "DMA      [mem 0x0000000000001000-0x0000000000ffffff]",
            "Normal   [mem 0x01000000-0x375fdfff]",
        ),
        source="mm/page_alloc.c, later mm/mm_init.c, 3.6-7.1; end inclusive",
        needs=("zones",),
        damaged=r"(?:DMA|DMA32|Normal|HighMem|Movable|Device)\s+\[mem",
    ),
    Form(
        name="zone-empty",
        family="zone ranges",
        triggers=("(?:DMA|DMA32|Normal|HighMem|Movable|Device) +«empty»",),
        pattern=rf"{_NAME}\s+empty",
        make=lambda g, lines: ZoneRange(g[0] or "", None, None, lines),
        samples=("Device   empty", "HighMem empty"),
        source="mm/page_alloc.c, later mm/mm_init.c, 2.6.34-7.1",
        needs=("zones",),
    ),
    Form(
        name="zone-range-hex-pfn",
        family="zone ranges",
        triggers=("(?:DMA|DMA32|Normal|HighMem|Movable|Device) +0x[0-9a-fA-F]+ *«->»",),
        pattern=rf"{_NAME}\s+{HEX}\s*->\s*{HEX}\b",
        make=_frames,
        samples=("DMA32    0x00001000 -> 0x00100000",),
        source="mm/page_alloc.c, 2.6.32-3.4; page frames, end exclusive",
        needs=("zones",),
    ),
    Form(
        name="zone-range-decimal-pfn",
        family="zone ranges",
        triggers=("(?:DMA|DMA32|Normal|HighMem|Movable|Device) +[0-9]+ *«->»",),
        pattern=rf"{_NAME}\s+{NUMBER}\s*->\s*{NUMBER}\b",
        make=lambda g, _lines: PfnZone(g[0] or "", number(g[1]), number(g[2])),
        samples=("Normal    1048576 ->  1048576",),
        source="mm/page_alloc.c, 2.6.24; decimal page frames, end exclusive",
        needs=("zones",),
    ),
)
