"""The analysis of a boot that did not happen: another command line on the machine of a log."""

from collections.abc import Iterable

import msgspec

from pfnscope.analysis.causes import causes
from pfnscope.analysis.choice import choose
from pfnscope.analysis.eras import eras, weigh_unknown
from pfnscope.analysis.holes import find_holes
from pfnscope.analysis.model import Analysis, Choice, Hole
from pfnscope.bootlog.model import BootLog, Diagnostic, PageCounts
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.release import Release, parse_release
from pfnscope.layout import Layout, build_layout
from pfnscope.simulation import Simulation, simulate


def what_if(analysis: Analysis, command_line: str, *, kernel: str | None = None) -> tuple[Analysis, Simulation]:
    """Analyse the machine of ``analysis`` with another command line, on ``kernel`` or else on the log's own release.

    Without ``kernel`` the mechanism is the one that the log was found to have, evidence and all. Raises
    NotSimulated, and ValueError where ``kernel`` is not a release.
    """
    release = parse_release(kernel) if kernel else analysis.release
    if kernel and release is None:
        raise ValueError(kernel)
    # whatever the log had overridden stays so: its layout knows which architecture that is
    log = msgspec.structs.replace(analysis.log, arch=analysis.layout.arch)
    simulation = simulate(log, command_line, release.stable if release else None)
    layout = layout_of(analysis, simulation.log, release)
    if kernel:  # which nodes were late is told of the log's own kernel
        layout = msgspec.structs.replace(layout, deferred=())
    choice = choose(PageCounts(), layout, release, overridden=True) if kernel else analysis.choice
    holes = holes_of(layout, choice, release)
    assumed = (*(("release", "asked for") for _ in [kernel] if kernel), *analysis.assumed, *simulation.assumed)
    return (
        Analysis(
            log=simulation.log,
            release=release,
            layout=layout,
            choice=choice,
            holes=holes,
            eras=eras(layout) if layout.knows_struct_pages else (),
            events=(),
            checks=(),
            diagnostics=tuple(_diagnostics(simulation)),
            assumed=tuple(dict(assumed).items()),
            causes=causes(msgspec.structs.replace(log, command_line=command_line), layout, release, holes),
            origin="simulated",
        ),
        simulation,
    )


def layout_of(analysis: Analysis, log: BootLog, release: Release | None) -> Layout:
    """The layout of a simulated log, with the memory model and the late nodes that were found for the real one."""
    layout = build_layout(log, release, analysis.layout.arch, analysis.layout.memmap.model)
    return msgspec.structs.replace(layout, deferred=analysis.layout.deferred)


def holes_of(layout: Layout, choice: Choice, release: Release | None) -> tuple[Hole, ...]:
    """The holes of a simulated layout, judged."""
    holes = find_holes(layout, choice, release, layout.without_memory)
    return weigh_unknown(layout, holes) if choice.rule is None and layout.knows_struct_pages else holes


def _diagnostics(simulation: Simulation) -> Iterable[Diagnostic]:
    yield Diagnostic(
        "info", "simulated", "This layout was computed, not booted: the firmware map with the command line shown."
    )
    reserving = [
        item.text for item in arguments(simulation.command_line) if item.shapes_memory and not item.shapes_layout
    ]
    if reserving:
        message = f"{', '.join(reserving)}: memory, nodes and zones stay as they are; this only reserves some of it."
        yield Diagnostic("info", "only-reserves", message)
    for name, source in simulation.assumed:
        yield Diagnostic("info", "assumed", f"{name} is assumed: {source}.")
    if simulation.image_mended:
        message = "The command line takes RAM under the kernel image; the kernel makes that RAM again."
        yield Diagnostic("warning", "kernel-image", message)
