"""The base page size that the printed counts of a boot prove."""

from app.bootlog.model import BootLog
from app.units import KIB

SIZES = (4 * KIB, 8 * KIB, 16 * KIB, 64 * KIB)


def counted_page_size(log: BootLog) -> int | None:
    """The page size in bytes with which the node ranges have the "totalpages" of every node, or None."""
    if "page_size" in log.assumed:  # ranges printed in page frames have the same total in every size
        return None
    totals = {count.node: count.value for count in log.page_counts.node_total_pages if count.value}
    found = [
        size
        for size in SIZES
        if totals
        and all(
            sum(item.range.frames_inward(size).pages for item in log.node_ranges if item.node == node) == total
            for node, total in totals.items()
        )
    ]
    return found[0] if len(found) == 1 else None
