"""The boots of a text: which one is shown, and how bad and how different the others are."""

from collections.abc import Mapping, Sequence

import msgspec

from pfnscope import findings
from pfnscope.analysis import analyze
from pfnscope.kernel.command_line import arguments
from pfnscope.model.analysis import SEVERITIES, Severity
from pfnscope.model.document import BootRow
from pfnscope.model.log import BootLog, Files
from pfnscope.simulation import own_command_line

MOST_JUDGED = 64
"""Boots of one text that are analysed; a text with more is a journal of months, or hostile."""

_COMPARED = (
    "release",
    "command_line",
    "host",
    "firmware_map",
    "user_map",
    "extended_map",
    "modified_map",
    "srat",
    "node_ranges",
    "zone_ranges",
    "reserved_regions",
)


def usual_boot(boots: Sequence[BootLog], kernel: str | None, arch: str | None) -> BootLog:
    """The boot that is shown where none is chosen.

    Of boots with a banner the last that is no capture kernel, and of those the one that files of /proc belong to; of
    excerpts without a banner the worst. One with node ranges comes before one without.
    """
    named = [boot for boot in boots if boot.banner is not None]
    running = [boot for boot in named if not boot.capture_kernel] or named
    laid_out = [boot for boot in running if boot.node_ranges]
    with_files = [boot for boot in laid_out if boot.files != Files()]
    if laid_out:
        return (with_files or laid_out)[-1]
    excerpts = [boot for boot in boots if boot.node_ranges] or [boot for boot in boots if boot.map_in_force]
    if len(excerpts) < 2:
        return (excerpts or running or list(boots))[-1]
    judged = excerpts[-MOST_JUDGED:]
    graded = [(SEVERITIES.index(_severity(boot, kernel, arch)), -boot.index, boot) for boot in judged]
    return min(graded, key=lambda row: row[:2])[2]


def rows(boots: Sequence[BootLog], shown: BootLog, kernel: str | None, arch: str | None) -> tuple[BootRow, ...]:
    """A row for each boot of a text, compared with the one that is ``shown``, whose severity its document knows."""
    judged = {boot.index for boot in boots[-MOST_JUDGED:]} - {shown.index}
    facts = {name: _facts(getattr(shown, name)) for name in _COMPARED} if len(boots) > 1 else {}
    return tuple(
        BootRow(
            index=boot.index,
            title=boot.title,
            host=boot.host,
            source=boot.source,
            severity=_severity(boot, kernel, arch) if boot.index in judged else None,
            capture_kernel=boot.capture_kernel,
            differs=() if boot.index == shown.index else _differs(boot, facts),
            arguments=_arguments(boot) if boot.index in judged or boot.index == shown.index else (),
        )
        for boot in boots
    )


def _arguments(boot: BootLog) -> tuple[str, ...]:
    return tuple(item.text for item in arguments(own_command_line(boot)) if item.shapes_memory)


def _severity(boot: BootLog, kernel: str | None, arch: str | None) -> Severity:
    return findings.severity(analyze(boot, kernel=kernel, arch=arch))


def _differs(boot: BootLog, facts: Mapping[str, object]) -> tuple[str, ...]:
    """Names of facts that a boot does not have like these, whatever their lines."""
    return tuple(name for name, value in facts.items() if _facts(getattr(boot, name)) != value)


def _facts(value: object) -> object:
    if not isinstance(value, tuple):
        return value
    return [msgspec.structs.replace(item, lines=()) for item in value]
