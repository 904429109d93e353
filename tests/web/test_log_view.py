"""The log beside its layout, as whoever pasted it would read it."""

import pytest

from pfnscope.pages.log import has_more, log_part
from pfnscope.service import Options, analyze

LOG = "node 0: [mem 0x0000000000001000-0x000000000009efff]\r\nchatter \N{EN DASH} with a dash\r\n\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_lines_are_shown_in_whatever_encoding_they_came(encoding: str) -> None:
    text = LOG.encode(encoding)
    document = analyze(text, Options()).document
    rows = log_part(text, document, everything=True).rows
    assert [(row.number, row.text) for row in rows if row.number] == [
        (number, line) for number, line in enumerate(LOG.split("\r\n"), 1) if line
    ]
    assert has_more(text, document)
    assert not has_more(LOG.split("\r\n", maxsplit=1)[0].encode(encoding), document)
