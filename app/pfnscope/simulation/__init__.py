"""What another command line would make of a machine: its firmware map and nodes, booted again without a reboot."""

from pfnscope.simulation.boot import (
    USUAL_ARCH,
    NotSimulated,
    SimulatedBoot,
    boot_as_printed,
    features_of,
    has_mirrors,
    self_check,
    simulate,
)
from pfnscope.simulation.firmware import own_command_line, with_inferred

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
