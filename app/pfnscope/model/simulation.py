"""How a simulated boot came about, and how far it can be trusted."""

from msgspec import Struct

from pfnscope.kernel.map_arguments import ArgumentNote
from pfnscope.model.log import Lines


class SelfCheck(Struct, frozen=True):
    """A list that the log prints and what simulating the log's own command line gives; null where it is not printed."""

    what: str
    agrees: bool | None
    printed: tuple[str, ...]
    simulated: tuple[str, ...]
    lines: Lines


class Simulation(Struct, frozen=True):
    """How a simulated document came about. ``log_command_line`` is that of the log, null where it has none.

    ``replays``: whether the log's own command line, simulated, gives what the log printed; null where it prints
    nothing to compare.
    """

    log_command_line: str | None
    command_line: str
    problems: tuple[ArgumentNote, ...]
    replays: bool | None
    self_check: tuple[SelfCheck, ...]
