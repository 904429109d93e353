"""/proc/iomem: who has which part of the address space, as a tree."""

from collections.abc import Iterable

import msgspec

from pfnscope.bootlog.files.lines import ResourceLine
from pfnscope.bootlog.files.notes import Notes
from pfnscope.bootlog.model import Resource
from pfnscope.bootlog.records import merged
from pfnscope.ranges import ByteRange


def resources(lines: Iterable[object], notes: Notes) -> tuple[Resource, ...]:
    """The entries in the order of the file. A second copy is merged; what only it has is noted and left out.

    Depth is told by containment, since quoting and mailers do away with the indentation.
    """
    found: dict[tuple[ByteRange, str, int], Resource] = {}
    above: list[ByteRange] = []
    last, copies, odd = -1, 0, False
    for line in lines:
        if not isinstance(line, ResourceLine) or line.range is None or not notes.possible(line.range, line.lines):
            continue
        memory = line.range
        if memory.start < last:
            above, copies = [], copies + 1
        last = memory.start
        while above and above[-1].end < memory.end:
            above.pop()
        entry = Resource(memory, line.name, len(above), line.lines)
        above.append(memory)
        key = (memory, line.name, entry.depth)
        before = found.get(key)
        if before is not None:
            found[key] = msgspec.structs.replace(before, lines=merged(before.lines, line.lines))
        elif not copies:
            found[key] = entry
        elif not odd:
            odd = True
            message = "/proc/iomem comes twice and the copies differ; the first one is used."
            notes.say("warning", "conflicting-iomem", message, line.lines)
    return tuple(found.values())


def hidden(lines: Iterable[object], notes: Notes) -> None:
    """Explain the file of all zeros that the kernel gives to those who may not know addresses."""
    zeros = [line for line in lines if isinstance(line, ResourceLine) and line.range is None]
    if zeros:
        message = (
            f"{len(zeros)} lines of /proc/iomem have no addresses: the kernel shows zeros to everybody but root, "
            "so they say nothing. Use: sudo cat /proc/iomem."
        )
        notes.say("warning", "iomem-hidden", message, zeros[0].lines)
