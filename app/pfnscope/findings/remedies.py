"""What helps against struct pages that nothing writes: another argument, another release, and what to leave alone."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from pfnscope.analysis import Analysis
from pfnscope.analysis.analyze import on_release
from pfnscope.findings.trials import MOST_RANGES, Trials, Tried, ranges_of
from pfnscope.kernel.boot_loaders import quoting
from pfnscope.kernel.readers import FILES, PROGRAMS, READERS, readers_for
from pfnscope.kernel.release import NEWEST, Bounds, Release, Version, short
from pfnscope.kernel.rules import Commit, rules_on
from pfnscope.model.analysis import Hole, NomapMemory
from pfnscope.model.findings import Remedy
from pfnscope.units import format_size


class _Part(Struct, frozen=True):
    """One sentence of a remedy, with what is pasted or installed, and whether that was tried."""

    text: str
    value: str | None = None
    checked: bool = False


def of_dangers(analysis: Analysis) -> Remedy | None:
    """What helps against all dangerous holes of a boot; None where there are none."""
    return _remedy(analysis, [hole for hole in analysis.holes if hole.severity == "danger"])


def of_unknown(analysis: Analysis, holes: Sequence[Hole]) -> Remedy | None:
    """What helps where the release decides whether some holes are a danger, and nothing names it."""
    if analysis.choice.rule is not None or analysis.release is not None:
        return None
    return _remedy(analysis, holes)


def of_nomap(analysis: Analysis, items: Sequence[NomapMemory]) -> Remedy | None:
    """What helps against dangerous memory that firmware keeps out of the map: no argument gives it back."""
    if items[0].severity != "danger":
        return None
    return _composed(_Part(""), _other_release(analysis), _alone(name for item in items for name in item.reachable_by))


def _remedy(analysis: Analysis, holes: Sequence[Hole]) -> Remedy | None:
    if not holes:
        return None
    if ranges_of(analysis) >= MOST_RANGES:
        return Remedy(f"No other argument or release was tried: the text has {ranges_of(analysis):,} ranges.")
    readers = [name for hole in holes for name in hole.reachable_by] or _usual_readers(analysis)
    return _composed(_other_argument(analysis, holes), _other_release(analysis), _alone(readers))


def _composed(argument: _Part, release: _Part, alone: str) -> Remedy:
    text = " ".join(filter(None, (argument.text, release.text, alone)))
    return Remedy(text, argument.value, release.value, argument.checked or release.checked)


def _other_argument(analysis: Analysis, holes: Sequence[Hole]) -> _Part:
    trials = Trials(analysis, holes)
    if trials.why_not:
        return _Part(f"No other argument was tried: {trials.why_not}.")
    known = {hole.frames for hole in holes}
    judged = zip(analysis.holes, analysis.causes, strict=True)
    causes = [cause for hole, cause in judged if hole.frames in known]
    faulty = tuple(dict.fromkeys(text for cause in causes for text in cause.arguments))
    tried = trials.reworded(faulty) or trials.filled() or trials.left_out(faulty)
    if tried is not None:
        return _Part(_advice(analysis, tried, trials), tried.argument or None, checked=True)
    if trials.left <= 0:
        return _Part("No other argument helps, as far as the simulator was let try.")
    if not faulty:
        return _Part("No argument made it, and none that was tried helps.")
    return _Part(f"No other place or form of {' '.join(faulty)} helps, nor leaving it out.")


def _advice(analysis: Analysis, tried: Tried, trials: Trials) -> str:
    """What to write, and what the simulator says of it."""
    quoted = quoting(tried.argument)
    how = f" ({quoted})" if quoted else ""
    left = tried.analysis.dangerous_on
    elsewhere = "nor on any other release" if not left.intervals else f"though on {left}"
    on = (
        f"on {_name(analysis.release)}, {elsewhere}"
        if analysis.release
        else elsewhere.replace("nor on any other", "on any")
    )
    outcome = f"in the simulator no danger is left {on}"
    if not tried.argument:
        places = "" if trials.placed else "; other places were not searched"
        return f"Leave out {tried.instead}: {outcome}{places}."
    if tried.instead:
        return f"Write {tried.argument} instead of {tried.instead}{how}: {outcome}."
    before, after = (item.layout.memory_frames.pages for item in (analysis, tried.analysis))
    lost = format_size((before - after) * analysis.layout.page_size)
    return f"Add {tried.argument}{how}: it gives up {lost}, and {outcome}."


def _name(release: Release) -> str:
    return short(release.version)


def _other_release(analysis: Analysis) -> _Part:
    """The nearest release without the danger, judged; of a vendor's kernel the commit that it lacks."""
    release, dangerous = analysis.release, analysis.dangerous_on
    if not dangerous.intervals:
        return _Part("")
    if release is None:
        return _Part(f"The text names no release; assumed is that {dangerous} leave these struct pages unwritten.")
    if release.acts_like not in dangerous:
        return _Part("Its release says that these struct pages are written, so that none can be named without them.")
    if release.backports or not release.stable_known or release.deviation:
        return _Part(_backport(analysis, dangerous))
    fixed = dangerous.next_outside(release.acts_like)
    if fixed is None or any(item.severity == "danger" for item in _judged_as(analysis, fixed)):
        return _Part("")
    return _Part(_newer(fixed, dangerous), short(fixed), checked=True)


def _judged_as(analysis: Analysis, version: Version) -> tuple[Hole | NomapMemory, ...]:
    other = on_release(analysis, short(version))
    return *other.holes, *other.nomap


def _newer(fixed: Version, dangerous: Bounds) -> str:
    """A sentence: ``Linux 4.17.4 or newer of 4.17.y does not have it, nor do later branches, but 4.19.9 to …``."""
    branch = f" or newer of {fixed[0]}.{fixed[1]}.y" if fixed[2] else ""
    later = dangerous & Bounds(((fixed, NEWEST),))
    but = f", but {later} do" if later.intervals else ""
    return f"Linux {short(fixed)}{branch} does not have it, nor do later branches{but}."


def _backport(analysis: Analysis, dangerous: Bounds) -> str:
    release = analysis.release
    vendor = (release.vendor if release else None) or "its vendor"
    rules = rules_on(analysis.layout.arch)
    bad = max(
        at for at, rule in enumerate(rules) if (Bounds.of(rule.releases_on(analysis.layout.arch)) & dangerous).intervals
    )
    commits: Iterable[Commit] = (commit for rule in rules[bad + 1 :] for commit in rule.commits)
    says = f"Of kernels of {vendor} the version number says nothing"
    return next(
        (
            f"{says}: ask for a backport of {row.id} (“{row.subject}”), in Linux since {row.mainline}."
            for row in commits
        ),
        f"{says}.",
    )


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
