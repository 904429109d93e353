"""From text to records: the lines that match a form, each with its effect and its line numbers."""

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from pfnscope.bootlog import runs
from pfnscope.bootlog.candidates import Candidates, forms_of
from pfnscope.bootlog.effects import CommandLine, Effect, Remark
from pfnscope.bootlog.file_names import names_file
from pfnscope.bootlog.forms import DAMAGED, FORMS, Form
from pfnscope.bootlog.forms.base import DamagedError, Groups
from pfnscope.bootlog.forms.context import ANY_TEXT
from pfnscope.bootlog.runs import Run
from pfnscope.bootlog.text.prefix import (
    STAMP_ENDS,
    Stripped,
    after_unknown_prefix,
    has_stamp,
    host_of,
    inner_records,
    strip_prefix,
    strip_quotes,
)
from pfnscope.bootlog.text.searchable import LONGEST_LINE, Text
from pfnscope.model.ranges import Lines
from pfnscope.patterns import Match, compiled

ELLIPSIS = "…".encode()
"""Stands in a kept text for prose; no line continues there."""

_DAMAGED = "No kernel prints these numbers together: digits were lost or changed. The line is left out."
_JOINED_LINES = 3
_COMMAND_LINE_LINES = 40
# How a comment or a mark for omitted lines begins or ends, and no argument.
_NO_ARGUMENT = r"\[|<|\.\.|-- |\^|=== |---|[\w/.-]+: |\w+#[0-9]+ Part[0-9]+$|.*:$|\"[^\"]*\",?$"
_NARROWEST = 60  # columns that a mailer breaks at
_ARGUMENTS = r"[\w.-]+(?:=\S*)?(?: +[\w.-]+(?:=\S*)?)*"
_MOST_FAILED_JOINS = 10_000  # a text full of half lines is no wrapped log, and joining is slow
_MOST_LINES = 1000  # of the repeats of one fact; only a hostile text has more


class Record(msgspec.Struct, frozen=True):
    """A message that matches a form, or a damaged one that should: then ``form`` and ``effect`` are None.

    ``start`` and ``end`` are offsets in the text; ``column`` is the 1-based column of the message; ``host`` is the
    machine that a log daemon or collector names in front of it.
    """

    form: Form | None
    effect: Effect | None
    lines: Lines
    column: int
    kernel: bool
    stamp: int | None
    start: int
    end: int
    message: bytes
    host: str | None = None


def merged(first: Lines, second: Lines) -> Lines:
    """Line numbers of both, each once, ascending; no more are added to very many."""
    if len(first) >= _MOST_LINES:
        return first
    if first and second and first[-1] < second[0]:
        return first + second
    return tuple(sorted({*first, *second}))


def _understand(message: bytes, *, torn: bool = False) -> tuple[Form, Match] | None:
    for index in forms_of(message):
        match = compiled(FORMS[index].pattern).match(message) if FORMS[index].torn is torn else None
        if match is not None:
            return FORMS[index], match
    return None


def _ends_command_line(more: Stripped) -> bool:
    """Whether a line does not continue the command line above it: another line of the log, or prose."""
    message = more.message
    return (
        more.kernel
        or message in (b"", ELLIPSIS)
        or compiled(_NO_ARGUMENT).match(message) is not None
        or _understand(message) is not None
    )


class _Piece:
    """A candidate while further lines are joined to it."""

    def __init__(self, text: Text, start: int, end: int, stripped: Stripped) -> None:
        self.text, self.start, self.end = text, start, end
        self.stripped = stripped
        self.lines: Lines = text.advanced(start, end)
        self.message = self.stripped.message

    def following(self, limit: int) -> Iterator[tuple[Stripped, int, int]]:
        """Up to ``limit`` lines after this one, without their quotes, with their offsets."""
        data, end = self.text.data, self.end
        # between brackets, as attributes of EFI have them
        bars = self.message.rfind(b"[") > self.message.rfind(b"]") and not self.message.endswith(b"[mem")
        for _ in range(limit):
            start = end + 1
            if start >= len(data):
                return
            end = self.text.line_end(start)
            if end - start > LONGEST_LINE:
                return
            more = strip_quotes(data[start:end], self.text.learned_prefix, bars=bars)
            if names_file(more.message):
                return
            yield more, start, end

    def unwrapped(self) -> tuple[Form, Match] | None:
        """Join the fewest further lines with which the message matches a form."""
        message, lines = self.message, self.lines
        for more, start, end in self.following(_JOINED_LINES):
            if more.kernel or more.message in (b"", ELLIPSIS):
                return None
            lines += self.text.numbers(start, end)
            for glue in (b" ", b""):
                understood = _understand(message + glue + more.message)
                if understood is not None and (self.stripped.kernel or understood[0].tail != ANY_TEXT):
                    self.message, self.lines, self.end = message + glue + more.message, lines, end
                    return understood
            message += b" " + more.message
        return None

    def with_tail(self, form: Form, match: Match) -> tuple[Form, Match]:
        """Join the last words that a mailer moved to the next line of a message that already matches."""
        message, lines = self.message, self.lines
        for more, start, end in self.following(_JOINED_LINES):
            if more.kernel or not more.message or not compiled(form.tail or "").fullmatch(more.message):
                break
            message += b" " + more.message
            lines += self.text.numbers(start, end)
            understood = _understand(message)
            if understood is not None and understood[0] is form and understood[1].end() > match.end():
                match = understood[1]
                self.message, self.lines, self.end = message, lines, end
        return form, match

    def whole_command_line(self, form: Form, match: Match) -> tuple[Form, Match]:
        """Join the wrapped rest of a command line, up to the next log line or an empty one."""
        if not self.stripped.kernel:
            return self.with_arguments(form, match)
        message, lines, last = self.message, self.lines, self.end
        for more, start, end in self.following(_COMMAND_LINE_LINES):
            if _ends_command_line(more):
                understood = _understand(message)
                if understood is not None and last > self.end and more.message != ELLIPSIS:
                    self.message, self.lines, self.end = message, lines, last
                    return understood
                break
            message += b" " + more.message
            lines += self.text.numbers(start, end)
            last = end
        return form, match

    def with_arguments(self, form: Form, match: Match) -> tuple[Form, Match]:
        """Join lines that consist of arguments, where no prefix shows what is a line of the log.

        Each has to begin with a word that was too long for the line before.
        """
        width = before = self.end - self.start
        for more, start, end in self.following(_COMMAND_LINE_LINES):
            room = before + 1 + len(more.message.split(b" ", 1)[0])
            if (
                room <= max(width, _NARROWEST)
                or b"=" not in more.message
                or compiled(_ARGUMENTS).fullmatch(more.message) is None
            ):
                break
            before = end - start
            self.message += b" " + more.message
            self.lines += self.text.numbers(start, end)
            self.end = end
        return _understand(self.message) or (form, match)

    def record(self, *, last: bool, joining: bool) -> Record | None:
        """Match the piece with a form, by itself or joined with the next lines.

        Only the ``last`` piece of its line can continue there; ``joining``: whether to try that for an incomplete line.
        """
        understood = _understand(self.message)
        if understood is None and last and joining:
            understood = self.unwrapped()
        if understood is None:
            understood = _understand(self.message, torn=True)
        if understood is None or not last:
            pass
        elif understood[0].tail == ANY_TEXT:
            understood = self.whole_command_line(*understood)
        elif understood[0].tail is not None:
            understood = self.with_tail(*understood)
        stripped = self.stripped
        form, effect = None, None
        if understood is not None:
            form = understood[0]
            effect = _effect(form, understood[1].groups(), self.lines, self.message)
        if effect is None and (form is not None or compiled(DAMAGED).find(self.message) < 0):
            return None
        return Record(
            form,
            effect,
            self.lines,
            stripped.column + 1,
            stripped.kernel,
            stripped.stamp,
            self.start,
            self.end,
            self.message,
            host_of(self.text.data[self.start : self.start + stripped.column]),
        )


