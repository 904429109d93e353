"""The holes as CSV for sheets; no cell can be taken for a formula."""

import csv
from io import StringIO

from pfnscope.model.document import Document
from pfnscope.model.sources import line_words

COLUMNS = (
    "start_pfn", "end_pfn", "pages", "start", "end", "placement", "node", "zone", "type", "label", "reserved", "state",
    "linked_node", "linked_zone", "basis", "severity", "rule", "origin", "lines",
)  # fmt: skip


def render(document: Document) -> str:
    """One row a hole under a header; lines end in CRLF as RFC 4180 says."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for hole in document.holes:
        facts = [getattr(hole, name) for name in COLUMNS[:-2]]
        writer.writerow(map(cell, [*facts, document.origin, line_words(hole.lines, document.sources)]))
    return out.getvalue()


def cell(value: object) -> str:
    """One cell: empty for None, and with an apostrophe in front of what a sheet would compute."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text
