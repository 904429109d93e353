"""What another command line would make of a machine: its memory and nodes, booted again without a reboot."""

from pfnscope.simulation.boot import self_check, simulate
from pfnscope.simulation.booted import USUAL_ARCH, NotSimulated, SimulatedBoot, features_of, has_mirrors
from pfnscope.simulation.firmware import own_command_line, with_inferred
from pfnscope.simulation.x86 import boot_as_printed

__all__ = [
    "USUAL_ARCH",
    "NotSimulated",
    "SimulatedBoot",
    "boot_as_printed",
    "features_of",
    "has_mirrors",
    "own_command_line",
    "self_check",
    "simulate",
    "with_inferred",
]
