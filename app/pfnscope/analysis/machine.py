"""The machine of a log, booted with other command lines: what causes and what-if questions start from."""

from functools import cached_property

from msgspec import Struct, structs

from pfnscope.kernel.architectures import MemoryModel
from pfnscope.kernel.release import Release
from pfnscope.layout import build_layout
from pfnscope.model.layout import Layout
from pfnscope.model.log import BootLog
from pfnscope.simulation import USUAL_ARCH, SimulatedBoot, own_command_line, simulate


class Machine(Struct, frozen=True, dict=True):
    """A machine and the release that it boots. ``log`` has its firmware map, its nodes and its own command line.

    ``arch`` is the architecture that it is analysed as, which may override the log's; ``model`` is the memory model of
    its kernel, where None is the usual one.
    """

    log: BootLog
    release: Release | None
    arch: str | None
    model: MemoryModel | None

    @cached_property
    def own(self) -> SimulatedBoot:
        """The boot with its own command line. Raises NotSimulated."""
        return self._simulated(own_command_line(self.log))

    def boot(self, command_line: str) -> SimulatedBoot:
        """The boot with that command line. Raises NotSimulated."""
        return self.own if command_line == own_command_line(self.log) else self._simulated(command_line)

    def layout(self, boot: SimulatedBoot) -> Layout:
        """The layout of such a boot."""
        return build_layout(boot.log, self.release, self.arch, self.model)

    def as_analysed(self) -> "Machine":
        """The machine of what-if questions, which keeps an architecture that overrides the log's."""
        if self.arch == (self.log.arch or USUAL_ARCH):
            return self
        return structs.replace(self, log=structs.replace(self.log, arch=self.arch))

    def _simulated(self, command_line: str) -> SimulatedBoot:
        return simulate(self.log, command_line, self.release.stable if self.release else None)
