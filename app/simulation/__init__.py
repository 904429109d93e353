"""What another command line would make of a machine: its firmware map and nodes, booted again without a reboot."""

from app.simulation.boot import NotSimulated, Simulation, simulate
from app.simulation.inferred import with_inferred
from app.simulation.selfcheck import SelfCheck, self_check

__all__ = ["NotSimulated", "SelfCheck", "Simulation", "self_check", "simulate", "with_inferred"]
