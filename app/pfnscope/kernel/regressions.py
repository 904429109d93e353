"""Commits that left struct pages of holes otherwise than the rule of their release says, and what mended them.

They explain a log that contradicts its release: trees of their time have them, releases do not.
"""

from msgspec import Struct

from pfnscope.kernel.release import Releases, Version, between
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
