"""Candidates: the lines that hold a trigger, and the forms that a message can have.

A trigger is a word, or an RE2 fragment with words set off by ``«»``, one of which every match of it holds. In the first
text of a process an automaton of all words (Aho-Corasick) finds where to try which fragment. RE2's automaton of all
triggers at once is faster by far once it is there, but takes longer to make than most logs take to read.
"""

from collections.abc import Iterator
from functools import cache
from re import escape

from ahocorasick_rs import BytesAhoCorasick, Implementation

from app.bootlog.forms import FORMS
from app.bootlog.patterns import Pattern

_WINDOW = 1 << 16  # bytes that are searched at once, so that a text of nothing but words makes no endless list
_BEYOND = 64  # bytes of the next line that a fragment may see, for a line that a mailer broke
_PAYS = 1 << 20  # bytes that a process has to read before the automaton of all triggers is worth its making

Line = tuple[int, int, bool]
"""Offsets of the first byte of a line and of its end, and whether a trigger is known to be in it, or only a word."""


def words(trigger: str) -> list[str]:
    """The words of a trigger."""
    return trigger.replace("»", "«").split("«")[1::2] if "«" in trigger else [trigger]


def fragment(trigger: str) -> str:
    """A trigger as RE2; a word that begins with a line's end is at the beginning of a line."""
    parts = trigger.replace("»", "«").split("«") if "«" in trigger else ["", trigger]
    parts[1::2] = [f"(?m:^){escape(word[1:])}" if word[0] == "\n" else escape(word) for word in parts[1::2]]
    return "".join(parts)


class _Trigger:
    """A trigger, compiled when it is needed: a log holds the words of few."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._pattern: Pattern | None = None

    def find(self, text: bytes) -> int:
        """Where it begins in a text, or -1."""
        if self._pattern is None:
            self._pattern = Pattern(fragment(self._text))
        return self._pattern.find(text)


class _Words:
    """All words of all forms, with the triggers and the forms that each stands for."""

    def __init__(self) -> None:
        triggers: dict[str, _Trigger] = {}
        meant: dict[str, tuple[dict[_Trigger, None], dict[int, None]]] = {}
        for index, form in enumerate(FORMS):
            for text in form.triggers:
                trigger = triggers.get(text) or triggers.setdefault(text, _Trigger(text))
                for word in words(text):
                    of_word = meant.get(word) or meant.setdefault(word, ({}, {}))
                    of_word[0][trigger] = of_word[1][index] = None
        texts = [word.encode("latin-1") for word in meant]
        self.triggers = [of_word[0] for of_word in meant.values()]
        self.forms = [tuple(of_word[1]) for of_word in meant.values()]
        self.longest = max(map(len, texts))
        self.automaton = BytesAhoCorasick(texts, implementation=Implementation.ContiguousNFA)
        self.read = 0


@cache
def _words() -> _Words:
    return _Words()


@cache
def _scanner() -> Pattern:
    """All triggers at once."""
    return Pattern("|".join(sorted({fragment(text) for form in FORMS for text in form.triggers})))


def forms_of(message: bytes) -> tuple[int, ...]:
    """Indices of the forms that a message can have, ascending; no other form matches it."""
    known = _words()
    found = {hit[0] for hit in known.automaton.find_matches_as_indexes(message, overlapping=True)}
    if len(found) == 1:
        return known.forms[found.pop()]
    return tuple(sorted({index for word in found for index in known.forms[word]}))


def candidate_lines(data: bytes) -> Iterator[Line]:
    """All lines that hold a trigger in order, and some that hold a word of one only."""
    known = _words()
    known.read += len(data)
    return _lines_with_words(data) if known.read < _PAYS else _lines_with_triggers(data)


def _lines_with_triggers(data: bytes) -> Iterator[Line]:
    scanner, end = _scanner(), -1
    while end < len(data) and (hit := scanner.find(data, end + 1)) >= 0:
        start = data.rfind(b"\n", 0, hit) + 1
        end = data.find(b"\n", hit)
        end = len(data) if end < 0 else end
        yield start, end, True


def _lines_with_words(data: bytes) -> Iterator[Line]:
    start, end = 0, -1
    for at in _word_ends(data):
        if at > end:
            start = data.rfind(b"\n", start, at) + 1 or start
            end = data.find(b"\n", at)
            end = len(data) if end < 0 else end
            yield start, end, False


def _word_ends(data: bytes) -> Iterator[int]:
    """Offsets of the last byte of all words, ascending but for those of a window's edge."""
    known, before = _words(), b"\n"  # a line begins at the beginning of the text too
    for begin in range(0, len(data), _WINDOW):
        window = before + data[begin : begin + _WINDOW + known.longest]
        for _, first, behind in known.automaton.find_matches_as_indexes(window, overlapping=True):
            if first < _WINDOW:
                yield begin + behind - 2
        before = data[begin + _WINDOW - 1 : begin + _WINDOW]


def holds_trigger(data: bytes, start: int, end: int) -> bool:
    """Whether a trigger begins in the line ``[start, end)``."""
    known = _words()
    line = data[start - 1 : end + _BEYOND] if start else b"\n" + data[: end + _BEYOND]
    found = {hit[0] for hit in known.automaton.find_matches_as_indexes(line, overlapping=True)}
    return any(0 <= trigger.find(line) <= end - start for word in found for trigger in known.triggers[word])
