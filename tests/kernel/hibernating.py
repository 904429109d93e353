"""What comes of a release for hibernation: outcomes of rows of pfnscope.kernel.hibernation."""

from collections.abc import Callable

from msgspec.structs import replace

from pfnscope.analysis import analyze
from pfnscope.analysis.stability import BootedMap
from pfnscope.findings import stability
from pfnscope.kernel.hibernation import resume_check
from pfnscope.kernel.release import Version
from pfnscope.model.log import MapEntry, MemoryType, ReservedRegion
from pfnscope.model.ranges import ByteRange
from tests.kernel.outcomes import MIB, boot, named
from tests.support.seed import seed_log


def resume_hash(arch: str) -> Callable[[Version], str | None]:
    def outcome(version: Version) -> str | None:
        check = resume_check(version, arch)
        return check.algorithm if check else None

    return outcome


def hashed_map(version: Version) -> str:
    """Which of two printed maps is hashed."""
    firmware = seed_log("none").firmware_map
    hashed = BootedMap(1, None, version, "x86_64", firmware, firmware[1:]).table
    return "firmware" if hashed == firmware else "extended"


def shared_page_is_blamed(version: Version) -> bool:
    """Whether a page that two entries of usable memory share, and that is not saved, is put down to the release."""
    entries = tuple(
        MapEntry(*ByteRange(start, end), MemoryType.RAM, "usable", ())
        for start, end in ((MIB, 8 * MIB + 16), (8 * MIB + 16, 16 * MIB))
    )
    left_out = ReservedRegion(*ByteRange(8 * MIB, 8 * MIB + 4096), "not saved by hibernation", "nosave", (1,))
    log = boot("x86_64", (0, 1, 16), firmware_map=entries, reserved_regions=(left_out,))
    analysis = replace(analyze(log), release=named(version))
    (finding,) = (item.finished() for item in stability.drafts(analysis))
    return finding.remedy is not None and finding.remedy.release is not None
