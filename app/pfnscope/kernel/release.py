"""Kernel releases: versions, the one notation for "from this release until that one", and what a release string says.

A change comes with a release of mainline, and stable branches may take it as a backport. ``since("5.14", "5.13.2",
"5.10.53")`` says so of one change; :class:`Releases` are those between two changes. All is half-open.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

Version = tuple[int, int, int]
"""Major, minor and patch; ``5.14`` is ``(5, 14, 0)``. Versions are compared in this package alone."""

Build = tuple[int, ...]
"""The numbers that a vendor puts behind the version."""

EARLIEST: Version = (0, 0, 0)
NEWEST: Version = (9999, 0, 0)

OLDEST: Version = (2, 6, 39)
"""The oldest release of which struct page handling was read; older ones are taken for it."""

LAST_MINOR = {2: 6, 3: 19, 4: 20, 5: 19, 6: 19}
"""The last minor release of each major one that has ended; of 2.6 the third number counts, up to 2.6.39."""


class Since(Struct, frozen=True):
    """The first releases that have a change: of mainline, and of each stable branch that took it as a backport."""

    mainline: Version
    stable: tuple[Version, ...] = ()

    def reached(self, version: Version | None, *, unknown: bool = False) -> bool:
        """Whether the release has the change; ``unknown`` is the answer where no release is known."""
        if version is None:
            return unknown
        return version >= self.mainline or any(point[:2] == version[:2] and version >= point for point in self.stable)

    def nearest(self, version: Version | None) -> Version:
        """The first release with the change on the branch of a version, or else of mainline."""
        own = (point for point in self.stable if version is not None and point[:2] == version[:2])
        return next(own, self.mainline)

    def __str__(self) -> str:
        """For readers: ``5.4; stable 5.3.8, 4.19.81``."""
        return short(self.mainline) + (f"; stable {', '.join(map(short, self.stable))}" if self.stable else "")


def since(mainline: str, *stable: str) -> Since:
    """``since("5.14", "5.13.2", "5.10.53")``: in mainline from the first on, in each branch from its point release on.

    Raises ValueError where a text is no version.
    """
    return Since(parse_version(mainline), tuple(parse_version(point) for point in stable))


def parse_version(text: str) -> Version:
    """``5.14`` or ``5.13.2`` as a version. Raises ValueError for anything else."""
    major, minor, *rest = map(int, text.split("."))
    (patch,) = rest or [0]
    return major, minor, patch


def following(version: Version) -> Version:
    """The mainline release after that of a version: 6.10 after 6.9.3, 7.0 after 6.19."""
    major, minor, _ = version
    return (major + 1, 0, 0) if LAST_MINOR.get(major, minor + 1) <= minor else (major, minor + 1, 0)


def short(version: Version) -> str:
    """A version as people write it: ``5.14``, ``5.13.2``."""
    return f"{version[0]}.{version[1]}" + (f".{version[2]}" if version[2] else "")


class Releases(Struct, frozen=True):
    """Releases from one change until another: those that have ``first`` and not ``before``.

    ``major``: only those of this major release.
    """

    first: Since = Since(EARLIEST)
    before: Since = Since(NEWEST)
    major: int | None = None

    def __contains__(self, version: Version) -> bool:
        return self.major in (None, version[0]) and self.first.reached(version) and not self.before.reached(version)

    @property
    def intervals(self) -> tuple[tuple[Version, Version], ...]:
        """The same as half-open intervals ``[first, before)`` of versions, in ascending order."""
        return _intervals(self)

    def on_branch(self, version: Version) -> bool:
        """Whether any release of the branch of a version is among them."""
        first, before = (version[0], version[1], 0), (version[0], version[1] + 1, 0)
        return any(low < before and first < high for low, high in self.intervals)

    def __str__(self) -> str:
        """For readers: ``4.15 to 4.17.3``, ``5.10.53 and later 5.10.y, 5.14 and later``."""
        return ", ".join(_interval_words(first, before) for first, before in self.intervals)


EVERY = Releases()
NEVER = Releases(first=Since(NEWEST))


def starting(first: str | Since) -> Releases:
    """All releases that have a change."""
    return Releases(first=_change(first))


def until(before: str | Since) -> Releases:
    """All releases that do not have a change yet."""
    return Releases(before=_change(before))


def between(first: str | Since, before: str | Since, major: int | None = None) -> Releases:
    """Releases that have the first change and not yet the other; ``major``: only those of this major release."""
    return Releases(_change(first), _change(before), major)


def _change(text: str | Since) -> Since:
    return since(text) if isinstance(text, str) else text


@lru_cache(256)
def _intervals(releases: Releases) -> tuple[tuple[Version, Version], ...]:
    stable = (*releases.first.stable, *releases.before.stable)
    ends = ((major, minor + 1, 0) for major, minor, _ in stable)
    mainline = (releases.first.mainline, releases.before.mainline, NEWEST)
    major = () if releases.major is None else ((releases.major, 0, 0), (releases.major + 1, 0, 0))
    points = sorted({*mainline, *major, *stable, *ends})
    return _joined((start, end) for start, end in pairwise(points) if start in releases)


def _interval_words(first: Version, before: Version) -> str:
    if before == NEWEST:
        return f"{short(max(first, OLDEST))} and later"
    if first[2] and before == (first[0], first[1] + 1, 0):
        return f"{short(first)} and later {first[0]}.{first[1]}.y"
    if before[2]:
        last = f"{before[0]}.{before[1]}.{before[2] - 1}"
    elif before[1]:
        last = f"{before[0]}.{before[1] - 1}"
    else:
        last = f"{before[0] - 1}.{LAST_MINOR[before[0] - 1]}"
    if first == EARLIEST:
        return f"up to {last}"
    start = short(first)
    return start if start == last else f"{start} to {last}"


class Bounds(Struct, frozen=True):
    """Releases among which one lies that is not known: half-open intervals of versions, ascending and apart."""

    intervals: tuple[tuple[Version, Version], ...]

    @staticmethod
    def of(*rows: Releases) -> "Bounds":
        """The releases of any of the rows."""
        points = sorted({point for row in rows for pair in row.intervals for point in pair})
        held = ((low, high) for low, high in pairwise(points) if any(low in row for row in rows))
        return Bounds(_joined(held))

    @staticmethod
    def joining(intervals: Iterable[tuple[Version, Version]]) -> "Bounds":
        """The releases of half-open intervals that do not overlap."""
        return Bounds(_joined(sorted(intervals)))

    def __and__(self, other: "Bounds") -> "Bounds":
        pairs = ((max(a, c), min(b, d)) for a, b in self.intervals for c, d in other.intervals)
        return Bounds(tuple(sorted(pair for pair in pairs if pair[0] < pair[1])))

    def __contains__(self, version: Version) -> bool:
        return any(low <= version < high for low, high in self.intervals)

    def next_outside(self, version: Version) -> Version | None:
        """The first release from a version on that is not within them; None where all of those are."""
        return next((high if high < NEWEST else None for low, high in self.intervals if low <= version < high), version)

    @property
    def newest(self) -> Version | None:
        """The last release within them; None where they have no end."""
        if not self.intervals or self.intervals[-1][1] == NEWEST:
            return None
        return _just_before(self.intervals[-1][1])

    def __str__(self) -> str:
        """For readers, as :class:`Releases`."""
        return ", ".join(_interval_words(first, before) for first, before in self.intervals)


EVERY_RELEASE = Bounds(((EARLIEST, NEWEST),))
_LAST_PATCH = 9999


def _just_before(version: Version) -> Version:
    major, minor, patch = version
    if patch:
        return major, minor, patch - 1
    return (major, minor - 1, _LAST_PATCH) if minor else (major - 1, LAST_MINOR[major - 1], _LAST_PATCH)


def _joined(intervals: Iterable[tuple[Version, Version]]) -> tuple[tuple[Version, Version], ...]:
    """Ascending intervals, those that touch each other as one."""
    out: list[tuple[Version, Version]] = []
    for first, before in intervals:
        joined = bool(out) and out[-1][1] == first
        out.append((out.pop()[0] if joined else first, before))
    return tuple(out)


class Deviation(Struct, frozen=True):
    """What a vendor's builds [first, before) of a version do: as mainline ``acts_like`` does it.

    ``doubt`` says what has not been read.
    """

    vendor: str
    name: str
    version: Version
    first: Build
    before: Build
    acts_like: Version
    source: str
    doubt: str = ""


class Release(Struct, frozen=True):
    """A release as printed, its version, and what the version does not tell.

    ``stable_known`` is False where the third number is not the stable release that the kernel was built
    from (Ubuntu and Debian print their ABI name); ``backports`` where a vendor is known to backport. ``deviation``
    is what is known of this vendor's build.
    """

    text: str
    version: Version
    stable: Version
    stable_known: bool
    backports: bool
    vendor: str | None = None
    build: Build = ()
    deviation: Deviation | None = None

    @property
    def acts_like(self) -> Version:
        """The mainline or stable release whose struct page handling this kernel has, as far as is known."""
        return self.deviation.acts_like if self.deviation else self.stable

    def same_version(self, other: "Release") -> bool:
        """Whether both name one version, whoever built them."""
        return self.version == other.version

    def tells_features(self, version: Version | None) -> bool:
        """Whether ``version`` says what this kernel knows: not where it is its own, and the vendor backports."""
        return not (self.backports and self.stable == version)
