"""What helps against struct pages that nothing writes: another argument, another release, and what to leave alone."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from pfnscope.analysis import Analysis
from pfnscope.analysis.analyze import on_release
from pfnscope.analysis.choice import possible_releases
from pfnscope.findings.trials import MOST_RANGES, Trials, Tried, ranges_of
from pfnscope.kernel.boot_loaders import quoting
from pfnscope.kernel.readers import FILES, PROGRAMS, READERS, readers_for
from pfnscope.kernel.regressions import known
from pfnscope.kernel.release import NEWEST, Bounds, Release, Version, short
from pfnscope.kernel.rules import Commit, rules_on
from pfnscope.model.analysis import ALARMS, Hole
from pfnscope.model.findings import Remedy
from pfnscope.units import format_size

_OF_DANGERS = "remedy_of_dangers"


class _Part(Struct, frozen=True):
    """One sentence of a remedy, with what is pasted or installed, and whether that was tried."""

    text: str
    value: str | None = None
    checked: bool = False
    instead: tuple[str, ...] = ()


def of_dangers(analysis: Analysis) -> Remedy | None:
    """What helps against all dangerous holes of a boot, tried once for all its findings; None where there are none."""
    kept = analysis.__dict__
    if _OF_DANGERS not in kept:
        kept[_OF_DANGERS] = _remedy(analysis, [hole for hole in analysis.holes if hole.severity == "danger"])
    remedy: Remedy | None = kept[_OF_DANGERS]
    return remedy


def of_unknown(analysis: Analysis, holes: Sequence[Hole]) -> Remedy | None:
    """What helps where the release decides whether some holes are a danger, and nothing names it."""
    if analysis.choice.rule is not None or analysis.release is not None:
        return None
    return _remedy(analysis, holes)


def _remedy(analysis: Analysis, holes: Sequence[Hole]) -> Remedy | None:
    if not holes:
        return None
    if ranges_of(analysis) >= MOST_RANGES:
        return Remedy(f"No other argument or release was tried: the text has {ranges_of(analysis):,} ranges.")
    readers = [name for hole in holes for name in hole.reachable_by] or _usual_readers(analysis)
    return _composed(_other_argument(analysis, holes), _other_release(analysis), _alone(readers))


def _composed(argument: _Part, release: _Part, alone: str) -> Remedy:
    first, second = (argument, release) if argument.checked else (release, argument)
    text = " ".join(filter(None, (first.text, second.text, alone)))
    return Remedy(text, argument.value, release.value, argument.checked or release.checked, argument.instead)


def _other_argument(analysis: Analysis, holes: Sequence[Hole]) -> _Part:
    trials = Trials(analysis, holes)
    if trials.why_not:
        return _Part(f"No other argument was tried: {trials.why_not}.")
    known = {hole.frames for hole in holes}
    judged = zip(analysis.holes, analysis.causes, strict=True)
    causes = [cause for hole, cause in judged if hole.frames in known]
    faulty = tuple(dict.fromkeys(text for cause in causes for text in cause.arguments))
    tried = trials.reworded(faulty) or trials.filled() or (trials.left_out(faulty) if faulty else None)
    if tried is not None:
        gone = tuple(tried.instead.split())
        return _Part(_advice(analysis, tried, trials), tried.argument or None, checked=True, instead=gone)
    if trials.left <= 0:
        return _Part("No other argument helps, as far as the simulator was let try.")
    if not faulty:
        them = "the hole" if len(holes) == 1 else f"these {len(holes)} holes"
        return _Part(f"No argument made {them}, and none that was tried helps.")
    return _Part(f"No other place or form of {' '.join(faulty)} helps, nor leaving it out.")


def _advice(analysis: Analysis, tried: Tried, trials: Trials) -> str:
    """What to write, and what the simulator says of it."""
    quoted = quoting(tried.argument)
    how = f" ({quoted})" if quoted else ""
    outcome = f"in the simulator no danger is left {_on(analysis.release, tried.analysis.dangerous_on)}"
    if not tried.argument:
        places = "" if trials.placed else "; other places were not searched"
        return f"Leave out {tried.instead}: {outcome}{places}."
    if tried.instead:
        return f"Write {tried.argument} instead of {tried.instead}{how}: {outcome}."
    before, after = (item.layout.memory_frames.pages for item in (analysis, tried.analysis))
    lost = format_size((before - after) * analysis.layout.page_size)
    return f"Add {tried.argument}{how}: it gives up {lost}, and {outcome}."


def _on(release: Release | None, dangerous: Bounds) -> str:
    """On which releases there is none: ``on 4.17, nor on any other release``."""
    if release is None:
        return "on any release"
    others = f"; {dangerous} have another" if dangerous.intervals else ", nor on any other release"
    return f"on {short(release.version)}{others}"


def _other_release(analysis: Analysis) -> _Part:
    """The nearest release without the danger, judged; of a vendor's kernel the commit that it lacks."""
    release, dangerous = analysis.release, analysis.dangerous_on
    if release is None:
        possible = _alarming(analysis)
        if not possible.intervals:
            return _Part("")
        return _Part(f"Find out the release (uname -r): assumed is that {possible} alone leave them unwritten.")
    if release.acts_like not in dangerous:
        return _Part(_against_its_number(analysis, release))
    if release.backports or not release.stable_known or release.deviation:
        return _Part(_backport(analysis, dangerous))
    fixed = dangerous.next_outside(release.acts_like)
    if fixed is None or any(hole.severity == "danger" for hole in on_release(analysis, short(fixed)).holes):
        return _Part("")
    return _Part(_newer(fixed, dangerous), short(fixed), checked=True)


