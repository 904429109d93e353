"""Commits that for a while did otherwise than the rules of their release say, and what mended them.

They explain a log that contradicts its release: trees of their time have them, releases do not.
"""

from msgspec import Struct

from pfnscope.kernel.release import Releases, Version, between, since
from pfnscope.kernel.rules import ZERO_GAPS, ZERO_TAIL, Commit


class Regression(Struct, frozen=True):
    """A row: a commit of 12 hex digits with its subject, and the one that reverts it.

    ``leaves``: the states of struct pages that it explains. ``trees`` says in words which of ``releases`` have it.
    """

    commit: str
    subject: str
    reverted: str
    releases: Releases
    trees: str
    leaves: frozenset[str]
    effect: str
    source: str

    @property
    def words(self) -> str:
        """For readers: the commit, what it did where, and the commit that took it back."""
        return f"{self.commit} (“{self.subject}”) {self.effect}, {self.trees}; {self.reverted} reverts it"


REGRESSIONS = (
    Regression(
        commit="d3921cb8be29",
        subject="mm: fix initialization of struct page for holes in memory layout",
        reverted="377bf660d07a",
        releases=between("5.11", "5.11.1"),
        trees="in 5.11-rc5 and the -next trees of that winter",
        leaves=frozenset({"uninitialised", "poisoned"}),
        effect="leaves out holes that the limits of no zone have, such as pfn 0",
        source="init_zone_unavailable_mem() of the commit, which clamps each hole to the limits of a zone; bisections"
        " from 5.11-rc4 to 5.11-rc5; 5.11.5 has init_unavailable_mem() of 5.7 again",
    ),
    Regression(
        commit="2830bf6f05fb",
        subject="mm, memory_hotplug: initialize struct pages for the full memory section",
        reverted="4aa9fc2a435a",
        releases=between("5.0", "5.0.1"),
        trees="in 5.0-rc",
        leaves=frozenset({"initialised"}),
        effect="initialises the rest of a node's last section as of that node",
        source="text of the revert, of February 2019: sections can be shared by two nodes",
    ),
)


ARGUMENTS_TOO_EARLY = Regression(
    commit="8d48bf8206f7",
    subject="x86/boot: Pull up cmdline preparation and early param parsing",
    reverted="fbe618399854",
    releases=between(since("5.16", "5.15.5"), since("5.16.1", "5.15.12")),
    trees="in 5.16-rc2 to 5.16-rc6 and in 5.15.5 to 5.15.11",
    leaves=frozenset(),
    effect="parses mem= and memmap= before the firmware's map is read, which then takes the place of what they did",
    source="shortlog of 5.16-rc2 and 2f5b3514c33f, which names what it broke; linux-5.15.y as pushed for the review of"
    " 5.15.5, and the review of 5.15.12, which reverts it",
)
"""Of x86 alone. What it leaves otherwise is no struct page but the map."""


def known(version: Version, state: str) -> tuple[Regression, ...]:
    """The rows that explain why struct pages of a release are in a state that its rule does not leave them in."""
    return tuple(row for row in REGRESSIONS if version in row.releases and state in row.leaves)


def mending(version: Version | None, *, behind_max_pfn: bool) -> Commit | None:
    """The commit from which on struct pages that no zone spans are always written; None where the release has it.

    Up to ``max_pfn``, one beyond the highest frame of RAM, another one does so than ``behind`` it, in the rest of the
    last section: the rows of :data:`pfnscope.kernel.rules.RULES` that these commits begin.
    """
    commit = ZERO_TAIL if behind_max_pfn else ZERO_GAPS
    return None if version is not None and commit.since.reached(version) else commit
