"""Which files of a report are read, and in which order: older boots first, the running one right before its /proc.

The reader takes files of /proc and /sys to be of the boot before them, and such a boot is the one that is shown.

Sources: sos/report/plugins/{__init__,logs,kernel,memory,hardware,numa,kdump}.py of sos 3.9 to 4.8; supportconfig of
supportutils 3.1 to 3.2; ABRT's doc/problem-directory; kdump-lib of kexec-tools 2.0.29 (RHEL), kdump-tools 1.10
(Debian); fs/pstore/inode.c, 5.9 to 7.1; src/pstore/pstore.c of systemd 244 to 257.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

import msgspec

MOST_USED = 500
"""Files of one report that are read."""
_MOST_NAMED = 100  # files that are not read, by name
_MOST_FOLDERS = 40  # in each other
_MOST_DIGITS = 18
_YEAR = 4  # digits
_DATED = -(10**5)  # before all that are numbered
_PACKED = (".gz", ".xz", ".bz2", ".zst", ".lz4")
_NOTHING = "what they say is not about memory at boot"


_Pattern = list[list[str]]
"""A path by its names, each by what stands between its asterisks."""
_Natural = list[tuple[bool, int, str]]
_Age = tuple[_Natural, int, _Natural]


class Kind(msgspec.Struct, frozen=True):
    """A kind of report. All paths are below its folder; ``*`` stands for any letters of one name.

    One of ``marks`` shows what it is. ``earlier`` are logs of boots before the running one, oldest first; ``log`` is of
    the running one, or of the one that crashed; ``facts`` are files of that boot. ``dumps`` are named although no text
    comes out of them, with the reason.
    """

    name: str
    marks: tuple[str, ...]
    earlier: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    dumps: tuple[tuple[str, str], ...] = ()


def _in_sos(*outputs: str) -> tuple[str, ...]:
    """Where sos keeps the output of commands: in another folder what it had to cut to the end of it."""
    return tuple(name for output in outputs for name in (f"sos_strings/{output}.tailed", f"sos_commands/{output}"))


_VMCORE = "a dump of memory: its log is what vmcore-dmesg or makedumpfile --dump-dmesg makes of it"
_JOURNAL = "a journal: its log is what journalctl --file prints of it"

KINDS = (
    Kind(
        "sosreport",
        marks=("sos_commands/kernel/dmesg", "sos_commands/logs/journalctl*", "sos_logs/sos.log", "sos_reports/sos.txt"),
        earlier=(
            "var/log/messages*",
            "var/log/syslog*",
            "var/log/kern.log*",
            "sos_strings/*/var.log.messages*.tailed",
            "sos_strings/*/var.log.syslog*.tailed",
            "sos_strings/*/var.log.kern.log*.tailed",
            "var/log/dmesg.*",
            "var/crash/*/kexec-dmesg.log",
            "var/crash/*/vmcore-dmesg.txt",
            "var/crash/*/dmesg*",
            "var/lib/systemd/pstore/*/dmesg*",
            "var/lib/systemd/pstore/*/*/dmesg*",
            "sys/fs/pstore/dmesg-*",
            "sys/fs/pstore/console-*",
            *_in_sos("logs/journalctl_--no-pager", "logs/journalctl_--no-pager_--catalog"),
            *_in_sos("logs/journalctl_--no-pager_--since*", "logs/journalctl_-o_export"),
            *_in_sos("logs/journalctl*boot_-1*"),
            "sos_commands/logs/journalctl*last-boot*",
        ),
        log=(
            "var/log/dmesg",
            *_in_sos("logs/journalctl*--boot", "logs/journalctl*--boot_--since*"),
            "sos_commands/logs/journalctl*this-boot*",
            "sos_commands/general/dmesg*",
            *_in_sos("kernel/dmesg_*", "kernel/dmesg"),
        ),
        facts=(
            "proc/zoneinfo",
            "proc/iomem",
            "proc/buddyinfo",
            "proc/meminfo",
            "sos_commands/memory/lsmem*",
            "sos_commands/numa/numactl_--hardware*",
            "sos_commands/hardware/dmidecode",
        ),
        dumps=(("var/crash/*/vmcore*", _VMCORE), ("var/log/journal/*/system*.journal", _JOURNAL)),
    ),
    Kind(
        "supportconfig",
        marks=("basic-environment.txt", "supportconfig.txt"),
        earlier=("messages.txt", "crash.txt"),
        log=("boot.txt",),
        facts=("memory.txt", "proc.txt", "sysfs.txt", "hardware.txt"),
    ),
    Kind(
        "capture",
        marks=("capture.json", "kpageflags.runs.txt", "zoneinfo.txt", "iomem.txt", "memory-blocks.txt"),
        log=("dmesg.txt",),
        facts=(
            "zoneinfo.txt",
            "iomem.txt",
            "meminfo.txt",
            "memory-blocks.txt",
            "nodes.txt",
            "firmware-memmap.txt",
            "memblock.txt",
        ),
        dumps=(("kpageflags.runs.txt", "pfnscope verify holds the log against it"),),
    ),
    Kind(
        "pstore",
        marks=tuple(
            f"dmesg-{backend}-*" for backend in ("efi", "efi_pstore", "erst", "ramoops", "nvram", "pstore_blk")
        ),
        earlier=("console-ramoops-*",),
        log=(
            *(f"dmesg-{backend}-*" for backend in ("efi", "efi_pstore", "erst", "ramoops", "nvram", "pstore_blk")),
            "dmesg.txt",
        ),
        dumps=(("*.enc.z", "packed by the kernel, which could not unpack it"),),
    ),
    Kind(
        "ABRT directory",
        marks=("abrt_version", "analyzer", "last_occurrence"),
        log=("vmcore-dmesg*", "dmesg", "backtrace"),
        facts=("proc_zoneinfo", "proc_iomem", "proc_buddyinfo", "proc_meminfo", "zoneinfo", "iomem"),
        dumps=(("vmcore", _VMCORE), ("sosreport.tar*", "a report of its own: pfnscope analyze reads it")),
    ),
    Kind(
        "crash directory",
        marks=(
            "*/vmcore-dmesg.txt",
            "*/dmesg.20*",
            "*/vmcore",
            "*/kexec-dmesg.log",
            "vmcore-dmesg.txt",
            "linux-image*.crash",
        ),
        earlier=("*/kexec-dmesg.log", "kexec-dmesg.log"),
        log=(
            "linux-image*.crash",
            "*/vmcore-dmesg.txt",
            "*/dmesg.*",
            "vmcore-dmesg.txt",
            "dmesg.*",
        ),
        dumps=(("*/vmcore*", _VMCORE), ("*/dump.*", _VMCORE), ("vmcore*", _VMCORE)),
    ),
)
"""Every kind of report that is known, those first whose marks say most."""


class Selection(msgspec.Struct, frozen=True):
    """What to read of a report: ``used`` are the files in their order, ``unused`` others with the reason.

    ``kind`` is that of the report, ``root`` the folder of its files, with a slash at its end, or nothing.
    """

    used: tuple[str, ...]
    kind: str = ""
    root: str = ""
    unused: tuple[tuple[str, str], ...] = ()

    def shown(self, name: str) -> str:
        """The name of a file as people know it: below the folder of the report."""
        return name.removeprefix(self.root)


def selection(names: Sequence[str]) -> Selection | None:
    """What to read of an archive or folder with these files; None where it is no report that is known.

    Of several reports of a kind, one of their folders after the other. In time linear in the names but for sorting.
    """
    paths = [(name, name.split("/")) for name in names if name.count("/") < _MOST_FOLDERS]
    for kind, roots in zip(KINDS, _roots(paths), strict=True):
        chosen = _selected(kind, roots, paths) if roots else None
        if chosen is not None and chosen.used:
            others = len({*names}) - len(chosen.used) - len(chosen.unused)
            more = ((f"{others:,} other {'file' if others == 1 else 'files'}", _NOTHING),) if others else ()
            return msgspec.structs.replace(chosen, unused=(*chosen.unused, *more))
    return None


def _roots(paths: Sequence[tuple[str, list[str]]]) -> list[set[str]]:
    """For each kind the folders that a report of it is in, by their marks."""
    roots: list[set[str]] = [set() for _ in KINDS]
    exact: dict[str, list[tuple[set[str], _Pattern]]] = {}
    loose: list[tuple[set[str], _Pattern]] = []
    for kind, own in zip(KINDS, roots, strict=True):
        for mark in map(_pattern, kind.marks):
            (exact.setdefault(mark[-1][0], []) if len(mark[-1]) == 1 else loose).append((own, mark))
    for _, parts in paths:
        last = parts[-1]
        likely = [row for row in loose if last.startswith(row[1][-1][0])]
        for own, mark in (*exact.get(last, ()), *likely):
            if _matches(parts[-len(mark) :], mark):
                own.add("".join(f"{part}/" for part in parts[: -len(mark)]))
    return roots


def _selected(kind: Kind, roots: Collection[str], paths: Sequence[tuple[str, list[str]]]) -> Selection:
    by_length: dict[int, list[tuple[_Pattern, int, str]]] = {}
    rows = [(text, "") for text in (*kind.earlier, *kind.log, *kind.facts)]
    for at, (text, why) in enumerate([*rows, *kind.dumps]):
        by_length.setdefault(text.count("/") + 1, []).append((_pattern(text), at, why))
    used: list[tuple[_Natural, int, _Age, str]] = []
    unused: dict[str, str] = {}
    for name, parts in paths:
        place = next(_places(parts, roots, by_length), None)
        if place is None:
            continue
        root, own, at, why = place
        if why:
            unused[name] = why
        else:
            used.append((_natural(root), at, _age(own), name))
    names = tuple(dict.fromkeys(name for *_, name in sorted(used)))
    unused |= dict.fromkeys(names[:-MOST_USED], f"behind the {MOST_USED} files that are read")
    root = next(iter(roots)) if len(roots) == 1 else ""
    return Selection(names[-MOST_USED:], kind.name, root, tuple(unused.items())[:_MOST_NAMED])


def _places(
    parts: Sequence[str], roots: Collection[str], by_length: dict[int, list[tuple[_Pattern, int, str]]]
) -> Iterator[tuple[str, Sequence[str], int, str]]:
    """Where in a report a path lies: in which of the folders, as which row of the kind, and why it is not read."""
    root = ""
    for depth in range(len(parts)):
        if root in roots:
            own = parts[depth:]
            for pattern, at, why in by_length.get(len(own), ()):
                if _matches(own, pattern):
                    yield root, own, at, why
        root += f"{parts[depth]}/"


def _matches(parts: Sequence[str], pattern: _Pattern) -> bool:
    """Whether a path is as a pattern says: the same folders, and each name with any letters for a ``*``."""
    return len(parts) == len(pattern) and all(_is_like(parts[at], pattern[at]) for at in range(len(parts) - 1, -1, -1))


def _is_like(part: str, pieces: Sequence[str]) -> bool:
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return part == first
    if not (part.startswith(first) and part.endswith(last)):
        return False
    at = len(first)
    for middle in pieces[1:-1]:
        place = part.find(middle, at)
        if place < 0:
            return False
        at = place + len(middle)
    return len(part) - len(last) >= at


def _pattern(text: str) -> _Pattern:
    return [part.split("*") for part in text.split("/")]


def _natural(name: str) -> _Natural:
    """A key that sorts numbers in names by their value."""
    return [
        (digits, int(word[:_MOST_DIGITS]) if digits else 0, word)
        for digits, letters in groupby(name, key=lambda letter: letter in "0123456789")
        if (word := "".join(letters))
    ]


def _age(parts: Sequence[str]) -> _Age:
    """A key that puts older logs first: those with a date, ``kern.log.2.gz``, ``kern.log.1``, and then ``kern.log``."""
    folder, name = _natural("/".join(parts[:-1])), parts[-1]
    for ending in _PACKED:
        name = name.removesuffix(ending)
    base, _, number = name.rpartition(".")
    if base and _is_number(number) and len(number) < _YEAR:
        return folder, -int(number), _natural(base)
    _, _, date = name.rpartition("-")
    return folder, _DATED if _is_number(date) and len(date) > _YEAR else 0, _natural(name)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdecimal()
