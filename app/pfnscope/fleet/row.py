"""A row of the table: one log, the boot that ``pfnscope analyze`` shows of it, and its holes, worst first."""

from typing import Any, Literal

import msgspec

from pfnscope import __version__
from pfnscope.kernel.command_line import arguments
from pfnscope.model.analysis import SEVERITIES, Hole, Severity, worst_first
from pfnscope.model.document import Document

MOST_HOLES = 1000
"""Holes kept of one log: the memory that a crafted log can take of the others."""

Status = Literal["analysed", "no-layout", "too-large", "damaged", "unreadable", "failed"]
AGAIN: frozenset[str] = frozenset(("unreadable", "failed"))
"""Statuses that the next run tries again; the others follow from the bytes of the log."""


HOLE_COLUMNS = tuple(name for name in Hole.__struct_fields__ if name not in ("why", "lines", "inspect"))
"""What the table has of a hole: all that docs/api.md has, without what only a page shows."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row; docs/fleet.md describes the columns. All columns after ``error`` are null without a layout.

    ``size`` is in bytes and ``hash`` the SHA-256 of the log as stored; ``memory_bytes`` is what memblock has.
    """

    name: str
    size: int | None
    hash: str | None
    stamp: str | None
    pfnscope: str = __version__
    status: Status
    error: str | None = None
    boot: int | None = None
    boots: int | None = None
    release: str | None = None
    series: str | None = None
    version: tuple[int, ...] | None = None
    arch: str | None = None
    command_line: str | None = None
    memory_arguments: list[str] | None = None
    nodes: int | None = None
    memory_bytes: int | None = None
    page_size: int | None = None
    section_size: int | None = None
    memory_model: str | None = None
    rule: str | None = None
    basis: str | None = None
    severity: Severity | None = None
    summary: str | None = None
    danger: int | None = None
    caution: int | None = None
    info: int | None = None
    harmless: int | None = None
    dangerous_pages: int | None = None
    pages_outside_zone_spans: int | None = None
    events: int | None = None
    checks_agree: int | None = None
    checks_differ: int | None = None
    warnings: int | None = None
    assumed: tuple[str, ...] | None = None
    holes: list[dict[str, Any]] | None = None
    holes_left_out: int | None = None


_NO_VERDICT = {"no-node-ranges", "no-memory-model"}
"""Diagnostics of a document without a verdict: its severity ``none`` must not count as harmless."""


def row(document: Document, *, name: str, size: int, digest: str, stamp: str | None) -> Row:
    """The row of an analysed log."""
    kernel, verdict, holes = document.kernel, document.verdict, document.holes
    counts = dict.fromkeys(SEVERITIES, 0)
    for hole in holes:
        counts[hole.severity] += 1
    has_verdict = not {item.code for item in document.diagnostics} & _NO_VERDICT
    checks = [check.agrees for check in document.checks]
    return Row(
        name=name,
        size=size,
        hash=digest,
        stamp=stamp,
        status="analysed",
        boot=document.boot.index,
        boots=document.boot.count,
        release=kernel.release,
        series=".".join(map(str, kernel.version[:2])) if kernel.version else None,
        version=kernel.version,
        arch=kernel.arch,
        command_line=kernel.command_line,
        memory_arguments=[item.text for item in arguments(kernel.command_line or "") if item.shapes_layout],
        nodes=len({item.node for item in document.node_ranges}) if document.node_ranges else None,
        memory_bytes=_memory(document),
        page_size=kernel.page_size,
        section_size=kernel.section_size,
        memory_model=kernel.memory_model,
        rule=document.rule.id if document.rule else None,
        basis=document.rule.basis if document.rule else None,
        severity=verdict.severity if has_verdict else None,
        summary=verdict.summary,
        danger=counts["danger"],
        caution=counts["caution"],
        info=counts["info"],
        harmless=counts["none"],
        dangerous_pages=sum(hole.pages for hole in holes if hole.severity == "danger"),
        pages_outside_zone_spans=verdict.pages_outside_zone_spans if has_verdict else None,
        events=len(document.events),
        checks_agree=checks.count(True),
        checks_differ=checks.count(False),
        warnings=sum(item.severity != "info" for item in document.diagnostics),
        assumed=kernel.assumed,
        holes=[_hole(hole) for hole in worst_first(holes)[:MOST_HOLES]],
        holes_left_out=max(0, len(holes) - MOST_HOLES),
    )


def _memory(document: Document) -> int | None:
    if not document.node_ranges:
        return None
    return sum(item.range.size for item in document.node_ranges)


def _hole(hole: Hole) -> dict[str, Any]:
    return {name: getattr(hole, name) for name in HOLE_COLUMNS}