def _alarming(analysis: Analysis) -> Bounds:
    """The releases that a boot whose release is not known can be of, and that make its holes worth a look."""
    arch, rules = analysis.layout.arch, {era.rule for era in analysis.eras if era.severity in ALARMS}
    releases = (rule.releases_on(arch) for rule in rules_on(arch) if rule.id in rules)
    return Bounds.of(*releases) & possible_releases(analysis.log, None)


def _against_its_number(analysis: Analysis, release: Release) -> str:
    """That the log shows what its release does not do: a tree of that time, with the commit that mends it."""
    name = short(release.version)
    states = dict.fromkeys(item.hole.state for item in analysis.evident if item.contradicts)
    for row in (row for state in states for row in known(release.acts_like, state)):
        return (
            f"{name} itself writes these struct pages: take it, or a tree in which {row.reverted} reverts {row.commit}."
        )
    return f"By its number {name} writes these struct pages, so no release without the fault is known."


def _newer(fixed: Version, dangerous: Bounds) -> str:
    """A sentence: ``Linux 4.17.4 or newer of 4.17.y does not have it, nor do later branches, but 4.19.9 to …``."""
    branch = f" or newer of {fixed[0]}.{fixed[1]}.y" if fixed[2] else ""
    later = dangerous & Bounds(((fixed, NEWEST),))
    but = f", but {later} do" if later.intervals else ""
    return f"Linux {short(fixed)}{branch} does not have it, nor do later branches{but}."


def _backport(analysis: Analysis, dangerous: Bounds) -> str:
    """That a vendor has to mend it, and by which commit: the first of those after the last rule that is a danger."""
    vendor = (analysis.release and analysis.release.vendor) or "its vendor"
    says = f"Of kernels of {vendor} the version number says nothing"
    arch = analysis.layout.arch
    commits: list[Commit] = []
    for rule in rules_on(arch):
        bad = (Bounds.of(rule.releases_on(arch)) & dangerous).intervals
        commits = [] if bad else [*commits, *rule.commits]
    if not commits:
        return f"{says}."
    first = commits[0]
    return f"{says}: ask for a backport of {first.id} (“{first.subject}”), in Linux since {first.mainline}."


def _usual_readers(analysis: Analysis) -> list[str]:
    """The readers of the releases on which the layout is a danger, where the release is not known."""
    versions = [low for low, _ in analysis.dangerous_on.intervals[:1]]
    return [reader.name for version in versions for reader in readers_for(version, analysis.layout.arch)]


_ORDINARY = frozenset(reader.name for reader in READERS if reader.ordinary)
_KPAGE = "/proc/kpage"


def _alone(reachable_by: Iterable[str]) -> str:
    """What not to read until then, with the programs that do, and which programs not to run."""
    names = list(dict.fromkeys(reachable_by))
    alike = [name for name in names if name.startswith(_KPAGE)]
    left = {
        f"{_KPAGE}*" if name in alike and len(alike) > 1 else FILES.get(name, name): PROGRAMS.get(name)
        for name in reversed(names)
        if name in _ORDINARY or name in PROGRAMS
    }
    said = [f"{name} ({program})" if program else name for name, program in reversed(left.items())]
    if not _ORDINARY & {*names}:
        return ""
    listed = f"{', '.join(said[:-1])} and {said[-1]}" if said[:-1] else said[-1]
    return f"Until then leave {listed} alone."
