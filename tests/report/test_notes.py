"""Notes on the reading: told once, with all their lines, and nothing that the report says besides."""

from pfnscope.model.analysis import Verdict
from pfnscope.model.log import Diagnostic
from pfnscope.report.notes import BY_CODE, note_rows, sentences
from tests.report.documents import seed_document


def odd(*lines: int) -> list[Diagnostic]:
    return [Diagnostic("warning", "x", "odd", line, 1) for line in lines]


def test_notes_of_one_text_are_told_once_with_all_their_lines() -> None:
    """Their order stays; a note without a line has none."""
    notes = [*odd(3), Diagnostic("info", "y", "none", None, None), *odd(9)]
    rows = [(row.message, row.lines) for row in note_rows(notes)]
    assert rows == [("odd", (3, 9)), ("none", ())]


def test_a_note_says_what_helps_where_anything_does() -> None:
    notes = [Diagnostic("info", code, "said", None, None) for code in ("no-release", "files-attached")]
    helped, other = note_rows(notes)
    assert helped.then == BY_CODE["no-release"].then != ""
    assert other.then == ""


def test_neighbouring_lines_stand_as_ranges_and_of_many_the_first() -> None:
    assert sentences(seed_document(diagnostics=odd(3, 7, 8, 9, 12))) == ["lines 3, 7-9, 12: odd"]
    assert sentences(seed_document(diagnostics=odd(3))) == ["line 3: odd"]
    (many,) = sentences(seed_document(diagnostics=odd(*range(1, 99, 2))))
    assert many == "lines 1, 3, 5, 7, 9, 11, 13, 15 and others: odd"


def test_what_verdict_and_counts_say_is_not_noted_again() -> None:
    verdict = Verdict("none", "No verdict.", ("odd",), 0)
    differs = Diagnostic("warning", "check-differs", "printed 1, computed 2", 5, None)
    assert sentences(seed_document(verdict=verdict, diagnostics=[*odd(3), differs])) == []
