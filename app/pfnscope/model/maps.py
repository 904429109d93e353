"""Which of the memory maps that a kernel prints one after another is in force."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pfnscope.model.log import MapEntry


class _HasMaps(Protocol):
    @property
    def firmware_map(self) -> "tuple[MapEntry, ...]": ...
    @property
    def user_map(self) -> "tuple[MapEntry, ...]": ...
    @property
    def extended_map(self) -> "tuple[MapEntry, ...]": ...
    @property
    def modified_map(self) -> "tuple[MapEntry, ...]": ...
    @property
    def map_before_kernel(self) -> "tuple[MapEntry, ...]": ...


class MemoryMaps:
    """What has the maps that a kernel prints one after another."""

    __slots__ = ()

    @property
    def map_in_force(self: _HasMaps) -> "tuple[MapEntry, ...]":
        """The last of the maps that the kernel printed: firmware, extended, user, modified (e820.c, all releases)."""
        return self.modified_map or self.map_before_kernel

    @property
    def map_before_kernel(self: _HasMaps) -> "tuple[MapEntry, ...]":
        """The last map before the kernel changes it of its own accord, or where none is printed the modified one."""
        return self.user_map or self.extended_map or self.firmware_map or self.modified_map
