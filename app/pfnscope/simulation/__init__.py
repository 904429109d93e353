"""What another command line would make of a machine: its firmware map and nodes, booted again without a reboot."""

from pfnscope.simulation.boot import USUAL_ARCH, NotSimulated, SimulatedBoot, simulate
from pfnscope.simulation.inferred import own_command_line, with_inferred
from pfnscope.simulation.selfcheck import self_check

__all__ = [
    "USUAL_ARCH",
    "NotSimulated",
    "SimulatedBoot",
    "own_command_line",
    "self_check",
    "simulate",
    "with_inferred",
]
