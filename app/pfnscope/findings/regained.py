"""RAM that another command line gives back, tried by the simulator."""

from pfnscope.analysis import Analysis
from pfnscope.kernel.command_line import Argument
from pfnscope.model.findings import Remedy
from pfnscope.simulation import NotSimulated, own_command_line
from pfnscope.units import format_size


def regained_with(analysis: Analysis, argument: str, text: str) -> Remedy | None:
    """An argument that gives memory back; ``text`` says ``{keeps}`` where its effect stands."""
    return _tried(analysis, f"{own_command_line(analysis.booted_from)} {argument}".strip(), argument, text)


def regained_without(analysis: Analysis, argument: Argument) -> Remedy | None:
    """The command line without an argument."""
    line = own_command_line(analysis.booted_from)
    line = line[: argument.column] + line[argument.column + len(argument.text) :]
    gone = (argument.text,)
    return _tried(analysis, " ".join(line.split()), None, f"Without {argument.text} {{keeps}}", gone)


def _tried(
    analysis: Analysis, line: str, argument: str | None, text: str, instead: tuple[str, ...] = ()
) -> Remedy | None:
    """What such a boot has more of RAM; unchecked where it cannot be simulated, None where it has none."""
    own = analysis.layout.memory_frames.pages
    try:
        machine = analysis.machine
        gained = (machine.layout(machine.boot(line)).memory_frames.pages - own) * analysis.layout.page_size
    except NotSimulated:
        keeps = f"{argument} lets the kernel use it" if argument else "the kernel uses it"
        return Remedy(f"{text.format(keeps=keeps)}.", argument, instead=instead)
    if gained <= 0:
        return None
    more = f"the kernel has {format_size(gained)} more"
    keeps = f"With {argument} {more}" if argument else more
    return Remedy(f"{text.format(keeps=keeps)}.", argument, checked=True, instead=instead)
