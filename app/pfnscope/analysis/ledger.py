"""The RAM ledger of a boot: from the memory that firmware tells of to MemTotal, by cause, to the byte."""

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.ledger_kernel import kernel_side
from pfnscope.analysis.ledger_map import firmware_side
from pfnscope.model.ledger import Ledger
from pfnscope.units import KIB


def ledger(analysis: Analysis) -> Ledger | None:
    """Where the RAM went; None where no line tells of memory."""
    firmware = firmware_side(analysis)
    if firmware is None:
        return None
    kernel = kernel_side(analysis, firmware.present)
    printed = [item.kib * KIB for item in analysis.log.files.totals if item.node is None]
    return Ledger(
        total=firmware.total,
        begins=firmware.begins,
        begins_lines=firmware.lines,
        rows=(*firmware.rows, *kernel.rows),
        mem_total=kernel.mem_total,
        mem_total_basis=kernel.basis,
        mem_total_text=kernel.text,
        mem_total_printed=printed[0] if printed else None,
        lines=kernel.lines,
    )
