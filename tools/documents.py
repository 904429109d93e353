"""Write what the command prints of many logs, or hold it against what it printed before, byte for byte.

usage: documents.py [--command PFNSCOPE] [--only FORM,FORM] OUT FOLDER...      write
       documents.py [--command PFNSCOPE] [--only FORM,FORM] --against OUT FOLDER...   compare

Each dmesg.txt, .log, .txt and .eml below the folders is a log, but for what lies beside a dmesg.txt. A redesign that
changes nothing users see proves it so: write with the release before, compare with the one after.
"""

import argparse
import gzip
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FORMS = {
    "json": "analyze {log} --format json",
    "text": "analyze {log} --format text",
    "markdown": "analyze {log} --format markdown",
    "csv": "analyze {log} --format csv",
    "svg": "analyze {log} --format svg",
    "older": "analyze {log} --format json --kernel 4.17",
    "simulate": "simulate {log} --format json --append memmap=64M!1G",
    "place": "place {log} --size 256M --format json",
    "lookup": "lookup {log} 1G --format json",
}
LOGS = (".txt", ".log", ".eml")


def logs_below(folders: list[Path]) -> list[tuple[str, Path]]:
    """Each log with the name under which its outputs are kept: the end of its path."""
    logs = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            beside = path.name != "dmesg.txt" and path.with_name("dmesg.txt").exists()
            if path.suffix in LOGS and path.is_file() and not beside:
                logs.append(("-".join(path.resolve().parts[-3:]), path))
    return logs


def output(command: list[str], words: str, log: Path) -> bytes:
    """Everything that one run says, exit status and standard error included."""
    arguments = [word.format(log=log) for word in words.split()]
    done = subprocess.run([*command, *arguments], capture_output=True, check=False, env={**os.environ, "NO_COLOR": "1"})
    said = done.stderr.replace(os.fsencode(log), b"LOG")
    return done.stdout.replace(os.fsencode(log), b"LOG") + b"\n-- " + str(done.returncode).encode() + b" --\n" + said


def first_difference(before: bytes, after: bytes) -> str:
    """The place where two outputs part, with what stands there in each."""
    at = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after)))
    around = slice(max(at - 60, 0), at + 60)
    return f"at byte {at}\n    was {before[around]!r}\n    is  {after[around]!r}"


def main() -> int:
    """Write, or compare: 1 where an output differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default=str(Path(sys.executable).with_name("pfnscope")))
    parser.add_argument("--only", default=",".join(FORMS), help="some of " + ", ".join(FORMS))
    parser.add_argument("--against", action="store_true", help="compare with what OUT holds")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("out", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    args = parser.parse_args()
    command, names = shlex.split(args.command), args.only.split(",")
    args.out.mkdir(parents=True, exist_ok=True)

    def one(job: tuple[str, Path, str]) -> str | None:
        name, log, form = job
        kept = args.out / f"{name}.{form}.gz"
        after = output(command, FORMS[form], log)
        if not args.against:
            kept.write_bytes(gzip.compress(after, 1, mtime=0))
            return None
        if not kept.exists():
            return f"{name} {form}: was not written before"
        before = gzip.decompress(kept.read_bytes())
        return None if before == after else f"{name} {form}: differs {first_difference(before, after)}"

    jobs = [(name, log, form) for name, log in logs_below(args.folders) for form in names]
    with ThreadPoolExecutor(args.jobs) as pool:
        differing = [line for line in pool.map(one, jobs) if line]
    for line in differing:
        print(line)
    print(f"{len(jobs) - len(differing)} of {len(jobs)} outputs {'equal' if args.against else 'written'}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
