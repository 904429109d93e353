"""Which node each piece of memory gets, from the SRAT or from what the log shows of nodes."""

from pfnscope.kernel.command_line import Argument
from pfnscope.model.log import BootLog
from pfnscope.model.ranges.engine import Pairs
from pfnscope.simulation.e820 import joined_lines
from pfnscope.simulation.numa import SLACK, Block, Refused, assign, clean_up, fake_nodes, uncovered

_EMULATION_REFUSED = "debian-kernel@lists.debian.org"
"""Debian's kernels are built without CONFIG_NUMA_EMU: recorded boots of 5.10.223, 6.1.192 and 6.12.107."""

Assumed = list[tuple[str, str]]


def place_nodes(
    log: BootLog, arguments: tuple[Argument, ...], memory: Pairs, max_address: int, assumed: Assumed
) -> list[Block]:
    """memblock.memory with nodes; ``assumed`` takes what the log does not prove.

    Source: x86_numa_init() in arch/x86/mm/numa.c, 4.17 to 6.8, and numa_memblks_init(), 6.12: the SRAT is tried
    first, one node for everything last.
    """
    options = [argument.value or "" for argument in arguments if argument.name == "numa"]
    blocks = _firmware_nodes(log, options, memory, max_address, assumed)
    fake = next((option.removeprefix("fake=") for option in reversed(options) if option.startswith("fake=")), None)
    if fake is not None and _emulates(log, assumed):
        try:
            blocks = clean_up(fake_nodes(fake, blocks, memory, max_address), memory, max_address)
        except Refused as error:
            assumed.append(("nodes", f"numa=fake={fake} has no effect: {error}"))
    return assign(blocks, memory)


def _firmware_nodes(log: BootLog, options: list[str], memory: Pairs, max_address: int, assumed: Assumed) -> list[Block]:
    one = [Block(0, 0, max_address)]
    if any(option.startswith("off") for option in options):
        return one
    had = log.command_line or ""
    if log.srat and not any(option.startswith("noacpi") for option in options):
        blocks = [Block(item.node, item.start, item.end, item.lines) for item in log.srat]
    elif log.srat:
        return one
    else:
        if "numa=off" in had or "numa=noacpi" in had:
            assumed.append(("nodes", "the log was booted without the SRAT, so all memory is taken for node 0"))
        blocks = _nodes_of_the_log(log)
        if blocks and not options:
            why = "the text has no SRAT, so nodes begin where the log's own do, and a gap belongs to the node below it"
            assumed.append(("nodes", why))
    try:
        blocks = clean_up(blocks, memory, max_address)
    except Refused as error:
        assumed.append(("nodes", f"the kernel refuses the SRAT, because {error}, and takes one node"))
        return one
    lacking = uncovered(blocks, memory)
    if blocks and lacking >= SLACK:
        why = f"the kernel refuses the SRAT, because nodes leave out {lacking >> 20} MiB of memory, and takes one node"
        assumed.append(("nodes", why))
        return one
    return blocks or one


def _nodes_of_the_log(log: BootLog) -> list[Block]:
    """Runs of node ranges of one node, where there are several nodes; a gap goes to the node below it."""
    if "numa=fake" in (log.command_line or "") or len({item.node for item in log.node_ranges}) < 2:
        return []
    out: list[Block] = []
    for item in sorted(log.node_ranges, key=lambda item: item.range):
        if out and out[-1].node == item.node:
            out[-1] = Block(item.node, out[-1].start, item.end, joined_lines(out[-1].lines, item.lines))
            continue
        start = item.start if out else 0
        if out:
            out[-1] = Block(out[-1].node, out[-1].start, start, out[-1].lines)
        out.append(Block(item.node, start, item.end, item.lines))
    out[-1] = Block(out[-1].node, out[-1].start, 1 << 64, out[-1].lines)
    return out


def _emulates(log: BootLog, assumed: Assumed) -> bool:
    if _EMULATION_REFUSED in (log.banner or ""):
        assumed.append(("nodes", "numa=fake= has no effect: Debian builds kernels without CONFIG_NUMA_EMU"))
        return False
    assumed.append(("nodes", "numa=fake= has its effect only in a kernel with CONFIG_NUMA_EMU"))
    return True
