"""What another command line would make of a machine: its firmware map and nodes, booted again without a reboot."""

from pfnscope.simulation.boot import NotSimulated, Simulation, simulate
from pfnscope.simulation.inferred import with_inferred
from pfnscope.simulation.selfcheck import SelfCheck, self_check

__all__ = ["NotSimulated", "SelfCheck", "Simulation", "self_check", "simulate", "with_inferred"]
