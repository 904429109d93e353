"""Move each release in a row of pfnscope.kernel by one, and name the rows that no example notices.

usage: python -m tools.mutants    (exit status 1 where one survives)

A mainline release moves by one minor release, a point release of a stable branch by one patch, a vendor's build by one,
each down and up. Rows are changed where they stand in memory, and tests/kernel/test_rows.py is asked each time.
"""

import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import msgspec

import pfnscope.kernel
from pfnscope.kernel.release import EARLIEST, LAST_MINOR, NEWEST, Build, Deviation, Since, Version
from pfnscope.kernel.vendors import END_OF_BUILDS, Vendor
from tests.kernel import test_rows
from tests.kernel.histories import HISTORIES

_BRANCH_OF_2_6 = (2, 6)


class Mutant(msgspec.Struct):
    """A field of a row with another value."""

    where: str
    row: msgspec.Struct
    field: str
    value: object

    def survives(self) -> bool:
        """Whether every example agrees and rows still leave no gap; the row is as before afterwards."""
        before = getattr(self.row, self.field)
        msgspec.structs.force_setattr(self.row, self.field, self.value)
        forget()
        try:
            return agrees()
        finally:
            msgspec.structs.force_setattr(self.row, self.field, before)
            forget()


def forget() -> None:
    """Empty what functions of the kernel's rooms remember of the rows."""
    for name, module in list(sys.modules.items()):
        if name.startswith("pfnscope.kernel"):
            for value in vars(module).values():
                if callable(getattr(value, "cache_clear", None)):
                    value.cache_clear()


def agrees() -> bool:
    """Whether the tests of rows pass."""
    try:
        for name in HISTORIES:
            test_rows.test_what_a_row_says_turns_at_its_release_and_not_one_earlier_or_later(name)
        for version in test_rows.RELEASES:
            test_rows.test_rows_leave_no_gap_and_do_not_overlap(version)
        test_rows.test_builds_of_a_version_leave_no_gap_and_do_not_overlap()
    except AssertionError:
        return False
    return True


def mutants() -> Iterator[Mutant]:
    """Each release and build of each row, moved down and up; a row that several share, once."""
    seen: set[int] = set()
    for path in sorted(Path(pfnscope.kernel.__path__[0]).glob("*.py")):
        for name, value in vars(import_module(f"pfnscope.kernel.{path.stem}")).items():
            for where, row in rows(f"{path.stem}.{name}", value):
                if id(row) not in seen:
                    seen.add(id(row))
                    yield from _moved(where, row)


def rows(where: str, value: object) -> Iterator[tuple[str, msgspec.Struct]]:
    """The rows in a value, wherever they stand in it, each with its place."""
    if isinstance(value, msgspec.Struct):
        yield where, value
        for name in value.__struct_fields__:
            yield from rows(f"{where}.{name}", getattr(value, name))
    elif isinstance(value, tuple):
        for at, item in enumerate(value):
            yield from rows(f"{where}[{at}]", item)


def _moved(where: str, row: msgspec.Struct) -> Iterator[Mutant]:
    if isinstance(row, Since):
        for moved in neighbours(row.mainline):
            yield Mutant(f"{where}: {moved}", row, "mainline", moved)
        for at, point in enumerate(row.stable):
            for moved in neighbours(point):
                stable = (*row.stable[:at], moved, *row.stable[at + 1 :])
                yield Mutant(f"{where}: {moved}", row, "stable", stable)
    elif isinstance(row, Deviation):
        for field in ("version", "acts_like"):
            yield from (Mutant(f"{where}: {moved}", row, field, moved) for moved in neighbours(getattr(row, field)))
        for field in ("first", "before"):
            yield from (Mutant(f"{where}: {moved}", row, field, moved) for moved in builds(getattr(row, field)))
    elif isinstance(row, Vendor) and row.only is not None:
        yield from (Mutant(f"{where}: {moved}", row, "only", moved) for moved in neighbours(row.only))


def neighbours(version: Version) -> tuple[Version, ...]:
    """5.13 gives 5.12 and 5.14, 5.13.2 gives 5.13.1 and 5.13.3; of 2.6 the third number is the minor release."""
    if version in (EARLIEST, NEWEST):
        return ()
    major, minor, patch = version
    if patch:
        up = (3, 0, 0) if (major, minor) == _BRANCH_OF_2_6 and patch == 39 else (major, minor, patch + 1)
        return (major, minor, patch - 1), up
    down = (major, minor - 1, 0) if minor else (major - 1, LAST_MINOR[major - 1], 0)
    return down, ((major + 1, 0, 0) if minor == LAST_MINOR.get(major) else (major, minor + 1, 0))


def builds(build: Build) -> tuple[Build, ...]:
    """The builds beside one; none where a row has no first or last."""
    return ((build[0] - 1,), (build[0] + 1,)) if build and build != END_OF_BUILDS else ()


def main() -> int:
    """Print what survives, and how many there were."""
    if not agrees():
        print("The tests of rows fail without any change.")
        return 1
    start, every = time.monotonic(), list(mutants())
    alive = [mutant for mutant in every if mutant.survives()]
    for mutant in alive:
        print(f"survives: {mutant.where}")
    print(f"{len(every)} mutants, {len(alive)} survive, {time.monotonic() - start:.0f} seconds")
    return int(bool(alive))


if __name__ == "__main__":
    sys.exit(main())
