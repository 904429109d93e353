"""How near the RAM ledger comes to MemTotal of recorded machines, by kernel.

    .venv/bin/python tools/ledger.py BOOTS      # folders KERNEL/CASE with dmesg.txt and meminfo.txt

Cases named ``dimm-*`` plug memory in after boot and are left out. Exit status 1 where rows do not add up to the byte.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from pfnscope.analysis.analyze import analyze
from pfnscope.analysis.ledger import ledger
from pfnscope.bootlog import read
from pfnscope.model.ledger import Ledger
from pfnscope.units import KIB


def measured(root: Path) -> Iterator[tuple[str, str, Ledger, int]]:
    """Kernel, case, ledger and MemTotal in bytes of each recorded boot."""
    for file in sorted(root.glob("*/*/meminfo.txt")):
        kernel, case = file.parts[-3:-1]
        if case.startswith("dimm-"):
            continue
        total = next(
            int(line.split()[1]) * KIB for line in file.read_text().splitlines() if line.startswith("MemTotal")
        )
        account = ledger(analyze(read(file.with_name("dmesg.txt").read_bytes()).boots[-1]))
        if account is not None:
            yield kernel, case, account, total


def main(arguments: list[str]) -> int:
    """Print the tally of one folder of recorded boots."""
    by_kernel: dict[str, list[float]] = defaultdict(list)
    wrong = 0
    for kernel, case, account, total in measured(Path(arguments[0])):
        error = 100 * abs(account.mem_total - total) / account.total
        by_kernel[kernel].append(error)
        whole = account.mem_total + sum(row.bytes for row in account.rows) == account.total
        absurd = [row for row in account.rows if abs(row.bytes) > account.total]
        wrong += not whole or bool(absurd)
        if error or not whole or absurd or "-v" in arguments:
            note = "" if whole else ", rows do not add up"
            print(f"{kernel}/{case}: {account.mem_total - total:+,} bytes, {error:.4f} %{note}")
    print(f"\n{'kernel':24}{'boots':>6}{'exact':>7}{'median %':>11}{'worst %':>11}")
    for kernel, errors in (*by_kernel.items(), ("all", [error for own in by_kernel.values() for error in own])):
        exact = sum(not error for error in errors)
        print(f"{kernel:24}{len(errors):>6}{exact:>7}{median(errors):>11.4f}{max(errors):>11.4f}")
    every = [error for own in by_kernel.values() for error in own]
    print(f"within 0.5 %: {sum(error <= 0.5 for error in every)} of {len(every)}")
    print(f"{sum(not error for error in every)} of {len(every)} facts: MemTotal to the byte")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
