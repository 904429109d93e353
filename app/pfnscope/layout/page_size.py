"""The base page size of a boot that prints no line of it: from its counts, or from the name of its release."""

from pfnscope.kernel.architectures import PAGE_SIZES
from pfnscope.model.log import BootLog
from pfnscope.patterns import compiled
from pfnscope.units import KIB

_NAMED = r"[-+._](4|16|64)k(?:[-+._]|$)"


def named_page_size(release: str | None) -> int | None:
    """The page size in bytes that vendors put into a release, such as ``6.12.41-v8-16k+`` or ``5.14.0-427+64k``."""
    match = compiled(_NAMED).search((release or "").lower().encode("utf-8", "replace"))
    return int(match.group(1) or 0) * KIB if match else None


def counted_page_size(log: BootLog) -> int | None:
    """The page size in bytes with which the node ranges have the "totalpages" of every node, or None."""
    if "page_size" in log.assumed:  # ranges printed in page frames have the same total in every size
        return None
    totals = {count.node: count.value for count in log.page_counts.node_total_pages if count.value}
    fitting = [
        size
        for size in PAGE_SIZES
        if totals
        and all(
            sum(item.range.frames_inward(size).pages for item in log.node_ranges if item.node == node) == total
            for node, total in totals.items()
        )
    ]
    return fitting[0] if len(fitting) == 1 else None
