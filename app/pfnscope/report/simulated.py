"""What a simulated document says beside the layout: the change, its mistakes, and how far to trust the outcome."""

from collections.abc import Iterable

from pfnscope.analysis import Analysis
from pfnscope.findings import arguments
from pfnscope.model.answers import SelfCheck, Simulation
from pfnscope.report.plain import PLAIN, Look
from pfnscope.simulation import NotSimulated, SimulatedBoot, self_check


def simulation(real: Analysis, boot: SimulatedBoot) -> Simulation:
    """What the document says of it; ``real`` is the analysis of the log that was started from."""
    problems = sorted(boot.problems, key=lambda problem: problem.column)
    replays, rows = _replayed(real)
    reasons = arguments.reasons(real) if replays is False else ()
    return Simulation(real.log.command_line, boot.command_line, tuple(problems), replays, rows, reasons)


def _replayed(real: Analysis) -> tuple[bool | None, tuple[SelfCheck, ...]]:
    try:
        rows = self_check(real.log, real.machine.own.log)
    except NotSimulated:
        return None, ()
    known = [row.agrees for row in rows if row.agrees is not None]
    return (all(known) if known else None), rows


def carets(simulation: Simulation, look: Look = PLAIN) -> list[str]:
    """Each note under the piece of the command line that it is about, with carets below the text."""
    out: list[str] = []
    width = look.width - 4
    for note in simulation.problems:
        start = max(0, min(note.column - look.width // 3, len(simulation.command_line) - width))
        # letter by letter, so that each keeps its column
        piece = "".join(look.text(char)[:1] for char in simulation.command_line[start : start + width])
        marks = "^" * max(1, min(note.width, width - note.column + start))
        out += [f"  {piece}", "  " + " " * (note.column - start) + look.paint("caution", marks)]
        out += look.wrap(f"{note.severity}: {note.message}", "  ")
    return out


def agreement(simulation: Simulation) -> str:
    """How far the simulation can be trusted on this machine, in one sentence."""
    if simulation.replays is None:
        return "The log prints nothing that a simulation of its own command line could be held against."
    if simulation.replays:
        return "Self-check: the log's own command line, simulated, gives the log's own maps and ranges."
    wrong = _joined(row.what for row in simulation.self_check if row.agrees is False)
    failed = f"Self-check FAILED: the log's own command line, simulated, does not give the log's own {wrong}."
    return " ".join((failed, *simulation.reasons))


def _joined(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