def _effect(form: Form, groups: Groups, lines: Lines, message: bytes) -> Effect | None:
    """What a message of a form says."""
    try:
        effect = form.make(groups, lines)
    except DamagedError:
        return Remark("warning", "damaged-numbers", _DAMAGED)
    if type(effect) is CommandLine and message.endswith(b"\\"):
        return CommandLine(effect.text, complete=False)
    return effect


def _at_once(text: Text, start: int, end: int, stripped: Stripped) -> Record | None:
    """The record of a line that a form matches by itself, with nothing in the next line that could belong to it."""
    message = stripped.message
    for index in forms_of(message):
        form = FORMS[index]
        groups = None if form.torn else compiled(form.pattern).groups(message)
        if groups is None:
            continue
        if form.tail is not None and not (stripped.kernel and has_stamp(text.data[end + 1 : end + 1 + STAMP_ENDS])):
            return None
        lines = text.advanced(start, end)
        effect = _effect(form, groups, lines, message)
        if effect is None:
            return None
        column = stripped.column
        host = host_of(text.data[start : start + column])
        return Record(form, effect, lines, column + 1, stripped.kernel, stripped.stamp, start, end, message, host)
    return None


def _glued(line: bytes, first: int, last: int) -> Stripped:
    """One of several records on a line; if a prefix of no known kind is in front of it, it may be in quotes."""
    if not first:
        return strip_prefix(line[:last])
    stripped = after_unknown_prefix(first, line[:last])
    return msgspec.structs.replace(stripped, column=stripped.column - first)


def records(text: Text) -> Iterator[Record]:
    """All records of a text in order, in time linear in its size."""
    return (item for item in records_and_runs(text, least=len(text.data)) if isinstance(item, Record))


def records_and_runs(text: Text, *, least: int = runs.LEAST) -> Iterator[Record | Run]:
    """The same, where what stands between ``least`` records of a run and the last one comes as a :class:`Run`."""
    data, at, failed, alike = text.data, 0, 0, 0
    candidates = Candidates(data)
    for start, end in candidates:
        if start < at:
            continue
        if end - start > LONGEST_LINE:
            lines = text.advanced(start, start)
            yield Record(None, None, lines, 1, kernel=False, stamp=None, start=start, end=end, message=b"")
            continue
        line = data[start:end]
        stripped = strip_prefix(line)
        inner = inner_records(line, stripped)
        if not inner and (record := _at_once(text, start, end, stripped)) is not None:
            yield record
            alike = alike + 1 if record.form is not None and record.form.name in runs.FORMS and start == at else 0
            at = end + 1
            if alike >= least and record.stamp is not None:
                alike = 0
                run = runs.run_behind(text, end, record.stamp)
                if run is not None:
                    yield run
                    at = candidates.at = run.end + 1
            continue
        pieces = [(start, end, stripped)]
        if inner:
            cuts = pairwise([0, *inner, len(line)])
            pieces = [(start + first, start + last, _glued(line, first, last)) for first, last in cuts]
        for first, last, alone in pieces:
            record = _Piece(text, first, last, alone).record(last=last == end, joining=failed < _MOST_FAILED_JOINS)
            if (record is None or record.form is None) and (length := text.learned_prefix(data[first:last])):
                piece = _Piece(text, first, last, after_unknown_prefix(length, data[first:last]))
                record = piece.record(last=last == end, joining=False) or record
            if record is None:
                failed += 1
                continue
            failed += record.form is None
            yield record
            at = max(at, record.end + 1)
