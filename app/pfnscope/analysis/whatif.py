"""The analysis of a boot that did not happen: another command line on the machine of a log."""

from collections.abc import Iterable

from msgspec import structs

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.choice import choose
from pfnscope.analysis.machine import Machine
from pfnscope.analysis.places.crash_kernel import crash_kernel
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.vendors import parse_release
from pfnscope.model.analysis import Choice
from pfnscope.model.log import Diagnostic
from pfnscope.simulation import NotSimulated, SimulatedBoot


def what_if(analysis: Analysis, command_line: str, *, kernel: str | None = None) -> tuple[Analysis, SimulatedBoot]:
    """Analyse the machine of ``analysis`` with another command line, on ``kernel`` or else on the log's own release.

    Without ``kernel`` the mechanism is the one that the log was found to have, evidence and all. Raises
    NotSimulated, and ValueError where ``kernel`` is not a release.
    """
    machine, choice = analysis.machine.as_analysed(), _doubted(analysis)
    if kernel:
        machine = _on_release(machine, kernel)
    simulation = machine.boot(command_line)
    layout = machine.layout(simulation)
    if kernel:
        choice = choose(simulation.log, layout, lambda _: (), machine.release, overridden=True)
    assumed = (*(("release", "asked for") for _ in [kernel] if kernel), *analysis.assumed, *simulation.assumed)
    changed = Analysis(
        log=simulation.log,
        release=machine.release,
        layout=layout,
        choice=choice,
        checks=(),
        assumed=tuple(dict(assumed).items()),
        diagnostics=(),
        booted_from=structs.replace(machine.log, command_line=command_line),
        origin="simulated",
    )
    crash = _crash_kernel(analysis, changed)
    changed = structs.replace(changed, diagnostics=tuple(_diagnostics(simulation, crash)))
    changed.machine.booted(simulation)
    return changed, simulation


def _doubted(analysis: Analysis) -> Choice:
    """The mechanism of the log, and that the log contradicts it, where it does."""
    against = next((item.proofs[0] for item in analysis.evident if item.contradicts), None)
    if against is None:
        return analysis.choice
    doubt = (
        f"{analysis.log.at(against.lines[0])} of the log contradicts the rule, and other boots of this kernel may, too"
    )
    return structs.replace(analysis.choice, doubt="; ".join(filter(None, (analysis.choice.doubt, doubt))))


def _on_release(machine: Machine, kernel: str) -> Machine:
    """The machine with another kernel, of which the log does not tell which nodes are initialised late."""
    release = parse_release(kernel)
    if release is None:
        raise ValueError(kernel)
    counts = structs.replace(machine.log.page_counts, deferred=())
    return structs.replace(machine, log=structs.replace(machine.log, page_counts=counts), release=release)


def _crash_kernel(analysis: Analysis, changed: Analysis) -> Diagnostic | None:
    """Where the memory of a crash kernel lies that the other command line asks for; None where it asks for no other."""
    before, after = (arguments(item.booted_from.command_line or "") for item in (analysis, changed))
    own = [[item.text for item in given if item.name == "crashkernel"] for given in (before, after)]
    if not own[1] or own[0] == own[1]:
        return None
    others = [[item.text for item in given if item.name != "crashkernel"] for given in (before, after)]
    text = " ".join([item for item in own[1] if item not in own[0]] or own[1])
    fits = False
    try:
        places = crash_kernel(analysis if others[0] == others[1] else changed, " ".join(own[1]))
        fits, said = places.outcome == "fits", places.text
    except NotSimulated as error:
        fits, said = True, f"{error}."
    except ValueError as error:
        said = str(error)
    return Diagnostic("info" if fits else "warning", "crash-kernel-placed", f"{text}: {said}", None, None)


def _diagnostics(simulation: SimulatedBoot, crash: Diagnostic | None) -> Iterable[Diagnostic]:
    source = "firmware map" if simulation.log.firmware_map else "memory of the log"
    message = f"This layout was computed, not booted: the {source} with the command line shown."
    yield Diagnostic("info", "simulated", message, None, None)
    reserving = [
        item.text for item in arguments(simulation.command_line) if item.shapes_memory and not item.shapes_layout
    ]
    if reserving:
        message = f"{', '.join(reserving)}: memory, nodes and zones stay as they are; this only reserves some of it."
        yield Diagnostic("info", "only-reserves", message, None, None)
    if crash is not None:
        yield crash
    for name, source in simulation.assumed:
        yield Diagnostic("info", "assumed", f"{name} is assumed: {source}.", None, None)
    if simulation.image_mended:
        message = "The command line takes RAM under the kernel image; the kernel makes that RAM again."
        yield Diagnostic("warning", "kernel-image", message, None, None)
