"""What mem= of arm64 leaves on a release: examples for rows of :mod:`pfnscope.kernel.thresholds`."""

from pfnscope.kernel.release import Version
from pfnscope.model.log import EfiEntry, Files, Resource
from pfnscope.model.ranges import ByteRange
from pfnscope.simulation import simulate
from tests.kernel.outcomes import MIB, boot


def limited_memory(version: Version) -> object:
    """Where memory ends of arm64 with mem=64M, of which EFI keeps 8 MiB out of the map."""
    kept = EfiEntry(*ByteRange(400 * MIB, 408 * MIB), "Runtime Data", "RUN|WB", ())
    log = boot("arm64", (0, 0, 400), (0, 400, 408), efi_map=(kept,))
    return simulate(log, "mem=64M", version).log.node_ranges[-1].end


def gaps_counted(version: Version) -> object:
    """Whether a gap of arm64 may be memory that counts for mem=."""
    return "memory" in dict(simulate(boot("arm64", (0, 0, 400), (0, 500, 600)), "mem=64M", version).assumed)


def image_above_a_limit(version: Version) -> object:
    """Where memory of arm64 begins that is its image, above mem=64M."""
    code = Resource(*ByteRange(100 * MIB, 120 * MIB), "Kernel code", 1, ())
    log = boot("arm64", (0, 0, 400), files=Files(iomem=(code,)))
    return simulate(log, "mem=64M", version).log.node_ranges[-1].start
