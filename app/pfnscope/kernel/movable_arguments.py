"""What a command line asks of ZONE_MOVABLE: ``kernelcore=``, ``movablecore=`` and ``movable_node``."""

from collections.abc import Iterable

from msgspec import Struct

from pfnscope.kernel.command_line import Argument
from pfnscope.kernel.release import Version
from pfnscope.units import leading_size

PERCENT: Version = (4, 17, 0)
"""``nn%`` is understood: cmdline_parse_core() in mm/page_alloc.c, not in 4.4, in 4.17."""

MIRROR: Version = (4, 6, 0)
"""``kernelcore=mirror`` is understood: not in 4.4, in 4.17; documented for 4.6."""

MOVABLE_NODE: Version = (3, 14, 0)
"""``movable_node`` is understood: mm/memory_hotplug.c, in 4.4."""


class MovableArguments(Struct, frozen=True):
    """Sizes in bytes and percentages of all memory; 0 where not asked for. ``texts`` are the arguments as written."""

    kernelcore: int = 0
    movablecore: int = 0
    kernelcore_percent: int = 0
    movablecore_percent: int = 0
    mirror: bool = False
    movable_node: bool = False
    texts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.texts)


NONE = MovableArguments()


def movable_arguments(given: Iterable[Argument], version: Version | None) -> MovableArguments:
    """What is asked for on a release; the last of several of one name counts, as each is parsed anew.

    Source: cmdline_parse_kernelcore() in mm/page_alloc.c, 2.6.34, 4.4, 5.14, and mm/mm_init.c, 7.1.
    """
    sizes = {"kernelcore": 0, "movablecore": 0}
    percents = {"kernelcore": 0, "movablecore": 0}
    mirror = node = False
    texts: list[str] = []
    for argument in given:
        name, value = argument.name, argument.value
        if name == "movable_node" and _since(version, MOVABLE_NODE):
            node = True
        elif name == "kernelcore" and value == "mirror" and _since(version, MIRROR):
            mirror = True
        elif name in sizes and value is not None:
            count, rest = leading_size(value, suffixes=False)
            if rest.startswith("%") and _since(version, PERCENT):
                percents[name] = count or 0
            else:
                sizes[name], percents[name] = leading_size(value)[0] or 0, 0
        else:
            continue
        texts.append(argument.text)
    return MovableArguments(
        sizes["kernelcore"],
        sizes["movablecore"],
        percents["kernelcore"],
        percents["movablecore"],
        mirror,
        node,
        tuple(texts),
    )


def _since(version: Version | None, first: Version) -> bool:
    return version is None or version >= first
