"""Hold the command against recorded boots and strangers' logs; fail where a figure falls below its floor.

usage: acceptance.py FOLDER FLOOR.toml

FOLDER holds acceptance/boots.py, acceptance/corpus.py and their data. Each row of FLOOR.toml names a
check, its arguments, and the least number of facts that must agree. A script that lies beside this one calls the
library itself; the others call the command.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("pfnscope")
_FIGURE = re.compile(r"(\d+) of (\d+) facts")


def measure(folder: Path, check: dict[str, Any]) -> tuple[int, int]:
    """How many facts agree, and of how many."""
    script, *arguments = check["run"]
    own = Path(__file__).with_name(script)
    outside = [str(folder / "acceptance" / script), "--command", str(COMMAND)]
    command = [sys.executable, *([str(own)] if own.exists() else outside)]
    command += [str(folder / word[1:]) if word.startswith("@") else word for word in arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    last = (done.stdout.splitlines() or [""])[-1]
    match = _FIGURE.search(last)
    if match is None:
        sys.exit(f"{script} gave no figure: {done.stderr or last}")
    return int(match[1]), int(match[2])


def main() -> int:
    """Print one line a check; 1 where one is below its floor."""
    folder, floors = Path(sys.argv[1]), tomllib.loads(Path(sys.argv[2]).read_text())
    fallen = 0
    for name, check in floors.items():
        good, total = measure(folder, check)
        short = good < check["floor"]
        fallen += short
        print(f"{name:<24} {good:>6} of {total:<6} floor {check['floor']:<6} {'FELL' if short else 'ok'}", flush=True)
    return 1 if fallen else 0


if __name__ == "__main__":
    sys.exit(main())
